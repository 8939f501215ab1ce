// hosts.yml → the inventory: names, groups, variables and targets. Names and variables are taken even from a file
// with problems, so that the stacks can be checked in the same go.
import { formatWhere, suggest } from '../core/problem.ts';
import type { Where } from '../core/problem.ts';
import type { Target } from '../core/host.ts';
import { OVERSIZE } from './bounds.ts';
import type { Budget } from './bounds.ts';
import { check } from './check.ts';
import type { Tell } from './tell.ts';
import { HostsFile } from './hosts-file.ts';
import { jumpChain, jumpOf, targetsOf } from './targets.ts';
import { countNodes, locate, memberOf, membersOf, textsOf } from './tree.ts';
import type { Mapping, Tree } from './tree.ts';
import { findConflicts, parseVariables } from './variables.ts';
import type { BuiltIn, GroupVariables } from './variables.ts';

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
  readonly groups: readonly string[];
  /** Empty when the file has problems. */
  readonly targets: ReadonlyMap<string, Target>;
}

export function parseHosts(tree: Tree, budget: Budget, tell: Tell): Inventory {
  const checked = check(HostsFile, tree, tell, { root: 'hosts.yml' });
  const inventory = inventoryOf(tree, budget, tell);
  tellNames(tree, tell);
  for (const host of inventory.hosts) {
    tellGroups(host, inventory, tree, tell);
    if (budget.spend(costOf(host))) tellConflicts(host, tree, tell);
  }
  if (budget.exhausted) tell({ ...OVERSIZE, where: tree.where });
  if (!checked) return inventory;
  const { value } = checked;
  for (const name of Object.keys(value.hosts)) tellJump(name, value, tree, tell);
  const targets = targetsOf(value);
  tellTwins([...targets.values()], tree, tell);
  return { ...inventory, targets };
}

function inventoryOf(tree: Tree, budget: Budget, tell: Tell): Inventory {
  const vars = new Map(
    membersOf(memberOf(tree, 'groups')?.value).map(({ key, value }) => [
      key,
      parseVariables(memberOf(value, 'vars')?.value, budget, tell),
    ]),
  );
  const hosts = membersOf(memberOf(tree, 'hosts')?.value).map(({ key, keyWhere, value }) => {
    const groups = [...new Set(textsOf(memberOf(value, 'groups')?.value).map(({ text }) => text))];
    const groupVars = groups.flatMap((group) => {
      const set = vars.get(group);
      return set ? [{ group, vars: set }] : [];
    });
    return {
      name: key,
      groups,
      groupVars,
      vars: parseVariables(memberOf(value, 'vars')?.value, budget, tell),
      builtIn: builtInOf(key, keyWhere, memberOf(value, 'address')?.value),
    };
  });
  return { hosts, groups: [...vars.keys()], targets: new Map() };
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
    if (inventory.groups.includes(text)) continue;
    const near = (): string | undefined => suggest(text, inventory.groups);
    const message = `there is no group \`${text}\` under \`groups\``;
    tell({ code: 'HOST_UNKNOWN', message, where, near });
  }
}

/** Each group is compared with each other one. */
function costOf({ groupVars }: InventoryHost): number {
  return groupVars.length * groupVars.reduce((sum, { vars }) => sum + countNodes(vars), 0);
}

function tellConflicts(host: InventoryHost, tree: Tree, tell: Tell): void {
  const { where } = locate(tree, ['hosts', host.name, 'groups']);
  for (const { path, between } of findConflicts(host.groupVars, host.vars)) {
    const message = `the groups \`${between[0]}\` and \`${between[1]}\` of ${host.name} set \`${path}\` differently; set it in the host`;
    tell({ code: 'CONFIG_INVALID', message, where });
  }
}

function tellJump(name: string, file: HostsFile, tree: Tree, tell: Tell): void {
  const jump = jumpOf(file, name);
  if (typeof jump !== 'string') return;
  const names = Object.keys(file.hosts);
  const own = file.hosts[name]?.jump !== undefined;
  const { where } = locate(tree, own ? ['hosts', name, 'jump'] : ['ssh', 'jump']);
  if (!names.includes(jump)) {
    const near = (): string | undefined => suggest(jump, names);
    const message = `there is no host \`${jump}\` to jump through`;
    tell({ code: 'HOST_UNKNOWN', message, where, near });
    return;
  }
  const chain = jumpChain(file, name);
  // A circle is told at the first of its hosts; those that only lead into it are left alone.
  const first = chain.every((each) => names.indexOf(each) >= names.indexOf(name));
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
