// Opens secrets with the age identity of this installation: files of the repository, and the server's own directory,
// which wins, so that no pull request replaces what an operator has put there. Seals with a key derived from the identity.
import { createHmac, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { armor, Decrypter } from 'age-encryption';
import { SHORTEST_SECRET } from '../core/redact.ts';
import type { SecretKeeper, SecretOpened } from '../core/secret.ts';

export interface KeeperSettings {
  /** File of one or more age identities, as age-keygen writes it. */
  readonly agePath: string;
  /** Directory with a file per secret. */
  readonly directory: string | undefined;
}

/** Larger ones are no secrets, and cutting them out of texts would take long. */
const LARGEST_SECRET = 64 * 1024;

/** What age adds at the most to so few bytes: its header with many recipients, a tag for each chunk, and armor. */
const LARGEST_FILE = 4 * LARGEST_SECRET;

/** Throws, in words without the key, when the identities cannot be read. */
export function openKeeper({ agePath, directory }: KeeperSettings): SecretKeeper {
  const identities = parseIdentities(readIdentities(agePath));
  const decrypter = new Decrypter();
  for (const identity of identities) addIdentity(decrypter, identity);
  const key = Buffer.from(hkdfSync('sha256', identities[0] ?? '', '', 'ashore: seals of secrets', 32));
  return {
    seal: (sum) => createHmac('sha256', key).update(sum).digest('hex'),
    open: async (name, encrypted) => {
      const own = directory === undefined ? undefined : await readOwn(join(directory, name));
      if (own) return judge(own);
      return encrypted ? judge(await decrypt(decrypter, encrypted)) : { is: 'missing' };
    },
  };
}

function readIdentities(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`the file of the age identity cannot be read: ${codeOf(error)}`, { cause: error });
  }
}

function parseIdentities(text: string): readonly string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const identities = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (identities.length > 0) return identities;
  throw new Error('the file of the age identity holds none');
}

/** The library's own message would repeat a part of what it could not read. */
function addIdentity(decrypter: Decrypter, identity: string): void {
  try {
    decrypter.addIdentity(identity);
  } catch {
    throw new Error('the file of the age identity holds a line that is none: AGE-SECRET-KEY-… is needed');
  }
}

/** Undefined when the server has no such file. */
async function readOwn(path: string): Promise<SecretOpened | undefined> {
  const file = await open(path, 'r').catch((error: unknown) => codeOf(error));
  if (file === 'ENOENT' || file === 'ENOTDIR') return undefined;
  if (typeof file === 'string') return { is: 'unreadable', why: `the server's file cannot be read: ${file}` };
  try {
    const { mode } = await file.stat();
    if ((mode & 0o007) !== 0) {
      return { is: 'unreadable', why: "the server's file is open to every account there; chmod o-rwx it" };
    }
    return { is: 'value', bytes: await file.readFile() };
  } catch (error) {
    return { is: 'unreadable', why: `the server's file cannot be read: ${codeOf(error)}` };
  } finally {
    await file.close();
  }
}

async function decrypt(decrypter: Decrypter, encrypted: Uint8Array): Promise<SecretOpened> {
  if (encrypted.length > LARGEST_FILE) return { is: 'unreadable', why: 'its file is too large' };
  try {
    const text = Buffer.from(encrypted).toString('latin1').trim();
    const bytes = text.startsWith('-----BEGIN AGE ENCRYPTED FILE-----') ? armor.decode(text) : encrypted;
    return { is: 'value', bytes: await decrypter.decrypt(bytes) };
  } catch (error) {
    const stranger = error instanceof Error && /no identity matched/.test(error.message);
    const why = stranger
      ? 'it is not encrypted for the age identity that is used here'
      : 'its file is damaged, or not encrypted with age';
    return { is: 'unreadable', why };
  }
}

function judge(opened: SecretOpened): SecretOpened {
  if (opened.is !== 'value') return opened;
  if (opened.bytes.length > LARGEST_SECRET) {
    return { is: 'unreadable', why: `it is larger than ${LARGEST_SECRET} bytes` };
  }
  if (Buffer.from(opened.bytes).toString('latin1').trim().length < SHORTEST_SECRET) {
    return {
      is: 'unreadable',
      why: `it is shorter than ${SHORTEST_SECRET} bytes, which cannot be kept out of what is shown`,
    };
  }
  return opened;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
