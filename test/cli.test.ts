// The command line without any host: what it says, where it says it, and the status it ends with.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REASON_CODES } from '../src/core/reason.ts';
import { ashoreOnTerminal, createCheckout } from './support/terminal.ts';
import type { Checkout } from './support/terminal.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMHZvKRYqx3Z90BAjJVaFA6qoCTxRxbW1/2EE7DmufC0';
const HOSTS = `hosts:\n  web1: { address: 192.0.2.11, host_key: ${KEY} }\n`;
const STACK = 'on: all\nresources:\n  - file: /etc/motd\n    content: hello\n';
const GOOD = { 'deploy-configs/hosts.yml': HOSTS, 'deploy-configs/base.yml': STACK };

let good: Checkout;
beforeAll(() => {
  good = createCheckout(GOOD);
});
afterAll(() => good.remove());

describe('help', () => {
  it.each([['--help'], ['-h'], ['help'], ['deploy', '--help']])('is given for %s', async (...argv) => {
    const { status, out, err } = await good.ashore(argv);
    expect([status, err]).toEqual([0, '']);
    expect(out).toMatch(/^ashore: plans a checkout/);
  });

  it('names every command, every flag and every exit status', async () => {
    const { out } = await good.ashore(['--help']);
    const words = [
      'validate',
      'plan',
      'deploy',
      'explain',
      'bootstrap',
      '--plan-key',
      'ASHORE_SSH_KEY_PATH',
      'ASHORE_PLAN_KEY_PATH',
      'SSH_AUTH_SOCK',
      '0',
      '1',
      '2',
    ];
    const flags = ['--base', '--all', '--json', '--verbose', '--only', '--skip', '-C'];
    expect([...words, ...flags].filter((word) => !out.includes(word))).toEqual([]);
    expect(out.split('\n').filter((line) => line.length > 120)).toEqual([]);
  });

  it('is what a person gets who types nothing, and a script is told that it failed', async () => {
    const { status, out } = await good.ashore([]);
    expect([status, out]).toEqual([1, (await good.ashore(['--help'])).out]);
  });
});

it.each([[['--version']], [['plan', '--version']]])('%j is answered with the version', async (argv) => {
  const { status, out } = await good.ashore(argv);
  expect([status, out]).toEqual([0, expect.stringMatching(/^ashore \d+\.\d+\.\d+, node \d+/)]);
});

describe('a command line that is not understood', () => {
  it.each([
    [['pln'], 'COMMAND_UNKNOWN', 'there is no command pln; did you mean plan?'],
    [['diff'], 'COMMAND_UNKNOWN', 'there is no command diff'],
    [['constructor'], 'COMMAND_UNKNOWN', 'there is no command constructor'],
    [['plan', '--ony', 'web1'], 'COMMAND_INVALID', "Unknown option '--ony'"],
    [['plan', '-x'], 'COMMAND_INVALID', "Unknown option '-x'"],
    [['plan', '--base'], 'COMMAND_INVALID', "Option '--base <value>' argument missing"],
    [['plan', '--json=yes'], 'COMMAND_INVALID', "Option '--json' does not take an argument"],
    [['plan', '--only', 'web1'], 'COMMAND_INVALID', 'plan takes no --only'],
    [['deploy', 'abcdef123456', 'web1'], 'COMMAND_INVALID', 'deploy takes no further word: web1'],
    [['deploy', 'abcdef123456', '--all'], 'COMMAND_INVALID', 'deploy takes no --all'],
    [['validate', 'web1'], 'COMMAND_INVALID', 'validate takes no further word: web1'],
    [['validate', '--json'], 'COMMAND_INVALID', 'validate takes no --json'],
    [['validate', '-C', 'nowhere'], 'COMMAND_INVALID', 'there is no directory nowhere'],
    [
      ['validate', '-C', 'deploy-configs/hosts.yml'],
      'COMMAND_INVALID',
      'there is no directory deploy-configs/hosts.yml',
    ],
  ])('%j is refused in words', async (argv, code, words) => {
    const { status, out, err } = await good.ashore(argv);
    const [first, second, last] = err.trimEnd().split('\n');
    expect([status, out, first?.split(':')[0], second, last]).toEqual([
      1,
      '',
      code,
      words,
      'next: ashore --help',
    ]);
  });
});

describe('explain', () => {
  it('says what a code means, whose move it is and which', async () => {
    expect(await good.ashore(['explain', 'host_auth'])).toEqual({
      status: 0,
      err: '',
      out: 'HOST_AUTH: The host refused our key.\nclass: needs-person\nwho: operator\nnext: Add the public key to the login user on the host.\n',
    });
  });

  it.each([
    ['HOST_AUHT', 'there is no reason code HOST_AUHT; did you mean HOST_AUTH?\n'],
    ['nope', `there is no reason code nope; there are\n${REASON_CODES.join('\n')}\n`],
  ])('knows no %s', async (code, err) => {
    expect(await good.ashore(['explain', code])).toEqual({ status: 1, out: '', err });
  });

  it('lists the codes', async () => {
    const { status, out, err } = await good.ashore(['explain']);
    expect([status, err]).toEqual([0, '']);
    const lines = out.trimEnd().split('\n');
    expect(lines.map((line) => line.split(' ')[0])).toEqual(REASON_CODES);
    expect(lines.find((line) => line.startsWith('HOST_AUTH'))).toMatch(
      /^HOST_AUTH +The host refused our key\.$/,
    );
  });
});

describe('bootstrap', () => {
  it('prints a script and asks no host', async () => {
    const { status, out, err } = await good.ashore(['bootstrap', 'web1']);
    expect([status, err]).toEqual([0, '']);
    expect(out).toMatch(/^#!\/bin\/sh\n[^]*\n# The host: web1\n[^]*\nmain\n$/);
  });

  it.each([
    [['bootstrap'], /^COMMAND_INVALID: [^]*name the host that is to be set up/],
    [['bootstrap', 'web2'], /^HOST_UNKNOWN: [^]*did you mean web1\?/],
    [['bootstrap', 'web1', '--plan-key', '/nowhere.pub'], /\/nowhere\.pub cannot be read: ENOENT/],
    [['bootstrap', 'web1', '--only', 'web1'], /bootstrap takes no --only/],
  ])('%j is refused', async (argv, like) => {
    const { status, out, err } = await good.ashore(argv);
    expect([status, out]).toEqual([1, '']);
    expect(err).toMatch(like);
  });
});

describe('validate', () => {
  it('counts what a good configuration holds', async () => {
    expect(await good.ashore(['validate'])).toEqual({
      status: 0,
      out: 'valid: 1 resource in 1 stack on 1 host\n',
      err: '',
    });
  });

  it('says every problem at its line and column, with what was meant', async () => {
    const bad = createCheckout({
      'deploy-configs/hosts.yml': HOSTS.replace('address', 'adress'),
      'deploy-configs/base.yml': STACK.replace('content', 'contnet').replace('all', 'webb'),
      'deploy-configs/shop.yml': 'on: web1\non: all\nresources: "\n',
      'deploy-configs/site.yml': 'on: web1\nresources:\n  - file: /a\n    content: "${prot}"\n',
    });
    const { status, out, err } = await bad.ashore(['validate']);
    expect([status, out]).toEqual([1, '']);
    const titles = err.split('\n').filter((line) => line.startsWith('deploy-configs/'));
    expect(titles.map((line) => line.split(' ', 2).join(' '))).toEqual([
      'deploy-configs/base.yml:1:5 HOST_UNKNOWN',
      'deploy-configs/base.yml:4:5 KEY_UNKNOWN',
      'deploy-configs/hosts.yml:2:3 CONFIG_INVALID',
      'deploy-configs/hosts.yml:2:11 KEY_UNKNOWN',
      'deploy-configs/shop.yml:4:1 CONFIG_YAML',
      'deploy-configs/site.yml:4:14 VARIABLE_UNKNOWN',
    ]);
    expect(err).toContain('did you mean content?\n      contnet: hello\n      ^\n');
    expect(err).toContain('did you mean address?');
    expect(err).toMatch(/\n6 problems; no host was asked\n$/);
    bad.remove();
  });

  it.each([
    ['there is no deploy-configs/', { 'README.md': 'x' }, 'there is no deploy-configs/ here'],
    ['there is no hosts.yml', { 'deploy-configs/base.yml': STACK }, 'deploy-configs/ has no hosts.yml'],
    ['deploy-configs is a file', { 'deploy-configs': 'x' }, 'there is no deploy-configs/ here'],
    ['there is nothing at all', {}, 'there is no deploy-configs/ here'],
  ])('where %s', async (_name, files, words) => {
    for (const git of [true, false]) {
      const checkout = createCheckout(files, { git });
      const { status, out, err } = await checkout.ashore(['validate']);
      expect([status, out]).toEqual([1, '']);
      expect(err).toContain(`deploy-configs/hosts.yml:1:1 CONFIG_MISSING ${words}\n`);
      checkout.remove();
    }
  });

  it('opens no secret, and says which ones only the server can have', async () => {
    const secret = '  - file: /etc/NAME.key\n    secret: NAME\n';
    const checkout = createCheckout({
      ...GOOD,
      'deploy-configs/base.yml': `${STACK}${secret.replaceAll('NAME', 'here')}${secret.replaceAll('NAME', 'there')}`,
      'deploy-configs/secrets/here.age': 'not even encrypted',
    });
    expect(await checkout.ashore(['validate'])).toEqual({
      status: 0,
      out: 'valid: 3 resources in 1 stack on 1 host\nnot opened: 2 secrets\nnot in deploy-configs/secrets/, so they must be on the server: there\n',
      err: '',
    });
    checkout.remove();
  });
});

describe('the working tree', () => {
  it('is found from anywhere in it, and by -C', async () => {
    const words = 'valid: 1 resource in 1 stack on 1 host\n';
    expect((await good.ashore(['validate'], { directory: 'deploy-configs' })).out).toBe(words);
    expect((await good.ashore(['-C', good.top, 'validate'], { directory: '/' })).out).toBe(words);
    expect((await good.ashore(['validate', '--directory=..'], { directory: '.git' })).out).toBe(words);
  });

  it('counts as it stands, committed or not', async () => {
    const checkout = createCheckout(GOOD);
    checkout.write({ 'deploy-configs/new.yml': STACK.replace('motd', 'issue') });
    checkout.git('rm', '--quiet', '--cached', 'deploy-configs/base.yml');
    expect((await checkout.ashore(['validate'])).out).toBe('valid: 2 resources in 2 stacks on 1 host\n');
    checkout.write({ 'deploy-configs/new.yml': null });
    expect((await checkout.ashore(['validate'])).out).toBe('valid: 1 resource in 1 stack on 1 host\n');
    checkout.remove();
  });

  it('is read without git as well', async () => {
    const checkout = createCheckout(GOOD, { git: false });
    expect((await checkout.ashore(['validate'])).out).toBe('valid: 1 resource in 1 stack on 1 host\n');
    expect((await checkout.ashore(['validate'], { env: { PATH: '/nowhere' } })).status).toBe(0);
    checkout.remove();
  });

  it('does not hold what git ignores: no commit would have it', async () => {
    const source = 'on: all\nresources:\n  - file: /etc/motd\n    source: secret/motd\n';
    const checkout = createCheckout({
      ...GOOD,
      '.gitignore': 'secret/\n',
      'deploy-configs/base.yml': source,
      'deploy-configs/secret/motd': 'x',
    });
    const { status, err } = await checkout.ashore(['validate']);
    expect([status, err]).toEqual([
      1,
      expect.stringContaining('deploy-configs/base.yml:4:13 SOURCE_MISSING'),
    ]);
    checkout.git('add', '--force', 'deploy-configs/secret/motd');
    expect((await checkout.ashore(['validate'])).status).toBe(0);
    checkout.remove();
  });
});

describe('the key that hosts let in', () => {
  const plan = (env: Record<string, string>) => good.ashore(['plan'], { env });
  const next = 'Name the private key that the hosts let in';

  it('must be named', async () => {
    const words = `ASHORE_SSH_KEY_PATH or SSH_AUTH_SOCK is not set. ${next}, or start an ssh-agent that holds it.\n`;
    const refused = { status: 1, out: '', err: words };
    expect(await plan({})).toEqual(refused);
    expect(await plan({ ASHORE_SSH_KEY_PATH: ' ', SSH_AUTH_SOCK: '' })).toEqual(refused);
  });

  it('must be there', async () => {
    const words = `ASHORE_SSH_KEY_PATH names /nowhere/key, which cannot be used: it cannot be read: ENOENT. ${next}.\n`;
    expect(await plan({ ASHORE_SSH_KEY_PATH: '/nowhere/key' })).toEqual({ status: 1, out: '', err: words });
  });

  it('is not all that is said to be wrong', async () => {
    const { status, err } = await plan({
      ASHORE_PLAN_KEY_PATH: '/nowhere/plan',
      ASHORE_AGE_KEY_PATH: '/nowhere/age',
    });
    expect(status).toBe(1);
    expect(err.split('\n').map((line) => line.slice(0, 40).split(/ (?:is|names)/)[0])).toEqual([
      'ASHORE_SSH_KEY_PATH or SSH_AUTH_SOCK',
      'ASHORE_PLAN_KEY_PATH',
      'ASHORE_AGE_KEY_PATH',
      '',
    ]);
    expect(err).toContain(
      '/nowhere/age, which cannot be used: the file of the age identity cannot be read: ENOENT',
    );
  });

  it('must be a private key', async () => {
    const path = join(good.top, '.git/key.pub');
    writeFileSync(path, KEY);
    const { status, err } = await plan({ ASHORE_SSH_KEY_PATH: path });
    const words = `ASHORE_SSH_KEY_PATH names ${path}, which cannot be used: it is a public key. ${next}.\n`;
    expect([status, err]).toEqual([1, words]);
  });

  it('is not repeated when it was pasted in place of its path', async () => {
    const pasted = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n';
    const { status, err } = await plan({ ASHORE_SSH_KEY_PATH: pasted });
    expect(status).toBe(1);
    expect(err).not.toContain('b3Blbn');
  });
});

describe('a plan to deploy', () => {
  it.each(['', 'abc', 'ABCDEF', 'zzzzzz', '../../x', 'a'.repeat(65), '*'])(
    '%j is no digest',
    async (digest) => {
      const { status, err } = await good.ashore(['deploy', digest]);
      expect([status, err]).toEqual([
        1,
        expect.stringMatching(/^COMMAND_INVALID: .*six or more.*next: ashore plan\n$/s),
      ]);
    },
  );

  it('must be named', async () => {
    expect(await good.ashore(['deploy'])).toMatchObject({
      status: 1,
      err: expect.stringContaining('COMMAND_INVALID'),
    });
  });

  it('must have been made here', async () => {
    const { status, err } = await good.ashore(['deploy', 'abcdef123456']);
    expect([status, err]).toEqual([
      1,
      expect.stringMatching(/^PLAN_UNKNOWN: .*abcdef123456.*next: ashore plan\n$/s),
    ]);
  });
});

describe('on a terminal', () => {
  it('help and problems are the same words', async () => {
    const shown = await ashoreOnTerminal(good, ['--help'], {});
    expect(shown.out.replaceAll('\r\n', '\n')).toBe((await good.ashore(['--help'])).out);
  });
});
