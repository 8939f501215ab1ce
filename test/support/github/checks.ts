// Check runs and their suites: created and updated by Apps, within GitHub's limits, with buttons and re-runs told to their owner.
import { applyRun } from './check-request.ts';
import { type JsonObject, text } from './json.ts';
import { appJson, nodeId, repoApi, repoHtml, repoJson } from './shapes.ts';
import {
  type Account,
  type AppIdentity,
  type CheckRun,
  type CheckSuite,
  type Repository,
  stamp,
} from './state.ts';
import type { World } from './world.ts';

/** GitHub makes one suite for each App that writes checks, on every push. */
export async function checkSuiteFor(
  world: World,
  repo: Repository,
  at: { sha: string; branch: string; before: string; by: Account },
): Promise<void> {
  if (world.app.permissions['checks'] !== 'write' || world.installationOf(repo) === undefined) return;
  const suite = suiteOf(world, repo, world.app, at.sha, at.branch, at.before);
  world.outbox.emit('check_suite.requested', repo, at.by, {
    check_suite: await suiteHookJson(world, repo, suite),
  });
}

export function suiteOf(
  world: World,
  repo: Repository,
  app: AppIdentity,
  sha: string,
  branch: string | null,
  before: string | null = null,
): CheckSuite {
  const known = [...repo.checkSuites.values()].find(
    (suite) => suite.app === app && suite.sha === sha && (branch === null || suite.branch === branch),
  );
  if (known !== undefined) return known;
  const suite = { id: world.nextId(), app, sha, branch, before, createdAt: stamp() };
  repo.checkSuites.set(suite.id, suite);
  return suite;
}

export function suiteRuns(repo: Repository, suite: CheckSuite): CheckRun[] {
  return [...repo.checkRuns.values()].filter((run) => run.suite === suite);
}

/** Only pull requests from the same repository are listed; a fork's stay unknown to a check run. */
function pullsAt(world: World, repo: Repository, sha: string): JsonObject[] {
  const api = repoApi(world, repo);
  const brief = { id: repo.id, url: api, name: repo.name };
  return [...repo.issues.values()].flatMap(({ number: n, state, pull }) => {
    if (pull === undefined || state !== 'open' || pull.head.repo !== repo || pull.head.sha !== sha) return [];
    return [
      {
        id: pull.id,
        number: n,
        url: `${api}/pulls/${n}`,
        head: { ref: pull.head.ref, sha, repo: brief },
        base: { ref: pull.base.ref, sha: pull.base.sha, repo: brief },
      },
    ];
  });
}

function suiteState(repo: Repository, suite: CheckSuite): { status: string; conclusion: string | null } {
  const runs = suiteRuns(repo, suite);
  if (runs.length === 0) return { status: 'queued', conclusion: null };
  if (runs.some(({ status }) => status !== 'completed')) return { status: 'in_progress', conclusion: null };
  const worst = ['action_required', 'timed_out', 'cancelled', 'failure', 'success', 'neutral', 'skipped'];
  return {
    status: 'completed',
    conclusion: worst.find((each) => runs.some(({ conclusion }) => conclusion === each)) ?? 'success',
  };
}

function suiteCore(world: World, repo: Repository, suite: CheckSuite): JsonObject {
  return {
    id: suite.id,
    node_id: nodeId('CS', suite.id),
    head_branch: suite.branch,
    head_sha: suite.sha,
    ...suiteState(repo, suite),
    url: `${repoApi(world, repo)}/check-suites/${suite.id}`,
    before: suite.before,
    after: suite.sha,
    pull_requests: pullsAt(world, repo, suite.sha),
    app: appJson(world, suite.app),
    created_at: suite.createdAt,
    updated_at: suite.createdAt,
  };
}

export async function suiteJson(world: World, repo: Repository, suite: CheckSuite): Promise<JsonObject> {
  const commit = await repo.git.readCommit(suite.sha);
  const person = ({ name, email }: { name: string; email: string }): JsonObject => ({ name, email });
  return {
    ...suiteCore(world, repo, suite),
    repository: repoJson(world, repo),
    latest_check_runs_count: suiteRuns(repo, suite).length,
    check_runs_url: `${repoApi(world, repo)}/check-suites/${suite.id}/check-runs`,
    rerequestable: true,
    runs_rerequestable: true,
    head_commit: {
      id: suite.sha,
      tree_id: commit.tree,
      message: commit.message,
      timestamp: commit.committer.date,
      author: person(commit.author),
      committer: person(commit.committer),
    },
  };
}

export async function suiteHookJson(world: World, repo: Repository, suite: CheckSuite): Promise<JsonObject> {
  const { repository: _, ...rest } = await suiteJson(world, repo, suite);
  return rest;
}

export function runJson(world: World, repo: Repository, run: CheckRun): JsonObject {
  const url = `${repoApi(world, repo)}/check-runs/${run.id}`;
  return {
    id: run.id,
    node_id: nodeId('CR', run.id),
    name: run.name,
    head_sha: run.sha,
    external_id: run.externalId ?? '',
    url,
    html_url: `${repoHtml(world, repo)}/runs/${run.id}`,
    details_url: run.detailsUrl,
    status: run.status,
    conclusion: run.conclusion,
    started_at: run.startedAt,
    completed_at: run.completedAt,
    output: {
      title: run.title,
      summary: run.summary,
      text: run.text,
      annotations_count: run.annotations.length,
      annotations_url: `${url}/annotations`,
    },
    check_suite: { id: run.suite.id },
    app: appJson(world, run.app),
    pull_requests: pullsAt(world, repo, run.sha),
  };
}

export function tellRun(
  world: World,
  repo: Repository,
  run: CheckRun,
  event: 'created' | 'completed' | 'rerequested' | 'requested_action',
  by: Account,
  extra: JsonObject = {},
): void {
  // Buttons and re-runs are the business of the App that made the run; of everybody's runs, only the beginning and the end are told.
  if ((event === 'rerequested' || event === 'requested_action') && run.app !== world.app) return;
  const { app: _, repository: __, ...suite } = suiteCore(world, repo, run.suite);
  const check_run = { ...runJson(world, repo, run), check_suite: { ...suite, app: appJson(world, run.app) } };
  world.outbox.emit(`check_run.${event}`, repo, by, { check_run, ...extra });
}

function newRun(world: World, repo: Repository, app: AppIdentity, sha: string, name: string): CheckRun {
  const branch = [...repo.checkSuites.values()].find((suite) => suite.sha === sha)?.branch ?? null;
  return {
    id: world.nextId(),
    suite: suiteOf(world, repo, app, sha, branch),
    app,
    sha,
    annotations: [],
    name,
    externalId: null,
    detailsUrl: `${world.url}/apps/${app.slug}`,
    status: 'queued',
    conclusion: null,
    startedAt: stamp(),
    completedAt: null,
    title: null,
    summary: null,
    text: null,
    actions: [],
  };
}

export function createRun(world: World, repo: Repository, app: AppIdentity, body: JsonObject): CheckRun {
  const run = applyRun(
    world,
    repo,
    newRun(world, repo, app, text(body, 'head_sha') ?? '', text(body, 'name') ?? ''),
    body,
  );
  repo.checkRuns.set(run.id, run);
  tellRun(world, repo, run, 'created', app.bot);
  if (run.status === 'completed') tellRun(world, repo, run, 'completed', app.bot);
  world.say('check_run.created', repo, briefly(run));
  return run;
}

export function updateRun(world: World, repo: Repository, run: CheckRun, body: JsonObject): CheckRun {
  const next = applyRun(world, repo, run, body);
  repo.checkRuns.set(next.id, next);
  if (run.status !== 'completed' && next.status === 'completed')
    tellRun(world, repo, next, 'completed', run.app.bot);
  world.say('check_run.updated', repo, briefly(next));
  return next;
}

function briefly(run: CheckRun): JsonObject {
  return {
    id: run.id,
    name: run.name,
    sha: run.sha,
    status: run.status,
    conclusion: run.conclusion,
    title: run.title,
    summary: run.summary,
  };
}
