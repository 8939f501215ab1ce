// A stack file → its hosts and the resources declared on each of them.
import { z } from 'zod';
import type { AnyKind } from '../core/kind.ts';
import type { HostDuty, Resource, Stack } from '../core/resource.ts';
import { check } from './check.ts';
import type { Tell } from './tell.ts';
import { hostOnce, parseDuties } from './duties.ts';
import { DutyKeys } from './duty-forms.ts';
import { expandEntry, parseEntry } from './entry.ts';
import type { Entry } from './entry.ts';
import { Variables } from './hosts-file.ts';
import { aftersOf, parseRollout, RolloutKeys } from './rollout.ts';
import type { After } from './rollout.ts';
import { Selector, selectHosts } from './selector.ts';
import type { Inventory, InventoryHost } from './hosts.ts';
import type { Budget } from './bounds.ts';
import { OVERSIZE, SETTING_UNITS } from './bounds.ts';
import type { Sources } from './sources.ts';
import { countNodes, memberOf } from './tree.ts';
import type { Mapping, Tree } from './tree.ts';
import { mergeMembers, parseVariables } from './levels.ts';
import type { Members } from './levels.ts';
import type { Bindings } from './variables.ts';

export const StackFile = z
  .strictObject({
    on: Selector,
    vars: Variables.optional(),
    ...RolloutKeys,
    ...DutyKeys,
    resources: z
      .array(z.record(z.string(), z.unknown()))
      .describe('What is wanted, done from top to bottom.'),
  })
  .describe('A stack: what is planned and deployed together.');

export interface StackInput {
  readonly name: string;
  readonly tree: Tree;
  readonly inventory: Inventory;
  readonly kinds: readonly AnyKind[];
  readonly sources: Sources;
  readonly budget: Budget;
}

export interface ParsedStack {
  readonly stack: Stack;
  readonly afters: readonly After[];
  readonly resources: readonly Resource[];
  readonly duties: readonly HostDuty[];
}

/** What was understood; it counts only when nothing was told. */
export function parseStack(input: StackInput, tell: Tell): ParsedStack {
  const { name, tree, inventory, kinds, sources, budget } = input;
  check(StackFile, tree, tell, { root: 'a stack' });
  const vars = parseVariables(memberOf(tree, 'vars')?.value, budget, tell);
  const on = memberOf(tree, 'on')?.value;
  const hosts = on ? selectHosts(on, inventory, tell) : [];
  // When nobody knows which hosts are meant, what is wrong on all of them is wrong in any case.
  const guessed = hosts.length === 0;
  const bound = bindAll(guessed ? inventory.hosts : hosts, vars, budget);
  if (budget.exhausted) tell({ ...OVERSIZE, where: tree.where });
  const common = { stack: name, sources, budget };
  const resources = entriesOf(tree).flatMap((entry) => {
    const parsed = parseEntry(entry, kinds, tell);
    if (!parsed) return [];
    const chosen = chooseHosts(parsed, bound, { inventory, guessed, budget }, tell);
    const lost = guessed || chosen.length === 0;
    return expandEntry(parsed, { ...common, hosts: lost ? bound : chosen, guessed: lost }, tell);
  });
  const names = hosts.map((host) => host.name);
  const rollout = parseRollout(tree, names, inventory, tell);
  const stack = { name, hosts: names, where: tree.where, ...(rollout ? { rollout } : {}) };
  const choose = (some: Tree): readonly Bindings[] =>
    chooseHosts({ on: some, once: undefined }, bound, { inventory, guessed, budget }, tell);
  const duties = parseDuties(tree, { stack: name, hosts: bound, guessed, budget, choose }, tell);
  return { stack, afters: aftersOf(tree), resources, duties };
}

function entriesOf(tree: Tree): readonly Mapping[] {
  const resources = memberOf(tree, 'resources')?.value;
  return resources?.is === 'list' ? resources.entries.filter((entry) => entry.is === 'mapping') : [];
}

/** Hosts of the same groups share what is merged for them. */
function bindAll(
  hosts: readonly InventoryHost[],
  stack: Mapping | undefined,
  budget: Budget,
): readonly Bindings[] {
  const merge = (far: Members, near: Mapping): Members =>
    budget.spend(SETTING_UNITS * (far.size + countNodes(near))) ? mergeMembers(far, near.members) : far;
  const shared = new Map<string, Members>();
  return hosts.map(({ name, groups, groupVars, vars, builtIn }) => {
    const key = JSON.stringify(groups);
    const levels = groupVars.map((group) => group.vars);
    const common = shared.get(key) ?? levels.reduce(merge, stack?.members ?? new Map());
    shared.set(key, common);
    return { host: name, builtIn, variables: vars ? merge(common, vars) : common };
  });
}

interface Choice {
  readonly inventory: Inventory;
  readonly guessed: boolean;
  readonly budget: Budget;
}

/** The hosts of the stack that an entry is limited to by its own `on`, and by `once` to a single one. */
function chooseHosts(
  { on, once }: Pick<Entry, 'on' | 'once'>,
  bound: readonly Bindings[],
  { inventory, guessed, budget }: Choice,
  tell: Tell,
): readonly Bindings[] {
  if (!on) return once ? hostOnce(bound, once) : bound;
  if (!budget.spend(bound.length)) return [];
  const names = new Set(selectHosts(on, inventory, tell).map((host) => host.name));
  const chosen = bound.filter(({ host }) => names.has(host));
  if (chosen.length === 0 && names.size > 0 && !guessed) {
    const message = 'none of these hosts is one of the stack';
    tell({ code: 'HOST_UNKNOWN', message, where: on.where });
  }
  if (once && chosen.length > 1) {
    tell({ code: 'CONFIG_INVALID', message: 'what is done `once` is `on` one host', where: on.where });
  }
  return chosen;
}
