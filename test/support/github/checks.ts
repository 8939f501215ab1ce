// Check runs and their suites: created and updated by Apps, within GitHub's limits, with buttons and re-runs told to their owner.
import { Refusal } from "./http.ts";
import { type Json, type JsonObject, isObject, list, number, object, text } from "./json.ts";
import { appJson, nodeId, repoApi, repoHtml, repoJson } from "./shapes.ts";
import { type Account, type AppIdentity, type CheckAction, type CheckRun, type CheckSuite, type Repository, type World, stamp } from "./state.ts";

/** https://docs.github.com/en/rest/checks/runs */
const LIMIT = { annotations: 50, text: 65_535, actions: 3, label: 20, description: 40, identifier: 20 };
const LEVELS = new Set(["notice", "warning", "failure"]);

function refused(message: string): Refusal {
  return new Refusal(422, `Invalid request.\n\n${message}`);
}

/** GitHub makes one suite for each App that writes checks, on every push. */
export async function checkSuiteFor(world: World, repo: Repository, at: { sha: string; branch: string; before: string; by: Account }): Promise<void> {
  if (world.app.permissions["checks"] !== "write" || world.installationOf(repo) === undefined) return;
  const suite = suiteOf(world, repo, world.app, at.sha, at.branch, at.before);
  world.outbox.emit("check_suite.requested", repo, at.by, { check_suite: await suiteHookJson(world, repo, suite) });
}

export function suiteOf(world: World, repo: Repository, app: AppIdentity, sha: string, branch: string | null, before: string | null = null): CheckSuite {
  const known = [...repo.checkSuites.values()].find((suite) => suite.app === app && suite.sha === sha && (branch === null || suite.branch === branch));
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
    if (pull === undefined || state !== "open" || pull.head.repo !== repo || pull.head.sha !== sha) return [];
    return [{ id: pull.id, number: n, url: `${api}/pulls/${n}`, head: { ref: pull.head.ref, sha, repo: brief }, base: { ref: pull.base.ref, sha: pull.base.sha, repo: brief } }];
  });
}

function suiteState(repo: Repository, suite: CheckSuite): { status: string; conclusion: string | null } {
  const runs = suiteRuns(repo, suite);
  if (runs.length === 0) return { status: "queued", conclusion: null };
  if (runs.some(({ status }) => status !== "completed")) return { status: "in_progress", conclusion: null };
  const worst = ["action_required", "timed_out", "cancelled", "failure", "success", "neutral", "skipped"];
  return { status: "completed", conclusion: worst.find((each) => runs.some(({ conclusion }) => conclusion === each)) ?? "success" };
}

function suiteCore(world: World, repo: Repository, suite: CheckSuite): JsonObject {
  return {
    id: suite.id, node_id: nodeId("CS", suite.id), head_branch: suite.branch, head_sha: suite.sha, ...suiteState(repo, suite),
    url: `${repoApi(world, repo)}/check-suites/${suite.id}`, before: suite.before, after: suite.sha, pull_requests: pullsAt(world, repo, suite.sha),
    app: appJson(world, suite.app), created_at: suite.createdAt, updated_at: suite.createdAt,
  };
}

export async function suiteJson(world: World, repo: Repository, suite: CheckSuite): Promise<JsonObject> {
  const commit = await repo.git.readCommit(suite.sha);
  const person = ({ name, email }: { name: string; email: string }): JsonObject => ({ name, email });
  return {
    ...suiteCore(world, repo, suite), repository: repoJson(world, repo), latest_check_runs_count: suiteRuns(repo, suite).length,
    check_runs_url: `${repoApi(world, repo)}/check-suites/${suite.id}/check-runs`, rerequestable: true, runs_rerequestable: true,
    head_commit: { id: suite.sha, tree_id: commit.tree, message: commit.message, timestamp: commit.committer.date, author: person(commit.author), committer: person(commit.committer) },
  };
}

export async function suiteHookJson(world: World, repo: Repository, suite: CheckSuite): Promise<JsonObject> {
  const { repository: _, ...rest } = await suiteJson(world, repo, suite);
  return rest;
}

export function runJson(world: World, repo: Repository, run: CheckRun): JsonObject {
  const url = `${repoApi(world, repo)}/check-runs/${run.id}`;
  return {
    id: run.id, node_id: nodeId("CR", run.id), name: run.name, head_sha: run.sha, external_id: run.externalId ?? "", url,
    html_url: `${repoHtml(world, repo)}/runs/${run.id}`, details_url: run.detailsUrl, status: run.status, conclusion: run.conclusion,
    started_at: run.startedAt, completed_at: run.completedAt,
    output: { title: run.title, summary: run.summary, text: run.text, annotations_count: run.annotations.length, annotations_url: `${url}/annotations` },
    check_suite: { id: run.suite.id }, app: appJson(world, run.app), pull_requests: pullsAt(world, repo, run.sha),
  };
}

export function tellRun(world: World, repo: Repository, run: CheckRun, event: "created" | "completed" | "rerequested" | "requested_action", by: Account, extra: JsonObject = {}): void {
  // Buttons and re-runs are the business of the App that made the run; of everybody's runs, only the beginning and the end are told.
  if ((event === "rerequested" || event === "requested_action") && run.app !== world.app) return;
  const { app: _, repository: __, ...suite } = suiteCore(world, repo, run.suite);
  const check_run = { ...runJson(world, repo, run), check_suite: { ...suite, app: appJson(world, run.app) } };
  world.outbox.emit(`check_run.${event}`, repo, by, { check_run, ...extra });
}

function checkLength(what: string, value: string | undefined, most: number): void {
  if (value !== undefined && value.length > most) throw refused(`${what} exceeds a maximum length of ${most} characters.`);
}

function readActions(body: JsonObject): CheckAction[] | undefined {
  if (!("actions" in body)) return undefined;
  const actions = list(body, "actions").map((each) => ({ label: text(each, "label") ?? "", description: text(each, "description") ?? "", identifier: text(each, "identifier") ?? "" }));
  if (actions.length > LIMIT.actions) throw refused(`No more than ${LIMIT.actions} items are allowed; ${actions.length} were supplied.`);
  for (const action of actions) {
    checkLength("actions.label", action.label, LIMIT.label);
    checkLength("actions.description", action.description, LIMIT.description);
    checkLength("actions.identifier", action.identifier, LIMIT.identifier);
  }
  return actions;
}

function readAnnotation(world: World, repo: Repository, sha: string, given: Json): JsonObject {
  const path = text(given, "path") ?? "";
  const [start, end] = [number(given, "start_line") ?? 0, number(given, "end_line") ?? 0];
  const level = text(given, "annotation_level") ?? "";
  if (path === "" || start < 1 || end < start || !LEVELS.has(level)) throw refused(`For 'annotations' ${JSON.stringify(given)} is not an annotation.`);
  const columns = [number(given, "start_column"), number(given, "end_column")];
  if (start !== end && columns.some((column) => column !== undefined)) throw refused("start_column and end_column may only be given on one line.");
  return {
    path, start_line: start, end_line: end, start_column: columns[0] ?? null, end_column: columns[1] ?? null, annotation_level: level,
    title: text(given, "title") ?? null, message: text(given, "message") ?? "", raw_details: text(given, "raw_details") ?? null,
    blob_href: `${repoHtml(world, repo)}/blob/${sha}/${path}`,
  };
}

function applyOutput(world: World, repo: Repository, run: CheckRun, body: JsonObject): void {
  if (!isObject(body["output"])) return;
  const output = object(body, "output");
  checkLength("output.summary", text(output, "summary"), LIMIT.text);
  checkLength("output.text", text(output, "text"), LIMIT.text);
  const annotations = list(output, "annotations");
  if (annotations.length > LIMIT.annotations) throw refused(`No more than ${LIMIT.annotations} items are allowed; ${annotations.length} were supplied.`);
  const read = annotations.map((each) => readAnnotation(world, repo, run.sha, each));
  run.title = text(output, "title") ?? run.title;
  run.summary = text(output, "summary") ?? run.summary;
  run.text = text(output, "text") ?? run.text;
  run.annotations.push(...read);
}

function applyState(run: CheckRun, body: JsonObject): void {
  const [status, conclusion] = [text(body, "status"), text(body, "conclusion")];
  const completes = conclusion !== undefined || text(body, "completed_at") !== undefined;
  if (status === "completed" && conclusion === undefined && run.conclusion === null) throw refused("For 'completed' status, 'conclusion' is required.");
  if (completes && conclusion === undefined) throw refused("'conclusion' is required with 'completed_at'.");
  if (completes && status !== undefined && status !== "completed") throw refused("A conclusion goes with the status 'completed'.");
  if (conclusion === "stale") throw refused("Only GitHub can set the conclusion 'stale'.");
  run.startedAt = text(body, "started_at") ?? run.startedAt;
  run.status = completes ? "completed" : (status ?? run.status);
  run.conclusion = run.status === "completed" ? (conclusion ?? run.conclusion) : null;
  run.completedAt = run.status === "completed" ? (text(body, "completed_at") ?? run.completedAt ?? stamp()) : null;
}

/** The run with what a request says put over it; a broken limit leaves the old one as it was. */
function applyRun(world: World, repo: Repository, run: CheckRun, body: JsonObject): CheckRun {
  const next: CheckRun = { ...run, annotations: [...run.annotations] };
  next.actions = readActions(body) ?? next.actions;
  applyState(next, body);
  applyOutput(world, repo, next, body);
  next.name = text(body, "name") ?? next.name;
  next.externalId = text(body, "external_id") ?? next.externalId;
  next.detailsUrl = text(body, "details_url") ?? next.detailsUrl;
  return next;
}

function newRun(world: World, repo: Repository, app: AppIdentity, sha: string, name: string): CheckRun {
  const branch = [...repo.checkSuites.values()].find((suite) => suite.sha === sha)?.branch ?? null;
  return {
    id: world.nextId(), suite: suiteOf(world, repo, app, sha, branch), app, sha, annotations: [], name, externalId: null,
    detailsUrl: `${world.url}/apps/${app.slug}`, status: "queued", conclusion: null, startedAt: stamp(), completedAt: null,
    title: null, summary: null, text: null, actions: [],
  };
}

export function createRun(world: World, repo: Repository, app: AppIdentity, body: JsonObject): CheckRun {
  const run = applyRun(world, repo, newRun(world, repo, app, text(body, "head_sha") ?? "", text(body, "name") ?? ""), body);
  repo.checkRuns.set(run.id, run);
  tellRun(world, repo, run, "created", app.bot);
  if (run.status === "completed") tellRun(world, repo, run, "completed", app.bot);
  world.say("check_run.created", repo, briefly(run));
  return run;
}

export function updateRun(world: World, repo: Repository, run: CheckRun, body: JsonObject): CheckRun {
  const next = applyRun(world, repo, run, body);
  repo.checkRuns.set(next.id, next);
  if (run.status !== "completed" && next.status === "completed") tellRun(world, repo, next, "completed", run.app.bot);
  world.say("check_run.updated", repo, briefly(next));
  return next;
}

function briefly(run: CheckRun): JsonObject {
  return { id: run.id, name: run.name, sha: run.sha, status: run.status, conclusion: run.conclusion, title: run.title, summary: run.summary };
}
