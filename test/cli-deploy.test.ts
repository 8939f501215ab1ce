// `ashore deploy` on hosts that answer over real ssh with a real sh: exactly the plan that was named, or nothing.
import { chmodSync, existsSync, lstatSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf, Plan } from '../src/core/plan.ts';
import { Report } from '../src/core/report.ts';
import { BASE, digestOn, hostsFile, openDesk, SHOP, until } from './support/desk.ts';
import type { Desk } from './support/desk.ts';
import { ashoreOnTerminal } from './support/terminal.ts';

let desk: Desk;
beforeEach(async () => {
  desk = await openDesk();
});
afterEach(() => desk.leave());

describe('from nothing to done', () => {
  it('plan, deploy, plan is empty, deploy again changes nothing', async () => {
    const { motd } = desk;
    const planned = await desk.ashore('plan');
    expect(planned.out).toContain(`create file/${motd}`);
    const digest = digestOn(planned);

    const deployed = await desk.ashore('deploy', digest.slice(0, 6));
    expect([deployed.status, deployed.err]).toEqual([0, '']);
    // Without a terminal: a log that grows.
    expect(deployed.told?.map((line) => line.replace(/ in [\d.]+ s/, ''))).toEqual([
      'web1: begun',
      `web1: applied: directory/${desk.web1.root}/etc`,
      `web1: applied: file/${motd}`,
      'web1: done',
    ]);
    expect(deployed.out).toMatch(/nothing is left to do\n$/);
    expect([readFileSync(motd, 'utf8'), statSync(motd).mode & 0o777]).toEqual(['hello\n', 0o640]);
    expect(desk.ledger()).toContain(`"by":"${userInfo().username}"`);
    expect(desk.ledger()).toContain(`"commit":"${desk.checkout.git('rev-parse', 'HEAD')}"`);

    const again = await desk.ashore('plan');
    expect([again.status, again.err, again.out]).toEqual([
      0,
      '',
      expect.stringContaining('nothing to change'),
    ]);

    const before = lstatSync(motd);
    const repeated = await desk.ashore('deploy', digest);
    expect([repeated.status, repeated.out]).toEqual([
      0,
      expect.stringContaining(`already so in 0 s: file/${motd}`),
    ]);
    expect([lstatSync(motd).ino, lstatSync(motd).mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });

  it('and back: what is no longer declared is planned, and goes', async () => {
    await desk.ashore('deploy', await desk.plan());
    desk.declare(BASE.slice(0, BASE.indexOf('  - file')));
    const planned = await desk.ashore('plan');
    expect(planned.out).toContain(`delete file/${desk.motd}`);
    const deployed = await desk.ashore('deploy', digestOn(planned));
    expect([deployed.status, existsSync(desk.motd)]).toEqual([0, false]);
    expect((await desk.ashore('plan')).status).toBe(0);
  });

  it('as JSON: one report on stdout', async () => {
    const digest = await desk.plan();
    const { status, out, err } = await desk.ashore('deploy', digest, '--json');
    const report = Report.parse(JSON.parse(out));
    expect([status, err, report.plan.slice(0, 12), report.by]).toEqual([0, '', digest, userInfo().username]);
    expect(report.hosts.map(({ outcome, remaining }) => [outcome, remaining])).toEqual([['done', []]]);
  });

  it('on the hosts that are chosen', async () => {
    const { web1, web2, motd } = desk;
    // Under a second name the same machine, which lets the same key in; files and state are another's.
    const twin = { target: { ...web1.target, host: 'web2', state: web2.target.state }, root: web2.root };
    const hosts = hostsFile(web1, twin).replace('web2: {', 'web2: { groups: [back],');
    desk.checkout.write({ 'deploy-configs/hosts.yml': `groups: { back: {} }\n${hosts}` });
    const digest = await desk.plan();
    const there = () => [motd, join(web2.root, 'etc/motd')].map((path) => existsSync(path));
    expect((await desk.ashore('deploy', digest, '--only', 'web1')).status).toBe(0);
    expect(there()).toEqual([true, false]);
    expect((await desk.ashore('deploy', digest, '--only', 'back')).status).toBe(0);
    expect(there()).toEqual([true, true]);
  });

  it('on a terminal it shows how far it is while it goes on', async () => {
    const digest = await desk.plan();
    const { status, out } = await ashoreOnTerminal(desk.checkout, ['deploy', digest], desk.env);
    const lines = stripVTControlCharacters(out).split(/\r\n?/);
    expect([status, lines.at(-2)]).toEqual([0, expect.stringMatching(/nothing is left to do$/)]);
    expect(lines).toEqual(
      expect.arrayContaining([
        `0 of 1 host ended · web1 0/2 directory/${desk.web1.root}/etc`,
        `0 of 1 host ended · web1 1/2 file/${desk.motd}`,
        '1 of 1 host ended',
      ]),
    );
    // The last word on progress is taken away before the report.
    expect(out).toContain('\r\u001b[2K\u001b[1mweb1');
  });
});

describe('a plan that must not be carried out', () => {
  async function refusal(code: string, ...argv: readonly string[]): Promise<string> {
    const { status, out, err } = await desk.ashore('deploy', ...argv);
    expect([status, out, err.split(':')[0]]).toEqual([1, '', code]);
    expect(err).toMatch(/\nnext: .+\n$/);
    expect(existsSync(desk.motd)).toBe(false);
    return err;
  }

  it('is not known', async () => {
    await desk.plan();
    expect(await refusal('PLAN_UNKNOWN', 'abcdef123456')).toContain('abcdef123456');
  });

  it('is one of two that begin so', async () => {
    await desk.plan();
    const made = Plan.parse(JSON.parse(readFileSync(desk.keptPlan(), 'utf8')));
    const folder = dirname(desk.keptPlan());
    const [one, two] = twins(made);
    for (const twin of [one, two]) writeFileSync(join(folder, `${twin.digest}.json`), JSON.stringify(twin));
    const prefix = one.digest.slice(0, 6);
    expect(await refusal('PLAN_AMBIGUOUS', prefix)).toContain(`2 plans begin with ${prefix}`);
  });

  it('is kept in a file that was changed: other bytes than were shown', async () => {
    const digest = await desk.plan();
    const text = readFileSync(desk.keptPlan(), 'utf8');
    writeFileSync(desk.keptPlan(), text.replaceAll('hello\\n', 'howdy\\n'));
    await refusal('PLAN_UNKNOWN', digest);
    writeFileSync(desk.keptPlan(), text);
    expect((await desk.ashore('deploy', digest)).status).toBe(0);
  });

  it('was made from another configuration', async () => {
    const digest = await desk.plan();
    desk.declare(BASE.replace('hello', 'howdy'));
    expect(await refusal('CONFIG_MOVED', digest)).toContain(desk.checkout.git('rev-parse', 'HEAD'));
    desk.declare(BASE);
    expect((await desk.ashore('deploy', digest)).status).toBe(0);
  });

  it('has a configuration that is no longer valid', async () => {
    const digest = await desk.plan();
    desk.declare('on: nowhere\nresources: []\n');
    await refusal('CONFIG_INVALID', digest);
  });

  it('has no such host', async () => {
    const digest = await desk.plan();
    expect(await refusal('HOST_NOT_IN_PLAN', digest, '--only', 'web7')).toContain(
      'no host web7; it has web1',
    );
    expect(await refusal('HOST_NOT_IN_PLAN', digest, '--skip', 'web7')).toContain(
      'no host web7; it has web1',
    );
  });

  it('is stale: somebody was there by hand, and finds everything as it was left', async () => {
    const { web1, motd } = desk;
    // What not everybody on the host may read is not shown.
    chmodSync(web1.root, 0o755);
    const open = BASE.replace('0640', '0644');
    desk.declare(open);
    await desk.ashore('deploy', await desk.plan());
    desk.declare(`${open.replace('hello', 'howdy')}${SHOP.slice(SHOP.indexOf('  - '))}`);
    const digest = await desk.plan();
    writeFileSync(motd, 'by hand\n');
    const before = desk.ledger();
    const { status, out } = await desk.ashore('deploy', digest);
    const words = 'one resource is no longer as the plan saw them on web1; nothing was written there';
    expect([status, out]).toEqual([1, expect.stringContaining(`PLAN_STALE: ${words}`)]);
    expect(out).toContain('content was "hello\\n", is "by hand\\n"');
    expect(readFileSync(motd, 'utf8')).toBe('by hand\n');
    expect([existsSync(join(web1.root, 'shop.conf')), desk.ledger()]).toEqual([false, before]);
    expect((await desk.ashore('plan')).out).toContain('drift');
  });
});

/** Two plans of nothing whose digests begin with the same six characters. */
function twins(made: Plan): readonly [Plan, Plan] {
  const seen = new Map<string, Plan>();
  for (let number = 0; ; number += 1) {
    const draft = { ...made, hosts: [], stacks: [`stack${number}`] };
    const twin = { ...draft, digest: digestOf(draft) };
    const other = seen.get(twin.digest.slice(0, 6));
    if (other) return [other, twin];
    seen.set(twin.digest.slice(0, 6), twin);
  }
}

describe('a deploy that does not end well', () => {
  /** A command between two files. */
  const around = (argv: string): string => `on: all
resources:
  - file: "\${root}/first"
    content: x
  - command: the step
    run: [${argv}]
  - file: "\${root}/last"
    content: x
`;
  /** Waits until somebody opens the gate. */
  const gated = around('sh, -c, \'until [ -e "$1" ]; do sleep 0.05; done\', gate, "${root}/gate"');
  const openGate = () => writeFileSync(join(desk.web1.root, 'gate'), '');
  const has = (name: string) => () => existsSync(join(desk.web1.root, name));

  it('stops at the first command that fails, with its own words', async () => {
    desk.declare(around('sh, -c, "echo out of cheese >&2; exit 3"'));
    const { status, out } = await desk.ashore('deploy', await desk.plan());
    expect(status).toBe(1);
    const words = ['STEP_FAILED', 'out of cheese', 'exit status 3', 'deploy-configs/base.yml:5'];
    expect(words.filter((word) => !out.includes(word))).toEqual([]);
    expect([has('first')(), has('last')()]).toEqual([true, false]);
    expect(desk.ledger()).not.toContain('command/the step');
  });

  it('was left alone by Ctrl-C: it says so, and the host goes on to the end', async () => {
    desk.declare(gated);
    const { child, ended } = desk.checkout.start(['deploy', await desk.plan()], { env: desk.env });
    await until(has('first'));
    child.kill('SIGINT');
    const { status, err } = await ended;
    const words =
      /^CONNECTION_LOST: .*the hosts end what they have begun of run cli-.*\nnext: ashore plan shows/s;
    expect([status, err, has('last')()]).toEqual([1, expect.stringMatching(words), false]);
    openGate();
    await until(() => has('last')() && desk.ledger().includes(`file/${desk.web1.root}/last`));
    expect((await desk.ashore('plan')).status).toBe(0);
  });

  it('meets another one on the same host: refused, with the name of the other', async () => {
    desk.declare(gated);
    const digest = await desk.plan();
    const first = desk.checkout.start(['deploy', digest], { env: desk.env });
    await until(has('first'));
    const second = await desk.ashore('deploy', digest);
    const words = new RegExp(`HOST_BUSY: .*run cli-.*plan ${digest}, by ${userInfo().username}`);
    expect([second.status, second.out]).toEqual([1, expect.stringMatching(words)]);
    openGate();
    expect((await first.ended).status).toBe(0);
  });

  it('finds the host gone: said, and nothing was written', async () => {
    const digest = await desk.plan();
    const { port } = desk.web1.target;
    await desk.web1.stop();
    const { status, out } = await desk.ashore('deploy', digest);
    expect([status, out]).toEqual([1, expect.stringContaining(`HOST_UNREACHABLE: web1 (127.0.0.1:${port})`)]);
  });
});
