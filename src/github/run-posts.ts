// What a run writes on GitHub: check run, deployments, sticky comment, reaction, and a reply when people have to know.
import type { Plan } from '../core/plan.ts';
import type { Reason } from '../core/reason.ts';
import { succeeded } from '../core/report.ts';
import type { Report } from '../core/report.ts';
import type { ConfigFiles } from '../deploy.ts';
import { renderDeployCheck } from '../render/check-run.ts';
import { renderDeployComment, renderRefusal } from '../render/comment.ts';
import type { Ended, NewRun, Run, RunPosts } from '../store/runs.ts';
import { DEPLOY_CHECK, openCheck, startCheck } from './checks.ts';
import type { CheckPlace, OpenCheck } from './checks.ts';
import { postReply } from './comments.ts';
import { startDeployments, tellDeployments } from './deployments.ts';
import type { DeploymentState, StackDeployment } from './deployments.ts';
import { explainReasons } from './failure.ts';
import { react } from './reactions.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { showDeployed } from './show-plan.ts';

/** A run with all that it is made from and written to. */
export interface Course {
  readonly run: Run;
  readonly plan: Plan;
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
  const plan = stored.find((each) => each.commit === run.commit)?.plan;
  if (!plan) throw new Error(`the store has no plan ${run.plan} for run ${run.id}`);
  const { posts } = run;
  const check = posts.check ? openCheck(world, repo, posts.check) : await startDeployCheck(world, repo, run);
  const kept = { ...posts, begun: true, check: { id: check.id, url: check.url } };
  await store.runs.keepPosts(run.id, kept);
  const deployments = record({ world, repo, run, plan, posts: kept }).catch((error: unknown) => {
    repo.log.warn({ err: error }, 'the deployments could not be recorded');
    return [];
  });
  return { run, plan, files, check, deployments };
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
      return finishUnreported(
        repo,
        course,
        'action_required',
        refusalOf(course.run, [ended.reason]),
        ended.reason,
      );
    case 'lost':
      return finishUnreported(repo, course, 'failure', lossOf(course.run, ended.reason), ended.reason);
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
  await endReaction(repo, run, false);
  if (check) await openCheck(world, repo, check).finish('failure', explainReasons(reasons, run.plan), run.id);
  await postReply(repo, run.pull, refusalOf(run, reasons));
}

interface Recording {
  readonly world: GithubWorld;
  readonly repo: Repo;
  readonly run: NewRun;
  readonly plan: Plan;
  readonly posts: RunPosts & { readonly check: CheckPlace };
}

async function record({ world, repo, run, plan, posts }: Recording): Promise<readonly StackDeployment[]> {
  if (posts.deployments.length > 0) return posts.deployments;
  const changes = plan.hosts.filter((host) => run.hosts.includes(host.host)).flatMap((host) => host.changes);
  const stacks = plan.stacks.filter((stack) => changes.some((change) => change.stack === stack));
  const { commit, hosts } = run;
  const deployments = await startDeployments(repo, { commit, stacks, run: run.id, plan: plan.digest, hosts });
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
  await endReaction(repo, run, good);
  await check.finish(output.conclusion ?? (good ? 'success' : 'failure'), output, run.id);
  await tell(repo, course, good ? 'success' : 'failure', output.title);
  const words = renderDeployComment(report, plan, check.url);
  await showDeployed(world, repo, { pull: run.pull, words });
  // Editing a comment notifies nobody: a failure is also said anew.
  if (!good) await postReply(repo, run.pull, words);
}

async function finishUnreported(
  repo: Repo,
  course: Course,
  conclusion: 'failure' | 'action_required',
  words: string,
  reason: Reason,
): Promise<void> {
  const { run, check, plan } = course;
  await endReaction(repo, run, false);
  await check.finish(conclusion, explainReasons([reason], plan.digest), run.id);
  await tell(repo, course, 'failure', reason.code);
  await postReply(repo, run.pull, words);
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
