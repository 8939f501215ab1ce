// What a run writes on GitHub: check run, deployments, sticky comment, reaction, and a reply when people have to know.
import type { Plan } from '../core/plan.ts';
import type { Reason } from '../core/reason.ts';
import type { Report } from '../core/report.ts';
import type { ConfigFiles } from '../deploy.ts';
import { renderDeployCheck } from '../render/check-run.ts';
import { renderDeployComment, renderRefusal } from '../render/comment.ts';
import { rollbackDone } from '../render/rollback.ts';
import type { Ended, NewRun, Run } from '../store/runs.ts';
import { DEPLOY_CHECK, openCheck, startCheck } from './checks.ts';
import type { OpenCheck } from './checks.ts';
import { postReply } from './comments.ts';
import { followDeploy } from './drift.ts';
import { explainReasons } from './failure.ts';
import { mayPass } from './may-pass.ts';
import { react } from './reactions.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { recordRun, tellRun } from './run-deployments.ts';
import type { Recorded, Telling } from './run-deployments.ts';
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
  readonly recorded: Promise<Recorded>;
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
  const { astray: _, ...posts } = run.posts;
  const check = posts.check ? openCheck(world, repo, posts.check) : await startDeployCheck(world, repo, run);
  const kept = { ...posts, begun: true, check: { id: check.id, url: check.url } };
  await store.runs.keepPosts(run.id, kept);
  const recorded = recordRun({ world, repo, run, plan, logUrl: check.url }).catch((error: unknown) => {
    repo.log.warn({ err: error }, 'the deployments could not be recorded');
    return { deployments: [], later: error };
  });
  return { run, plan, rollback: rolledFrom !== null, files, check, recorded };
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
  await postAll(world, repo, run, {
    reaction: () => endReaction(repo, run, false),
    ...(check && {
      check: () => openCheck(world, repo, check).finish('failure', explainReasons(reasons, run.plan), run.id),
    }),
    reply: () => replyOnce(world, repo, run, refusalOf(run, reasons)),
  });
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
  const output = renderDeployCheck(report, plan);
  const { conclusion = 'failure', title } = output;
  // One verdict for all that is written: what nobody could look at afterwards is no success anywhere.
  const good = conclusion === 'success';
  const after = course.rollback ? `\n\n${rollbackDone(run.commit)}` : '';
  const words = `${renderDeployComment(report, plan, check.url)}${after}`;
  await postAll(world, repo, run, {
    reaction: () => endReaction(repo, run, good),
    check: () => check.finish(conclusion, output, run.id),
    deployments: () => tell(world, repo, course, { state: good ? 'success' : 'failure', description: title }),
    sticky: () => showDeployed(world, repo, { pull: run.pull, words }),
    // Editing a comment notifies nobody: a failure is also said anew.
    ...(!good && { reply: () => replyOnce(world, repo, run, words) }),
    drift: () => followDeploy(world, repo, plan.stacks),
  });
}

async function finishUnreported(
  world: GithubWorld,
  repo: Repo,
  course: Course,
  { conclusion, words, reason }: Unreported,
): Promise<void> {
  const { run, check, plan } = course;
  await postAll(world, repo, run, {
    reaction: () => endReaction(repo, run, false),
    check: () => check.finish(conclusion, explainReasons([reason], plan.digest), run.id),
    deployments: () => tell(world, repo, course, { state: 'failure', description: reason.code }),
    reply: () => replyOnce(world, repo, run, words),
    drift: () => followDeploy(world, repo, plan.stacks),
  });
}

interface Unreported {
  readonly conclusion: 'failure' | 'action_required';
  readonly words: string;
  readonly reason: Reason;
}

type Part = 'reaction' | 'check' | 'deployments' | 'sticky' | 'reply' | 'drift';

/**
 * Each of them, whatever becomes of the others. Rejects when one failed in a way that may pass, so that it is done once
 * more, and only that; what GitHub will never take is in the log, and the other places say it.
 */
async function postAll(
  world: GithubWorld,
  repo: Repo,
  { id, posts: { said = [] } }: Run,
  parts: Readonly<Partial<Record<Part, () => Promise<void>>>>,
): Promise<void> {
  const done = new Set(said);
  let later: unknown;
  for (const [part, post] of Object.entries(parts).filter(([name]) => !done.has(name))) {
    try {
      await post();
    } catch (error) {
      repo.log.error({ err: error, part }, 'a part of what became of the run could not be posted');
      if (mayPass(error, world.now())) {
        later = error;
        continue;
      }
    }
    done.add(part);
  }
  if (later === undefined) return;
  const kept = await world.store.runs.read(id);
  if (kept) await world.store.runs.keepPosts(id, { ...kept.posts, said: [...done] });
  throw later;
}

/** What notifies people is said once, however often the rest has to be tried. */
async function replyOnce(world: GithubWorld, repo: Repo, { id, pull }: Run, words: string): Promise<void> {
  const run = await world.store.runs.read(id);
  if (run?.posts.replied) return;
  await postReply(repo, pull, words);
  if (run) await world.store.runs.keepPosts(id, { ...run.posts, replied: true });
}

async function tell(world: GithubWorld, repo: Repo, course: Course, telling: Telling): Promise<void> {
  const { run, plan, check } = course;
  await tellRun({ world, repo, run, plan, logUrl: check.url }, await course.recorded, telling);
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
