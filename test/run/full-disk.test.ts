// A disk that fills up under a run, on a small tmpfs: nothing half written, nothing begun that was not noted, and an end that is true.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Session } from '../../src/core/host.ts';
import { formatLedgerLine, parseLedger } from '../../src/core/ledger.ts';
import type { Step } from '../../src/core/step.ts';
import { createCarryOut } from '../../src/run/carry-out.ts';
import { createConnect } from '../../src/ssh/connect.ts';
import { startEmbeddedHost } from '../support/embedded-host.ts';
import type { EmbeddedHost } from '../support/embedded-host.ts';
import { followRun, hostRun, ledgerLine, sh } from '../support/runs.ts';

const carryOut = createCarryOut();
let host: EmbeddedHost;
let session: Session;
const at = (name: string): string => path.join(host.root, name);
const state = (name: string): string => path.join(host.target.state, name);

/** A file system of so many KiB. Root only, as all tests on real hosts. */
function mountSmall(directory: string, kib: number): void {
  mkdirSync(directory, { recursive: true });
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k,mode=700`, 'small', directory]);
  expect(status).toBe(0);
}

/** What is printed after it takes the rest of the page that the journal has already. */
const fill = (file: string): Step =>
  sh('cat /dev/zero >"$1" 2>/dev/null; head -c 8000 /dev/zero | tr "\\0" x', file);
const put = (file: string, size: number): Step => {
  const content = { text: 'x'.repeat(size) };
  return { do: 'put', path: file, owner: null, group: null, mode: null, content };
};
const refs = (): readonly string[] => {
  const ledger = parseLedger(readFileSync(state('ledger')));
  return 'damaged' in ledger ? [`damaged: ${ledger.damaged}`] : [...ledger.entries.keys()];
};

const root = process.getuid?.() === 0;

describe.skipIf(!root)('a run', () => {
  beforeEach(async () => {
    host = await startEmbeddedHost({ name: 'web1' });
    session = await createConnect({ keys: [{ name: 'test', privateKey: host.clientKey }] })(host.target);
  });
  afterEach(async () => {
    session.close();
    for (const directory of [host.target.state, at('data')]) spawnSync('umount', ['-l', directory]);
    await host.stop();
  });

  it('leaves the old file as it was where the new one has no room, and nothing beside it', async () => {
    mountSmall(at('data'), 256);
    writeFileSync(at('data/conf'), 'old');
    const run = hostRun('r1', [[put(at('data/conf'), 400_000)], [sh('true')]]);
    const { finished, status } = await followRun(carryOut, session, run);
    expect(finished).toMatchObject({
      outcome: 'failed',
      reason: { evidence: { output: expect.stringContaining('No space left on device') } },
    });
    expect([status(0), status(1)]).toEqual([1, undefined]);
    expect(readdirSync(at('data'))).toEqual(['conf']);
    expect(readFileSync(at('data/conf'), 'utf8')).toBe('old');
  });

  it('is refused where there is no room for its own files, with the words of the host', async () => {
    mountSmall(host.target.state, 32);
    const { finished } = await followRun(carryOut, session, hostRun('r1', [[sh('true')]]));
    expect(finished).toMatchObject({
      outcome: 'refused',
      reason: { code: 'RUN_REFUSED', message: expect.stringContaining('No space left on device') },
    });
    expect(readdirSync(state('runs'))).toEqual([]);
  });

  it('records what it did, begins nothing more, and says so, when its own disk fills up', async () => {
    mountSmall(host.target.state, 1024);
    const whole = `${formatLedgerLine(ledgerLine('file/x'))}\n`;
    writeFileSync(state('ledger'), whole);
    const steps = [[sh('true')], [fill(state('filler'))], [sh('touch "$1"', at('never'))]];
    const { events, finished, status } = await followRun(carryOut, session, hostRun('r1', steps, whole));
    expect([status(0), status(1), status(2)]).toEqual([0, 0, undefined]);
    expect(finished).toMatchObject({
      outcome: 'failed',
      reason: { code: 'DISK_FULL', message: expect.stringContaining('stopped after 2 of 3 changes') },
    });
    expect(events.filter(({ is }) => is === 'begin')).toHaveLength(2);
    expect(existsSync(at('never'))).toBe(false);
    expect(refs()).toEqual(['file/x', 'command/0', 'command/1']);
    expect(existsSync(state('holder'))).toBe(false);
  });

  it('knows of nothing that it did not note, where not even its end has room', async () => {
    mountSmall(host.target.state, 1024);
    const greedy = [sh('rm "$@"', state('runs/r1/reserve'), state('holder')), fill(state('filler'))];
    const steps = [[sh('true')], greedy, [sh('touch "$1"', at('never'))]];
    const { events, finished } = await followRun(carryOut, session, hostRun('r1', steps));
    expect(finished).toMatchObject({ outcome: 'broken', reason: { code: 'RUN_LOST' } });
    expect(events.filter(({ is }) => is === 'begin')).toHaveLength(2);
    expect(existsSync(at('never'))).toBe(false);
    spawnSync('rm', [state('filler')]);
    expect(refs()).toEqual(['command/0', 'command/1']);
    const ledger = readFileSync(state('ledger'));
    const next = await followRun(carryOut, session, hostRun('r2', [[sh('true')]], ledger));
    expect([next.finished.outcome, refs()]).toEqual(['done', ['command/0', 'command/1']]);
  });
});
