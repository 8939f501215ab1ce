// What a bake asks and how it judges, against a server that answers as it is told, with the numbers of systemd and of the journal from files.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Limit } from '../../src/core/probe.ts';
import { probeWords } from '../../src/core/probe.ts';
import { PROBE_TEXT } from '../../src/run/perl-texts.ts';

let root: string;
let server: Server;
let asked = 0;
/** Called at the first request: by then a bake has read what the units said at its beginning. */
let onFirst: (() => void) | undefined;

/** Each path is answered in its own way; the seventh, fourteenth, … request to `/seventh` fails. */
const STATUS: Readonly<Record<string, () => number | undefined>> = {
  '/good': () => 200,
  '/bad': () => 500,
  '/mostly-bad': () => (++asked % 7 === 0 ? 200 : 500),
  '/half-hangs': () => (++asked % 2 === 0 ? 200 : undefined),
  '/seventh': () => (++asked % 7 === 0 ? 500 : 200),
};

beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'ashore-probe-'));
  writeFake(
    'systemctl',
    'read -r RESTARTS MEMORY <"$0.says"; printf "NRestarts=%s\\nMemoryCurrent=%s\\n" "$RESTARTS" "$MEMORY"',
  );
  writeFake('journalctl', 'cat "$0.says"');
  server = createServer(({ url = '' }, response) => {
    onFirst?.();
    onFirst = undefined;
    // What has no status is never answered.
    const status = STATUS[url]?.();
    if (status === undefined) return;
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(root, { recursive: true, force: true });
});

function writeFake(name: string, text: string): void {
  writeFileSync(path.join(root, name), `#!/bin/sh\n${text}\n`);
  chmodSync(path.join(root, name), 0o755);
}

/** What systemd and the journal say of the unit from now on. */
function unitSays({ restarts = 0, memory = 1_000_000, errors = 0 }): void {
  writeFileSync(path.join(root, 'systemctl.says'), `${restarts} ${memory}\n`);
  writeFileSync(path.join(root, 'journalctl.says'), 'it broke\n'.repeat(errors));
}

async function probe(argv: readonly string[]): Promise<{ status: number | null; last: string }> {
  const child = spawn('perl', ['-e', PROBE_TEXT, ...argv], {
    env: { PATH: `${root}:/usr/bin:/bin` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, last: output.trimEnd().split('\n').at(-1) ?? '' };
}

function urlOf(at: string) {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return { host: '127.0.0.1', port: address.port, path: at };
}

interface Bake {
  readonly at: string;
  readonly limits: readonly Limit[];
  /** `COUNT FAILED P50 P95`; null: there are no numbers. */
  readonly before?: string | null;
  readonly seconds?: number;
  readonly meanwhile?: () => void;
}

async function bake({ at, limits, before = '100 0 5 8', seconds = 1, meanwhile }: Bake) {
  const keep = path.join(root, 'before');
  rmSync(keep, { force: true });
  if (before !== null) writeFileSync(keep, `${before}\n`);
  unitSays({});
  onFirst = meanwhile;
  // However few a busy machine lets through, the second one is the seventh.
  asked = 5;
  const words = probeWords({ is: 'bake', url: urlOf(at), as: 'bake-shop', limits: [...limits] });
  const [, host = '', port = '', urlPath = '', , ...more] = words;
  return probe(['bake', String(seconds), keep, host, port, urlPath, 'shop.service', ...more]);
}

const limit = (of: Limit['of'], most: number, percent = false): Limit => ({ of, most, percent });

describe('a bake', () => {
  it.each<[string, Bake, RegExp]>([
    [
      'all is well',
      { at: '/good', limits: [limit('p95', 50, true), limit('restarts', 0)], before: '100 0 800 900' },
      /^\d+ answered, 0 failed/,
    ],
    [
      'as many fail as are allowed',
      { at: '/seventh', limits: [limit('failures', 40, true)] },
      /^\d+ answered, [1-9]/,
    ],
    [
      'no more fail than before',
      { at: '/seventh', limits: [limit('p50', 900)], before: '60 40 5 Inf' },
      /^\d+ answered, [1-9]/,
    ],
    [
      'nobody knows how it was before, and nothing asks',
      { at: '/good', limits: [limit('p95', 900)], before: null },
      /^\d+ answered, 0 failed/,
    ],
    [
      'it was no better before',
      { at: '/mostly-bad', limits: [limit('p95', 50, true)], before: '2 98 Inf Inf' },
      /p95 no answer/,
    ],
    [
      'nothing answered before',
      { at: '/good', limits: [limit('p95', 50, true)], before: '0 100 0 0' },
      /^\d+ answered/,
    ],
  ])('passes where %s', async (_, given, words) => {
    const { status, last } = await bake(given);
    expect(last).toMatch(words);
    expect(status).toBe(0);
  });

  it.each<[string, Bake, RegExp]>([
    [
      'most requests fail',
      { at: '/mostly-bad', limits: [limit('restarts', 0), limit('errors', 0)], seconds: 2 },
      /^failures went from 0% to \d\d(\.\d+)?%, more than before; now [1-9]\d* answered, \d+ failed, p50 no answer, p95 no answer.*; before 100 answered, 0 failed, p50 5 ms, p95 8 ms$/,
    ],
    [
      'one in seven fails, of which the 95th percentile knows',
      { at: '/seventh', limits: [limit('p95', 50, true), limit('failures', 100, true)], seconds: 2 },
      /^p95 went from 8 ms to no answer, more than 50%; now /,
    ],
    [
      'half of the requests are never answered',
      { at: '/half-hangs', limits: [limit('p50', 900), limit('failures', 90, true)], seconds: 6 },
      /^p50 is no answer, more than 900 ms; now \d answered, \d failed/,
    ],
    [
      'more fail than the share that is allowed',
      { at: '/mostly-bad', limits: [limit('failures', 5, true)] },
      /^failures are \d+(\.\d+)?%, more than 5%; now /,
    ],
    [
      'some fail, and nothing answered before',
      { at: '/seventh', limits: [limit('restarts', 0)], before: '0 100 0 0' },
      /^failures are \d+(\.\d+)?%, and before nothing answered; now .*; before nothing answered$/,
    ],
    [
      'p95 is more than so many milliseconds',
      { at: '/good', limits: [limit('p95', 0)], before: '9 0 0 0' },
      /^p95 is \d+ ms, more than 0 ms; now /,
    ],
    [
      'memory grows',
      { at: '/good', limits: [limit('memory', 50, true)], meanwhile: () => unitSays({ memory: 2_000_000 }) },
      /^memory went from 1\.0 MiB to 1\.9 MiB, more than 50%; now /,
    ],
    [
      'a unit is started again',
      { at: '/good', limits: [limit('restarts', 0)], meanwhile: () => unitSays({ restarts: 1 }) },
      /^restarts is 1, more than 0; now .*restarts 1, /,
    ],
    [
      'errors are logged',
      { at: '/good', limits: [limit('errors', 1)], meanwhile: () => unitSays({ errors: 2 }) },
      /^errors is 2, more than 1; now .*error lines 2, /,
    ],
    [
      'nothing answers',
      { at: '/bad', limits: [limit('memory', 50, true), limit('failures', 100, true)] },
      /^no request was answered; now 0 answered/,
    ],
  ])('ends where %s', async (_, given, words) => {
    const { status, last } = await bake(given);
    expect(last).toMatch(words);
    expect(status).toBe(3);
  });
});

it('what fails before counts in the numbers that are kept', async () => {
  const keep = path.join(root, 'measured');
  const { host, port, path: at } = urlOf('/seventh');
  asked = 5;
  await probe(['measure', '2', keep, host, String(port), at]);
  expect(readFileSync(keep, 'utf8')).toMatch(/^\d+ [1-9]\d* \d+ Inf\n$/);
  const { status, last } = await probe(['kept', keep]);
  expect(last).toMatch(/^kept since before .*: \d+ answered, [1-9]\d* failed, p50 \d+ ms, p95 no answer$/);
  expect(status).toBe(0);
});
