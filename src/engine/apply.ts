// Carries out the plan of one host: look again, compare, run, follow, look once more.
// Refuses before the first write when anything moved; says unknown where the end of a change was not seen.
import type { AppendLedger, GiveUp, HostRun } from '../core/run.ts';
import { runPath } from '../core/host.ts';
import type { Reader, Session, Target } from '../core/host.ts';
import { parseRef } from '../core/address.ts';
import type { AnyKind } from '../core/kind.ts';
import { compactLedger } from '../core/ledger.ts';
import type { LedgerLine } from '../core/ledger.ts';
import type { Change, HostPlan } from '../core/plan.ts';
import { HostFailure } from '../core/reason.ts';
import type { Reason } from '../core/reason.ts';
import type { HostReport } from '../core/report.ts';
import type { Secret } from '../core/secret.ts';
import { sealedOf } from '../core/step.ts';
import { notBegun, passOnCancel } from './cancel.ts';
import type { CancelWish } from './cancel.ts';
import { compareHost } from './compare.ts';
import { isSeenSame, seenOf } from './drift.ts';
import { runDuties } from './duties.ts';
import type { Observation } from './observe.ts';
import { connectPatiently, followToTheEnd } from './follow.ts';
import type { FollowHost, Progress } from './follow.ts';
import { failedLine, proofLine, runProofs } from './proof.ts';
import { finishReport, loseReport, startReport } from './progress.ts';

/** The host as the engine needs it for one deploy. */
export interface ApplyHost extends FollowHost, CancelWish {
  reader(session: Session): Reader;
  observe(reader: Reader): Promise<Observation>;
  readonly kinds: readonly AnyKind[];
  /** The plan that this observation gives, from the same configuration. */
  planAgain(found: Observation): HostPlan;
  appendLedger: AppendLedger;
  giveUp: GiveUp;
  /** The value that a seal of the plan stands for; undefined when it is another one now. */
  secret(seal: string): Secret | undefined;
}

/** Who deploys what: the same for all hosts of a deploy. `at` is ISO 8601. */
export interface ApplyOrder {
  readonly run: string;
  readonly plan: string;
  readonly commit: string;
  readonly by: string;
  readonly at: string;
  /** It may have begun on the host before: what cannot be asked is then unknown. */
  readonly resumed: boolean;
  /** It is not to begin there, unless it has; why, where that has to be said. */
  readonly later?: { readonly reason: Reason | null } | undefined;
}

export async function applyHost(
  planned: HostPlan,
  order: ApplyOrder,
  host: ApplyHost,
  emit: (report: HostReport) => void,
): Promise<HostReport> {
  let session: Session | undefined;
  const ended = new AbortController();
  const progress: Progress = { report: startReport(planned), emit };
  try {
    session = await (order.resumed ? connectPatiently(host) : host.connect());
    const reader = host.reader(session);
    const [before, begun] = await Promise.all([
      host.observe(reader),
      isBegun(reader, session.target, order.run),
    ]);
    const decided = begun
      ? FOLLOW
      : await leaveSurely(decide(planned, order, before, host), session, order, host);
    if (decided.is === 'leave') return { ...progress.report, ...decided.as };
    const run = { ...hostRunOf(planned, order, before, decided), secrets: secretsOf(planned, host) };
    progress.report = { ...progress.report, outcome: 'running' };
    emit(progress.report);
    void passOnCancel(host, order.run, ended.signal);
    const followed = { run, planned, begun: decided.is === 'follow' };
    session = await followToTheEnd(session, followed, host, progress);
    ended.abort();
    return await lookAfter(session, progress, host);
  } catch (error) {
    const reason = failureReason(error);
    const unseen = order.resumed && progress.report.outcome === 'queued';
    return unseen ? loseReport(progress.report, reason) : finishReport(progress.report, reason);
  } finally {
    ended.abort();
    session?.close();
  }
}

type Decision =
  | { readonly is: 'run'; readonly done: ReadonlySet<string> }
  /** A run that the host has already is only followed: what it did so far is no reason to refuse it. */
  | { readonly is: 'follow'; readonly done: ReadonlySet<string> }
  | { readonly is: 'leave'; readonly as: Pick<HostReport, 'outcome' | 'reason'> };

const FOLLOW: Decision = { is: 'follow', done: new Set() };

function decide(planned: HostPlan, order: ApplyOrder, found: Observation, host: ApplyHost): Decision {
  const leave = (outcome: 'not-started' | 'refused', reason: Reason | null): Decision => {
    return { is: 'leave', as: { outcome, reason } };
  };
  if (host.wish?.aborted) return leave('not-started', notBegun(planned.host, host.wish));
  if (order.later) return leave('not-started', order.later.reason);
  const { done, moved } = compareHost(planned, host.planAgain(found), found);
  const refusal = refuseTorn(planned, found) ?? lostSecret(planned, host) ?? moved;
  return refusal ? leave('refused', refusal) : { is: 'run', done };
}

/** Whoever had the run before may still be on the way to the host: what is left there must not begin behind our back. */
async function leaveSurely(
  decision: Decision,
  session: Session,
  order: ApplyOrder,
  host: ApplyHost,
): Promise<Decision> {
  if (decision.is !== 'leave' || !order.resumed) return decision;
  return (await host.giveUp(session, order.run)) === 'begun' ? FOLLOW : decision;
}

/** What a run that never said its end did there is not in a plan that was made before somebody looked. */
function refuseTorn(planned: HostPlan, { torn }: Observation): Reason | undefined {
  if (torn === null || torn === planned.torn) return undefined;
  const message = `run ${torn} was begun on ${planned.host} and never ended; this plan was made before that was looked at`;
  return { code: 'HOST_UNKNOWN_STATE', message };
}

/** One that was given up has its name there, and nothing to carry out. */
async function isBegun(reader: Reader, target: Target, run: string): Promise<boolean> {
  const look = await reader.look(['test', '-e', `${runPath(target, run)}/script`]);
  return look.status === 0;
}

function secretsOf(planned: HostPlan, host: ApplyHost): readonly Secret[] {
  const sealed = planned.changes.flatMap(({ steps }) => steps.map(sealedOf));
  const seals = new Set(sealed.flatMap((one) => (one ? [one.seal] : [])));
  return [...seals].map((seal) => host.secret(seal)).filter((secret) => secret !== undefined);
}

/** The bytes to write are in the plan, of a secret their seal: another value would be another plan. */
function lostSecret(planned: HostPlan, host: ApplyHost): Reason | undefined {
  const sealed = planned.changes.flatMap(({ steps }) => steps.map(sealedOf));
  const lost = sealed.filter((one) => one !== undefined).find(({ seal }) => !host.secret(seal));
  if (!lost) return undefined;
  const message = `${lost.secret.join(', ')} has another value than when the plan was made; nothing was written on ${planned.host}`;
  return { code: 'PLAN_STALE', message };
}

/** What is true after the run: the plan made once more, which is empty when all went well. */
async function lookAfter(session: Session, progress: Progress, host: ApplyHost): Promise<HostReport> {
  const { report } = progress;
  const lookOver = async (over: Session): Promise<HostReport> => {
    const after = await host.observe(host.reader(over));
    const again = host.planAgain(after);
    // What was found holds, whether or not it can be recorded.
    progress.report = judge(report, again);
    if (report.outcome === 'done') await recordSeen(over, host, after, again);
    return progress.report;
  };
  try {
    return await lookOver(session);
  } catch (error) {
    if (!(error instanceof HostFailure)) throw error;
    session.close();
  }
  const fresh = await connectPatiently(host);
  return lookOver(fresh).finally(() => fresh.close());
}

function judge(report: HostReport, { changes, blocked }: HostPlan): HostReport {
  const settled = { ...report, remaining: changes };
  if (report.outcome !== 'done' || changes.length + blocked.length === 0) return settled;
  const [first] = blocked;
  const left = [...changes.map((change) => `${change.verb} ${change.ref}`), ...blocked.map(({ ref }) => ref)];
  const reason: Reason = {
    code: 'NOT_CONVERGED',
    message: `the deploy ran to its end, but the same plan still holds: ${left.join(', ')}`,
    ...(first ? { evidence: { output: first.reason.message } } : {}),
  };
  return { ...settled, outcome: 'failed', reason };
}

/** With what was seen, a ledger that has grown long is written anew. */
async function recordSeen(
  session: Session,
  host: ApplyHost,
  after: Observation,
  again: HostPlan,
): Promise<void> {
  const seen = seenLines(after, again, host.kinds);
  const { digest } = after.ledger;
  const short = compactLedger(after.ledger);
  if (short) await host.appendLedger(session, [...short, ...seen], digest, 'instead');
  else await host.appendLedger(session, seen, digest);
}

/** Fingerprints of what is there now, for all that is recorded and in sync: the base for telling drift later. */
function seenLines(found: Observation, again: HostPlan, kinds: readonly AnyKind[]): LedgerLine[] {
  const kindOf = new Map(kinds.map((kind) => [kind.name, kind]));
  const unsettled = new Set([...again.changes, ...again.blocked].map(({ ref }) => ref));
  return [...found.ledger.entries.values()]
    .filter((entry) => !unsettled.has(entry.ref) && found.looked.has(entry.ref))
    .map((entry) => {
      const kind = kindOf.get(parseRef(entry.ref)?.kind ?? '');
      return { entry, seen: seenOf(kind, found.states.get(entry.ref)) };
    })
    .filter(({ entry, seen }) => !isSeenSame(entry, seen))
    .map(({ entry, seen }) => ({ ref: entry.ref, ...seen }));
}

function hostRunOf(
  planned: HostPlan,
  order: ApplyOrder,
  found: Observation,
  { done }: { readonly done: ReadonlySet<string> },
): HostRun {
  // What is done already needs no guard; what follows a guarded change in the plan stays with it.
  const guards = planned.changes.some(({ ref, guard }) => guard !== undefined && !done.has(ref));
  const changes = planned.changes.map((change) => ({
    ref: change.ref,
    steps: done.has(change.ref) ? [] : change.steps,
    ledger: ledgerLineOf(change, order),
    ...(change.guard === undefined || !guards ? {} : { guard: change.guard }),
    ...(change.together === undefined ? {} : { together: change.together }),
  }));
  const { run, plan, commit, by } = order;
  const duties = runDuties(planned, found.ledger, order, (duty) => failedLine(duty, order));
  const proofs = runProofs(planned.duties ?? [], found.ledger, order);
  return { run, plan, commit, by, ledger: found.ledger.digest, changes, duties, proofs };
}

function ledgerLineOf(change: Change, order: ApplyOrder): LedgerLine {
  const { ref, stack, want, origin, last } = change;
  const proof = proofLine(change, order);
  if (proof) return proof;
  if (want === null) return { ref, forgotten: order.at };
  const { resumed: _, later: __, ...who } = order;
  return { ref, stack, want, origin, ...who, ...(last === undefined ? {} : { last }) };
}

function failureReason(error: unknown): Reason {
  if (error instanceof HostFailure) return error.reason;
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'BUG', message };
}
