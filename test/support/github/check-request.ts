// What an App asks of a check run, held to GitHub's limits before any of it is taken.
import { Refusal } from './http.ts';
import { type Json, type JsonObject, isObject, list, number, object, text } from './json.ts';
import { repoHtml } from './shapes.ts';
import { type CheckAction, type CheckRun, type Repository, stamp } from './state.ts';
import type { World } from './world.ts';

/** https://docs.github.com/en/rest/checks/runs */
const LIMIT = { annotations: 50, text: 65_535, actions: 3, label: 20, description: 40, identifier: 20 };
const LEVELS = new Set(['notice', 'warning', 'failure']);

function refused(message: string): Refusal {
  return new Refusal(422, `Invalid request.\n\n${message}`);
}

function checkLength(what: string, value: string | undefined, most: number): void {
  if (value !== undefined && value.length > most)
    throw refused(`${what} exceeds a maximum length of ${most} characters.`);
}

function readActions(body: JsonObject): CheckAction[] | undefined {
  if (!('actions' in body)) return undefined;
  const actions = list(body, 'actions').map((each) => ({
    label: text(each, 'label') ?? '',
    description: text(each, 'description') ?? '',
    identifier: text(each, 'identifier') ?? '',
  }));
  if (actions.length > LIMIT.actions)
    throw refused(`No more than ${LIMIT.actions} items are allowed; ${actions.length} were supplied.`);
  for (const action of actions) {
    checkLength('actions.label', action.label, LIMIT.label);
    checkLength('actions.description', action.description, LIMIT.description);
    checkLength('actions.identifier', action.identifier, LIMIT.identifier);
  }
  return actions;
}

function readAnnotation(world: World, repo: Repository, sha: string, given: Json): JsonObject {
  const path = text(given, 'path') ?? '';
  const [start, end] = [number(given, 'start_line') ?? 0, number(given, 'end_line') ?? 0];
  const level = text(given, 'annotation_level') ?? '';
  if (path === '' || start < 1 || end < start || !LEVELS.has(level))
    throw refused(`For 'annotations' ${JSON.stringify(given)} is not an annotation.`);
  const columns = [number(given, 'start_column'), number(given, 'end_column')];
  if (start !== end && columns.some((column) => column !== undefined))
    throw refused('start_column and end_column may only be given on one line.');
  return {
    path,
    start_line: start,
    end_line: end,
    start_column: columns[0] ?? null,
    end_column: columns[1] ?? null,
    annotation_level: level,
    title: text(given, 'title') ?? null,
    message: text(given, 'message') ?? '',
    raw_details: text(given, 'raw_details') ?? null,
    blob_href: `${repoHtml(world, repo)}/blob/${sha}/${path}`,
  };
}

function applyOutput(world: World, repo: Repository, run: CheckRun, body: JsonObject): void {
  if (!isObject(body['output'])) return;
  const output = object(body, 'output');
  checkLength('output.summary', text(output, 'summary'), LIMIT.text);
  checkLength('output.text', text(output, 'text'), LIMIT.text);
  const annotations = list(output, 'annotations');
  if (annotations.length > LIMIT.annotations)
    throw refused(
      `No more than ${LIMIT.annotations} items are allowed; ${annotations.length} were supplied.`,
    );
  const read = annotations.map((each) => readAnnotation(world, repo, run.sha, each));
  run.title = text(output, 'title') ?? run.title;
  run.summary = text(output, 'summary') ?? run.summary;
  run.text = text(output, 'text') ?? run.text;
  run.annotations.push(...read);
}

function applyState(run: CheckRun, body: JsonObject): void {
  const [status, conclusion] = [text(body, 'status'), text(body, 'conclusion')];
  const completes = conclusion !== undefined || text(body, 'completed_at') !== undefined;
  if (status === 'completed' && conclusion === undefined && run.conclusion === null)
    throw refused("For 'completed' status, 'conclusion' is required.");
  if (completes && conclusion === undefined) throw refused("'conclusion' is required with 'completed_at'.");
  if (completes && status !== undefined && status !== 'completed')
    throw refused("A conclusion goes with the status 'completed'.");
  if (conclusion === 'stale') throw refused("Only GitHub can set the conclusion 'stale'.");
  run.startedAt = text(body, 'started_at') ?? run.startedAt;
  run.status = completes ? 'completed' : (status ?? run.status);
  run.conclusion = run.status === 'completed' ? (conclusion ?? run.conclusion) : null;
  run.completedAt =
    run.status === 'completed' ? (text(body, 'completed_at') ?? run.completedAt ?? stamp()) : null;
}

/** The run with what a request says put over it; a broken limit leaves the old one as it was. */
export function applyRun(world: World, repo: Repository, run: CheckRun, body: JsonObject): CheckRun {
  const next: CheckRun = { ...run, annotations: [...run.annotations] };
  next.actions = readActions(body) ?? next.actions;
  applyState(next, body);
  applyOutput(world, repo, next, body);
  next.name = text(body, 'name') ?? next.name;
  next.externalId = text(body, 'external_id') ?? next.externalId;
  next.detailsUrl = text(body, 'details_url') ?? next.detailsUrl;
  return next;
}
