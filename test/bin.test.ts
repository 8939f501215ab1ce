// bin/ashore: the command line from any directory, on the checkout's own Node whatever the machine has.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const BIN = resolve('bin/ashore');
const EXPLAINED = /^HOST_AUTH: The host refused our key/;

let top: string;
/** With a node that is too old before all others. */
let path: string;
beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), 'ashore-bin-'));
  writeFileSync(join(top, 'node'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  symlinkSync(BIN, join(top, 'ashore'));
  mkdirSync(join(top, 'bin'));
  symlinkSync('../ashore', join(top, 'bin/twice'));
  path = `${top}:${process.env['PATH']}`;
});
afterAll(() => rmSync(top, { recursive: true, force: true }));

function run(program: string, env: Readonly<Record<string, string>> = {}) {
  const options = { cwd: top, encoding: 'utf8', env: { PATH: path, HOME: top, ...env } } as const;
  const { status, stdout, stderr } = spawnSync(program, ['explain', 'HOST_AUTH'], options);
  return { status, stdout, stderr };
}

it.each([
  ['its own path', () => BIN],
  ['its name on PATH, by a symlink', () => 'ashore'],
  ['a symlink to a symlink', () => './bin/twice'],
])('runs from another directory by %s', (_, program) => {
  expect(run(program())).toEqual({ status: 0, stdout: expect.stringMatching(EXPLAINED), stderr: '' });
});

it('says what to do where the checkout has no Node of its own and the machine has an old one', () => {
  const bare = join(top, 'bare');
  mkdirSync(join(bare, 'bin'), { recursive: true });
  copyFileSync(BIN, join(bare, 'bin/ashore'));
  const stderr = `ashore: there is no Node 24 here; run npm ci in ${bare}, which brings one\n`;
  expect(run(join(bare, 'bin/ashore'))).toEqual({ status: 1, stdout: '', stderr });
});

it('takes the Node of the machine where that one does, as in an image', () => {
  const bare = join(top, 'image');
  mkdirSync(join(bare, 'bin'), { recursive: true });
  copyFileSync(BIN, join(bare, 'bin/ashore'));
  symlinkSync(resolve('src'), join(bare, 'src'));
  const own = { PATH: `${resolve(process.execPath, '..')}:/usr/bin:/bin` };
  expect(run(join(bare, 'bin/ashore'), own)).toMatchObject({ status: 0, stderr: '' });
});
