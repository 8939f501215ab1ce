// Kinds tried on a lab host without the engine: declare, look, plan, carry out, look again. Looks can be recorded.
import { expect } from 'vitest';
import { formatRef } from '../../src/core/address.ts';
import type { Look, LookOptions, Reader } from '../../src/core/host.ts';
import type { Json } from '../../src/core/json.ts';
import type { AnyKind, Blocked, KindChange, Verb } from '../../src/core/kind.ts';
import { blobOf, blobPath, bytesOf, commandsOf } from '../../src/core/step.ts';
import type { Command, Step } from '../../src/core/step.ts';
import { want, worldOf } from '../kinds/trial.ts';
import type { LabHost } from '../lab/lab.ts';

export function createLabReader(
  host: LabHost,
  record?: (argv: readonly string[], look: Look) => void,
): Reader {
  return {
    look: async (argv: readonly string[], options: LookOptions = {}) => {
      const { status, stdout, stderr } = await host.exec(argv, options);
      const look = { status, stdout: new TextEncoder().encode(stdout), stderr };
      record?.(argv, look);
      return look;
    },
  };
}

/** One resource as it is declared; `spec` undefined: no longer. */
export interface Declaration {
  readonly kind: AnyKind;
  readonly id: string;
  readonly spec: unknown;
  readonly last?: Json;
}

export interface Trial {
  readonly host: LabHost;
  /** In the order given, each on top of what the ones before it make true; by `kind/id`, what is in sync left out. */
  plan(declarations: readonly Declaration[]): Promise<ReadonlyMap<string, KindChange | Blocked>>;
  /** Plans and carries out; afterwards nothing may be left to do of what is still declared. */
  deploy(declarations: readonly Declaration[]): Promise<ReadonlyMap<string, KindChange>>;
  /** What a command says; it must succeed. */
  sh(text: string): Promise<string>;
}

export function createTrial(host: LabHost): Trial {
  const reader = createLabReader(host);
  const plan: Trial['plan'] = (declarations) => planAll(reader, declarations);
  return {
    host,
    plan,
    deploy: async (declarations) => {
      const changes = new Map<string, KindChange>();
      for (const [ref, change] of await plan(declarations)) {
        if ('blocked' in change) throw new Error(`${ref}: ${JSON.stringify(change.blocked)}`);
        changes.set(ref, change);
      }
      for (const change of changes.values()) await carryOut(host, change.steps);
      const declared = declarations.filter(({ spec }) => spec !== undefined);
      expect(Object.fromEntries(await plan(declared))).toEqual({});
      return changes;
    },
    sh: async (text) => {
      const { status, stdout, stderr } = await host.exec(['sh', '-c', text]);
      expect(status, `${text}\n${stdout}${stderr}`).toBe(0);
      return stdout.trim();
    },
  };
}

async function planAll(
  reader: Reader,
  declarations: readonly Declaration[],
): Promise<ReadonlyMap<string, KindChange | Blocked>> {
  const wanted = declarations.map((one) => {
    const { kind, id, spec } = one;
    return { ...one, want: spec === undefined ? undefined : want(kind, id, spec) };
  });
  const kinds = [...new Set(declarations.map(({ kind }) => kind))];
  const states = new Map<AnyKind, ReadonlyMap<string, unknown>>();
  for (const kind of kinds) {
    const mine = wanted.filter((one) => one.kind === kind);
    states.set(kind, await kind.read(reader, new Map(mine.map((one) => [one.id, one.want]))));
  }
  const verbs: Record<string, Verb> = {};
  const changes = new Map<string, KindChange | Blocked>();
  for (const { kind, id, last, want: wish } of wanted) {
    const have = states.get(kind)?.get(id);
    const change = kind.change({ id, want: wish, have, last, world: worldOf(verbs) });
    const ref = formatRef({ kind: kind.name, id });
    if (change) changes.set(ref, change);
    if (change && 'verb' in change) verbs[ref] = change.verb;
  }
  return changes;
}

/** Steps as a run does them: blobs first, then each command in the directory of the run; the first failure throws. */
async function carryOut(host: LabHost, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    const blob = blobOf(step);
    if (blob) {
      const path = `/run/trial/${blobPath(blob)}`;
      const put = 'mkdir -p "${1%/*}" && cat >"$1"';
      await must(host, ['sh', '-c', put, 'put', path], bytesOf(blob));
    }
    for (const command of commandsOf(step)) await runCommand(host, command);
  }
}

async function runCommand(host: LabHost, command: Command): Promise<void> {
  if ('keep' in command) throw new Error('no kind keeps copies');
  if ('settle' in command) {
    const look =
      'sleep "$2"; systemctl is-active --quiet "$1" && ! systemctl show "$1" | grep -q ^NRestarts=[1-9]';
    await must(host, ['sh', '-c', look, 'settle', command.settle, String(command.seconds)]);
    return;
  }
  if ('check' in command) throw new Error('no kind checks');
  const stdin = command.stdin === undefined ? '' : ` </run/trial/${command.stdin}`;
  const directory = command.directory ?? '/run/trial';
  const line = `mkdir -p /run/trial && cd "$0" && exec "$@"${stdin}`;
  await must(host, ['sh', '-c', line, directory, ...command.run]);
}

async function must(host: LabHost, argv: readonly string[], stdin: string | Uint8Array = ''): Promise<void> {
  const { status, stdout, stderr } = await host.exec(argv, { stdin });
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${status}\n${stdout}${stderr}`);
}
