// Programs of a host that a resource needs, and what it means that one is not there: that a package of the plan must bring it, or that
// it cannot be.
import type { Reader } from '../core/host.ts';
import type { Blocked, World } from '../core/kind.ts';
import { readText } from '../core/look.ts';

const THERE = `for name do if command -v -- "$name" >/dev/null; then printf '%s\\n' "$name"; fi; done`;

/** Those of the names that the host can run. */
export async function readPrograms(host: Reader, names: readonly string[]): Promise<ReadonlySet<string>> {
  if (names.length === 0) return new Set();
  return new Set((await readText(host, ['sh', '-c', THERE, 'look', ...names])).split('\n'));
}

export interface NeededProgram {
  readonly program: string;
  /** The package that has it in Debian. */
  readonly from: string;
  readonly there: boolean;
}

export function judgeProgram(
  { program, from, there }: NeededProgram,
  world: World,
): Blocked | { readonly notes: readonly string[] } {
  const goes = world.planned('package', from) === 'delete';
  if (there && !goes) return { notes: [] };
  const bringers = world.plannedIds('package', ['create', 'update', 'replace']);
  if (bringers.includes(from)) return { notes: [] };
  if (!goes && bringers.length > 0) return { notes: [`${program} must come with ${bringers.join(', ')}`] };
  const message = goes
    ? `${program} goes with the package ${from}, which is removed above`
    : `${program} is not on the host, and nothing above brings it`;
  return { blocked: { code: 'PROGRAM_MISSING', message, next: `Declare \`package: ${from}\` above.` } };
}
