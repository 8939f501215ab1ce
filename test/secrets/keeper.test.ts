// Secrets opened with real age files and real directories; what cannot be opened is said in words without a value.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  armor,
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from 'age-encryption';
import { afterAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/json.ts';
import { openKeeper } from '../../src/secrets/keeper.ts';

const folder = mkdtempSync(join(tmpdir(), 'ashore-keeper-'));
afterAll(() => rmSync(folder, { recursive: true }));

const [mine, other, hybrid] = await Promise.all([
  generateX25519Identity(),
  generateX25519Identity(),
  generateHybridIdentity(),
]);
const directory = join(folder, 'own');
mkdirSync(join(directory, 'db'), { recursive: true });

function put(name: string, content: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

const agePath = put('age.txt', `# created: today\n# public key: age1…\n${mine}\r\n\n${hybrid}\n`);
const keeper = openKeeper({ agePath, directory });

async function encrypt(value: string | Uint8Array, identity = mine): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity));
  return encrypter.encrypt(value);
}

async function open(name: string, encrypted?: Uint8Array): Promise<unknown> {
  const opened = await keeper.open(name, encrypted);
  return opened.is === 'value' ? Buffer.from(opened.bytes).toString() : opened;
}

describe('a file of the repository', () => {
  it('is opened as it is, armored, and with any of the identities', async () => {
    const armored = new TextEncoder().encode(`\n${armor.encode(await encrypt('armored value'))}\n`);
    expect(await open('a', await encrypt('plain value\n'))).toBe('plain value\n');
    expect(await open('a', armored)).toBe('armored value');
    expect(await open('a', await encrypt('for the second', hybrid))).toBe('for the second');
  });

  it('that cannot be opened says why, and nothing else', async () => {
    const passphrase = new Encrypter();
    passphrase.setScryptWorkFactor(1);
    passphrase.setPassphrase('x');
    const whole = await encrypt('some value');
    const cases: [Uint8Array, string][] = [
      [await encrypt('some value', other), 'it is not encrypted for the age identity that is used here'],
      [whole.slice(0, -3), 'its file is damaged, or not encrypted with age'],
      [new TextEncoder().encode('DB_PASSWORD=plain'), 'its file is damaged, or not encrypted with age'],
      [new Uint8Array(300_000), 'its file is too large'],
      [await encrypt(new Uint8Array(70_000)), 'it is larger than 65536 bytes'],
      [await encrypt(' abc\n'), 'it is shorter than 4 bytes, which cannot be kept out of what is shown'],
    ];
    for (const [bytes, why] of cases) expect(await open('a', bytes)).toEqual({ is: 'unreadable', why });
    expect(await open('a', await passphrase.encrypt('some value'))).toMatchObject({ is: 'unreadable' });
    expect(await open('a')).toEqual({ is: 'missing' });
  });
});

describe("the server's own directory", () => {
  it('wins over the repository', async () => {
    put('own/db/password', 'own value');
    expect(await open('db/password', await encrypt('value of the repository'))).toBe('own value');
    expect(await open('db/password/deeper', await encrypt('deeper value'))).toBe('deeper value');
  });

  it.each([0o604, 0o602, 0o601, 0o644])('refuses a file of mode %o', async (mode) => {
    put('own/open', 'open value', mode);
    expect(await open('open')).toMatchObject({
      is: 'unreadable',
      why: expect.stringContaining('chmod o-rwx'),
    });
  });

  it('refuses what is no file, rather than take the one of the repository', async () => {
    chmodSync(join(directory, 'db'), 0o700);
    expect(await open('db', await encrypt('some value'))).toEqual({
      is: 'unreadable',
      why: "the server's file cannot be read: EISDIR",
    });
    symlinkSync('loop', join(directory, 'loop'));
    expect(await open('loop', await encrypt('some value'))).toMatchObject({ is: 'unreadable' });
  });
});

describe('seals', () => {
  it('are the same for the same identity, others for another, and no plain sum', () => {
    const sum = sha256('hunter2');
    const again = openKeeper({ agePath, directory: undefined });
    const stranger = openKeeper({ agePath: put('other.txt', other), directory: undefined });
    expect(keeper.seal(sum)).toMatch(/^[0-9a-f]{64}$/);
    expect(keeper.seal(sum)).toBe(again.seal(sum));
    expect(keeper.seal(sum)).not.toBe(stranger.seal(sum));
    expect([sum, sha256(sum)]).not.toContain(keeper.seal(sum));
    expect(keeper.seal(sha256('hunter3'))).not.toBe(keeper.seal(sum));
  });
});

describe('the file of the identity', () => {
  it.each([
    ['is missing', join(folder, 'nowhere'), 'cannot be read: ENOENT'],
    ['holds none', put('empty.txt', '# nothing\n\n'), 'holds none'],
    [
      'holds a public key',
      put('public.txt', 'age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgp'),
      'a line that is none',
    ],
    ['holds a broken key', put('broken.txt', `${mine.slice(0, -1)}0`), 'a line that is none'],
  ])('%s', (_, path, words) => {
    const attempt = (): unknown => openKeeper({ agePath: path, directory: undefined });
    expect(attempt).toThrow(words);
    expect(attempt).not.toThrow('AGE-SECRET-KEY-1');
  });
});
