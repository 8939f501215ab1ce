// A stack that asks to have back what was there: when a check or a change fails, its files, links and units are as they were.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import type { HostReport } from '../../src/core/report.ts';
import type { ConfigFiles } from '../../src/deploy.ts';
import type { LabHost } from '../lab/lab.ts';
import { releaseFiles } from '../waves/shop.ts';
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

const HEALTH = 'checks: [{ http: "http://localhost:8082/health", within: 3s }]';
const RESTORE = `on_failure: restore\n${HEALTH}`;

describe.each(['old', 'new'])('on %s', (on) => {
  let host: LabHost;
  beforeAll(() => {
    host = fleet.lab.host(on);
  });

  const out = async (...argv: readonly string[]): Promise<string> => (await host.exec(argv)).stdout.trim();
  const answer = async (): Promise<string> =>
    (await (await fetch(`http://${host.address}:8082/`)).text()).trim();
  const ledgerOf = async (ref: string): Promise<unknown> => {
    const lines = (await out('grep', '-F', `"${ref}"`, '/var/lib/ashore/ledger')).split('\n');
    return JSON.parse(lines.findLast((line) => !line.includes('"seen"')) ?? '{}');
  };
  const files = (version: Version, keys: string, resources = ''): ConfigFiles => {
    const made = releaseFiles(version, on, keys);
    return fleet.files({ ...made, 'release.yml': `${String(made['release.yml'])}${resources}` });
  };

  async function fail(given: ConfigFiles): Promise<{ plan: Plan; report: HostReport }> {
    const plan = await fleet.plan(given);
    const [report] = (await fleet.deploy(plan, given)).hosts;
    expect(report, JSON.stringify(report, null, 2)).toMatchObject({ outcome: 'failed' });
    if (!report) throw new Error('there was nothing to deploy');
    return { plan, report };
  }

  it('a version whose health never comes: the old one serves again, and all of it is planned again', async () => {
    const first = files({ version: 1 }, RESTORE);
    expectDone(await fleet.deploy(await fleet.plan(first), first));
    const recorded = await ledgerOf('release//opt/shop-release');
    const made = `  - file: /etc/shop-made\n    content: new\n`;
    const second = files(
      { version: 2, sick: true },
      `${RESTORE}\nhooks: { always: [{ run: [echo, bye] }] }`,
      made,
    );
    const { plan, report } = await fail(second);
    expect(report.reason).toMatchObject({ code: 'HEALTH_WRONG' });
    expect(report.changes.map(({ ref, outcome }) => [ref, outcome])).toEqual([
      ['release//opt/shop-release', 'put-back'],
      ['service/shop-release', 'put-back'],
      ['file//etc/shop-made', 'put-back'],
      ['restore/release: set aside', 'applied'],
      ['check/release: http://localhost:8082/health answers 200', 'failed'],
      ['restore/release', 'applied'],
      ['hook/release: always echo bye', 'applied'],
    ]);
    expect(await answer()).toBe('version 1');
    expect((await host.exec(['test', '-e', '/etc/shop-made'])).status).toBe(1);
    expect(await ledgerOf('release//opt/shop-release')).toEqual(recorded);
    expect(linesOf(await fleet.plan(second))).toEqual(linesOf(plan));
    expect(linesOf(await fleet.plan(first)).filter((line) => !line.includes('shop-made'))).toEqual([]);
  });

  it('a version that crashes: its own change fails, and the rest is put back', async () => {
    const { report } = await fail(files({ version: 3, crash: 1 }, RESTORE));
    expect(report.reason).toMatchObject({ code: 'UNIT_FAILED' });
    expect(report.changes.slice(0, 2).map(({ outcome }) => outcome)).toEqual(['put-back', 'failed']);
    expect(await answer()).toBe('version 1');
    expect(await out('systemctl', 'is-active', 'shop-release')).toBe('active');
  });

  it('a hook before that fails: nothing was changed, so nothing is put back, and nothing restarts', async () => {
    const pid = await out('systemctl', 'show', '-P', 'MainPID', 'shop-release');
    const { report } = await fail(
      files({ version: 4 }, `${RESTORE}\nhooks: { before: [{ run: ['false'] }] }`),
    );
    expect(report.changes.find(({ ref }) => ref === 'restore/release')?.outcome).toBe('not-started');
    expect(await out('systemctl', 'show', '-P', 'MainPID', 'shop-release')).toBe(pid);
  });

  it('a hook after that fails: its checks hold, so the new version stays', async () => {
    const keys = `${RESTORE}\nhooks: { after: [{ run: ['false'] }], always: [{ run: [touch, /run/always] }] }`;
    const { report } = await fail(files({ version: 5 }, keys));
    expect(report.changes[0]?.outcome).toBe('applied');
    expect(await answer()).toBe('version 5');
    expect((await host.exec(['rm', '/run/always'])).status).toBe(0);
  });

  it('a stack that says nothing of it is left as it is', async () => {
    const { report } = await fail(files({ version: 6, sick: true }, HEALTH));
    expect(report.changes[0]?.outcome).toBe('applied');
    expect(await answer()).toBe('version 6');
  });

  it('the first version of all: nothing was there, and nothing is left running', async () => {
    await host.exec([
      'sh',
      '-c',
      'systemctl stop shop-release; rm -r /opt/shop-release /etc/systemd/system/shop-release.service /var/lib/ashore; systemctl daemon-reload',
    ]);
    const { report } = await fail(files({ version: 7, sick: true }, RESTORE));
    expect(report.changes.slice(0, 2).map(({ outcome }) => outcome)).toEqual(['put-back', 'put-back']);
    expect(await out('systemctl', 'show', '-P', 'LoadState', 'shop-release')).toBe('not-found');
    expect(linesOf(await fleet.plan(files({ version: 7 }, RESTORE)))).toEqual([
      `${on} create release//opt/shop-release`,
      `${on} create service/shop-release`,
    ]);
  });
});
