// What one host needs: the declared against the found, top to bottom, with what the plan so far makes true.
// Pure: no clock, no host. What is no longer declared comes last, newest first.
import { formatRef } from '../core/address.ts';
import type { Ref } from '../core/address.ts';
import { fingerprint } from '../core/json.ts';
import type { Json } from '../core/json.ts';
import type { AnyKind, Blocked, KindChange, Since, Verb, World } from '../core/kind.ts';
import type { LedgerEntry } from '../core/ledger.ts';
import type { Applied, BlockedResource, Cause, Change, Duty, HostPlan } from '../core/plan.ts';
import { placeGuardedLast } from './order.ts';
import type { Where } from '../core/problem.ts';
import { wantPrint } from '../core/resource.ts';
import type { Resource } from '../core/resource.ts';
import { hasMoved } from './drift.ts';
import { dutiesFor } from './duties.ts';
import { orphanRefs } from './observe.ts';
import { watchTogether } from './together.ts';
import type { Observation } from './observe.ts';
import { planProofs } from './proof.ts';

export interface HostQuestion {
  readonly host: string;
  readonly login: string;
  /** What the planned stacks declare for this host, in order. */
  readonly resources: readonly Resource[];
  /** `kind/id` of all that any stack declares for this host. */
  readonly declared: ReadonlySet<string>;
  readonly stacks: readonly string[];
  /** Users as whom we log in there. */
  readonly logins: readonly string[];
  /** Fingerprints of what the base commit wants on this host, by `kind/id`; undefined when there is no base. */
  readonly base: ReadonlyMap<string, string> | undefined;
  /** Hooks and checks of the planned stacks on this host. */
  readonly duties?: readonly Duty[];
  /** Where a stack is declared: the place to show for what is no longer declared. */
  readonly stackWhere: (stack: string) => Where | null;
}

export function planHost(question: HostQuestion, found: Observation, kinds: readonly AnyKind[]): HostPlan {
  const draft: Draft = { changes: [], blocked: [], unchanged: 0, verbs: new Map(), declared: new Set() };
  const kindOf = new Map(kinds.map((kind) => [kind.name, kind]));
  const context = { question, found, draft };
  for (const resource of question.resources) {
    const kind = kindOf.get(resource.address.kind);
    if (kind) planResource(context, kind, resource);
    draft.declared.add(formatRef(resource.address));
  }
  for (const ref of orphanRefs(found.ledger, question)) {
    const entry = found.ledger.entries.get(formatRef(ref));
    if (entry) planOrphan(context, kindOf.get(ref.kind), ref, entry);
  }
  const { blocked, unchanged } = draft;
  const { host, login, duties: own = [], stackWhere } = question;
  const placed = placeGuardedLast(draft.changes, question.resources, kinds);
  const proofs = planProofs(found.ledger, own, draft.changes, stackWhere);
  const changes = [...proofs, ...watchTogether(placed, question.resources, kinds)];
  const duties = dutiesFor(own, changes);
  return {
    host,
    login,
    changes,
    blocked,
    unchanged,
    failure: null,
    ...(duties.length > 0 ? { duties: [...duties] } : {}),
    ...(found.torn === null ? {} : { torn: found.torn }),
  };
}

interface Draft {
  readonly changes: Change[];
  readonly blocked: BlockedResource[];
  unchanged: number;
  readonly verbs: Map<string, Verb>;
  readonly declared: Set<string>;
}

interface Context {
  readonly question: HostQuestion;
  readonly found: Observation;
  readonly draft: Draft;
}

function planResource(context: Context, kind: AnyKind, resource: Resource): void {
  const { found, draft } = context;
  const { address, stack, want, where } = resource;
  const ref = formatRef(address);
  const unreadable = found.unreadable.get(kind.name);
  if (unreadable) {
    draft.blocked.push({ ref, stack, reason: unreadable, where });
    return;
  }
  const have = found.states.get(ref);
  const entry = found.ledger.entries.get(ref);
  const since = appliedSince(found, entry);
  const decided = kind.change({
    id: address.id,
    want,
    have,
    last: entry?.last,
    since,
    world: worldOf(context),
  });
  if (decided && 'blocked' in decided) {
    draft.blocked.push({ ref, stack, reason: decided.blocked, where });
    return;
  }
  const wanted = wantPrint(want);
  const needed = decided ?? planAdoption({ have, entry, wanted, stack });
  if (!needed) {
    draft.unchanged += 1;
    return;
  }
  const last = kind.remember?.(want);
  const moved = decided !== undefined && hasMoved(kind, entry, { wanted, have });
  const causes = causesOf(context, { ref, stack, wanted, entry, moved });
  const origin = entry?.origin ?? originOf(needed.verb);
  addChange(draft, needed, {
    ref,
    stack,
    causes,
    before: fingerprint(have),
    want: wanted,
    last,
    origin,
    where,
    entry,
  });
}

function appliedSince({ ledger }: Observation, entry: LedgerEntry | undefined): Since {
  const applied = (ref: string): boolean => {
    const other = ledger.entries.get(ref);
    return other !== undefined && (!entry || other.line > entry.line);
  };
  return { has: applied };
}

function planOrphan(context: Context, kind: AnyKind | undefined, ref: Ref, entry: LedgerEntry): void {
  const { question, found, draft } = context;
  const have = found.states.get(entry.ref);
  const where = question.stackWhere(entry.stack);
  const unreadable = found.unreadable.get(ref.kind);
  if (unreadable) {
    draft.blocked.push({ ref: entry.ref, stack: entry.stack, reason: unreadable, where });
    return;
  }
  const decided = decideOrphan(kind, ref, entry, have, worldOf(context));
  if ('blocked' in decided) {
    draft.blocked.push({ ref: entry.ref, stack: entry.stack, reason: decided.blocked, where });
    return;
  }
  const causes: Cause[] =
    question.base === undefined || question.base.has(entry.ref) ? ['this-change'] : ['undeployed'];
  const { stack, origin, last } = entry;
  addChange(draft, decided, {
    ref: entry.ref,
    stack,
    causes,
    before: fingerprint(have),
    want: null,
    last,
    origin,
    where,
    entry,
  });
}

/** What was found and not made by Ashore stays; what Ashore made goes only where its kind finds nothing is lost. */
function decideOrphan(
  kind: AnyKind | undefined,
  ref: Ref,
  entry: LedgerEntry,
  have: unknown,
  world: World,
): KindChange | Blocked {
  if (!kind) return forget('its kind is not known to this version; it stays as it is');
  if (have === undefined) return forget('no longer declared, and already gone');
  if (entry.origin === 'adopted')
    return forget('no longer declared; it was there before Ashore, so it stays as it is');
  const decided = kind.change({ id: ref.id, want: undefined, have, last: entry.last, world });
  return decided ?? forget('no longer declared, and already gone');
}

function forget(reason: string): KindChange {
  return { verb: 'forget', reason, fields: [], steps: [], data: 'kept' };
}

/** What is as declared but not so recorded needs no step, only its line in the ledger. */
function planAdoption(one: {
  have: unknown;
  entry: LedgerEntry | undefined;
  wanted: string;
  stack: string;
}): KindChange | undefined {
  const { have, entry, wanted, stack } = one;
  if (entry ? entry.want === wanted && entry.stack === stack : have === undefined) return undefined;
  const reason = entry
    ? 'already as it is now declared; only the record changes'
    : 'already there as declared; Ashore manages it from now on';
  return { verb: 'adopt', reason, fields: [], steps: [] };
}

function originOf(verb: Verb): Change['origin'] {
  return verb === 'create' || verb === 'run' ? 'created' : 'adopted';
}

interface Causing {
  readonly ref: string;
  readonly stack: string;
  readonly wanted: string;
  readonly entry: LedgerEntry | undefined;
  /** It is otherwise than after the last deploy, and its kind asks for a change: what is adopted is as wanted. */
  readonly moved: boolean;
}

/** Three-way: what the ledger says was applied, what base and this commit want, and what was found. */
function causesOf({ question, draft }: Context, { ref, stack, wanted, entry, moved }: Causing): Cause[] {
  const causes = new Set<Cause>();
  const undeployed = entry?.want !== wanted || entry.stack !== stack;
  if (undeployed) causes.add(question.base?.get(ref) === wanted ? 'undeployed' : 'this-change');
  if (moved) causes.add('drift');
  if (causes.size > 0) return [...causes];
  // As applied and as wanted, and still a change: another change of this plan calls for it, or nobody looked after the last run.
  const inherited = draft.changes.flatMap((change) => change.causes);
  return inherited.length > 0 && entry?.seen !== undefined ? [...new Set(inherited)] : ['drift'];
}

type Rest = Pick<Change, 'ref' | 'stack' | 'causes' | 'before' | 'want' | 'origin' | 'where'> & {
  last: Json | undefined;
  entry: LedgerEntry | undefined;
};

function addChange(draft: Draft, needed: KindChange, { last, entry, ...rest }: Rest): void {
  draft.verbs.set(rest.ref, needed.verb);
  draft.changes.push({
    ...rest,
    verb: needed.verb,
    reason: needed.reason,
    fields: needed.fields.map((field) => ({ ...field })),
    steps: [...needed.steps],
    interrupts: (needed.interrupts ?? []).map((interruption) => ({ ...interruption })),
    notes: [...(needed.notes ?? [])],
    ...(needed.data === undefined ? {} : { data: needed.data }),
    ...(needed.guard === undefined ? {} : { guard: needed.guard }),
    ...(last === undefined ? {} : { last }),
    ...(entry === undefined ? {} : { applied: appliedBy(entry) }),
    ...(needed.sighted && rest.causes.includes('drift') ? { sighted: { ...needed.sighted } } : {}),
  });
}

function appliedBy({ commit, by, run, at }: LedgerEntry): Applied {
  return { commit, by, run, at };
}

function worldOf({ question, draft }: Context): World {
  return {
    logins: question.logins,
    planned: (kind, id) => draft.verbs.get(formatRef({ kind, id })),
    plannedIds: (kind, verbs) =>
      [...draft.verbs]
        .filter(([ref, verb]) => ref.startsWith(`${kind}/`) && verbs.includes(verb))
        .map(([ref]) => ref.slice(kind.length + 1)),
    declared: (kind, id) => draft.declared.has(formatRef({ kind, id })),
  };
}
