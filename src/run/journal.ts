// The journal of a run, byte by byte as it grows, as events. Pure: no clock, no host.
// Output may hold any bytes; only a line that begins with the run's nonce is an event, and its newlines are not output.
import { TextDecoder } from 'node:util';
import type { HostRun, RunEvent } from '../core/run.ts';
import type { Reason } from '../core/reason.ts';
import { doneAt, explainFailed } from './failure-words.ts';
import { explainPutBack, explainTorn, explainUnkept } from './guard-words.ts';

export interface JournalParser {
  /** The events that these further bytes complete. */
  push(bytes: Uint8Array): readonly RunEvent[];
  /** The end of a journal that will not grow and never said its own. */
  breakOff(): readonly RunEvent[];
}

/** Characters of output that a reason keeps. */
const KEPT = 16_384;

/** What the first line of every journal looks like. */
const FIRST = /^\n@@([0-9a-f]{16}) LAID [^\n]*\n/;

/** Bytes within which the first line must stand. */
const FIRST_LIMIT = 200;

interface State {
  readonly run: HostRun;
  readonly host: string;
  rest: Buffer;
  marker: string | undefined;
  decoder: TextDecoder;
  current: { readonly index: number; readonly from: number } | undefined;
  /** Changes that were begun and are not spoken of now: those that are watched together. */
  readonly open: Map<number, Pick<State, 'command' | 'output'> & { readonly from: number }>;
  /** Of the changes, and of the duties besides. */
  ended: { changes: number; duties: number };
  /** Where the newest command stands, and what it printed so far. */
  command: string;
  output: string;
  /** What failed first, and why; what is done on a failure comes after it. */
  failed: Reason | undefined;
}

export function createJournalParser(host: string, run: HostRun): JournalParser {
  const state: State = {
    run,
    host,
    rest: Buffer.alloc(0),
    marker: undefined,
    decoder: new TextDecoder(),
    current: undefined,
    open: new Map(),
    ended: { changes: 0, duties: 0 },
    command: '',
    output: '',
    failed: undefined,
  };
  return {
    push: (bytes) => parseMore(state, bytes),
    breakOff: () => breakOff(state),
  };
}

function parseMore(state: State, bytes: Uint8Array): readonly RunEvent[] {
  state.rest = Buffer.concat([state.rest, bytes]);
  const marker = (state.marker ??= readMarker(state));
  const events: RunEvent[] = [];
  if (marker === undefined) return events;
  for (;;) {
    const at = state.rest.indexOf(marker);
    const until = at < 0 ? state.rest.length - overlap(state.rest, marker) : at;
    events.push(...takeOutput(state, state.rest.subarray(0, until)));
    state.rest = state.rest.subarray(until);
    const end = at < 0 ? -1 : state.rest.indexOf('\n', marker.length);
    if (end < 0) return events;
    events.push(...endOutput(state), ...parseEvent(state, state.rest.toString('utf8', marker.length, end)));
    state.rest = state.rest.subarray(end + 1);
  }
}

/** The nonce is the journal's own, so that a run can be picked up by somebody who did not start it. */
function readMarker(state: State): string | undefined {
  const first = FIRST.exec(state.rest.toString('latin1', 0, FIRST_LIMIT));
  return first ? `\n@@${first[1]} ` : undefined;
}

/** How many bytes at the end could be the beginning of a marker. */
function overlap(bytes: Buffer, marker: string): number {
  const most = Math.min(bytes.length, marker.length - 1);
  for (let length = most; length > 0; length--) {
    if (bytes.subarray(bytes.length - length).equals(Buffer.from(marker.slice(0, length)))) return length;
  }
  return 0;
}

function takeOutput(state: State, bytes: Buffer): readonly RunEvent[] {
  return outputEvent(state, state.decoder.decode(bytes, { stream: true }));
}

/** A character that was cut in two by an event stays cut. */
function endOutput(state: State): readonly RunEvent[] {
  const events = outputEvent(state, state.decoder.decode());
  state.decoder = new TextDecoder();
  return events;
}

function outputEvent(state: State, text: string): readonly RunEvent[] {
  if (text === '') return [];
  state.output = (state.output + text).slice(-KEPT);
  return state.current ? [{ is: 'output', index: state.current.index, text }] : [];
}

function parseEvent(state: State, line: string): readonly RunEvent[] {
  const [word = '', first = '', second = '', third = ''] = line.split(' ');
  switch (word) {
    case 'BEGIN':
      if (third !== '' || second === '') return [];
      setAside(state);
      state.current = { index: Number(first), from: Number(second) };
      state.command = '';
      state.output = '';
      return [{ is: 'begin', index: state.current.index }];
    case 'COMMAND':
      state.command = parseText(line.slice('COMMAND '.length));
      state.output = '';
      return state.current ? [{ is: 'command', index: state.current.index, command: state.command }] : [];
    case 'TURN':
      turnTo(state, Number(first));
      return [];
    case 'END':
      // An event that no longer fitted on the disk may be cut off, and follows anew.
      if (third === '') return [];
      return endChange(state, Number(first), Number(second), Number(third));
    case 'AWAIT':
      return [{ is: 'awaiting', seconds: Number(first) }];
    case 'KEPT':
      return [{ is: 'confirmed' }];
    case 'FINISHED':
      return [finish(state, first, second, line)].filter((event) => event !== undefined);
    default:
      return [];
  }
}

function setAside({ current, open, command, output }: State): void {
  if (current) open.set(current.index, { from: current.from, command, output });
}

/** What follows is said of that change, until the next turn. */
function turnTo(state: State, index: number): void {
  const other = state.open.get(index);
  if (!other) return;
  setAside(state);
  state.open.delete(index);
  state.current = { index, from: other.from };
  state.command = other.command;
  state.output = other.output;
}

/** The command is written as JSON, so that it stays on one line. */
function parseText(json: string): string {
  try {
    const text: unknown = JSON.parse(json);
    return typeof text === 'string' ? text : json;
  } catch {
    return json;
  }
}

function endChange(state: State, index: number, status: number, to: number): readonly RunEvent[] {
  turnTo(state, index);
  const from = state.current?.from ?? to;
  const seconds = Math.max(0, Math.round((to - from) * 100) / 100);
  state.current = undefined;
  state.ended[index < state.run.changes.length ? 'changes' : 'duties'] += 1;
  if (status === 0) return [{ is: 'end', index, status, seconds }];
  const reason = explainFailed(state, index, status);
  state.failed ??= reason;
  return [{ is: 'end', index, status, seconds, reason }];
}

/** Undefined: the line was cut off. */
function finish(state: State, outcome: string, code: string, line: string): RunEvent | undefined {
  if (outcome === 'done') return { is: 'finished', outcome: 'done', reason: null };
  if (outcome === 'failed') {
    return {
      is: 'finished',
      outcome: 'failed',
      reason: endedBy(state, code) ?? failure(state, code),
    };
  }
  if (outcome === 'put-back')
    return { is: 'finished', outcome, reason: explainPutBack(state.host, code, state.failed, state.output) };
  if (outcome === 'torn')
    return { is: 'finished', outcome: 'broken', reason: explainTorn(state.host, code, state.output) };
  if (outcome === 'cancelled')
    return { is: 'finished', outcome, reason: cancelled(state, line.split(' ').slice(2).join(' ')) };
  if (outcome !== 'refused') return undefined;
  const words = line.split(' ').slice(3).join(' ');
  const reason: Reason =
    code === 'HOST_BUSY'
      ? { code, message: `${state.host} is held by ${words}` }
      : { code: 'RUN_REFUSED', message: `${state.host}: ${words}` };
  return { is: 'finished', outcome: 'refused', reason };
}

function failure(state: State, code: string): Reason {
  const unkept = explainUnkept(state.host, code, state.output);
  return unkept ?? state.failed ?? explainFailed(state, undefined, null);
}

function cancelled(state: State, by: string): Reason {
  return {
    code: 'RUN_CANCELLED',
    message: `${state.host}: cancelled by ${by} after ${countChanges(state)}`,
  };
}

/** What ended it between two commands: somebody on the host, the host going down, or a disk on which nothing more can be noted. */
function endedBy(state: State, code: string): Reason | undefined {
  const after = countChanges(state);
  if (code === 'full') {
    const message = `${state.host}: no room was left for the journal of the run, which stopped after ${after}`;
    return { code: 'DISK_FULL', message };
  }
  if (code !== 'stopped') return undefined;
  const message = `${state.host}: the run was told to stop after ${after}`;
  return { code: 'STEP_FAILED', message, evidence: { command: state.command } };
}

function breakOff(state: State): readonly RunEvent[] {
  const left = [...takeOutput(state, state.rest), ...endOutput(state)];
  const { current, ended, host, run } = state;
  const evidence = {
    ...(state.command === '' ? {} : { command: state.command }),
    output: state.output.trim(),
  };
  if (!current && ended.changes + ended.duties === 0) {
    const message = `${host}: the run ended before its first change`;
    return [
      ...left,
      { is: 'finished', outcome: 'refused', reason: { code: 'RUN_REFUSED', message, evidence } },
    ];
  }
  const begun = [...state.open.keys(), ...(current ? [current.index] : [])];
  const where = current
    ? `in the middle of ${begun.map((index) => doneAt(run, index)?.ref).join(', ')}`
    : `after ${countChanges(state)}, before the next one began`;
  const message = `${host}: the run stopped without saying its end, ${where}`;
  return [...left, { is: 'finished', outcome: 'broken', reason: { code: 'RUN_LOST', message, evidence } }];
}

function countChanges({ ended, run }: State): string {
  return `${ended.changes} of ${run.changes.length} changes`;
}
