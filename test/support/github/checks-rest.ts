// The REST operations on check runs and check suites.
import {
  createRun,
  runJson,
  suiteHookJson,
  suiteJson,
  suiteOf,
  suiteRuns,
  tellRun,
  updateRun,
} from './checks.ts';
import {
  type Operation,
  Refusal,
  type RepoCall,
  type Reply,
  created,
  notFound,
  ok,
  onRepo,
  paged,
  param,
} from './http.ts';
import { latestRuns } from './rollup.ts';
import { text } from './json.ts';
import type { AppIdentity, CheckRun, CheckSuite } from './state.ts';

function theApp(call: RepoCall): AppIdentity {
  if (call.app === undefined) throw new Refusal(403, 'You must authenticate via a GitHub App.');
  return call.app;
}

function theRun(call: RepoCall): CheckRun {
  const run = call.repo.checkRuns.get(Number(param(call, 'check_run_id')));
  if (run === undefined) throw notFound();
  return run;
}

function theSuite(call: RepoCall): CheckSuite {
  const suite = call.repo.checkSuites.get(Number(param(call, 'check_suite_id')));
  if (suite === undefined) throw notFound();
  return suite;
}

/** The commit a ref names; GitHub answers 422 to one it does not know. */
export async function commitOf(call: RepoCall, name = param(call, 'ref')): Promise<string> {
  const sha = (await call.repo.git.branch(name)) ?? (await call.repo.git.resolve(name));
  if (sha === undefined) throw new Refusal(422, `No commit found for SHA: ${name}`);
  return sha;
}

async function create(call: RepoCall): Promise<Reply> {
  const app = theApp(call);
  const sha = text(call.body, 'head_sha') ?? '';
  if ((await call.repo.git.resolve(sha)) !== sha) throw new Refusal(422, `No commit found for SHA: ${sha}`);
  return created(runJson(call.world, call.repo, createRun(call.world, call.repo, app, call.body)));
}

function update(call: RepoCall): Reply {
  const run = theRun(call);
  if (run.app !== theApp(call))
    throw new Refusal(
      403,
      'Invalid app_id `' +
        String(call.app?.id) +
        '` - check run can only be modified by the GitHub App that created it.',
    );
  return ok(runJson(call.world, call.repo, updateRun(call.world, call.repo, run, call.body)));
}

function wanted(call: RepoCall, runs: readonly CheckRun[]): CheckRun[] {
  const [name, status, app] = [
    call.query.get('check_name'),
    call.query.get('status'),
    call.query.get('app_id'),
  ];
  return runs
    .filter(
      (run) =>
        (name === null || run.name === name) &&
        (status === null || run.status === status) &&
        (app === null || String(run.app.id) === app),
    )
    .toReversed();
}

async function listForRef(call: RepoCall): Promise<Reply> {
  const sha = await commitOf(call);
  const all = [...call.repo.checkRuns.values()].filter((run) => run.sha === sha);
  return paged(
    call,
    wanted(call, call.query.get('filter') === 'all' ? all : latestRuns(call.repo, sha)),
    (run) => runJson(call.world, call.repo, run),
    'check_runs',
  );
}

function listForSuite(call: RepoCall): Promise<Reply> {
  return paged(
    call,
    wanted(call, suiteRuns(call.repo, theSuite(call))),
    (run) => runJson(call.world, call.repo, run),
    'check_runs',
  );
}

function rerequestRun(call: RepoCall): Reply {
  const run = theRun(call);
  if (run.status !== 'completed') throw new Refusal(422, 'This check run is not rerequestable');
  tellRun(call.world, call.repo, run, 'rerequested', call.by);
  return created({});
}

async function createSuite(call: RepoCall): Promise<Reply> {
  const sha = await commitOf(call, text(call.body, 'head_sha'));
  return created(
    await suiteJson(call.world, call.repo, suiteOf(call.world, call.repo, theApp(call), sha, null)),
  );
}

async function listSuites(call: RepoCall): Promise<Reply> {
  const sha = await commitOf(call);
  const app = call.query.get('app_id');
  const suites = [...call.repo.checkSuites.values()].filter(
    (suite) => suite.sha === sha && (app === null || String(suite.app.id) === app),
  );
  return paged(call, suites, (suite) => suiteJson(call.world, call.repo, suite), 'check_suites');
}

async function rerequestSuite(call: RepoCall): Promise<Reply> {
  const suite = theSuite(call);
  call.world.outbox.emit('check_suite.rerequested', call.repo, call.by, {
    check_suite: await suiteHookJson(call.world, call.repo, suite),
  });
  return created({});
}

export const checkOperations: Readonly<Record<string, Operation>> = {
  'checks/create': onRepo('checks=write', create, 'write', true),
  'checks/update': onRepo('checks=write', update, 'write', true),
  'checks/get': onRepo('checks=read', (call) => ok(runJson(call.world, call.repo, theRun(call)))),
  'checks/list-for-ref': onRepo('checks=read', listForRef),
  'checks/list-for-suite': onRepo('checks=read', listForSuite),
  'checks/list-annotations': onRepo('checks=read', (call) =>
    paged(call, theRun(call).annotations, (annotation) => annotation),
  ),
  'checks/rerequest-run': onRepo('checks=write', rerequestRun),
  'checks/create-suite': onRepo('checks=write', createSuite, 'write', true),
  'checks/get-suite': onRepo('checks=read', async (call) =>
    ok(await suiteJson(call.world, call.repo, theSuite(call))),
  ),
  'checks/list-suites-for-ref': onRepo('checks=read', listSuites),
  'checks/rerequest-suite': onRepo('checks=write', rerequestSuite),
};
