// What a run writes on GitHub: check run, deployments, sticky comment, reaction, and a reply when people have to know.
import { z } from 'zod';
import type { Plan } from '../core/plan.ts';
import type { Reason } from '../core/reason.ts';
import { succeeded } from '../core/report.ts';
import type { Report } from '../core/report.ts';
import type { ConfigFiles } from '../deploy.ts';
import { renderDeployCheck } from '../render/check-run.ts';
import { renderDeployComment, renderRefusal } from '../render/comment.ts';
import { rollbackDone } from '../render/rollback.ts';
import type { Ended, NewRun, Run, RunPosts } from '../store/runs.ts';
import { DEPLOY_CHECK, openCheck, startCheck } from './checks.ts';
import type { CheckPlace, OpenCheck } from './checks.ts';
import { postReply } from './comments.ts';
import { startDeployments, tellDeployments } from './deployments.ts';
import type { DeploymentState, StackDeployment } from './deployments.ts';
import { explainReasons } from './failure.ts';
import { statusOf } from './http-status.ts';
import { react } from './reactions.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { showDeployed } from './show-plan.ts';

/** A run with all that it is made from and written to. */
export interface Course {
  readonly run: Run;
  readonly plan: Plan;
  /** An earlier commit is brought back. */
  readonly rollback: boolean;
  readonly files: ConfigFiles;
  readonly check: OpenCheck;
  /** GitHub spaces writes a second apart: a deploy does not wait for its own records. */
  readonly deployments: Promise<readonly StackDeployment[]>;
}

/** Begins them, or finds those again that were begun before a restart. */
export async function startPosts(
  world: GithubWorld,
  repo: Repo,
  { run, files }: Pick<Course, 'run' | 'files'>,
): Promise<Course> {
  const { store } = world;
  const stored = await store.plans.find({ repo: run.repo, pull: run.pull }, run.plan);
  const mine = stored.find((each) => each.commit === run.commit);
  if (!mine) throw new Error(`the store has no plan ${run.plan} for run ${run.id}`);
  const { plan, rolledFrom } = mine;
  const { posts } = run;
  const check = posts.check ? openCheck(world, repo, posts.check) : await startDeployCheck(world, repo, run);
  const kept = { ...posts, begun: true, check: { id: check.id, url: check.url } };
  await store.runs.keepPosts(run.id, kept);
  const deployments = record({ world, repo, run, plan, posts: kept }).catch((error: unknown) => {
    repo.log.warn({ err: error }, 'the deployments could not be recorded');
    return [];
  });
  return { run, plan, rollback: rolledFrom !== null, files, check, deployments };
}

/** May be asked for again when it failed half way. */
export async function finishPosts(
  world: GithubWorld,
  repo: Repo,
  course: Course,
  ended: Ended,
): Promise<void> {
  switch (ended.is) {
    case 'report':
      return finishReported(world, repo, course, ended.report);
    case 'refused':
      return finishUnreported(world, repo, course, {
        conclusion: 'action_required',
        words: refusalOf(course.run, [ended.reason]),
        reason: ended.reason,
      });
    case 'lost':
      return finishUnreported(world, repo, course, {
        conclusion: 'failure',
        words: lossOf(course.run, ended.reason),
        reason: ended.reason,
      });
    default:
      return ended satisfies never;
  }
}

/** A deploy must not end in silence, also when GitHub failed before there was anything to write to. */
export async function postUnbegun(
  world: GithubWorld,
  repo: Repo,
  run: Run,
  reasons: readonly Reason[],
): Promise<void> {
  const { check } = run.posts;
  await postAll(repo, [
    () => endReaction(repo, run, false),
    ...(check
      ? [() => openCheck(world, repo, check).finish('failure', explainReasons(reasons, run.plan), run.id)]
      : []),
    () => replyOnce(world, repo, run, refusalOf(run, reasons)),
  ]);
}

interface Recording {
  readonly world: GithubWorld;
  readonly repo: Repo;
  readonly run: Run;
  readonly plan: Plan;
  readonly posts: RunPosts & { readonly check: CheckPlace };
}

async function record({ world, repo, run, plan, posts }: Recording): Promise<readonly StackDeployment[]> {
  if (posts.deployments.length > 0) return posts.deployments;
  const changes = plan.hosts.filter((host) => run.hosts.includes(host.host)).flatMap((host) => host.changes);
  const stacks = plan.stacks.filter((stack) => changes.some((change) => change.stack === stack));
  const { commit, hosts } = run;
  const start = { commit, stacks, run: run.id, plan: plan.digest, hosts, again: run.posts.begun };
  const deployments = await startDeployments(repo, start);
  await world.store.runs.keepPosts(run.id, { ...posts, deployments: [...deployments] });
  const description = `asked for by ${run.by}`;
  await tellDeployments(repo, deployments, { state: 'in_progress', logUrl: posts.check.url, description });
  return deployments;
}

async function startDeployCheck(world: GithubWorld, repo: Repo, run: NewRun): Promise<OpenCheck> {
  return startCheck(world, repo, {
    name: DEPLOY_CHECK,
    commit: run.commit,
    pull: run.pull,
    subject: run.id,
    title: `Deploying to ${run.hosts.length} ${run.hosts.length === 1 ? 'host' : 'hosts'}`,
    summary: `Plan \`${run.plan.slice(0, 12)}\`, asked for by \`${run.by}\`.`,
  });
}

async function finishReported(world: GithubWorld, repo: Repo, course: Course, report: Report): Promise<void> {
  const { run, plan, check } = course;
  const good = succeeded(report);
  const output = renderDeployCheck(report, plan);
  const after = course.rollback ? `\n\n${rollbackDone(run.commit)}` : '';
  const words = `${renderDeployComment(report, plan, check.url)}${after}`;
  await postAll(repo, [
    () => endReaction(repo, run, good),
    () => check.finish(output.conclusion ?? (good ? 'success' : 'failure'), output, run.id),
    () => tell(repo, course, good ? 'success' : 'failure', output.title),
    () => showDeployed(world, repo, { pull: run.pull, words }),
    // Editing a comment notifies nobody: a failure is also said anew.
    ...(good ? [] : [() => replyOnce(world, repo, run, words)]),
  ]);
}

async function finishUnreported(
  world: GithubWorld,
  repo: Repo,
  course: Course,
  { conclusion, words, reason }: Unreported,
): Promise<void> {
  const { run, check, plan } = course;
  await postAll(repo, [
    () => endReaction(repo, run, false),
    () => check.finish(conclusion, explainReasons([reason], plan.digest), run.id),
    () => tell(repo, course, 'failure', reason.code),
    () => replyOnce(world, repo, run, words),
  ]);
}

interface Unreported {
  readonly conclusion: 'failure' | 'action_required';
  readonly words: string;
  readonly reason: Reason;
}

/**
 * Each of them, whatever becomes of the others. Rejects when one failed in a way that may pass, so that all is done once
 * more; what GitHub will never take is in the log, and the other places say it.
 */
async function postAll(repo: Repo, posts: readonly (() => Promise<void>)[]): Promise<void> {
  let later: unknown;
  for (const post of posts) {
    try {
      await post();
    } catch (error) {
      repo.log.error({ err: error }, 'a part of what became of the run could not be posted');
      if (mayPass(error)) later = error;
    }
  }
  if (later !== undefined) throw later;
}

/** The thing written to is gone, or the words are not taken. A 403 may be a suspended installation, which may come back. */
const NEVER: ReadonlySet<number> = new Set([404, 410, 422]);

const Asked = z.object({ request: z.object({ url: z.string() }) });

/** An App that was removed gets no token, and may be installed again: of what is written to that says nothing. */
function mayPass(error: unknown): boolean {
  const status = statusOf(error);
  const { request } = Asked.safeParse(error).data ?? {};
  return status === undefined || !NEVER.has(status) || request?.url.endsWith('/access_tokens') === true;
}

/** What notifies people is said once, however often the rest has to be tried. */
async function replyOnce(world: GithubWorld, repo: Repo, { id, pull }: Run, words: string): Promise<void> {
  const run = await world.store.runs.read(id);
  if (run?.posts.replied) return;
  await postReply(repo, pull, words);
  if (run) await world.store.runs.keepPosts(id, { ...run.posts, replied: true });
}

async function tell(repo: Repo, course: Course, state: DeploymentState, description: string): Promise<void> {
  const deployments = await course.deployments;
  await tellDeployments(repo, deployments, { state, logUrl: course.check.url, description });
}

async function endReaction(repo: Repo, { request }: NewRun, good: boolean): Promise<void> {
  if (request.comment !== undefined) await react(repo, request.comment, good ? 'rocket' : 'confused');
}

function refusalOf(run: NewRun, reasons: readonly Reason[]): string {
  return renderRefusal(reasons, { text: wordsOf(run), by: run.by, plan: run.plan });
}

/** Nothing can be said about the hosts here but how to look. */
function lossOf(run: NewRun, reason: Reason): string {
  const words = `❓ \`${wordsOf(run)}\`, asked for by \`${run.by}\`, came to no end that is known. \`/plan\` shows what is true.`;
  return `${words}\n\n${explainReasons([reason], run.plan).summary}`;
}

function wordsOf({ request, plan }: NewRun): string {
  return request.via === 'merge' ? 'the merge' : `/deploy ${plan.slice(0, 12)}`;
}
