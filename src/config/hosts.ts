// hosts.yml → the inventory: names, groups, variables and targets. Names and variables are taken even from a file
// with problems, so that the stacks can be checked in the same go.
import { formatWhere, suggest } from '../core/problem.ts';
import type { Where } from '../core/problem.ts';
import type { Target } from '../core/host.ts';
import { OVERSIZE, SETTING_UNITS } from './bounds.ts';
import type { Budget } from './bounds.ts';
import { check } from './check.ts';
import type { Tell } from './tell.ts';
import { HostsFile } from './hosts-file.ts';
import { findConflicts, parseGroup, parseVariables } from './levels.ts';
import type { BuiltIn, GroupVariables } from './levels.ts';
import { jumpChain, jumpOf, MOST_JUMPS, targetsOf } from './targets.ts';
import { locate, memberOf, membersOf, textsOf } from './tree.ts';
import type { Mapping, Tree } from './tree.ts';

/** Means all hosts wherever hosts are named. */
export const ALL = 'all';

export interface InventoryHost {
  readonly name: string;
  readonly groups: readonly string[];
  readonly groupVars: readonly GroupVariables[];
  readonly vars: Mapping | undefined;
  /** Values of the variables that Ashore sets. */
  readonly builtIn: ReadonlyMap<string, Tree>;
}

export interface Inventory {
  /** In the order of the file. */
  readonly hosts: readonly InventoryHost[];
  readonly groups: ReadonlySet<string>;
  /** Names of the hosts that a host's name, a group or `all` means, in the order of the file. */
  readonly meant: ReadonlyMap<string, readonly string[]>;
  /** Empty when the file has problems. */
  readonly targets: ReadonlyMap<string, Target>;
}

/** What there is without a hosts.yml. */
export const EMPTY: Inventory = { hosts: [], groups: new Set(), meant: new Map(), targets: new Map() };

export function parseHosts(tree: Tree, budget: Budget, tell: Tell): Inventory {
  const checked = check(HostsFile, tree, tell, { root: 'hosts.yml' });
  const inventory = inventoryOf(tree, budget, tell);
  tellNames(tree, tell);
  for (const host of inventory.hosts) {
    tellGroups(host, inventory, tree, tell);
    tellConflicts(host, tree, budget, tell);
  }
  if (budget.exhausted) tell({ ...OVERSIZE, where: tree.where });
  if (!checked) return inventory;
  const { value } = checked;
  const places = new Map(Object.keys(value.hosts).map((name, index) => [name, index]));
  for (const name of places.keys()) tellJump(name, { file: value, places, tree }, tell);
  const targets = targetsOf(value);
  tellTwins([...targets.values()], tree, tell);
  return { ...inventory, targets };
}

function inventoryOf(tree: Tree, budget: Budget, tell: Tell): Inventory {
  const declared = membersOf(memberOf(tree, 'groups')?.value).map(({ key, value }) => {
    return [key, parseGroup(key, parseVariables(memberOf(value, 'vars')?.value, budget, tell))] as const;
  });
  const vars = new Map(declared);
  const hosts = membersOf(memberOf(tree, 'hosts')?.value).map(({ key, keyWhere, value }) => {
    const groups = [...new Set(textsOf(memberOf(value, 'groups')?.value).map(({ text }) => text))];
    return {
      name: key,
      groups,
      groupVars: groups.flatMap((group) => vars.get(group) ?? []),
      vars: parseVariables(memberOf(value, 'vars')?.value, budget, tell),
      builtIn: builtInOf(key, keyWhere, memberOf(value, 'address')?.value),
    };
  });
  return { hosts, groups: new Set(vars.keys()), meant: meantBy(hosts, [...vars.keys()]), targets: new Map() };
}

function meantBy(
  hosts: readonly InventoryHost[],
  groups: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const meant = new Map<string, string[]>(groups.map((group) => [group, []]));
  for (const { name, groups: within } of hosts) {
    for (const group of within) meant.get(group)?.push(name);
  }
  for (const { name } of hosts) meant.set(name, [name]);
  meant.set(
    ALL,
    hosts.map(({ name }) => name),
  );
  return meant;
}

function builtInOf(name: string, where: Where, address: Tree | undefined): ReadonlyMap<string, Tree> {
  const values: Record<BuiltIn, Tree> = {
    host: { is: 'scalar', value: name, source: name, where },
    address: address ?? { is: 'hole', where },
  };
  return new Map(Object.entries(values));
}

function tellNames(tree: Tree, tell: Tell): void {
  const hosts = memberOf(tree, 'hosts')?.value;
  const groups = membersOf(memberOf(tree, 'groups')?.value);
  for (const { key, keyWhere } of groups) {
    const twin = memberOf(hosts, key);
    if (!twin) continue;
    const message = `\`${key}\` is also the name of a host (line ${twin.keyWhere.line})`;
    tell({ code: 'CONFIG_INVALID', message, where: keyWhere });
  }
  for (const { key, keyWhere } of [...groups, ...membersOf(hosts)]) {
    if (key !== ALL) continue;
    tell({
      code: 'CONFIG_INVALID',
      message: `\`${ALL}\` means all hosts and cannot be a name`,
      where: keyWhere,
    });
  }
}

function tellGroups(host: InventoryHost, inventory: Inventory, tree: Tree, tell: Tell): void {
  const groups = locate(tree, ['hosts', host.name, 'groups']);
  for (const { text, where } of groups.node ? textsOf(groups.node) : []) {
    if (inventory.groups.has(text)) continue;
    const near = (): string | undefined => suggest(text, [...inventory.groups]);
    const message = `there is no group \`${text}\` under \`groups\``;
    tell({ code: 'HOST_UNKNOWN', message, where, near });
  }
}

function tellConflicts(host: InventoryHost, tree: Tree, budget: Budget, tell: Tell): void {
  const { where } = locate(tree, ['hosts', host.name, 'groups']);
  const settings = host.groupVars.reduce((sum, group) => sum + group.settings.size, 0);
  if (host.groupVars.length < 2 || !budget.spend(settings * SETTING_UNITS)) return;
  for (const { path, between } of findConflicts(host.groupVars, host.vars)) {
    const message = `the groups \`${between[0]}\` and \`${between[1]}\` of ${host.name} set \`${path}\` differently; set it in the host`;
    tell({ code: 'CONFIG_INVALID', message, where });
  }
}

interface Jumping {
  readonly file: HostsFile;
  /** Where each host stands in the order of the file. */
  readonly places: ReadonlyMap<string, number>;
  readonly tree: Tree;
}

function tellJump(name: string, { file, places, tree }: Jumping, tell: Tell): void {
  const jump = jumpOf(file, name);
  if (typeof jump !== 'string') return;
  const own = file.hosts[name]?.jump !== undefined;
  const { where } = locate(tree, own ? ['hosts', name, 'jump'] : ['ssh', 'jump']);
  if (!places.has(jump)) {
    const near = (): string | undefined => suggest(jump, [...places.keys()]);
    const message = `there is no host \`${jump}\` to jump through`;
    tell({ code: 'HOST_UNKNOWN', message, where, near });
    return;
  }
  const chain = jumpChain(file, name);
  if (chain.length > MOST_JUMPS + 1) {
    tell({ code: 'CONFIG_INVALID', message: `${name} is behind more than ${MOST_JUMPS} jumps`, where });
    return;
  }
  // A circle is told at the first of its hosts; those that only lead into it are left alone.
  const first = chain.every((each) => (places.get(each) ?? 0) >= (places.get(name) ?? 0));
  if (chain.length < 2 || chain.at(-1) !== name || !first) return;
  tell({ code: 'CONFIG_INVALID', message: `jumps go in a circle: ${chain.join(' → ')}`, where });
}

/** Two names for one login would share one ledger, and each would undo the other. */
function tellTwins(targets: readonly Target[], tree: Tree, tell: Tell): void {
  const places = Map.groupBy(targets, ({ jump, address, port, user, state }) =>
    JSON.stringify([jump?.host, jump?.port, address, port, user, state]),
  );
  for (const [first, ...others] of places.values()) {
    for (const other of first ? others : []) {
      const { where } = locate(tree, ['hosts', other.host, 'address']);
      const twin = formatWhere(locate(tree, ['hosts', first?.host ?? '', 'address']).where);
      const message = `${first?.host} is reached in the same way (${twin}); one machine has one name`;
      tell({ code: 'CONFIG_INVALID', message, where });
    }
  }
}
