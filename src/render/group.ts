// Puts hosts together whose plans read the same, so that fifty equal hosts are one row and one body.
import { sha256 } from '../core/json.ts';
import type { BlockedResource, Change, HostPlan, Plan } from '../core/plan.ts';
import type { Reason, ReasonCode } from '../core/reason.ts';
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
  readonly groups: readonly [ChangeGroup, ...ChangeGroup[]];
}

/** Hosts on which the same resource cannot be planned for the same reason. */
export interface BlockedGroup extends BlockedResource {
  readonly hosts: readonly string[];
}

/** Hosts that could not be planned at all, by the code of their reason; each keeps its own words. */
export interface FailureGroup {
  readonly code: ReasonCode;
  readonly hosts: readonly string[];
  readonly reasons: readonly Reason[];
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
  const rows = groupBy(changed, ({ changes }) => sha256(JSON.stringify(changes.map(outline)))).flatMap(toRow);
  return {
    rows: rows.toSorted((a, b) => rankOf(b.groups[0].risk) - rankOf(a.groups[0].risk)),
    blocked: groupBlocked(plan.hosts),
    failed: groupFailures(plan.hosts),
    unchanged: plan.hosts.filter(
      (host) => host.changes.length === 0 && host.blocked.length === 0 && host.failure === null,
    ),
  };
}

/** Values that share a key, in the order in which the keys first came. */
export function groupBy<Value>(values: readonly Value[], key: (value: Value) => string): readonly Value[][] {
  return [...Map.groupBy(values, key).values()];
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

function toRow([first, ...others]: readonly ChangeGroup[]): readonly RowGroup[] {
  if (!first) return [];
  return [{ hosts: [first, ...others].flatMap((group) => group.hosts), groups: [first, ...others] }];
}

function toGroup(hosts: readonly HostPlan[]): ChangeGroup {
  const changes = hosts[0]?.changes ?? [];
  return { hosts: hosts.map((host) => host.host), changes, risk: riskOfAll(changes) };
}

function groupBlocked(hosts: readonly HostPlan[]): readonly BlockedGroup[] {
  const all = hosts.flatMap((host) => host.blocked.map((entry) => ({ ...entry, host: host.host })));
  const groups = groupBy(all, ({ ref, reason, where }) => JSON.stringify([ref, reason, where]));
  return groups.flatMap((group) =>
    group.slice(0, 1).map(({ ref, stack, reason, where }) => {
      return { ref, stack, reason, where, hosts: group.map((entry) => entry.host) };
    }),
  );
}

function groupFailures(hosts: readonly HostPlan[]): readonly FailureGroup[] {
  const failed = hosts.flatMap(({ host, failure }) => (failure ? [{ host, reason: failure }] : []));
  return groupBy(failed, ({ reason }) => reason.code).flatMap((group) =>
    group.slice(0, 1).map(({ reason }) => ({
      code: reason.code,
      hosts: group.map((each) => each.host),
      reasons: group.map((each) => each.reason),
    })),
  );
}
