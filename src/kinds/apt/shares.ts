// Whose sake each package is installed for, when apt is asked for several at once: one simulation in place of one each. Pure.
import type { Line, Relations } from './output.ts';

/**
 * The lines that each of the packages asked for brings, in their order: itself, what it needs, and what is replaced or
 * removed because it is against that, as far as no earlier one brings it. undefined where that does not account for all lines.
 */
export function shareLines(
  ids: readonly string[],
  lines: readonly Line[],
  relations: ReadonlyMap<string, Relations>,
): readonly (readonly Line[])[] | undefined {
  const left = new Map(lines.map((line) => [line.name, line]));
  const shares = ids.map((id) => {
    const reached = reach(id, left, relations);
    for (const name of reached) left.delete(name);
    return lines.filter(({ name }) => reached.has(name));
  });
  return left.size === 0 ? shares : undefined;
}

/** The names among those left that lead from a package, over others that are left. What an earlier one brought is there. */
function reach(
  id: string,
  left: ReadonlyMap<string, Line>,
  relations: ReadonlyMap<string, Relations>,
): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [id];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name) || !left.has(name)) continue;
    reached.add(name);
    const { needs = [], against = [] } = relations.get(name) ?? {};
    // What is not there yet is not in the way.
    open.push(...needs, ...against.filter((other) => left.get(other)?.from != null));
  }
  return reached;
}
