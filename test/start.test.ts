// A server is started in three ways, and each gives V8 the same limits.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const START = /node\W+(--.*?)\W+src\/main\.ts/;

it.each(['package.json', 'Dockerfile', 'docs/operations.md'])('%s starts it with the same flags', (path) => {
  const [, words = ''] = START.exec(readFileSync(path, 'utf8')) ?? [];
  expect(words.match(/--[^\s",]+/g)).toEqual(['--max-semi-space-size=1', '--heap-growing-percent=20']);
});
