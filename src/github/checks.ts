// Check runs: created at once as a sign of life, updated live but not more often than GitHub likes, and always ended.
// Annotations travel fifty at a time: https://docs.github.com/en/rest/checks/runs#update-a-check-run
import { setTimeout as wait } from 'node:timers/promises';
import type { Annotation } from '../render/annotation.ts';
import type { CheckAction } from '../render/check-run.ts';
import { Fenced } from '../store/membership.ts';
import type { AskedCheck } from '../store/open-checks.ts';
import { mayBeDone, ONCE } from './octokit.ts';
import { statusOf } from './http-status.ts';
import { place } from './repo.ts';
import type { GithubWorld, Repo } from './repo.ts';

export const PLAN_CHECK = 'ashore/plan';
export const DEPLOY_CHECK = 'ashore/deploy';

export type Conclusion = 'success' | 'failure' | 'neutral' | 'action_required' | 'cancelled';

/** What a check run says. */
export interface CheckOutput {
  readonly title: string;
  readonly summary: string;
  readonly text?: string;
  readonly annotations?: readonly Annotation[];
  /** Buttons. They carry no state: what one means is looked up by the check run that it stands on. */
  readonly actions?: readonly CheckAction[];
}

export interface CheckStart {
  readonly name: typeof PLAN_CHECK | typeof DEPLOY_CHECK;
  readonly commit: string;
  readonly pull: number | null;
  /** The digest of the plan, or the id of the run, that it shows. */
  readonly subject: string | null;
  readonly title: string;
  readonly summary: string;
}

/** A check run by its id, and where people look at it. */
export interface CheckPlace {
  readonly id: number;
  readonly url: string;
}

export interface OpenCheck extends CheckPlace {
  /** Shows how far it is; the newest call wins, and none waits. */
  readonly update: (output: CheckOutput) => void;
  readonly finish: (conclusion: Conclusion, output: CheckOutput, subject?: string) => Promise<void>;
}

/**
 * Begins a check run, or goes on with the one that was begun for the same and never ended. A re-run is a new one: a
 * completed check run cannot go back.
 */
export async function startCheck(world: GithubWorld, repo: Repo, start: CheckStart): Promise<OpenCheck> {
  const { name, commit, pull, subject, title, summary } = start;
  // A plan is mostly there before anybody could read how far it is.
  const quiet = name === PLAN_CHECK ? BETWEEN_UPDATES : 0;
  const key = { repo: repo.key, name, commit, pull };
  const known = subject === null ? await world.store.openChecks.find(key) : undefined;
  if (known) {
    const output = { title, summary };
    const { data } = await repo.octokit.rest.checks.update({
      ...place(repo),
      check_run_id: known.id,
      output,
    });
    return openCheck(world, repo, { id: data.id, url: data.html_url ?? '' }, quiet);
  }
  const since = world.now().toISOString();
  const asked = { ...key, subject, installation: repo.installation, since };
  await world.store.openChecks.ask(asked);
  // A server that died just after it had begun one could not keep its id.
  const { id, url } = (await findUnknown(world, repo, start)) ?? (await createCheck(world, repo, start));
  try {
    await keepBegun(world, asked, id);
  } catch (error) {
    // Whoever took over may not have seen it when it looked, and has begun one of its own.
    if (error instanceof Fenced)
      await complete(repo, id, { conclusion: 'cancelled', output: TAKEN_OVER, subject: undefined });
    throw error;
  }
  return openCheck(world, repo, { id, url }, quiet);
}

/** From now on it is known by its id. */
export async function keepBegun({ store }: GithubWorld, asked: AskedCheck, id: number): Promise<void> {
  const { repo, name, commit, pull, subject } = asked;
  await store.posts.keepCheck({ repo, id, name, commit, pull, subject });
  await store.openChecks.put({ ...asked, id });
}

const TAKEN_OVER: CheckOutput = {
  title: 'Another server has taken over',
  summary: 'The check run of the same name beside this one says what became of it.',
};

/** A check run that is there already and has not ended. `quiet`: milliseconds before the first update. */
export function openCheck(world: GithubWorld, repo: Repo, { id, url }: CheckPlace, quiet = 0): OpenCheck {
  const live = startLive(quiet, (output) => sendProgress(repo, id, output));
  return {
    id,
    url,
    update: live.update,
    finish: async (conclusion, output, subject) => {
      await live.stop();
      await sendAnnotations(repo, id, output).catch((error: unknown) => {
        if (statusOf(error) !== 422) throw error;
      });
      await complete(repo, id, { conclusion, output, subject });
      await world.store.openChecks.drop(repo.key, id);
      const known = await world.store.posts.readCheck(repo.key, id);
      if (known && subject !== undefined) await world.store.posts.keepCheck({ ...known, subject });
    },
  };
}

/** Whether GitHub has a check run of ours that ended, other than by what stands for no plan and no run: a failure, a server that was late. */
export async function hasEnded(
  repo: Repo,
  appId: number,
  commit: string,
  name: CheckStart['name'],
): Promise<boolean> {
  const { data } = await repo.octokit.rest.checks.listForRef({
    ...place(repo),
    ref: commit,
    check_name: name,
    status: 'completed',
    filter: 'all',
    per_page: 100,
  });
  return data.check_runs.some(
    ({ app, conclusion, external_id: subject }) =>
      app?.id === appId &&
      ((conclusion !== 'failure' && conclusion !== 'cancelled') || (subject ?? '') !== ''),
  );
}

/** When GitHub's answer is lost, the check run may be there: then it is taken, and not made twice. */
async function createCheck(world: GithubWorld, repo: Repo, start: CheckStart): Promise<CheckPlace> {
  const { name, commit, subject, title, summary } = start;
  const external = subject === null ? {} : { external_id: subject };
  const output = { title, summary };
  const wish = { ...place(repo), name, head_sha: commit, status: 'in_progress', output } as const;
  const create = async (): Promise<CheckPlace> => {
    const { data } = await repo.octokit.rest.checks.create({ ...wish, ...external, request: ONCE });
    return { id: data.id, url: data.html_url ?? '' };
  };
  try {
    return await create();
  } catch (error) {
    if (!mayBeDone(error)) throw error;
    return (await findUnknown(world, repo, start)) ?? create();
  }
}

/** One of ours that goes on, and that the store does not know. */
export async function findUnknown(
  { store, appId }: GithubWorld,
  repo: Repo,
  { name, commit, subject }: Pick<AskedCheck, 'name' | 'commit' | 'subject'>,
): Promise<CheckPlace | undefined> {
  const { data } = await repo.octokit.rest.checks.listForRef({
    ...place(repo),
    ref: commit,
    check_name: name,
    status: 'in_progress',
    filter: 'all',
    per_page: 100,
  });
  for (const { id, app, external_id: external, html_url: url } of data.check_runs) {
    if (app?.id !== appId || (external ?? '') !== (subject ?? '')) continue;
    // A run has one, and may not know it though the store does.
    const known = subject === null && (await store.posts.readCheck(repo.key, id)) !== undefined;
    if (!known) return { id, url: url ?? '' };
  }
  return undefined;
}

const ANNOTATIONS_AT_ONCE = 50;
/** Milliseconds between two updates; GitHub asks for a second between writes. */
const BETWEEN_UPDATES = 2000;

async function sendProgress(
  repo: Repo,
  id: number,
  { title, summary, text, actions = [] }: CheckOutput,
): Promise<void> {
  const output = { title, summary, ...(text === undefined || text === '' ? {} : { text }) };
  try {
    const buttons = actions.map((action) => ({ ...action }));
    await repo.octokit.rest.checks.update({ ...place(repo), check_run_id: id, output, actions: buttons });
  } catch (error) {
    repo.log.warn({ err: error, check: id }, 'the progress could not be shown');
  }
}

/** All but the last fifty; those go with the end. */
async function sendAnnotations(
  repo: Repo,
  id: number,
  { title, summary, annotations = [] }: CheckOutput,
): Promise<void> {
  for (let from = 0; from + ANNOTATIONS_AT_ONCE < annotations.length; from += ANNOTATIONS_AT_ONCE) {
    const chunk = annotations.slice(from, from + ANNOTATIONS_AT_ONCE);
    const output = { title, summary, annotations: [...chunk] };
    await repo.octokit.rest.checks.update({ ...place(repo), check_run_id: id, output });
  }
}

interface Completion {
  readonly conclusion: Conclusion;
  readonly output: CheckOutput;
  readonly subject: string | undefined;
}

async function complete(repo: Repo, id: number, completion: Completion): Promise<void> {
  try {
    await sendEnd(repo, id, completion);
  } catch (error) {
    if (statusOf(error) !== 422) throw error;
    // GitHub does not take what there is to say; that it has ended, and how, must be said all the same.
    repo.log.error({ err: error, check: id }, 'GitHub does not take the check run as it was written');
    const { title, actions } = completion.output;
    const summary =
      'GitHub did not take all that there was to say here. The comment on the pull request says more.';
    const brief = { title, summary, ...(actions === undefined ? {} : { actions }) };
    await sendEnd(repo, id, { ...completion, output: brief });
  }
}

async function sendEnd(repo: Repo, id: number, { conclusion, output, subject }: Completion): Promise<void> {
  const { title, summary, text = '', annotations = [], actions = [] } = output;
  const sent = Math.floor(Math.max(0, annotations.length - 1) / ANNOTATIONS_AT_ONCE) * ANNOTATIONS_AT_ONCE;
  await repo.octokit.rest.checks.update({
    ...place(repo),
    check_run_id: id,
    status: 'completed',
    conclusion,
    ...(subject === undefined ? {} : { external_id: subject }),
    output: { title, summary, ...(text === '' ? {} : { text }), annotations: annotations.slice(sent) },
    actions: actions.map((action) => ({ ...action })),
  });
}

interface Live {
  readonly update: (output: CheckOutput) => void;
  /** Resolves when nothing is on its way any more; later updates are dropped. */
  readonly stop: () => Promise<void>;
}

function startLive(quiet: number, send: (output: CheckOutput) => Promise<void>): Live {
  const ended = new AbortController();
  let latest: CheckOutput | undefined;
  let sending: Promise<void> | undefined;
  const begun = wait(quiet, undefined, { signal: ended.signal }).catch(() => undefined);
  const pump = async (): Promise<void> => {
    await begun;
    while (latest !== undefined && !ended.signal.aborted) {
      const next = latest;
      latest = undefined;
      await send(next);
      await wait(BETWEEN_UPDATES, undefined, { signal: ended.signal }).catch(() => undefined);
    }
    sending = undefined;
  };
  return {
    update: (output) => {
      latest = output;
      if (!ended.signal.aborted) sending ??= pump();
    },
    stop: async () => {
      ended.abort();
      await sending;
    },
  };
}
