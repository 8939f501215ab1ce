// Checks and hooks on real hosts: what holds lets the deploy go on, what does not is told with its cause.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangeReport, HostReport } from '../../src/core/report.ts';
import type { ConfigFiles } from '../../src/deploy.ts';
import { PROGRAM, shopStack } from '../waves/shop.ts';
import type { Version } from '../waves/shop.ts';
import { expectDone, linesOf, startFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet([
    { name: 'old', suite: 'bookworm' },
    { name: 'new', suite: 'trixie' },
  ]);
});
afterAll(async () => {
  await fleet.stop();
});

function files(version: Version, on: string, keys: string): ConfigFiles {
  return new Map([
    ...fleet.files({ 'shop.yml': shopStack(version, on, keys) }),
    ['deploy-configs/app.pl', new Uint8Array(PROGRAM)],
  ]);
}

async function deploy(version: Version, on: string, keys: string): Promise<HostReport> {
  const given = files(version, on, keys);
  const [report] = (await fleet.deploy(await fleet.plan(given), given)).hosts;
  if (!report) throw new Error('there was nothing to deploy');
  return report;
}

function dutyOf(report: HostReport, start: string): ChangeReport {
  const found = report.changes.find(({ ref }) => ref.startsWith(start));
  if (!found) throw new Error(`no ${start} in ${report.changes.map(({ ref }) => ref).join(', ')}`);
  return found;
}

const HEALTH = 'http: "http://localhost:8080/health"';

describe.each(['old', 'new'])('on %s', (on) => {
  it('every check that holds, hooks around it, and an empty plan after it', async () => {
    const hostile = "it's $(touch /canary) `id` ; *";
    const given = files(
      { version: 1 },
      on,
      `
hooks:
  before: [{ run: [echo, "${hostile}"] }]
  after: [{ run: [sh, -c, "id -un; cat /etc/shop.env"], user: nobody }]
  on_failure: [{ run: [touch, /canary] }]
checks:
  - unit: shop
  - tcp: 8080
  - http: "http://127.0.0.1:8080/"
    body: version 1
    header: { Content-Type: text/plain }
  - command: [grep, -q, VERSION, /etc/shop.env]
`,
    );
    const plan = await fleet.plan(given);
    const report = await fleet.deploy(plan, given);
    expectDone(report);
    const duties = report.hosts[0]?.changes.filter(({ duty }) => duty) ?? [];
    expect(duties.map(({ duty, outcome }) => [duty, outcome])).toEqual([
      ['before', 'applied'],
      ['check', 'applied'],
      ['check', 'applied'],
      ['check', 'applied'],
      ['check', 'applied'],
      ['after', 'applied'],
    ]);
    expect(duties.map(({ output }) => output.trim())).toEqual([
      "it's $(touch /canary) `id` ; *",
      expect.stringContaining('shop.service is active: active/running'),
      expect.stringContaining('localhost:8080 takes connections: it took a connection'),
      expect.stringContaining('answered 200'),
      expect.stringContaining('exit status 0'),
      'nobody\nVERSION=1\nCRASH=0\nSICK=0\nSLOW=0',
    ]);
    expect(linesOf(await fleet.plan(given))).toEqual([]);
    expect((await fleet.lab.host(on).exec(['test', '-e', '/canary'])).status).toBe(1);
  });

  it('an answer that stays wrong: the last one, what listens, the journal', async () => {
    const report = await deploy({ version: 2, sick: true }, on, `checks: [{ ${HEALTH}, within: 3s }]`);
    const check = dutyOf(report, 'check/');
    expect(report).toMatchObject({ outcome: 'failed', reason: { code: 'HEALTH_WRONG' } });
    expect(report.reason?.message).toMatch(
      /answers 200: not so within 3 s; seen last: it answered 500 \([34] s of 3 s\)$/,
    );
    expect(report.reason?.evidence?.output).toContain('the rope store cannot be reached');
    expect(report.reason?.evidence?.output).toMatch(/what listens: .*:8080/);
    expect(report.reason?.evidence?.journal).toContain('Started shop.service');
    expect(check.output).toMatch(/waiting: .*; seen last: it answered 500; \d s of 3 s/);
  });

  it('is not forgotten: the checks are due until they hold', async () => {
    const keys = `hooks: { before: [{ run: [touch, /again] }] }\nchecks: [{ ${HEALTH}, within: 3s }]`;
    const given = files({ version: 2, sick: true }, on, keys);
    const due = await fleet.plan(given);
    expect(linesOf(due)).toEqual([`${on} run checks/shop`]);
    expect(due.hosts[0]?.changes[0]).toMatchObject({
      causes: ['undeployed'],
      reason: expect.stringMatching(
        /^the last deploy’s check did not hold: http:.*health answers 200 within 3 s$/,
      ),
      steps: [],
    });
    const [again] = (await fleet.deploy(due, given)).hosts;
    expect(again).toMatchObject({ outcome: 'failed', reason: { code: 'HEALTH_WRONG' } });
    expect((await fleet.lab.host(on).exec(['test', '-e', '/again'])).status).toBe(0);
    // The plan that was deployed names another run than the one that failed last.
    const newest = await fleet.plan(given);
    expect(newest.digest).not.toBe(due.digest);

    // What was broken beside the configuration is mended beside it.
    await fleet.lab
      .host(on)
      .exec(['sh', '-c', 'sed -i s/SICK=1/SICK=0/ /etc/shop.env && systemctl restart shop']);
    const other = files({ version: 2 }, on, keys);
    const adopted = await fleet.plan(other);
    expectDone(await fleet.deploy(adopted, other));
    expect(linesOf(await fleet.plan(other))).toEqual([]);
  });

  it('no answer at all', async () => {
    const keys = 'checks: [{ http: "http://localhost:8099/", within: 2s }]';
    const report = await deploy({ version: 3 }, on, keys);
    expect(report.reason).toMatchObject({ code: 'HEALTH_SILENT' });
    expect(report.reason?.message).toContain('Connection refused');
  });

  it('a crash loop ends at the third restart, long before the limit', async () => {
    const keys = 'checks: [{ http: "http://localhost:8080/nothing", status: 404, within: 10m }]';
    const report = await deploy({ version: 4, crash: 5 }, on, keys);
    expect(report.reason).toMatchObject({ code: 'CRASH_LOOP' });
    expect(report.reason?.evidence?.journal).toContain('the shop has run out of rope');
  });

  it('a failing hook before leaves what ran, and says so; a hook on failure is run', async () => {
    const keys = `hooks:
  before: [{ run: [sh, -c, "echo no room; exit 3"] }]
  on_failure: [{ run: [sh, -c, "echo called somebody; exit 1"] }]`;
    const report = await deploy({ version: 5 }, on, keys);
    expect(report.reason).toMatchObject({ code: 'HOOK_FAILED', evidence: { status: 3, output: 'no room' } });
    expect(report.reason?.message).toContain('nothing was changed');
    expect(report.changes.filter(({ duty }) => !duty).every(({ outcome }) => outcome === 'not-started')).toBe(
      true,
    );
    expect(dutyOf(report, 'hook/shop: on-failure').output).toContain('called somebody');
    expect((await fleet.lab.host(on).exec(['cat', '/etc/shop.env'])).stdout).toContain('VERSION=4');
  });

  it('a command that does not succeed', async () => {
    const keys = 'checks: [{ command: [sh, -c, "echo still cold; false"], within: 2s }]';
    const report = await deploy({ version: 6 }, on, keys);
    expect(report.reason).toMatchObject({ code: 'HEALTH_WRONG' });
    expect(report.reason?.message).toContain('still cold (exit status 1)');
  });

  it('a bake keeps to its limits, and one that does not stops with the numbers', async () => {
    const keys = (limits: string) => `checks: [{ ${HEALTH} }]\nbake: { for: 6s, limits: ${limits} }`;
    // Wide enough for a busy machine.
    const good = await deploy({ version: 7 }, on, keys('{ p50: 200, restarts: 0, errors: 0, memory: 900% }'));
    expect(good.reason).toBe(null);
    expect(dutyOf(good, 'check/shop: bake').output).toMatch(
      /\d+ answered, 0 failed, p50 \d+ ms, p95 \d+ ms, restarts 0/,
    );
    const failing = { version: 8, slow: 300 };
    const slow = await deploy(failing, on, keys('{ p50: 200% }'));
    expect(slow.reason).toMatchObject({ code: 'BAKE_FAILED' });
    expect(slow.reason?.message).toMatch(
      /p50 went from \d+ ms to \d+ ms, more than 200%; now .*; before \d+ answered/,
    );
    // What runs now is the slow one: a second try compares with what was there before it, and so does a mend.
    const again = await deploy(failing, on, keys('{ p50: 200% }'));
    expect(again.changes.filter(({ duty }) => !duty).map(({ ref }) => ref)).toEqual(['checks/shop']);
    expect(again.reason).toMatchObject({ code: 'BAKE_FAILED' });
    expect(again.reason?.message).toMatch(/p50 went from \d+ ms to \d{3,} ms, more than 200%/);
    expect(dutyOf(again, 'check/shop: before the bake').output).toContain('kept since before the deploy');
    expect((await deploy({ version: 9 }, on, keys('{ p50: 200 }'))).reason).toBe(null);
    expect((await fleet.lab.host(on).exec(['test', '-e', '/var/lib/ashore/bake-shop'])).status).toBe(1);
  });
});
