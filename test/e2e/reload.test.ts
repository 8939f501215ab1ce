// Reload, restart or nothing, on real hosts: each change says which and why, from what is on the host and not from an event that a
// torn deploy would have lost; and what a reload covers keeps the process.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Change } from '../../src/core/plan.ts';
import type { ConfigFiles } from '../../src/deploy.ts';
import { expectDone, linesOf, startFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet([
    { name: 'old', suite: 'bookworm' },
    { name: 'new', suite: 'trixie' },
  ]);
});
afterAll(() => fleet.stop());

/** Counts its reloads. */
const PILOT = `#!/usr/bin/perl
$SIG{HUP} = sub { open my $out, '>>', '/run/pilot.loads'; print $out "again\\n"; close $out };
sleep 1 while 1;
`;

interface Settings {
  /** Read at a reload. */
  readonly chart?: string;
  /** Read at the start only. */
  readonly tide?: string;
  readonly note?: string;
  /** Stands between the files and the service. */
  readonly between?: string;
}

function stack(host: string, { chart = 'a', tide = 'low', note = 'x', between = '' }: Settings): string {
  const text = (content: string): string => JSON.stringify(`${content}\n`);
  return `on: ${host}
resources:
  - file: /opt/pilot
    content: ${JSON.stringify(PILOT)}
    mode: "0755"
  - file: /etc/pilot.chart
    content: ${text(chart)}
  - file: /etc/pilot.tide
    content: ${text(tide)}
  - file: /etc/pilot.note
    content: ${text(note)}
${between}
  - service: pilot
    unit:
      Service:
        ExecStart: /opt/pilot
        ExecReload: ["/bin/grep -vq storm /etc/pilot.chart", "/bin/kill -HUP $MAINPID"]
    running: true
    settle: 2
    restart_on: [/etc/pilot.tide]
    reload_on: [/etc/pilot.chart]
`;
}

describe.each(['old', 'new'])('on %s', (name) => {
  const sh = async (text: string): Promise<string> => {
    const { status, stdout, stderr } = await fleet.lab.host(name).exec(['sh', '-c', text]);
    expect(status, `${text}\n${stdout}${stderr}`).toBe(0);
    return stdout.trim();
  };
  const pid = (): Promise<string> => sh('systemctl show -P MainPID pilot');
  const loads = (): Promise<string> => sh('cat /run/pilot.loads 2>/dev/null | wc -l');
  const files = (settings: Settings): ConfigFiles => fleet.files({ [`${name}.yml`]: stack(name, settings) });
  /** Carries it out and shows what it was to the service; what is planned afterwards is nothing. */
  const deploy = async (settings: Settings): Promise<Change | undefined> => {
    const plan = await fleet.plan(files(settings));
    expectDone(await fleet.deploy(plan, files(settings)));
    expect(linesOf(await fleet.plan(files(settings)))).toEqual([]);
    return plan.hosts[0]?.changes.find(({ ref }) => ref === 'service/pilot');
  };

  it('a file that it reads anew is a reload, which keeps the process', async () => {
    await deploy({});
    const [before, old] = [await pid(), await loads()];
    const change = await deploy({ chart: '# only a comment\na' });
    expect(change).toMatchObject({ verb: 'reload', interrupts: [{ what: 'pilot.service', how: 'reload' }] });
    expect(change?.reason).toContain('/etc/pilot.chart');
    expect([await pid(), Number(await loads())]).toEqual([before, Number(old) + 1]);
  });

  it('a file that it reads at its start only is a restart', async () => {
    const before = await pid();
    const change = await deploy({ chart: '# only a comment\na', tide: 'high' });
    expect(change).toMatchObject({
      verb: 'restart',
      interrupts: [{ what: 'pilot.service', how: 'restart' }],
    });
    expect(change?.reason).toContain('/etc/pilot.tide');
    expect(await pid()).not.toBe(before);
  });

  it('a file that nobody said it reads is nothing to it', async () => {
    const [before, old] = [await pid(), await loads()];
    expect(await deploy({ chart: '# only a comment\na', tide: 'high', note: 'y' })).toBeUndefined();
    expect([await pid(), await loads()]).toEqual([before, old]);
  });

  it('a reload that a deploy did not come to is due in the next plan, from the time of the file', async () => {
    const before = await pid();
    const fails = '  - command: fail\n    run: ["false"]';
    const torn = { chart: 'b', tide: 'high', note: 'y', between: fails };
    const report = await fleet.deploy(await fleet.plan(files(torn)), files(torn));
    expect(report.hosts[0]?.outcome).toBe('failed');
    expect(await sh('cat /etc/pilot.chart')).toBe('b');
    const change = await deploy({ chart: 'b', tide: 'high', note: 'y' });
    expect(change).toMatchObject({ verb: 'reload', reason: '/etc/pilot.chart changed after it was loaded' });
    expect(await pid()).toBe(before);
  });

  it('a reload that failed is due until one goes well, whatever runs meanwhile', async () => {
    const storm = files({ chart: 'storm', tide: 'high', note: 'y' });
    for (const again of [false, true]) {
      const plan = await fleet.plan(storm);
      expect(linesOf(plan)).toEqual([
        ...(again ? [] : [`${name} update file//etc/pilot.chart`]),
        `${name} reload service/pilot`,
      ]);
      const [report] = (await fleet.deploy(plan, storm)).hosts;
      expect(report?.outcome).toBe('failed');
      expect(report?.remaining?.map(({ verb, ref }) => `${verb} ${ref}`)).toEqual(['reload service/pilot']);
    }
    expect(await deploy({ chart: 'calm', tide: 'high', note: 'y' })).toMatchObject({ verb: 'reload' });
  });
});
