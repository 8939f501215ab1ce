// The command line against hosts that answer over real ssh with a real sh: plan, deploy, plan is empty; and every way
// in which it must say no. Nothing here needs root, systemd or a network.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf, Plan } from '../src/core/plan.ts';
import { Report } from '../src/core/report.ts';
import { startEmbeddedHost } from './support/embedded-host.ts';
import type { EmbeddedHost } from './support/embedded-host.ts';
import { ashoreOnTerminal, createCheckout } from './support/terminal.ts';
import type { Checkout, Ran } from './support/terminal.ts';

let web1: EmbeddedHost;
let web2: EmbeddedHost;
let checkout: Checkout;
let env: Record<string, string>;
const extra: { remove(): void }[] = [];

function entryOf({ target, root }: EmbeddedHost, over: Partial<EmbeddedHost['target']> = {}): string {
  const { host, address, port, user, state, hostKeys } = { ...target, ...over };
  const login = `address: ${address}, port: ${port}, user: ${user}, sudo: false, state: ${state}`;
  return `  ${host}: { ${login}, host_key: ${hostKeys[0]}, vars: { root: ${root} } }\n`;
}

const BASE =
  'on: all\nresources:\n  - directory: "${root}/etc"\n  - file: "${root}/etc/motd"\n    content: |\n      hello\n    mode: "0640"\n';
const SHOP = 'on: web1\nresources:\n  - file: "${root}/shop.conf"\n    content: shop\n';

beforeEach(async () => {
  web1 = await startEmbeddedHost({ name: 'web1' });
  web2 = await startEmbeddedHost({ name: 'web2' });
  checkout = createCheckout({
    'deploy-configs/hosts.yml': `hosts:\n${entryOf(web1)}`,
    'deploy-configs/base.yml': BASE,
  });
  env = { ASHORE_SSH_KEY_PATH: keyOf(web1) };
});

afterEach(async () => {
  checkout.remove();
  for (const one of extra.splice(0)) one.remove();
  await Promise.all([web1.stop(), web2.stop()]);
});

function keyOf({ target, clientKey }: EmbeddedHost): string {
  const path = join(checkout.top, '.git', `key-of-${target.host}`);
  writeFileSync(path, clientKey, { mode: 0o600 });
  return path;
}

const ashore = (...argv: readonly string[]): Promise<Ran> => checkout.ashore(argv, { env });
const motd = (): string => join(web1.root, 'etc/motd');
const ledger = (): string => readFileSync(join(web1.root, 'state/ledger'), 'utf8');

/** A plan with changes, by the digest that it asks to be typed. */
async function plan(...argv: readonly string[]): Promise<string> {
  const { status, out, err } = await ashore('plan', ...argv);
  expect([status, err]).toEqual([2, '']);
  const digest = /ashore deploy ([0-9a-f]{12})/.exec(out)?.[1];
  if (digest === undefined) throw new Error(`no plan in\n${out}`);
  return digest;
}

describe('from nothing to done', () => {
  it('plan, deploy, plan is empty, deploy again changes nothing', async () => {
    const planned = await ashore('plan');
    expect(planned.out).toContain(`create file/${motd()}`);
    expect(planned.out).toContain('+hello');
    expect(existsSync(motd())).toBe(false);
    const digest = await plan();
    expect(planned.out).toContain(`Plan ${digest}`);

    const deployed = await ashore('deploy', digest.slice(0, 6));
    expect([deployed.status, deployed.err]).toEqual([0, '']);
    expect([readFileSync(motd(), 'utf8'), statSync(motd()).mode & 0o777]).toEqual(['hello\n', 0o640]);
    expect(deployed.out).toMatch(/nothing is left to do\n$/);
    expect(ledger()).toContain(`"by":"${userInfo().username}"`);
    expect(ledger()).toContain(`"commit":"${checkout.git('rev-parse', 'HEAD')}"`);

    const again = await ashore('plan');
    expect([again.status, again.err]).toEqual([0, '']);
    expect(again.out).toContain('nothing to change');

    const before = lstatSync(motd());
    const repeated = await ashore('deploy', digest);
    expect([repeated.status, repeated.out]).toEqual([
      0,
      expect.stringContaining(`already so in 0 s: file/${motd()}`),
    ]);
    expect([lstatSync(motd()).ino, lstatSync(motd()).mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });

  it('and back: what is no longer declared is planned, and goes', async () => {
    await ashore('deploy', await plan());
    checkout.write({ 'deploy-configs/base.yml': BASE.slice(0, BASE.indexOf('  - file')) });
    const planned = await ashore('plan');
    expect([planned.status, planned.out]).toEqual([2, expect.stringContaining(`delete file/${motd()}`)]);
    const deployed = await ashore('deploy', await plan());
    expect([deployed.status, existsSync(motd())]).toEqual([0, false]);
    expect((await ashore('plan')).status).toBe(0);
  });

  it('as JSON: one document on stdout, with the digest of what it holds', async () => {
    const shown = await plan();
    const planned = await ashore('plan', '--json');
    const made = Plan.parse(JSON.parse(planned.out));
    expect([planned.status, planned.err, made.digest.slice(0, 12)]).toEqual([2, '', shown]);
    expect(digestOf(made)).toBe(made.digest);
    expect(made).toMatchObject({ commit: checkout.git('rev-parse', 'HEAD'), stacks: ['base'] });
    expect(made.hosts.map(({ host, login }) => [host, login])).toEqual([
      ['web1', `${web1.target.user}@127.0.0.1:${web1.target.port}`],
    ]);

    const deployed = await ashore('deploy', made.digest, '--json');
    const report = Report.parse(JSON.parse(deployed.out));
    expect([deployed.status, deployed.err, report.plan]).toEqual([0, '', made.digest]);
    expect(report.hosts.map(({ outcome, remaining }) => [outcome, remaining])).toEqual([['done', []]]);
  });

  it('outside of git', async () => {
    const files = { 'deploy-configs/hosts.yml': `hosts:\n${entryOf(web1)}`, 'deploy-configs/base.yml': BASE };
    const bare = createCheckout(files, { git: false });
    extra.push(bare);
    const planned = await bare.ashore(['plan', '--json'], { env });
    const made = Plan.parse(JSON.parse(planned.out));
    expect([planned.status, planned.err, made.commit]).toEqual([2, '', 'working-tree']);
    expect((await bare.ashore(['deploy', made.digest], { env })).status).toBe(0);
    expect((await bare.ashore(['plan'], { env })).status).toBe(0);
  });

  it('names the commit only where the working tree is that commit', async () => {
    const commitOf = async () => Plan.parse(JSON.parse((await ashore('plan', '--json')).out)).commit;
    expect(await commitOf()).toBe(checkout.git('rev-parse', 'HEAD'));
    checkout.write({ 'README.md': 'no part of the configuration' });
    expect(await commitOf()).toBe(checkout.git('rev-parse', 'HEAD'));
    checkout.write({ 'deploy-configs/new.yml': SHOP });
    expect(await commitOf()).toBe('working-tree');
  });

  it('keeps plans where only their owner reads them, and git does not see them', async () => {
    await plan();
    const folder = join(checkout.top, '.git/ashore/plans');
    expect(readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([0o600]);
    expect(checkout.git('status', '--porcelain')).toBe('');
  });
});

describe('a plan that must not be carried out', () => {
  const refusal = async (code: string, ...argv: readonly string[]): Promise<string> => {
    const { status, out, err } = await ashore('deploy', ...argv);
    expect([status, out, err.split(':')[0]]).toEqual([1, '', code]);
    expect(err).toMatch(/\nnext: .+\n$/);
    expect(existsSync(motd())).toBe(false);
    return err;
  };

  it('is not known', async () => {
    await plan();
    expect(await refusal('PLAN_UNKNOWN', 'abcdef123456')).toContain('abcdef123456');
  });

  it('is one of two that begin so', async () => {
    const digest = await plan();
    const folder = join(checkout.top, '.git/ashore/plans');
    const made = Plan.parse(JSON.parse(readFileSync(join(folder, readdirSync(folder)[0] ?? ''), 'utf8')));
    const [one, two] = twins(made);
    for (const twin of [one, two]) writeFileSync(join(folder, `${twin.digest}.json`), JSON.stringify(twin));
    const prefix = one.digest.slice(0, 6);
    expect(await refusal('PLAN_AMBIGUOUS', prefix)).toContain(`2 plans begin with ${prefix}`);
    expect((await ashore('deploy', digest)).status).toBe(0);
  });

  it.each<readonly [string, (text: string) => string]>([
    ['cut off', (text) => text.slice(0, -10)],
    ['empty', () => ''],
    ['of another format', (text) => text.replace('"format":1', '"format":2')],
    ['with other bytes to write', (text) => text.replaceAll('hello\\n', 'howdy\\n')],
    ['with another program to run', (text) => text.replace('"do":"mkdir"', '"do":"remove"')],
    ['for another host', (text) => text.replaceAll('web1', 'web9')],
  ])('is kept in a file that is %s', async (_name, damage) => {
    const digest = await plan();
    const path = join(
      checkout.top,
      '.git/ashore/plans',
      readdirSync(join(checkout.top, '.git/ashore/plans'))[0] ?? '',
    );
    writeFileSync(path, damage(readFileSync(path, 'utf8')));
    await refusal('PLAN_UNKNOWN', digest);
  });

  it('was made from another configuration', async () => {
    const digest = await plan();
    checkout.write({ 'deploy-configs/base.yml': BASE.replace('hello', 'howdy') });
    expect(await refusal('CONFIG_MOVED', digest)).toContain(checkout.git('rev-parse', 'HEAD'));
    checkout.git('checkout', '--quiet', '--', '.');
    expect((await ashore('deploy', digest)).status).toBe(0);
  });

  it('has a configuration that is no longer valid', async () => {
    const digest = await plan();
    checkout.write({ 'deploy-configs/base.yml': 'on: nowhere\nresources: []\n' });
    await refusal('CONFIG_INVALID', digest);
  });

  it('has no such host', async () => {
    const digest = await plan();
    expect(await refusal('HOST_NOT_IN_PLAN', digest, '--only', 'web7')).toContain(
      'no host web7; it has web1',
    );
    expect(await refusal('HOST_NOT_IN_PLAN', digest, '--skip', 'web7')).toContain('no host web7');
  });

  it('is stale: somebody was there by hand, and finds everything as it was left', async () => {
    // What not everybody on the host may read is not shown.
    chmodSync(web1.root, 0o755);
    const open = BASE.replace('0640', '0644');
    checkout.write({ 'deploy-configs/base.yml': open });
    await ashore('deploy', await plan());
    const more = SHOP.slice(SHOP.indexOf('  - '));
    checkout.write({ 'deploy-configs/base.yml': `${open.replace('hello', 'howdy')}${more}` });
    const digest = await plan();
    writeFileSync(motd(), 'by hand\n');
    const before = ledger();
    const { status, out } = await ashore('deploy', digest);
    expect(status).toBe(1);
    expect(out).toContain(
      'PLAN_STALE: one resource is no longer as the plan saw them on web1; nothing was written there',
    );
    expect(out).toContain('was "hello\\n", is "by hand\\n"');
    expect(readFileSync(motd(), 'utf8')).toBe('by hand\n');
    expect([existsSync(join(web1.root, 'shop.conf')), ledger()]).toEqual([false, before]);
    expect((await ashore('plan')).out).toContain('drift');
  });
});

/** Two plans of one meaning each whose digests begin with the same six characters. */
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

describe('a host that cannot be asked', () => {
  const fingerprint = (key: string | undefined): string => {
    const bytes = Buffer.from(key?.split(' ')[1] ?? '', 'base64');
    return `SHA256:${createHash('sha256').update(bytes).digest('base64').replace(/=+$/, '')}`;
  };

  it('is down: the others are planned all the same, and can be deployed without it', async () => {
    checkout.write({ 'deploy-configs/hosts.yml': `hosts:\n${entryOf(web2)}${entryOf(web1)}` });
    await web2.stop();
    const { status, out, err } = await ashore('plan');
    expect([status, err]).toEqual([1, '']);
    expect(out).toContain('web2 cannot be planned\n  HOST_UNREACHABLE: web2 (127.0.0.1:');
    expect(out).toContain(`create file/${motd()}`);
    const digest = /ashore deploy ([0-9a-f]{12}) --skip web2\n$/.exec(out)?.[1] ?? '';
    const whole = await ashore('deploy', digest);
    expect([whole.status, whole.err.split(':')[0], existsSync(motd())]).toEqual([
      1,
      'PLAN_INCOMPLETE',
      false,
    ]);
    expect((await ashore('deploy', digest, '--skip', 'web2')).status).toBe(0);
    expect(readFileSync(motd(), 'utf8')).toBe('hello\n');
  });

  it('shows another key than the pinned one: both are named', async () => {
    const { hostKeys } = web2.target;
    checkout.write({ 'deploy-configs/hosts.yml': `hosts:\n${entryOf(web1, { hostKeys })}` });
    const { status, out } = await ashore('plan');
    expect([status, out]).toEqual([1, expect.stringContaining('HOST_KEY_MISMATCH: web1')]);
    expect(out).toContain(`showed ssh-ed25519 ${fingerprint(web1.target.hostKeys[0])}`);
    expect(out).toContain(`pinned is ssh-ed25519 ${fingerprint(hostKeys[0])}`);
  });

  it('does not let the key in', async () => {
    env = { ASHORE_SSH_KEY_PATH: keyOf(web2) };
    const { status, out } = await ashore('plan');
    expect([status, out]).toEqual([1, expect.stringContaining(`HOST_AUTH: ${web1.target.user}@127.0.0.1`)]);
    expect(out).toContain(env['ASHORE_SSH_KEY_PATH']);
  });

  it('is not in hosts.yml', async () => {
    const { status, out, err } = await ashore('plan', 'web7');
    expect([status, out, err.split('\n').slice(0, 2)]).toEqual([
      1,
      '',
      ['HOST_UNKNOWN: A host or group is named that hosts.yml does not have.', 'hosts.yml has no host web7'],
    ]);
  });

  it('goes away between plan and deploy: said, and nothing was written', async () => {
    const digest = await plan();
    const { port } = web1.target;
    await web1.stop();
    const { status, out } = await ashore('deploy', digest);
    expect([status, out]).toEqual([1, expect.stringContaining(`HOST_UNREACHABLE: web1 (127.0.0.1:${port})`)]);
  });
});

describe('a deploy that does not end well', () => {
  const failing = (argv: string): string =>
    `on: all\nresources:\n  - file: "\${root}/first"\n    content: x\n  - command: the step\n    run: [${argv}]\n  - file: "\${root}/last"\n    content: x\n`;

  it('stops at the first command that fails, with its own words', async () => {
    const fails = 'sh, -c, "echo out of cheese >&2; exit 3"';
    checkout.write({ 'deploy-configs/base.yml': failing(fails) });
    const { status, out } = await ashore('deploy', await plan());
    expect(status).toBe(1);
    expect(out).toContain('STEP_FAILED');
    expect(out).toContain('out of cheese');
    expect(out).toContain('deploy-configs/base.yml:5');
    expect(['first', 'last'].map((name) => existsSync(join(web1.root, name)))).toEqual([true, false]);
    expect(ledger()).not.toContain('command/the step');
  });

  it('left alone by Ctrl-C says so, and the host goes on to the end', async () => {
    checkout.write({ 'deploy-configs/base.yml': failing('sleep, "2"') });
    const { child, ended } = checkout.start(['deploy', await plan()], { env });
    await until(() => existsSync(join(web1.root, 'first')));
    child.kill('SIGINT');
    const { status, err } = await ended;
    expect([status, err]).toEqual([
      1,
      expect.stringMatching(/^CONNECTION_LOST: .*run cli-.*\nnext: ashore plan shows/s),
    ]);
    await until(() => existsSync(join(web1.root, 'last')));
    await until(() => ledger().includes(`file/${web1.root}/last`));
    expect((await ashore('plan')).status).toBe(0);
  });

  it('meets another one on the same host: refused, with the name of the other', async () => {
    checkout.write({ 'deploy-configs/base.yml': failing('sleep, "5"') });
    const digest = await plan();
    const first = checkout.start(['deploy', digest], { env });
    await until(() => existsSync(join(web1.root, 'first')));
    const second = await ashore('deploy', digest);
    expect([second.status, second.out]).toEqual([1, expect.stringMatching(/(HOST_BUSY|PLAN_STALE): .*web1/)]);
    expect((await first.ended).status).toBe(0);
  });
});

async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('what is planned', () => {
  const names = async (...argv: readonly string[]) => {
    const planned = await ashore('plan', '--json', ...argv);
    const { stacks, hosts } = Plan.parse(JSON.parse(planned.out));
    return [stacks, hosts.map(({ host }) => host)];
  };

  beforeEach(() => {
    checkout.write({
      'deploy-configs/hosts.yml': `hosts:\n${entryOf(web1)}${entryOf(web2, { hostKeys: web1.target.hostKeys })}`,
      'deploy-configs/shop.yml': SHOP,
    });
    checkout.commit();
  });

  it('is everything where nothing is said and there is no remote', async () => {
    expect(await names()).toEqual([
      ['base', 'shop'],
      ['web1', 'web2'],
    ]);
    expect(await names('web1')).toEqual([['base', 'shop'], ['web1']]);
  });

  it('with --base, what differs from that commit', async () => {
    expect(await names('--base', 'HEAD')).toEqual([[], []]);
    checkout.write({ 'deploy-configs/shop.yml': SHOP.replace('content: shop', 'content: more') });
    expect(await names('--base', 'HEAD')).toEqual([['shop'], ['web1']]);
    expect(await names('--base', 'HEAD', '--all')).toEqual([
      ['base', 'shop'],
      ['web1', 'web2'],
    ]);
    checkout.commit();
    expect(await names('--base', 'HEAD~1')).toEqual([['shop'], ['web1']]);
    expect(await names('--base', 'HEAD')).toEqual([[], []]);
  });

  it.each(['nowhere', '--output=x', ''])('with --base=%s, nothing: git does not know it', async (base) => {
    const { status, out, err } = await ashore('plan', `--base=${base}`);
    expect([status, out, err.split('\n')[1]]).toEqual([1, '', `git knows no commit ${base}`]);
  });

  it('on a branch, what differs from where it left the default branch', async () => {
    const origin = join(checkout.top, '.git/origin.git');
    checkout.git('init', '--quiet', '--bare', '--initial-branch', 'main', origin);
    checkout.git('remote', 'add', 'origin', origin);
    checkout.git('push', '--quiet', 'origin', 'main');
    checkout.git('remote', 'set-head', 'origin', 'main');
    expect(await names()).toEqual([
      ['base', 'shop'],
      ['web1', 'web2'],
    ]);
    checkout.git('checkout', '--quiet', '-b', 'topic');
    checkout.write({ 'deploy-configs/shop.yml': SHOP.replace('content: shop', 'content: more') });
    expect(await names()).toEqual([['shop'], ['web1']]);
    expect(await names('--all')).toEqual([
      ['base', 'shop'],
      ['web1', 'web2'],
    ]);
  });

  it('is deployed to the hosts that are chosen', async () => {
    checkout.write({ 'deploy-configs/hosts.yml': `hosts:\n${entryOf(web1)}${secondName()}` });
    const digest = await plan();
    const second = join(web2.root, 'etc/motd');
    expect((await ashore('deploy', digest, '--only', 'web1')).status).toBe(0);
    expect([existsSync(motd()), existsSync(second)]).toEqual([true, false]);
    expect((await ashore('deploy', digest, '--skip', 'web1')).status).toBe(0);
    expect([existsSync(motd()), existsSync(second)]).toEqual([true, true]);
  });

  /** The same login under a second name and another state directory: two hosts that let the same key in. */
  function secondName(): string {
    const { address, port, user, hostKeys } = web1.target;
    return entryOf(web2, { address, port, user, hostKeys });
  }
});

describe('on a terminal', () => {
  const strip = (text: string): string => text.replaceAll(/\u001b\[[0-9;]*[A-Za-z]/g, '');

  it('shows what is looked at while it looks, in colour, and leaves only the plan', async () => {
    const { status, out } = await ashoreOnTerminal(checkout, ['plan'], env);
    expect(status).toBe(2);
    expect(out).toMatch(/^\r\u001b\[2Klooked at 1 of 1 host: web1\r\u001b\[2K\u001b\[1mPlan [0-9a-f]{12}/);
    const plain = await ashore('plan');
    expect(plain.out + plain.err).not.toContain('\u001b');
    const body = (text: string) => strip(text).replaceAll('\r\n', '\n').split('\n').slice(1);
    expect(body(out)).toEqual(body(plain.out));
  });

  it('shows how far a deploy is while it goes on', async () => {
    const digest = await plan();
    const { status, out } = await ashoreOnTerminal(checkout, ['deploy', digest], env);
    expect(status).toBe(0);
    const lines = strip(out).split(/\r\n?/);
    expect(lines).toContain(`0 of 1 host ended · web1 0/2 directory/${web1.root}/etc`);
    expect(lines).toContain(`0 of 1 host ended · web1 1/2 file/${motd()}`);
    expect(lines).toContain('1 of 1 host ended');
    expect(lines.at(-2)).toMatch(/nothing is left to do$/);
    expect(lines.filter((line) => line.length >= 120)).toEqual([]);
  });

  it.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('has no colour where %j asks for none', async (wish) => {
    const { out } = await ashoreOnTerminal(checkout, ['plan'], { ...env, ...wish });
    expect(out).toContain('Plan ');
    expect(out).not.toMatch(/\u001b\[[0-9;]*m/);
  });

  it('that is closed, as by head(1), changes neither the work nor its status', async () => {
    const { child, ended } = checkout.start(['plan', '--json'], { env });
    child.stdout?.destroy();
    expect(await ended).toEqual({ status: 2, out: '', err: '' });
  });
});
