// The first screen of a plan in markdown, shared by comment and check run: verdict, what is in the way, what to type.
import type { HostPlan, Plan } from '../core/plan.ts';
import { countChanges, isComplete, isEmpty, mayLose, shortDigest } from '../core/plan.ts';
import type { Reason } from '../core/reason.ts';
import type { Link } from './change.ts';
import { code, prose, proseWithCode } from './escape.ts';
import { keepWhole } from './fit.ts';
import { fixerWords, renderNext, renderReason } from './reason.ts';
import { tallyChanges } from './risk.ts';
import { causeWords, count, list, shortCommit, thousands, time } from './words.ts';

/** Something that stands between this plan and its deploy. */
export interface Blocker {
  readonly reason: Reason;
}

/** What the comment and the check run of a plan are made from. */
export interface PlanView {
  readonly plan: Plan;
  readonly blockers: readonly Blocker[];
  /** How policy lets this repository deploy. */
  readonly mode: 'merge' | 'comment' | 'both';
  readonly commit: string;
  readonly base?: string;
  /** The pull request is merged: from here on only a command or a button deploys. */
  readonly merged?: boolean;
  /** An earlier commit is brought back. */
  readonly rollback?: boolean;
  /** Asked for on the issue of a stack that drifted: what the default branch has is put back. */
  readonly drifted?: boolean;
  readonly link?: Link;
  /** What is typed to confirm the loss of data; null when its time is over. */
  readonly token?: string | null;
  /** What must not be overlooked, a sentence each. */
  readonly notices?: readonly string[];
}

/** Bytes for the list of what is in the way. */
const BLOCKER_ROOM = 8000;
const SHOWN_NAMES = 4;
const SHOWN_NOTICES = 20;
/** Hosts that are spelled out in a command before it is left to the reader. */
const TYPED_HOSTS = 12;

/** Plain words: `3 hosts change`, `1 host cannot be planned`, `11 hosts are as declared`. */
export function verdictWords(plan: Plan): readonly string[] {
  const changing = plan.hosts.filter((host) => host.changes.length > 0).length;
  const failed = plan.hosts.filter((host) => host.failure !== null).length;
  const blocked = plan.hosts.reduce((sum, host) => sum + host.blocked.length, 0);
  const broken = [
    ...(failed > 0 ? [count(failed, 'host')] : []),
    ...(blocked > 0 ? [count(blocked, 'resource')] : []),
  ];
  return [
    changing === 0
      ? 'nothing to change'
      : `${count(changing, 'host')} ${changing === 1 ? 'changes' : 'change'}`,
    ...(broken.length > 0 ? [`${broken.join(' and ')} cannot be planned`] : []),
  ];
}

export function renderVerdict(view: PlanView): string {
  const { plan, commit, base, drifted, notices = [] } = view;
  const on = base === undefined || drifted === true ? '' : ` on base ${code(shortCommit(base))}`;
  const stacks = plan.stacks.length === 0 ? '' : ` · ${stackWords(plan.stacks)}`;
  const again = countChanges(plan) === 0 ? '' : '; a deploy looks again and refuses what has moved since';
  return [
    `## Plan ${code(shortDigest(plan.digest))} · ${verdictWords(plan).join(' · ')}`,
    isEmpty(plan) ? emptyWords(plan) : renderCounts(plan),
    `${commitWords(view)} ${code(shortCommit(commit))}${on}${stacks} · hosts looked at ${prose(time(plan.at))}${again}`,
    renderForeign(plan, drifted === true ? '' : 'Not asked for by this pull request: '),
    renderNotices(notices),
  ]
    .filter((paragraph) => paragraph !== '')
    .join('\n\n');
}

function commitWords({ merged, rollback, drifted }: PlanView): string {
  if (drifted === true) return 'What the default branch declares, at commit';
  if (rollback === true) return 'Rollback to commit';
  return merged === true ? 'Merge commit' : 'Commit';
}

function renderNotices(notices: readonly string[]): string {
  const shown = notices.slice(0, SHOWN_NOTICES).map((notice) => `- ⚠️ ${proseWithCode(notice)}`);
  const more = notices.length - shown.length;
  return [...shown, ...(more > 0 ? [`- ⚠️ … and ${more} more such lines`] : [])].join('\n');
}

/** What must happen before the deploy, as a list to tick off; empty when nothing is in the way. */
export function renderBlockers({ plan, blockers }: PlanView): string {
  if (blockers.length === 0) return '';
  const lines = blockers.map(({ reason }) => {
    return `- [ ] ${renderReason(reason)} · **Next**, for ${fixerWords(reason)}: ${renderNext(reason, plan.digest)}`;
  });
  const shown = keepWhole(lines, BLOCKER_ROOM);
  const more = lines.length - shown.length;
  return [
    `**Before this can be deployed (${lines.length})**\n`,
    ...shown,
    ...(more > 0 ? [`- … and ${more} more`] : []),
  ].join('\n');
}

/** What to do or type, each with what it brings about. */
export function renderCommands(view: PlanView): string {
  const rows = [...deployRows(view), ...lookRows(view.plan)];
  return ['| To | Do |', '|---|---|', ...rows.map(({ to, act }) => `| ${to} | ${act} |`)].join('\n');
}

interface Row {
  readonly to: string;
  readonly act: string;
}

function deployRows(view: PlanView): readonly Row[] {
  const { plan, mode, merged } = view;
  const sound = plan.hosts.filter((host) => host.failure === null && host.blocked.length === 0);
  const ready = sound.filter((host) => host.changes.length > 0).map((host) => host.host);
  const [first, second] = ready;
  if (first === undefined) return [];
  const deploy = `/deploy ${shortDigest(plan.digest)}${tokenWords(view, sound)}`;
  const later = mode === 'merge' && merged !== true ? ', once merged' : '';
  const broken = brokenHosts(plan);
  const skip = broken.length > TYPED_HOSTS ? '<hosts>' : broken.join(' ');
  return [
    ...(isComplete(plan) ? wholeRows(view, code(deploy)) : []),
    ...(second === undefined
      ? []
      : [{ to: `deploy it to one host first${later}`, act: code(`${deploy} --only ${first}`) }]),
    ...(broken.length === 0
      ? []
      : [
          {
            to: `deploy it without what cannot be planned${later}`,
            act: code(`${deploy} --skip ${skip}`, 900),
          },
        ]),
  ];
}

/** What loses data is only deployed with its token. */
function tokenWords({ token }: PlanView, hosts: readonly HostPlan[]): string {
  const lost = hosts.some(({ changes }) => changes.some(mayLose));
  return lost && typeof token === 'string' ? ` --confirm ${token}` : '';
}

/** The ways to all of the plan that policy leaves open; some verbs want the plan named even after a merge. */
function wholeRows({ blockers, mode, merged }: PlanView, deploy: string): readonly Row[] {
  const named = blockers.some(({ reason }) => reason.code === 'CONFIRMATION_NEEDED');
  const clear = blockers.length > (named ? 1 : 0) ? ', once the list above is clear' : '';
  const to = `**deploy exactly this plan**${clear}`;
  if (merged === true || mode === 'comment') return [{ to, act: deploy }];
  const merge = { to, act: named ? `merge this pull request, then ${deploy}` : 'merge this pull request' };
  return mode === 'both' ? [merge, { to: `the same before the merge`, act: deploy }] : [merge];
}

function lookRows(plan: Plan): readonly Row[] {
  const broken = brokenHosts(plan);
  const again = { to: 'plan again', act: code('/plan') };
  if (broken.length === 0 || broken.length > TYPED_HOSTS) return [again];
  return [{ to: 'plan again what could not be planned', act: code(`/plan ${broken.join(' ')}`, 900) }, again];
}

function brokenHosts(plan: Plan): readonly string[] {
  return plan.hosts
    .filter((host) => host.failure !== null || host.blocked.length > 0)
    .map((host) => host.host);
}

function emptyWords(plan: Plan): string {
  const resources = plan.hosts.reduce((sum, host) => sum + host.unchanged, 0);
  return `Nothing to do: ${count(resources, 'resource')} on ${count(plan.hosts.length, 'host')} ${resources === 1 ? 'is' : 'are'} as declared.`;
}

function renderCounts(plan: Plan): string {
  const tally = tallyChanges(plan.hosts.flatMap((host) => host.changes));
  const counts = [
    [tally.create, 'to create'],
    [tally.change, 'to change'],
    [tally.delete, 'to delete'],
    [tally.recorded, 'only to record'],
  ] as const;
  const words = counts.flatMap(([n, what]) => (n > 0 ? [`${thousands(n)} ${what}`] : []));
  return [
    ...(words.length > 0 ? [`**${words.join(', ')}**`] : []),
    ...(tally.lost.length > 0 ? [`🟥 **data is lost: ${codes(tally.lost)}**`] : []),
    ...(tally.interrupts.length > 0 ? [`interrupts ${codes(tally.interrupts)}`] : []),
  ].join(' · ');
}

/** What a pull request did not ask for and brings all the same. */
function renderForeign(plan: Plan, title: string): string {
  const foreign = (['drift', 'undeployed'] as const).flatMap((cause) => {
    const hosts = plan.hosts.filter((host) => host.changes.some((change) => change.causes.includes(cause)));
    const n = hosts.flatMap((host) => host.changes).filter((change) => change.causes.includes(cause)).length;
    const where = codes(hosts.map((host) => host.host));
    return n === 0 ? [] : [`**${causeWords(cause, '')}**: ${count(n, 'change')} on ${where}`];
  });
  return foreign.length === 0 ? '' : `${title}${foreign.join(' · ')}`;
}

function stackWords(stacks: readonly string[]): string {
  return `${stacks.length === 1 ? 'stack' : 'stacks'} ${codes(stacks)}`;
}

function codes(names: readonly string[]): string {
  return list(
    names.map((name) => code(name, 80)),
    SHOWN_NAMES,
  );
}
