// Hosts and groups by their names, wherever a stack names some.
import { z } from 'zod';
import { suggest } from '../core/problem.ts';
import type { Where } from '../core/problem.ts';
import type { Inventory, InventoryHost } from './hosts.ts';
import type { Tell } from './tell.ts';
import { textsOf } from './tree.ts';
import type { Tree } from './tree.ts';

/** Hosts and groups that are meant. */
export const Selector = z
  .union([z.string(), z.array(z.string()).min(1)])
  .describe('A host, a group, a list of them, or `all`.');

/** In the order of hosts.yml. */
export function selectHosts(selector: Tree, inventory: Inventory, tell: Tell): readonly InventoryHost[] {
  const names = new Set(
    textsOf(selector).flatMap(({ text, where }) => namesFor(text, where, inventory, tell)),
  );
  return inventory.hosts.filter((host) => names.has(host.name));
}

function namesFor(text: string, where: Where, inventory: Inventory, tell: Tell): readonly string[] {
  const { hosts, meant } = inventory;
  // Without any host the problem is hosts.yml, and it is told there.
  if (hosts.length === 0) return [];
  const names = meant.get(text);
  if (!names) {
    const near = (): string | undefined => suggest(text, [...meant.keys()]);
    tell({ code: 'HOST_UNKNOWN', message: `hosts.yml has no host or group \`${text}\``, where, near });
    return [];
  }
  if (names.length === 0) {
    tell({ code: 'HOST_UNKNOWN', message: `the group \`${text}\` has no hosts`, where });
  }
  return names;
}
