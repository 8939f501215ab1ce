import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatSettingProblem, parseSettings } from '../src/settings.ts';
import type { Environment } from '../src/settings.ts';

const pem = (type: 'pkcs1' | 'pkcs8') =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type, format: 'pem' },
  }).privateKey;
const PEM = pem('pkcs1');
const ED25519 = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const SECRET = '8c5d0b0fb1a3472f9a4e6d1c2b7f8e90';

const ENV: Environment = {
  APP_ID: '4711',
  PRIVATE_KEY_PATH: '/keys/app.pem',
  WEBHOOK_SECRET: SECRET,
  ASHORE_SSH_KEY_PATH: '/keys/deploy',
  ASHORE_REPOSITORIES: '/etc/ashore/repositories.yml',
};

function readText(path: string): string {
  if (path === '/keys/app.pem') return PEM;
  throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
}

function problems(env: Environment): readonly string[] {
  const parsed = parseSettings(env, readText);
  return 'problems' in parsed ? parsed.problems.map(({ name, message }) => `${name} ${message}`) : [];
}

describe('parseSettings', () => {
  it('needs six of them and has sensible others', () => {
    expect(parseSettings(ENV, readText)).toEqual({
      settings: {
        appId: 4711,
        privateKey: PEM,
        webhookSecret: SECRET,
        webhookPath: '/api/github/webhooks',
        apiUrl: undefined,
        ssh: { keyPath: '/keys/deploy', agentSocket: undefined },
        repositories: '/etc/ashore/repositories.yml',
        data: './data',
        grace: 8,
        lease: 30,
        host: 'localhost',
        port: 3000,
        metrics: undefined,
        logLevel: 'info',
      },
    });
  });

  it('takes what is given', () => {
    const given = {
      GITHUB_API_URL: 'https://github.example.com/api/v3/',
      WEBHOOK_PATH: '/hook',
      ASHORE_DATA: '/data',
      HOST: '0.0.0.0',
      PORT: '8080',
      ASHORE_METRICS_ADDRESS: '[::1]:9464',
      LOG_LEVEL: 'debug',
      ASHORE_REPOSITORIES: 'all',
      SSH_AUTH_SOCK: '/run/agent',
    };
    expect(parseSettings({ ...ENV, ...given }, readText)).toMatchObject({
      settings: {
        apiUrl: 'https://github.example.com/api/v3',
        webhookPath: '/hook',
        data: '/data',
        host: '0.0.0.0',
        port: 8080,
        metrics: { host: '::1', port: 9464 },
        logLevel: 'debug',
        repositories: undefined,
        ssh: { keyPath: '/keys/deploy', agentSocket: '/run/agent' },
      },
    });
  });

  it('opens secrets with an age identity, and asks for one where only their directory is given', () => {
    const given = { ASHORE_AGE_KEY_PATH: '/keys/age.txt', ASHORE_SECRETS: '/secrets' };
    expect(parseSettings({ ...ENV, ...given }, readText)).toMatchObject({
      settings: { ssh: { ageKeyPath: '/keys/age.txt', secretsPath: '/secrets' } },
    });
    expect(problems({ ...ENV, ASHORE_SECRETS: '/secrets' })).toEqual([
      'ASHORE_AGE_KEY_PATH is not set, but ASHORE_SECRETS is',
    ]);
  });

  it.each([
    ['in PKCS#1', PEM],
    ['in PKCS#8', pem('pkcs8')],
    ['in one line', PEM.replaceAll('\n', '\\n')],
  ])('takes a private key %s', (_, PRIVATE_KEY) => {
    expect(problems({ ...ENV, PRIVATE_KEY_PATH: undefined, PRIVATE_KEY })).toEqual([]);
  });

  it.each([
    ['APP_ID', undefined, 'APP_ID is not set'],
    ['APP_ID', '  ', 'APP_ID is not set'],
    ['APP_ID', 'ashore', 'APP_ID is not a number'],
    ['APP_ID', '0', 'APP_ID is not a positive number'],
    ['APP_ID', '1.5', 'APP_ID is not a whole number'],
    ['WEBHOOK_SECRET', undefined, 'WEBHOOK_SECRET is not set'],
    ['WEBHOOK_SECRET', '', 'WEBHOOK_SECRET is not set'],
    ['WEBHOOK_SECRET', 'development', 'WEBHOOK_SECRET is shorter than 32 characters'],
    ['WEBHOOK_SECRET', SECRET.slice(1), 'WEBHOOK_SECRET is shorter than 32 characters'],
    ['WEBHOOK_SECRET', 'development'.repeat(3), 'WEBHOOK_SECRET can be guessed'],
    ['WEBHOOK_SECRET', 'my-Secret-SECRET-secret-secret-1', 'WEBHOOK_SECRET can be guessed'],
    ['WEBHOOK_SECRET', 'ababababababababababababababababab', 'WEBHOOK_SECRET can be guessed'],
    ['WEBHOOK_PATH', 'hook', 'WEBHOOK_PATH does not begin with /'],
    ['GITHUB_API_URL', 'github.example.com', 'GITHUB_API_URL is not an http(s) address'],
    ['GITHUB_API_URL', 'ftp://github.example.com', 'GITHUB_API_URL is not an http(s) address'],
    ['PORT', 'http', 'PORT is not a number'],
    ['PORT', '70000', 'PORT is too large'],
    ['PORT', '-1', 'PORT is negative'],
    ['ASHORE_METRICS_ADDRESS', '9464', 'ASHORE_METRICS_ADDRESS is not host:port'],
    ['ASHORE_METRICS_ADDRESS', '127.0.0.1:70000', 'ASHORE_METRICS_ADDRESS has a port that is too large'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL is none of trace, debug, info, warn, error, fatal, silent'],
    ['PRIVATE_KEY_PATH', undefined, 'PRIVATE_KEY or PRIVATE_KEY_PATH is not set'],
    ['PRIVATE_KEY_PATH', '/keys/lost.pem', 'PRIVATE_KEY_PATH names a file that is not there'],
    ['PRIVATE_KEY', 'no key', 'PRIVATE_KEY is not a readable private key in PEM form'],
    ['PRIVATE_KEY', ED25519, 'PRIVATE_KEY is not an RSA key'],
    ['ASHORE_REPOSITORIES', undefined, 'ASHORE_REPOSITORIES is not set'],
    ['ASHORE_SSH_KEY_PATH', undefined, 'ASHORE_SSH_KEY_PATH or SSH_AUTH_SOCK is not set'],
  ])('refuses %s %j', (name, value, problem) => {
    expect(problems({ ...ENV, [name]: value })).toEqual([problem]);
  });

  it('says all that is wrong at once, each with what to do', () => {
    const parsed = parseSettings({ WEBHOOK_SECRET: 'development' }, readText);
    const said = 'problems' in parsed ? parsed.problems.map(formatSettingProblem) : [];
    expect(said).toEqual([
      "APP_ID is not set. Take it from the App's settings page on GitHub.",
      "WEBHOOK_SECRET is shorter than 32 characters. Make one with `openssl rand -hex 32` and put the same into the App's settings on GitHub.",
      'ASHORE_REPOSITORIES is not set. Name the YAML file that says which repository may reach which hosts, or set it to `all` where everybody with write in any repository of the installation may reach every host.',
      "PRIVATE_KEY or PRIVATE_KEY_PATH is not set. Generate a private key on the App's settings page on GitHub and set PRIVATE_KEY_PATH to the .pem file.",
      'ASHORE_SSH_KEY_PATH or SSH_AUTH_SOCK is not set. Name the private key that the hosts let in, or start an ssh-agent that holds it.',
    ]);
  });

  it('never repeats a value', () => {
    const secrets = { WEBHOOK_SECRET: 'hunter2', PRIVATE_KEY: '-----BEGIN hunter2', APP_ID: 'hunter2' };
    const parsed = parseSettings({ ...ENV, ...secrets }, readText);
    expect(JSON.stringify(parsed)).not.toContain('hunter2');
  });
});

describe('the process', () => {
  it('does not start without its settings, and says so without a stack', async () => {
    const main = join(import.meta.dirname, '../src/main.ts');
    const ended = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(process.execPath, [main], { env: { PATH: process.env['PATH'] } }, (error, _, stderr) => {
        resolve({ code: error?.code, stderr });
      });
    });
    expect(ended.code).toBe(78);
    expect(ended.stderr.split('\n')[0]).toBe('Ashore cannot start:');
    expect(ended.stderr).not.toMatch(/^ +at /m);
  });
});
