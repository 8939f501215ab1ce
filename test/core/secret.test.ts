// A secret prints as its name, whatever prints it.
import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { canonical, sha256 } from '../../src/core/json.ts';
import { createSecret, revealSecret, Secret, SecretName } from '../../src/core/secret.ts';

const BYTES = new TextEncoder().encode('hunter2');
const secret = createSecret(['db/password'], BYTES, (sum) => `keyed-${sum.slice(0, 4)}`);
const SHOWN = '[secret db/password]';

describe('a secret', () => {
  it.each<[string, string]>([
    ['as text', String(secret)],
    ['as JSON', JSON.stringify({ secret })],
    ['inspected', inspect({ secret }, { depth: null, showHidden: true })],
    ['formatted', format('%s %o %j', secret, secret, secret)],
    ['as its members', JSON.stringify(Object.entries(secret))],
    ['copied', JSON.stringify(Object.assign({}, secret))],
    ['in an error', new Error(`no ${String(secret)}`).message],
  ])('is not shown %s', (_, text) => {
    expect(text).not.toContain('hunter2');
    expect(text).toContain('db/password');
  });

  it('prints as its name', () => {
    expect([String(secret), JSON.stringify(secret), inspect(secret)]).toEqual([SHOWN, `"${SHOWN}"`, SHOWN]);
  });

  it('gives its value in one way only', () => {
    expect(revealSecret(secret)).toEqual(BYTES);
    expect(() => revealSecret(new Secret(['db/password'], secret.seal))).toThrow(`${SHOWN} was not made`);
  });

  it('is sealed by the sum of its bytes, and cannot be canonical JSON', () => {
    expect(secret.seal).toBe(`keyed-${sha256('hunter2').slice(0, 4)}`);
    expect(() => canonical({ secret })).toThrow(TypeError);
  });
});

describe('names', () => {
  it.each(['a', 'db/password', '0a.b_c-d/e.f'])('%s is one', (name) => {
    expect(SecretName.safeParse(name).success).toBe(true);
  });
  it.each([
    '',
    '/a',
    'a/',
    'a//b',
    '..',
    'a/../b',
    './a',
    'a/.b',
    'A',
    'a b',
    'a\n',
    'é',
    'a\0',
    'a'.repeat(201),
  ])('%j is none', (name) => {
    expect(SecretName.safeParse(name).success).toBe(false);
  });
});
