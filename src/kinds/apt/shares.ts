// Whose sake each package is installed for, when apt is asked for several at once: one simulation in place of one each. Pure.
import type { Line } from './output.ts';

/**
 * The lines that each of the packages asked for brings, in their order: itself and what it needs, as far as no earlier one
 * brings it. undefined where that does not account for all lines, as when something is removed or upgraded out of the way.
 */
export function shareLines(
  ids: readonly string[],
  lines: readonly Line[],
  needs: ReadonlyMap<string, readonly string[]>,
): readonly (readonly Line[])[] | undefined {
  if (lines.some(({ to }) => to === null)) return undefined;
  const left = new Map(lines.map((line) => [line.name, line]));
  const shares = ids.map((id) => {
    const needed = reach(id, left, needs);
    for (const name of needed) left.delete(name);
    return lines.filter(({ name }) => needed.has(name));
  });
  return left.size === 0 ? shares : undefined;
}

/** The names among those left that lead from a package, over others that are left. What an earlier one brought is there. */
function reach(
  id: string,
  left: ReadonlyMap<string, Line>,
  needs: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [id];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name) || !left.has(name)) continue;
    reached.add(name);
    open.push(...(needs.get(name) ?? []));
  }
  return reached;
}
