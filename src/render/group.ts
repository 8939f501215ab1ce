// Puts hosts together whose plans read the same, so that fifty equal hosts are one row and one body.
import { sha256 } from '../core/json.ts';
import type { BlockedResource, Change, HostPlan, Plan } from '../core/plan.ts';
import type { Reason } from '../core/reason.ts';
import { rankOf, riskOfAll } from './risk.ts';
import type { Risk } from './risk.ts';

/** Hosts with the same changes. */
export interface ChangeGroup {
  readonly hosts: readonly string[];
  readonly changes: readonly Change[];
  readonly risk: Risk;
}

/** Hosts to which the same is done, though values may differ from host to host: one row of a table. */
export interface RowGroup {
  readonly hosts: readonly string[];
  /** More than one where values differ. */
  readonly groups: Some<ChangeGroup>;
}

/** Hosts on which the same resource cannot be planned for the same reason. */
export interface BlockedGroup extends BlockedResource {
  readonly hosts: readonly string[];
}

/** Hosts that could not be planned at all, by the code of their reason; each keeps its own words. */
export interface FailureGroup {
  readonly hosts: readonly string[];
  readonly failures: Some<{ readonly host: string; readonly reason: Reason }>;
}

export interface Groups {
  /** Riskiest first, else in the order of the plan. */
  readonly rows: readonly RowGroup[];
  readonly blocked: readonly BlockedGroup[];
  readonly failed: readonly FailureGroup[];
  readonly unchanged: readonly HostPlan[];
}

export function groupHosts(plan: Plan): Groups {
  const changing = plan.hosts.filter((host) => host.changes.length > 0);
  const changed = groupBy(changing, (host) => sha256(JSON.stringify(host.changes.map(shown)))).map(toGroup);
  const rows = groupBy(changed, ({ changes }) => sha256(JSON.stringify(changes.map(outline)))).map(toRow);
  return {
    rows: rows.toSorted((a, b) => rankOf(b.groups[0].risk) - rankOf(a.groups[0].risk)),
    blocked: groupBlocked(plan.hosts),
    failed: groupFailures(plan.hosts),
    unchanged: plan.hosts.filter(
      (host) => host.changes.length === 0 && host.blocked.length === 0 && host.failure === null,
    ),
  };
}

/** At least one. */
export type Some<Value> = readonly [Value, ...Value[]];

/** Values that share a key, in the order in which the keys first came. */
export function groupBy<Value>(
  values: readonly Value[],
  key: (value: Value) => string,
): readonly Some<Value>[] {
  const groups = new Map<string, [Value, ...Value[]]>();
  for (const value of values) {
    const name = key(value);
    const group = groups.get(name);
    if (group) group.push(value);
    else groups.set(name, [value]);
  }
  return [...groups.values()];
}

/** What a reader sees of a change; fingerprints and what the ledger will hold may differ between equal hosts. */
function shown(change: Change): readonly unknown[] {
  const { ref, stack, verb, causes, reason, fields, steps, data, interrupts, notes, where } = change;
  return [ref, stack, verb, causes, reason, fields, steps, data, interrupts, notes, where];
}

/** What a table tells of a change: what is done to what, why, and what it costs. */
function outline({ ref, verb, causes, data, interrupts }: Change): readonly unknown[] {
  return [ref, verb, causes, data, interrupts];
}

function toRow(groups: Some<ChangeGroup>): RowGroup {
  return { hosts: groups.flatMap((group) => group.hosts), groups };
}

function toGroup(hosts: Some<HostPlan>): ChangeGroup {
  const [{ changes }] = hosts;
  return { hosts: hosts.map((host) => host.host), changes, risk: riskOfAll(changes) };
}

function groupBlocked(hosts: readonly HostPlan[]): readonly BlockedGroup[] {
  const all = hosts.flatMap(({ host, blocked }) => blocked.map((resource) => ({ resource, host })));
  const groups = groupBy(all, ({ resource }) =>
    JSON.stringify([resource.ref, resource.reason, resource.where]),
  );
  return groups.map((group) => ({ ...group[0].resource, hosts: group.map((entry) => entry.host) }));
}

function groupFailures(hosts: readonly HostPlan[]): readonly FailureGroup[] {
  const failures = hosts.flatMap(({ host, failure }) => (failure ? [{ host, reason: failure }] : []));
  return groupBy(failures, ({ reason }) => reason.code).map((group) => {
    return { hosts: group.map((failure) => failure.host), failures: group };
  });
}
