// The server's own process: it starts from its environment, answers, and ends in order; and what hinders it is said plainly.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

let directory: string;
let env: Record<string, string>;
const children: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ashore-main-'));
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  writeFileSync(join(directory, 'app.pem'), privateKey);
  env = {
    PATH: process.env['PATH'] ?? '',
    APP_ID: '1',
    ASHORE_REPOSITORIES: 'all',
    PRIVATE_KEY_PATH: join(directory, 'app.pem'),
    WEBHOOK_SECRET: randomBytes(32).toString('hex'),
    SSH_AUTH_SOCK: join(directory, 'agent'),
    ASHORE_DATA: join(directory, 'data'),
    GITHUB_API_URL: 'http://127.0.0.1:9',
    HOST: '127.0.0.1',
    PORT: '0',
  };
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

function start(more: Record<string, string> = {}): {
  child: ChildProcess;
  ended: Promise<Ended>;
  listening: Promise<string>;
} {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...env, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let stdout = '';
  let stderr = '';
  const { promise: listening, resolve } = Promise.withResolvers<string>();
  child.stdout.on('data', (data) => {
    stdout += String(data);
    const url = /"url":"(http[^"]+)"/.exec(stdout)?.[1];
    if (url !== undefined) resolve(url);
  });
  child.stderr.on('data', (data) => void (stderr += String(data)));
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, stdout, stderr }));
  return { child, ended, listening };
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe('the process', () => {
  it('answers, ends in order when it is told to, and its store can be opened again', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const { child, ended, listening } = start();
      const answer = await fetch(`${await listening}/healthz`);
      expect(await answer.json()).toEqual({ status: 'ok' });
      child.kill(signal);
      expect(await ended).toMatchObject({ code: 0, stderr: '' });
    }
  });

  it('says who works on its store already', async () => {
    const first = start();
    await first.listening;
    const { code, stderr } = await start().ended;
    expect(code).toBe(78);
    expect(stderr).toContain(
      `another Ashore works on the store in ${env['ASHORE_DATA']} (process ${first.child.pid}`,
    );
    expect(stderr.split('\n')).toHaveLength(2);
  });

  it('starts again after it was killed', async () => {
    const first = start();
    await first.listening;
    first.child.kill('SIGKILL');
    await first.ended;
    const second = start();
    expect(await second.listening).toMatch(/^http:/);
  });

  it('says that its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const { code, stderr } = await start({ PORT: port }).ended;
    other.close();
    expect([code, stderr]).toEqual([
      78,
      expect.stringMatching(/^Ashore cannot start: nothing can listen on .*EADDRINUSE/),
    ]);
  });

  it('says that its SSH key cannot be used, and not what is in it', async () => {
    const path = join(directory, 'id');
    writeFileSync(path, 'hunter2');
    const { code, stderr } = await start({ ASHORE_SSH_KEY_PATH: path }).ended;
    expect([code, stderr]).toEqual([
      78,
      `Ashore cannot start:\n  ASHORE_SSH_KEY_PATH names ${path}, which cannot be used: Unsupported key format. Name the private key that the hosts let in.\n`,
    ]);
    expect(stderr).not.toContain('hunter2');
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('says that its store cannot be opened', async () => {
    mkdirSync(join(directory, 'data'), { recursive: true });
    writeFileSync(
      join(directory, 'data', 'ashore.db'),
      'this is no database, and long enough to be seen as none',
    );
    const { code, stderr } = await start().ended;
    expect([code, stderr]).toEqual([
      78,
      expect.stringMatching(/^Ashore cannot start: the store in .* cannot be opened/),
    ]);
  });
});
