// `ashore plan` against hosts that answer over real ssh with a real sh: what is planned, what is said of a host that
// cannot be asked, and how it looks on a terminal.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf, Plan } from '../src/core/plan.ts';
import { BASE, digestOn, hostsFile, openDesk, SHOP } from './support/desk.ts';
import type { Desk } from './support/desk.ts';
import { ashoreOnTerminal, createCheckout } from './support/terminal.ts';

let desk: Desk;
beforeEach(async () => {
  desk = await openDesk();
});
afterEach(() => desk.leave());

describe('a plan', () => {
  it('as JSON is one document on stdout, with the digest of what it holds', async () => {
    const shown = await desk.plan();
    const { status, out, err } = await desk.ashore('plan', '--json');
    const made = Plan.parse(JSON.parse(out));
    expect([status, err, made.digest.slice(0, 12)]).toEqual([2, '', shown]);
    expect(digestOf(made)).toBe(made.digest);
    expect(made).toMatchObject({ commit: desk.checkout.git('rev-parse', 'HEAD'), stacks: ['base'] });
    const { user, port } = desk.web1.target;
    expect(made.hosts.map(({ host, login }) => [host, login])).toEqual([
      ['web1', `${user}@127.0.0.1:${port}`],
    ]);
    expect(JSON.parse(readFileSync(desk.keptPlan(), 'utf8'))).toMatchObject({ digest: made.digest });
  });

  it('looks and leaves no trace on the host, and none that git would see', async () => {
    await desk.plan();
    expect(['etc', 'state'].map((name) => existsSync(join(desk.web1.root, name)))).toEqual([false, false]);
    expect(statSync(desk.keptPlan()).mode & 0o777).toBe(0o600);
    expect(desk.checkout.git('status', '--porcelain')).toBe('');
  });

  it('shows every command only where that is asked for', async () => {
    const [short, long] = [await desk.ashore('plan'), await desk.ashore('plan', '--verbose')];
    expect(digestOn(long)).toBe(digestOn(short));
    const command = `$ (cd -P ${desk.web1.root}/etc && mv -f -T -- .motd.ashore-new motd)\n`;
    expect([short.out.includes(command), long.out.includes(command)]).toEqual([false, true]);
  });

  it('names the commit only where the working tree is that commit', async () => {
    const head = desk.checkout.git('rev-parse', 'HEAD');
    desk.checkout.write({ 'README.md': 'no part of the configuration' });
    expect((await desk.planJson()).commit).toBe(head);
    desk.declare(BASE.replace('hello', 'howdy'));
    expect((await desk.planJson()).commit).toBe('working-tree');
  });

  it('is made and kept outside of git as well', async () => {
    const files = { 'deploy-configs/hosts.yml': hostsFile(desk.web1), 'deploy-configs/base.yml': BASE };
    const bare = createCheckout(files, { git: false });
    const digest = digestOn(await bare.ashore(['plan'], { env: desk.env }));
    expect((await bare.ashore(['deploy', digest], { env: desk.env })).status).toBe(0);
    expect((await bare.ashore(['plan'], { env: desk.env })).status).toBe(0);
    bare.remove();
  });
});

describe('what is planned', () => {
  const names = async (...argv: readonly string[]) => {
    const { stacks, hosts } = await desk.planJson(...argv);
    return [stacks.join(' '), hosts.map(({ host }) => host).join(' ')];
  };

  beforeEach(() => {
    const files = {
      'deploy-configs/hosts.yml': hostsFile(desk.web1, desk.web2),
      'deploy-configs/shop.yml': SHOP,
    };
    desk.checkout.write(files);
    desk.checkout.commit();
  });

  it('is everything where nothing is said and there is no remote', async () => {
    expect(await names()).toEqual(['base shop', 'web1 web2']);
    expect(await names('web1')).toEqual(['base shop', 'web1']);
    const hosts = hostsFile(desk.web1, desk.web2)
      .replace('key: ', 'key: ')
      .replace('web1: {', 'web1: { groups: [front],');
    desk.checkout.write({ 'deploy-configs/hosts.yml': `groups: { front: {}, none: {} }\n${hosts}` });
    expect(await names('front')).toEqual(['base shop', 'web1']);
    expect(await names('all')).toEqual(['base shop', 'web1 web2']);
    expect((await desk.ashore('plan', 'none')).err).toContain('no group with hosts that is called none');
  });

  it('with --base, what differs from that commit', async () => {
    expect(await names('--base', 'HEAD')).toEqual(['', '']);
    desk.checkout.write({ 'deploy-configs/shop.yml': SHOP.replace('content: shop', 'content: more') });
    expect(await names('--base', 'HEAD')).toEqual(['shop', 'web1']);
    expect(await names('--base', 'HEAD', '--all')).toEqual(['base shop', 'web1 web2']);
    desk.checkout.commit();
    expect(await names('--base', 'HEAD~1')).toEqual(['shop', 'web1']);
  });

  it.each(['nowhere', '--output=x', ''])('with --base=%s, nothing: git does not know it', async (base) => {
    const { status, out, err } = await desk.ashore('plan', `--base=${base}`);
    expect([status, out, err.split('\n')[1]]).toEqual([1, '', `git knows no commit ${base}`]);
  });

  it('on a branch, what differs from where it left the default branch', async () => {
    const { checkout } = desk;
    const origin = join(checkout.top, '.git/origin.git');
    checkout.git('init', '--quiet', '--bare', '--initial-branch', 'main', origin);
    checkout.git('remote', 'add', 'origin', origin);
    checkout.git('push', '--quiet', 'origin', 'main');
    checkout.git('remote', 'set-head', 'origin', 'main');
    expect(await names()).toEqual(['base shop', 'web1 web2']);
    checkout.git('checkout', '--quiet', '-b', 'topic');
    checkout.write({ 'deploy-configs/shop.yml': SHOP.replace('content: shop', 'content: more') });
    expect(await names()).toEqual(['shop', 'web1']);
    expect(await names('--all')).toEqual(['base shop', 'web1 web2']);
  });
});

describe('a host that cannot be asked', () => {
  const fingerprint = (key: string | undefined): string => {
    const bytes = Buffer.from(key?.split(' ')[1] ?? '', 'base64');
    return `SHA256:${createHash('sha256').update(bytes).digest('base64').replace(/=+$/, '')}`;
  };

  it('is down: the others are planned all the same, and can be deployed without it', async () => {
    const { web1, web2, motd } = desk;
    desk.checkout.write({ 'deploy-configs/hosts.yml': hostsFile(web2, web1) });
    await web2.stop();
    const { status, out, err, told } = await desk.ashore('plan');
    expect([status, err]).toEqual([1, '']);
    expect(told?.map((line) => line.slice(0, -1))).toEqual([
      'looked at 1 of 2 hosts: web',
      'looked at 2 of 2 hosts: web',
    ]);
    expect(out).toContain(`web2 cannot be planned\n  HOST_UNREACHABLE: web2 (127.0.0.1:${web2.target.port})`);
    expect(out).toContain(`create file/${motd}`);
    const digest = /ashore deploy ([0-9a-f]{12}) --skip web2\n$/.exec(out)?.[1] ?? '';
    const whole = await desk.ashore('deploy', digest);
    expect([whole.status, whole.err.split(':')[0], existsSync(motd)]).toEqual([1, 'PLAN_INCOMPLETE', false]);
    expect((await desk.ashore('deploy', digest, '--skip', 'web2')).status).toBe(0);
    expect(readFileSync(motd, 'utf8')).toBe('hello\n');
  });

  it('shows another key than the pinned one: both are named', async () => {
    const { web1, web2 } = desk;
    const { hostKeys } = web2.target;
    desk.checkout.write({
      'deploy-configs/hosts.yml': hostsFile({ ...web1, target: { ...web1.target, hostKeys } }),
    });
    const { status, out } = await desk.ashore('plan');
    expect([status, out]).toEqual([1, expect.stringContaining('HOST_KEY_MISMATCH: web1')]);
    expect(out).toContain(`showed ssh-ed25519 ${fingerprint(web1.target.hostKeys[0])}`);
    expect(out).toContain(`pinned is ssh-ed25519 ${fingerprint(hostKeys[0])}`);
  });

  it('does not let the key in', async () => {
    const ASHORE_SSH_KEY_PATH = desk.keyOf(desk.web2);
    const { status, out } = await desk.checkout.ashore(['plan'], { env: { ASHORE_SSH_KEY_PATH } });
    expect([status, out]).toEqual([
      1,
      expect.stringContaining(`HOST_AUTH: ${desk.web1.target.user}@127.0.0.1`),
    ]);
    expect(out).toContain(ASHORE_SSH_KEY_PATH);
  });

  it('is not in hosts.yml', async () => {
    const { status, out, err } = await desk.ashore('plan', 'web7');
    const words = 'HOST_UNKNOWN: A host or group is named that hosts.yml does not have.';
    expect([status, out, err.split('\n').slice(0, 2)]).toEqual([
      1,
      '',
      [words, 'hosts.yml has no host and no group with hosts that is called web7'],
    ]);
  });
});

describe('on a terminal', () => {
  it('shows what is looked at while it looks, in colour, and leaves only the plan', async () => {
    const shown = await ashoreOnTerminal(desk.checkout, ['plan'], desk.env);
    const progress = '\r\u001b[2Klooked at 1 of 1 host: web1\r\u001b[2K';
    expect([shown.status, shown.out.slice(0, progress.length)]).toEqual([2, progress]);
    expect(shown.out.slice(progress.length)).toMatch(/^\S+Plan [0-9a-f]{12}/);
    expect(shown.out.slice(progress.length)).toContain('\u001b[1m');
    const plain = await desk.ashore('plan');
    expect(plain.out + plain.err).not.toContain('\u001b');
    const body = (text: string) =>
      stripVTControlCharacters(text).replaceAll('\r\n', '\n').split('\n').slice(1);
    expect(body(shown.out)).toEqual(body(plain.out));
  });

  it.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('has no colour where %j asks for none', async (wish) => {
    const { out } = await ashoreOnTerminal(desk.checkout, ['plan'], { ...desk.env, ...wish });
    const plan = out.slice(out.indexOf('Plan '));
    expect(plan).toContain('deploy exactly this plan');
    expect(plan).not.toContain('\u001b');
  });

  it('that is narrow shows as much as fits on one line, which can be written over', async () => {
    const { out } = await ashoreOnTerminal(desk.checkout, ['plan'], desk.env, 20);
    expect(out.slice(0, out.indexOf('Plan '))).toContain('\r\u001b[2Klooked at 1 of 1 ho\r\u001b[2K');
  });

  it('that is closed, as by head(1), changes neither the work nor its status', async () => {
    const { child, ended } = desk.checkout.start(['plan', '--json'], { env: desk.env });
    child.stdout?.destroy();
    expect(await ended).toMatchObject({ status: 2, out: '', err: '' });
    expect(readFileSync(desk.keptPlan(), 'utf8')).toContain('"format":1');
  });
});
