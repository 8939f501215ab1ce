// Packages that are due directly next to each other, as one call of apt in place of one each. Pure.
import type { Rows } from '../../core/kind.ts';
import type { Line } from './output.ts';

/** What decides whether a package goes with its neighbours. */
export interface Neighbour {
  readonly id: string;
  /** As apt-get takes it. */
  readonly word: string;
  /** What apt would do for it, on top of those before; undefined where it refuses. */
  readonly lines: readonly Line[] | undefined;
}

/** What is declared directly next to each other, and which of it is as declared already. */
export interface Neighbourhood {
  readonly rows: Rows;
  readonly isStill: (id: string) => boolean;
}

/**
 * Groups of two and more, in their order. What is as declared (`isStill`) separates nobody; what takes something away, or
 * puts another version in its place by name, stands alone, so that it is confirmed, refused and fails by itself.
 */
export function groupNeighbours(due: ReadonlyMap<string, Neighbour>, { rows, isStill }: Neighbourhood): Rows {
  const groups: string[][] = [];
  for (const row of rows) {
    let open: string[] = [];
    groups.push(open);
    for (const id of row.filter((one) => !isStill(one))) {
      const neighbour = due.get(id);
      if (neighbour && onlyBrings(neighbour)) open.push(id);
      else groups.push((open = []));
    }
  }
  return groups.filter((group) => group.length > 1);
}

function onlyBrings({ id, word, lines }: Neighbour): boolean {
  if (!lines || word === `${id}-` || lines.some(({ to }) => to === null)) return false;
  return word === id || lines.every(({ from }) => from === null);
}

/** What several do one after the other, as one: a package is what the last of them makes it. */
export function joinLines(parts: readonly (readonly Line[])[]): readonly Line[] {
  const joined = new Map<string, Line>();
  for (const line of parts.flat()) {
    const earlier = joined.get(line.name);
    joined.set(line.name, earlier ? { ...line, from: earlier.from } : line);
  }
  return [...joined.values()];
}
