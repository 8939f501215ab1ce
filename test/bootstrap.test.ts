// What `ashore bootstrap` prints: for which hosts, with which keys, and that it is a script that a shell can read.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { printBootstrap } from '../src/bootstrap.ts';
import type { Printed } from '../src/bootstrap.ts';
import { parsePublicKey } from '../src/bootstrap/script.ts';

const KEY = `ssh-ed25519 ${'A'.repeat(68)}`;
const HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHgvXRTXAoizZ/Wx9GksLcZw9CvUL3J7vy1YZpZBHdNh';

const directory = mkdtempSync(join(tmpdir(), 'ashore-bootstrap-'));

function keyFile(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const key = keyFile('good.pub', `${KEY} somebody@laptop\n`);

function print(hosts: string, host: string | undefined, plan?: string, deploy?: string): Printed {
  const text = hosts.replaceAll('KEY', HOST_KEY);
  return printBootstrap(new Map([['deploy-configs/hosts.yml', new TextEncoder().encode(text)]]), host, {
    plan,
    deploy,
  });
}

function scriptOf(printed: Printed): string {
  if ('script' in printed) return printed.script;
  throw new Error(JSON.stringify(printed));
}

function refusalOf(printed: Printed): string {
  if ('refused' in printed) return printed.refused.message;
  throw new Error(JSON.stringify(printed));
}

/** What the script sets its own words to. */
function valuesOf(script: string): Record<string, string> {
  const head = script.slice(0, script.indexOf('look_program()'));
  const names = [
    'deploy_user',
    'deploy_options',
    'deploy_key',
    'plan_user',
    'plan_options',
    'plan_key',
    'state',
  ];
  const body = `${head}\nfor name in ${names.join(' ')}; do eval "printf '%s\\n' \\"\\$$name\\""; done`;
  const lines = spawnSync('sh', ['-s'], { input: body, encoding: 'utf8' }).stdout.split('\n');
  return Object.fromEntries(names.map((name, index) => [name, lines[index] ?? '']));
}

const ONE = 'hosts:\n  web1: { address: 10.0.0.1, host_key: KEY }\n';

describe('the script', () => {
  it('is one that sh can read', () => {
    const script = scriptOf(print(ONE, 'web1', key, key));
    const read = spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' });
    expect(read.stderr).toBe('');
    expect(script).toMatch(/^#!\/bin\/sh\n/);
    expect(script.endsWith('main\n')).toBe(true);
  });

  it('lets the key of the plan reach one program, and takes over no comment of a key', () => {
    expect(valuesOf(scriptOf(print(ONE, 'web1', key, key)))).toEqual({
      deploy_user: 'deploy',
      deploy_options: 'restrict',
      deploy_key: KEY,
      plan_user: 'deploy',
      plan_options: 'restrict,command="/usr/local/lib/ashore/look"',
      plan_key: KEY,
      state: '/var/lib/ashore',
    });
  });

  it('leaves alone the keys that are not given', () => {
    expect(valuesOf(scriptOf(print(ONE, 'web1')))).toMatchObject({ deploy_key: '', plan_key: '' });
  });

  it('knows the user of the plan, for all hosts or for one', () => {
    const hosts = `ssh: { user: ada, plan_user: looker }\n${ONE}  db1: { address: 10.0.0.2, host_key: KEY, plan_user: other }\n`;
    expect(valuesOf(scriptOf(print(hosts, 'web1')))).toMatchObject({
      deploy_user: 'ada',
      plan_user: 'looker',
    });
    expect(valuesOf(scriptOf(print(hosts, 'db1')))).toMatchObject({ plan_user: 'other' });
  });

  it('lets a jump host forward to the hosts behind it, and nowhere else', () => {
    const hosts = `${ONE}  db1: { address: 10.0.0.2, port: 2222, host_key: KEY, jump: web1 }\n  db2: { address: "fd00::2", host_key: KEY, jump: web1 }\n`;
    const values = valuesOf(scriptOf(print(hosts, 'web1', key, key)));
    const options =
      'restrict,port-forwarding,permitopen="10.0.0.2:2222",permitopen="[fd00::2]:22",permitlisten="localhost:1"';
    expect(values['deploy_options']).toBe(options);
    expect(values['plan_options']).toBe(`${options},command="/usr/local/lib/ashore/look"`);
  });
});

describe('refusals', () => {
  it.each([
    ['no host', ONE, undefined, 'name the host that is to be set up'],
    ['a host that is near', ONE, 'web2', 'hosts.yml has no host web2; did you mean web1?'],
    ['a host that is none', ONE, 'database', 'hosts.yml has no host database'],
    ['a login without sudo', `ssh: { sudo: false }\n${ONE}`, 'web1', /^web1 has `sudo: false`/],
    [
      'a name that is an alias to sudo',
      `ssh: { user: ALL }\n${ONE}`,
      'web1',
      'ALL is no name that sudoers can hold',
    ],
    [
      'such a name of the plan',
      `ssh: { plan_user: a.b }\n${ONE}`,
      'web1',
      'a.b is no name that sudoers can hold',
    ],
  ])('%s', (_what, hosts, host, message) => {
    expect(refusalOf(print(hosts, host))).toMatch(message);
  });

  it('a file that holds no public key, and never what it holds', () => {
    const secret = keyFile('secret', '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n');
    expect(refusalOf(print(ONE, 'web1', secret))).toBe(`${secret} holds no public key in OpenSSH's form`);
    expect(refusalOf(print(ONE, 'web1', key, join(directory, 'none')))).toBe(
      `${join(directory, 'none')} cannot be read: ENOENT`,
    );
  });

  it('a configuration that is not valid', () => {
    expect(print('hosts: {}\n', 'web1')).toMatchObject({ problems: [{ code: 'CONFIG_INVALID' }] });
  });
});

describe('public keys', () => {
  it.each([
    [`${KEY}\n`, KEY],
    [`${KEY} a comment "with' $(words)`, KEY],
    [`ssh-rsa ${'B'.repeat(300)}== me`, `ssh-rsa ${'B'.repeat(300)}==`],
    [`sk-ssh-ed25519@openssh.com ${'C'.repeat(60)}`, `sk-ssh-ed25519@openssh.com ${'C'.repeat(60)}`],
    [`command="x" ${KEY}`, undefined],
    ['ssh-ed25519 AAAA', undefined],
    [`ssh-dss ${'A'.repeat(60)}`, undefined],
    [`${KEY}'; touch /x`, undefined],
    ['', undefined],
  ])('%j', (text, parsed) => {
    expect(parsePublicKey(text)).toBe(parsed);
  });
});
