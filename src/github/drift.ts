// Drift of what the default branch declares: one look, and one issue a stack, opened, rewritten and closed by what the look found.
// Hosts are only read. An issue is found by its stored number and written only where it is ours.
import { driftOf } from '../core/drift.ts';
import type { StackDrift } from '../core/drift.ts';
import { stackStatuses } from '../core/status.ts';
import type { StackStatus } from '../core/status.ts';
import { canonical, sha256 } from '../core/json.ts';
import type { Problem } from '../core/problem.ts';
import type { Reason } from '../core/reason.ts';
import type { Policy } from '../core/resource.ts';
import type { Link } from '../render/change.ts';
import type { DriftLook } from '../render/drift.ts';
import { renderDriftIssue, renderDriftOver, renderDriftTitle } from '../render/drift.ts';
import { leaveBusy, watchBusy } from './busy-hosts.ts';
import { readFiles } from './contents.ts';
import { readTip } from './pulls.ts';
import { statusOf } from './http-status.ts';
import { place } from './repo.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { filesOf } from './survey.ts';

export type DriftLooked =
  | {
      readonly is: 'looked';
      readonly drifts: readonly StackDrift[];
      readonly stacks: readonly StackStatus[];
      readonly look: DriftLook;
      /** Of the commit that was looked at. */
      readonly policy: Policy;
    }
  | { readonly is: 'problems'; readonly problems: readonly Problem[]; readonly link: Link }
  | { readonly is: 'refused'; readonly reason: Reason };

export interface DriftWish {
  /** All of them where none is named. */
  readonly hosts: readonly string[];
  /** Only these; all of them where it is left out. */
  readonly stacks?: readonly string[];
}

/** Looks at hosts against the newest commit of the default branch. */
export async function lookForDrift(
  world: GithubWorld,
  repo: Repo,
  { hosts, stacks: named }: DriftWish,
): Promise<DriftLooked> {
  const { data } = await repo.octokit.rest.repos.get(place(repo));
  const commit = await readTip(repo, data.default_branch);
  const read = await readFiles(repo, commit);
  if (read.is === 'refused') return { is: 'refused', reason: read.reason };
  const files = filesOf(read);
  const link: Link = ({ file, line }) =>
    `${data.html_url}/blob/${commit}/${file.split('/').map(encodeURIComponent).join('/')}#L${line}`;
  const only = { ...(hosts.length === 0 ? {} : { hosts }), ...(named ? { stacks: named } : {}) };
  const busyIn = await watchBusy(world, repo);
  const planned = await world.deployerOf(repo).plan({ files, base: files, commit, all: true, ...only });
  if (planned.is === 'problems') return { ...planned, link };
  if (planned.is === 'refused') return planned;
  const { plan, config, recorded } = planned;
  const hostsOf = (name: string): readonly string[] =>
    config.stacks.find((stack) => stack.name === name)?.hosts ?? [];
  const drifts = driftOf(plan, hostsOf);
  const stacks = stackStatuses(plan, recorded, drifts, hostsOf);
  const busy = await busyIn(plan);
  const quiet = drifts.map((drift) => leaveBusy(drift, busy, hostsOf(drift.stack)));
  return { is: 'looked', drifts: quiet, stacks, look: { commit, at: plan.at, link }, policy: config.policy };
}

/** Brings the issues to what a look at all hosts found. */
export async function putDriftIssues(
  world: GithubWorld,
  repo: Repo,
  { drifts, look }: Extract<DriftLooked, { is: 'looked' }>,
): Promise<void> {
  for (const drift of drifts) await putDriftIssue(world, repo, drift, look);
  const declared = new Set(drifts.map(({ stack }) => stack));
  const known = await world.store.drifts.stacks(repo.key);
  for (const stack of known.filter((name) => !declared.has(name))) {
    await putDriftIssue(world, repo, { stack, drifted: [], undeployed: [], unread: [] }, look);
  }
}

/** After a deploy of these stacks: their issues, where they are open, say what is true now, and are closed where nothing is left. */
export async function followDeploy(world: GithubWorld, repo: Repo, stacks: readonly string[]): Promise<void> {
  const known = await Promise.all(stacks.map((stack) => world.store.drifts.read(repo.key, stack)));
  const open = stacks.filter((_, index) => (known[index]?.shown ?? OVER) !== OVER);
  if (open.length === 0) return;
  const looked = await lookForDrift(world, repo, { hosts: [], stacks: open });
  if (looked.is !== 'looked') return repo.log.warn({ looked }, 'drift cannot be looked for');
  for (const drift of looked.drifts) await putDriftIssue(world, repo, drift, looked.look);
}

async function putDriftIssue(
  world: GithubWorld,
  repo: Repo,
  drift: StackDrift,
  look: DriftLook,
): Promise<void> {
  const { drifts } = world.store;
  const known = await drifts.read(repo.key, drift.stack);
  const shown = digestOfDrift(drift);
  if (drift.drifted.length === 0) {
    // Of a host that nobody could look at, nobody can say that it is as it should be.
    if (!known || known.shown === OVER || drift.unread.length > 0) return;
    await closeIssue(world, repo, known.issue, renderDriftOver(drift, look));
    return drifts.keep(repo.key, drift.stack, { issue: known.issue, shown: OVER });
  }
  if (known?.shown === shown && (await isOpen(repo, known.issue))) return;
  const text = { title: renderDriftTitle(drift), body: renderDriftIssue(drift, look) };
  const issue =
    (known && (await updateIssue(world, repo, known.issue, text))) ?? (await openIssue(repo, text));
  await drifts.keep(repo.key, drift.stack, { issue, shown });
}

/** In the place of the digest of an issue that was closed. */
const OVER = '';

/** What matters of it to a reader; the commit and the time of the look do not. */
function digestOfDrift({ drifted, undeployed, unread }: StackDrift): string {
  const changes = [...drifted, ...undeployed].map(({ host, change }) => [host, change.ref, change.fields]);
  return sha256(
    canonical({ changes, unread: unread.map(({ host, ref, reason }) => [host, ref, reason.code]) }),
  );
}

interface IssueText {
  readonly title: string;
  readonly body: string;
}

async function openIssue(repo: Repo, text: IssueText): Promise<number> {
  const { data } = await repo.octokit.rest.issues.create({ ...place(repo), ...text });
  return data.number;
}

/** What somebody closed while hosts still differ is opened again: the issue says what is so. */
async function isOpen(repo: Repo, issue_number: number): Promise<boolean> {
  return (await readIssue(repo, issue_number))?.state === 'open';
}

/** Opens it again when it was closed. undefined when it is gone, or not by our App. */
async function updateIssue(
  world: GithubWorld,
  repo: Repo,
  issue_number: number,
  text: IssueText,
): Promise<number | undefined> {
  if (!(await isOurs(world, repo, issue_number))) return undefined;
  await repo.octokit.rest.issues.update({ ...place(repo), issue_number, ...text, state: 'open' });
  return issue_number;
}

async function closeIssue(
  world: GithubWorld,
  repo: Repo,
  issue_number: number,
  words: string,
): Promise<void> {
  if (!(await isOurs(world, repo, issue_number))) return;
  await repo.octokit.rest.issues.createComment({ ...place(repo), issue_number, body: words });
  await repo.octokit.rest.issues.update({ ...place(repo), issue_number, state: 'closed' });
}

async function isOurs({ appId }: GithubWorld, repo: Repo, issue_number: number): Promise<boolean> {
  return (await readIssue(repo, issue_number))?.performed_via_github_app?.id === appId;
}

/** undefined when it is gone. */
async function readIssue(repo: Repo, issue_number: number) {
  try {
    return (await repo.octokit.rest.issues.get({ ...place(repo), issue_number })).data;
  } catch (error) {
    if (statusOf(error) === 404 || statusOf(error) === 410) return undefined;
    throw error;
  }
}
