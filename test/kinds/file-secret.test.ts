// Files that are or hold secrets: what is wanted, what is refused where, and what a plan shows of them.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fingerprint, sha256 } from '../../src/core/json.ts';
import { createSecret } from '../../src/core/secret.ts';
import type { SecretFound, SecretSources } from '../../src/core/secret.ts';
import { file } from '../../src/kinds/file.ts';
import { createLocalReader } from '../support/local-reader.ts';
import { worldOf } from './trial.ts';

const seal = (sum: string): string => sha256(`key of the test ${sum}`);

const VALUES: Record<string, string | Uint8Array> = {
  'db/password': `it's "x"\n`,
  bytes: Uint8Array.of(255, 254, 0, 1),
  nul: 'a\0bcd',
};

const secrets: SecretSources = {
  find: (name): SecretFound => {
    const value = VALUES[name];
    if (name === 'closed') return 'unchecked';
    if (value === undefined) return { code: 'SECRET_MISSING', why: `there is no secret ${name}` };
    return createSecret([name], Buffer.from(value), seal);
  },
  compose: (names, bytes) => createSecret(names, bytes, seal),
};

function resolve(spec: object, sources: SecretSources | null = secrets): unknown {
  return file.resolve?.(file.spec.parse(spec), {
    read: () => undefined,
    ...(sources ? { secrets: sources } : {}),
  });
}

function wanted(names: string[], text: string | Uint8Array, more: object = {}) {
  const sealed = seal(sha256(text));
  const content = { secret: names, seal: sealed };
  return { want: { content, sha256: sealed, owner: null, group: null, mode: '0600', ...more } };
}

describe('what is wanted', () => {
  it.each([
    ['exact bytes', { secret: 'bytes' }, wanted(['bytes'], Uint8Array.of(255, 254, 0, 1))],
    [
      'with its newline',
      { secret: 'db/password', mode: '640' },
      wanted(['db/password'], `it's "x"\n`, { mode: '0640' }),
    ],
    [
      'in env',
      { env: { A: 'b', P: { secret: 'db/password' } } },
      wanted(['db/password'], `A=b\nP="it's \\"x\\""\n`),
    ],
    [
      'twice and deep in JSON',
      {
        json: {
          a: [{ secret: 'db/password' }, { b: { secret: 'nul' } }],
          c: { secret: 'db/password', d: 1 },
        },
      },
      undefined,
    ],
    ['in TOML', { toml: { p: { secret: 'db/password' } } }, wanted(['db/password'], `p = 'it''s'`)],
  ])('%s', (_, spec, expected) => {
    const made = resolve(spec);
    expect(made).toMatchObject({ want: { content: { seal: expect.stringMatching(/^[0-9a-f]{64}$/) } } });
    expect(JSON.stringify(made)).not.toMatch(/it's|x\\"/);
    if (expected && !('toml' in spec)) expect(made).toEqual(expected);
  });

  it('names each secret once, and leaves a map with more than that key alone', () => {
    const spec = { json: [{ secret: 'db/password' }, { secret: 'db/password' }, { secret: 'no', also: 1 }] };
    expect(resolve(spec)).toMatchObject({ want: { content: { secret: ['db/password'] } } });
  });

  it('is not known where nobody may open it', () => {
    for (const sources of [secrets, null]) {
      const name = sources ? 'closed' : 'db/password';
      expect(resolve({ secret: name }, sources)).toMatchObject({ want: { sha256: 'unchecked' } });
      expect(resolve({ env: { A: { secret: name } } }, sources)).toMatchObject({
        want: { sha256: 'unchecked' },
      });
    }
  });

  it.each([
    [{ secret: 'nope' }, ['secret'], 'SECRET_MISSING', 'there is no secret nope'],
    [{ env: { A: { secret: 'nope' } } }, ['env', 'A'], 'SECRET_MISSING', 'there is no secret nope'],
    [{ json: [1, { secret: '../x' }] }, ['json', 1], undefined, 'the name of a secret'],
    [{ env: { A: { secret: 'bytes' } } }, ['env', 'A'], 'SECRET_UNREADABLE', 'is not text in UTF-8'],
    [{ env: { A: { secret: 'nul' } } }, ['env'], 'SECRET_UNREADABLE', 'env cannot hold the value of nul'],
    [{ env: { 'A-B': { secret: 'nul' } } }, ['env'], undefined, 'is no name of a variable'],
    [{ secret: 'nul', mode: '0644' }, ['mode'], undefined, 'others may have no right'],
    [{ secret: 'nul', mode: '0601' }, ['mode'], undefined, 'others may have no right'],
    [{ secret: 'nul', content: 'x' }, ['secret'], undefined, 'content and secret both give the bytes'],
  ])('refuses %j', (spec, path, code, message) => {
    const refused = resolve(spec);
    expect(refused).toMatchObject({ unresolved: { path, message: expect.stringContaining(message) } });
    expect(JSON.stringify(refused).includes('"code"')).toBe(code !== undefined);
    if (code) expect(refused).toMatchObject({ unresolved: { code } });
    expect(JSON.stringify(refused)).not.toMatch(/bcd/);
  });

  it('refuses a name that leads out of its folder', () => {
    expect(file.spec.safeParse({ secret: 'a/../../shadow' }).success).toBe(false);
  });
});

describe('a state', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'ashore-file-secret-')), 'file');
  writeFileSync(path, 'old bytes\n');
  chmodSync(path, 0o644);
  afterAll(() => rmSync(dirname(path), { recursive: true }));
  const read = async (want: unknown, sealed?: typeof seal) =>
    (await file.read(createLocalReader(), new Map([[path, want]]), sealed)).get(path);

  it('holds a seal, never a sum that somebody could try guesses on', async () => {
    const sum = sha256('old bytes\n');
    const asWanted = {
      content: { secret: ['x'], seal: seal(sum) },
      sha256: seal(sum),
      owner: null,
      group: null,
      mode: '0644',
    };
    const states = [await read(asWanted, seal), await read(undefined, seal)];
    for (const state of states) expect(state).toMatchObject({ found: { sha256: seal(sum) } });
    expect(fingerprint(states[0])).toBe(fingerprint(states[1]));
    expect(await read(undefined)).toMatchObject({ found: { sha256: sum } });
    expect(
      file.change({ id: path, want: asWanted, have: states[0], last: undefined, world: worldOf() }),
    ).toBeUndefined();
  });

  it('shows neither the old bytes nor their size, whatever it was before', async () => {
    const secret = {
      content: { secret: ['x'], seal: 'other' },
      sha256: 'other',
      owner: null,
      group: null,
      mode: '0644',
    };
    const plain = {
      content: { text: 'new\n' },
      sha256: sha256('new\n'),
      owner: null,
      group: null,
      mode: '0644',
    };
    const fields = async (want: unknown, last: object | undefined) => {
      const have = await read(want, seal);
      const change = file.change({
        id: path,
        want,
        have,
        last: last && { sha256: 's', ...last },
        world: worldOf(),
      });
      return change && 'fields' in change ? change.fields[0] : change;
    };
    expect(await fields(secret, undefined)).toMatchObject({
      before: 'bytes that are not shown',
      after: 'secret x: changed',
    });
    expect(await fields(secret, { secret: ['y'] })).toMatchObject({ before: 'secret y' });
    expect(await fields(plain, { secret: ['y'] })).toMatchObject({
      before: 'secret y',
      after: expect.stringContaining('sha256:'),
    });
    expect(file.remember?.(secret)).toEqual({ sha256: 'other', secret: ['x'] });
  });
});
