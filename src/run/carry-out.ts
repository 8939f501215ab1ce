// Starts a run on its host, or finds it there, and follows its journal to the end.
// The host goes on alone: a broken connection ends only the following, which may begin again at the journal's start.
import { randomBytes } from 'node:crypto';
import { CONFIRM_WITHIN } from '../core/guard.ts';
import type { Session } from '../core/host.ts';
import { runLimit } from '../core/limit.ts';
import type { CarryOut, HostRun, RunEvent } from '../core/run.ts';
import { HostFailure } from '../core/reason.ts';
import { compileRun, formatAssignments } from './compile.ts';
import { createJournalParser } from './journal.ts';
import { isRoot, machinePath, runScript, worksPath } from './place.ts';
import { FOLLOW_TEXT, GUARD_TEXT, START_TEXT } from './texts.ts';

export interface CarryOutOptions {
  /** Seconds after which systemd ends a run on the host; what its steps may take unless given. */
  readonly limit?: number;
  /** Seconds for a new connection to confirm guarded changes; CONFIRM_WITHIN unless given. */
  readonly confirmWithin?: number | undefined;
}

/** Run directories that stay on the host, and KiB of them together. */
const KEEP = { runs: 50, kib: 256 * 1024 };

/** Seconds for laying a run down, and for each MiB of it. */
const START_LIMIT = { base: 60, each: 10 };

/** Looks for news in one poll: about nine seconds. */
const TICKS = 40;

/** Seconds for one poll: the wait, and a slow network. */
const POLL_LIMIT = 40;

export function createCarryOut({ limit, confirmWithin = CONFIRM_WITHIN }: CarryOutOptions = {}): CarryOut {
  return async function* (session, run, begun = false) {
    if (!/^[a-z0-9-]{1,40}$/.test(run.run)) throw new TypeError(`not the name of a run: ${run.run}`);
    const refused = begun
      ? undefined
      : await start(session, run, { limit: limit ?? runLimit(run), confirmWithin });
    if (refused) {
      yield refused;
      return;
    }
    yield* follow(session, run);
  };
}

interface Limits {
  readonly limit: number;
  readonly confirmWithin: number;
}

/** Undefined when the run is there, just started or before. */
async function start(
  session: Session,
  run: HostRun,
  { limit, confirmWithin }: Limits,
): Promise<RunEvent | undefined> {
  const { target } = session;
  const works = worksPath(target);
  const nonce = randomBytes(8).toString('hex');
  const { script, undo, blobs, secrets } = compileRun(run, {
    state: target.state,
    work: `${works}/${run.run}`,
    machine: machinePath(target),
    nonce,
    units: isRoot(target),
    confirmWithin,
  });
  const values = {
    STATE: target.state,
    WORKS: works,
    MACHINE: machinePath(target),
    RUN: run.run,
    NONCE: nonce,
    UNIT_OF_SYSTEMD: isRoot(target) ? '1' : '',
    LIMIT: String(limit),
    KEEP: String(KEEP.runs),
    KEEP_KIB: String(KEEP.kib),
  };
  const body = [
    formatAssignments(values) + START_TEXT,
    'prepare',
    `put "$NEW/script" ${base64(script)}`,
    ...(undo === undefined ? [] : [`put "$NEW/undo" ${base64(undo)}`]),
    `put "$NEW/run.json" ${base64(describeRun(run))}`,
    ...[...blobs].map(([digest, bytes]) => `put_blob ${digest} ${base64(bytes)}`),
    ...secrets.map(({ seal, sum, bytes }) => `put_secret ${seal} ${sum} ${base64(bytes)}`),
    'launch',
  ].join('\n');
  const seconds = START_LIMIT.base + START_LIMIT.each * Math.ceil(body.length / 2 ** 20);
  const words = (await runScript(session, body, seconds)).trim();
  if (words === 'LAID') return undefined;
  const message = `${target.host}: ${words.replace(/^REFUSED /, '')}`;
  return { is: 'finished', outcome: 'refused', reason: { code: 'RUN_REFUSED', message } };
}

/** An empty word still has to be a word. */
function base64(data: string | Uint8Array): string {
  return `'${Buffer.from(data).toString('base64')}'`;
}

/** What stays on the host for people, beside the script and the journal. */
function describeRun({ run, plan, commit, by, ledger, changes }: HostRun): string {
  const refs = changes.map(({ ref }) => ref);
  return `${JSON.stringify({ format: 1, run, plan, commit, by, ledger, changes: refs }, null, 2)}\n`;
}

async function* follow(session: Session, run: HostRun): AsyncGenerator<RunEvent> {
  const journal = createJournalParser(session.target.host, run);
  let offset = 0;
  for (;;) {
    const news = await poll(session, run, offset);
    offset += news.bytes.length;
    for (const event of journal.push(news.bytes)) {
      yield event;
      if (event.is === 'finished') return;
    }
    if (news.alive || news.bytes.length > 0) continue;
    yield* journal.breakOff();
    return;
  }
}

interface News {
  readonly alive: boolean;
  readonly bytes: Uint8Array;
}

async function poll(session: Session, run: HostRun, offset: number): Promise<News> {
  const values = { STATE: session.target.state, RUN: run.run, OFFSET: String(offset), TICKS: String(TICKS) };
  const script = formatAssignments(values) + GUARD_TEXT + FOLLOW_TEXT;
  const words = await runScript(session, script, POLL_LIMIT);
  const [state, body = ''] = words.split('\n');
  if (state === 'ALIVE' || state === 'DEAD') {
    return { alive: state === 'ALIVE', bytes: Buffer.from(body, 'base64') };
  }
  const message = `${session.target.host}: the journal of run ${run.run} is gone`;
  throw new HostFailure({ code: 'RUN_LOST', message });
}
