// What a run writes on GitHub: check run, deployments, sticky comment, reaction, and a reply when people have to know.
import type { Plan } from '../core/plan.ts';
import type { Reason } from '../core/reason.ts';
import { succeeded } from '../core/report.ts';
import type { Report } from '../core/report.ts';
import type { Deployed } from '../deploy.ts';
import { renderDeployCheck } from '../render/check-run.ts';
import { renderDeployComment, renderRefusal } from '../render/comment.ts';
import type { NewRun, RunPosts } from '../store/runs.ts';
import { DEPLOY_CHECK, openCheck, startCheck } from './checks.ts';
import type { OpenCheck } from './checks.ts';
import { postReply } from './comments.ts';
import { startDeployments, tellDeployments } from './deployments.ts';
import type { DeploymentState } from './deployments.ts';
import { explainReasons } from './failure.ts';
import { react } from './reactions.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { showDeployed } from './show-plan.ts';

/** A run with all that it is written to. */
export interface Course {
  readonly run: NewRun;
  readonly plan: Plan;
  readonly check: OpenCheck;
  readonly posts: RunPosts;
}

/** Begins them, or finds those again that were begun before a restart. */
export async function startPosts(world: GithubWorld, repo: Repo, run: NewRun): Promise<Course> {
  const { store } = world;
  const stored = await store.plans.find({ repo: run.repo, pull: run.pull }, run.plan);
  const plan = stored.find((each) => each.commit === run.commit)?.plan;
  if (!plan) throw new Error(`the store has no plan ${run.plan} for run ${run.id}`);
  const known = (await store.runs.read(run.id))?.posts;
  const check = known?.check ? openCheck(world, repo, known.check) : await startDeployCheck(world, repo, run);
  // Kept at once, so that a crash right now does not leave a second check run behind.
  await store.runs.keepPosts(run.id, { check, deployments: known?.deployments ?? [] });
  const again = (known?.deployments.length ?? 0) > 0;
  const deployments = again ? (known?.deployments ?? []) : await recordStacks(repo, run, plan);
  const posts = { check: { id: check.id, url: check.url }, deployments: [...deployments] };
  await store.runs.keepPosts(run.id, posts);
  const course = { run, plan, check, posts };
  await tell(repo, course, 'in_progress', `asked for by ${run.by}`);
  return course;
}

export async function finishPosts(
  world: GithubWorld,
  repo: Repo,
  course: Course,
  ended: Deployed,
): Promise<void> {
  if (ended.is === 'refused') return finishRefused(repo, course, ended.reason);
  return finishReported(world, repo, course, ended.report);
}

/** A deploy must not end in silence, whatever became of GitHub or of us in between. */
export async function postLost(world: GithubWorld, repo: Repo, run: NewRun, reason: Reason): Promise<void> {
  const check = (await world.store.runs.read(run.id))?.posts.check;
  const output = explainReasons([reason], run.plan);
  const words = `❓ \`${wordsOf(run)}\`, asked for by \`${run.by}\`, did not come to an end that is known. \`/plan\` shows what is true.`;
  const attempts = [
    () => endReaction(repo, run, false),
    () => postReply(repo, run.pull, `${words}\n\n${output.summary}`),
    async () => check && openCheck(world, repo, check).finish('failure', output, run.id),
  ];
  for (const attempt of attempts) {
    try {
      await attempt();
    } catch (error) {
      repo.log.error({ err: error, run: run.id }, 'the end of the run could not be shown');
    }
  }
}

async function recordStacks(repo: Repo, run: NewRun, plan: Plan): Promise<RunPosts['deployments']> {
  const changes = plan.hosts.filter((host) => run.hosts.includes(host.host)).flatMap((host) => host.changes);
  const stacks = plan.stacks.filter((stack) => changes.some((change) => change.stack === stack));
  const { commit, hosts } = run;
  return [...(await startDeployments(repo, { commit, stacks, run: run.id, plan: plan.digest, hosts }))];
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

async function finishRefused(repo: Repo, course: Course, reason: Reason): Promise<void> {
  const { run, check, plan } = course;
  await endReaction(repo, run, false);
  await check.finish('action_required', explainReasons([reason], plan.digest), run.id);
  await tell(repo, course, 'failure', reason.code);
  await postReply(
    repo,
    run.pull,
    renderRefusal([reason], { text: wordsOf(run), by: run.by, plan: plan.digest }),
  );
}

async function finishReported(world: GithubWorld, repo: Repo, course: Course, report: Report): Promise<void> {
  const { run, plan, check } = course;
  const good = succeeded(report);
  const output = renderDeployCheck(report, plan);
  await endReaction(repo, run, good);
  await check.finish(output.conclusion ?? (good ? 'success' : 'failure'), output, run.id);
  await tell(repo, course, good ? 'success' : 'failure', output.title);
  const words = renderDeployComment(report, plan, check.url);
  // Editing a comment notifies nobody: a failure is also said anew.
  if (!good) await postReply(repo, run.pull, words);
  await showDeployed(world, repo, { pull: run.pull, words });
}

async function tell(
  repo: Repo,
  { posts, check }: Course,
  state: DeploymentState,
  description: string,
): Promise<void> {
  await tellDeployments(repo, posts.deployments, { state, logUrl: check.url, description });
}

async function endReaction(repo: Repo, { request }: NewRun, good: boolean): Promise<void> {
  if (request.comment !== undefined) await react(repo, request.comment, good ? 'rocket' : 'confused');
}

function wordsOf({ request, plan }: NewRun): string {
  return request.via === 'merge' ? 'the merge' : `/deploy ${plan.slice(0, 12)}`;
}
