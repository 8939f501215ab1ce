// How a file is declared, and the bytes that it means. Pure.
// Bytes are given as text, as a file of the repository, or as data that is written in a format.
import { z } from 'zod';
import { sha256 } from '../../core/json.ts';
import type { SourceFiles, Unresolved } from '../../core/kind.ts';
import { SecretName } from '../../core/secret.ts';
import { bytesOf, contentOf } from '../../core/step.ts';
import type { Content, Sealed } from '../../core/step.ts';
import { FORMATS } from '../../formats/index.ts';
import type { FormatName } from '../../formats/index.ts';
import { composeFile, referencesIn, resolveSecret } from './secret.ts';
import { Absent, Account, Mode, ownedOf } from '../paths/path.ts';
import type { Owned } from '../paths/path.ts';

const Data = z.record(z.string(), z.json());

export const FileSpec = z.strictObject({
  content: z.string().optional().describe('The text of the file, as it stands'),
  source: z
    .string()
    .min(1)
    .optional()
    .describe('A file of the repository, by its path below deploy-configs/; any bytes'),
  secret: SecretName.optional().describe('The name of a secret, whose bytes are the file'),
  json: z
    .json()
    .optional()
    .describe(
      'Data that is written as JSON; here and below `{ secret: <name> }` stands for the text of a secret',
    ),
  yaml: z.json().optional().describe('Data that is written as YAML'),
  toml: Data.optional().describe('Data that is written as TOML'),
  ini: Data.optional().describe('Data that is written as INI: sections of keys; a list repeats its key'),
  env: Data.optional().describe('Variables for systemd (EnvironmentFile=) and for a shell'),
  owner: Account.optional().describe('User, by name or number in quotes; left as it is when left out'),
  group: Account.optional().describe('Group, by name or number in quotes; left as it is when left out'),
  mode: Mode.optional().describe(
    'Octal mode in quotes; "0644" when left out, "0600" for what holds a secret',
  ),
  absent: Absent.optional().describe('The file is deleted'),
});
export type FileSpec = z.infer<typeof FileSpec>;

/** The bytes and who owns them. */
export interface Bytes extends Owned {
  readonly content: Content | Sealed;
  /** Of a secret, its seal. */
  readonly sha256: string;
}
export type Want = Bytes | { readonly absent: true };

const FORMAT_NAMES = ['json', 'yaml', 'toml', 'ini', 'env'] as const satisfies readonly FormatName[];
const WAYS = ['content', 'source', 'secret', ...FORMAT_NAMES] as const;

export function resolveFile(
  spec: FileSpec,
  sources: SourceFiles,
): { want: Want } | { unresolved: Unresolved } {
  const given = WAYS.filter((way) => spec[way] !== undefined);
  const [way, other] = given;
  if (spec.absent) {
    const stray = way ?? (['owner', 'group', 'mode'] as const).find((key) => spec[key] !== undefined);
    if (stray === undefined) return { want: { absent: true } };
    return {
      unresolved: {
        path: [stray],
        message: `${stray} says how a file should be, and absent that it should not`,
      },
    };
  }
  if (way === undefined) {
    return { unresolved: { path: [], message: `one of ${WAYS.join(', ')} is needed, or absent: true` } };
  }
  if (other !== undefined) {
    return { unresolved: { path: [other], message: `${way} and ${other} both give the bytes; keep one` } };
  }
  const content = contentOfSpec(spec, way, sources);
  if ('message' in content) return { unresolved: content };
  if ('seal' in content) return sealedWant(spec, content);
  return { want: { content, sha256: sha256(bytesOf(content)), ...ownedOf(spec, '0644') } };
}

/** Who may have an account on the host may not read it just by that. */
function sealedWant(spec: FileSpec, content: Sealed): { want: Want } | { unresolved: Unresolved } {
  const owned = ownedOf(spec, '0600');
  if (owned.mode.endsWith('0')) return { want: { content, sha256: content.seal, ...owned } };
  const message = `the file holds a secret, so others may have no right to it: a mode such as "0600" or "0640"`;
  return { unresolved: { path: ['mode'], message } };
}

function contentOfSpec(
  spec: FileSpec,
  way: (typeof WAYS)[number],
  sources: SourceFiles,
): Content | Sealed | Unresolved {
  if (way === 'secret') return resolveSecret(spec.secret ?? '', ['secret'], sources);
  if (way === 'content') return { text: spec.content ?? '' };
  if (way === 'source') {
    const bytes = sources.read(spec.source ?? '');
    if (bytes) return contentOf(bytes);
    const message = `deploy-configs/${spec.source} is not in the repository`;
    return { path: ['source'], message, code: 'SOURCE_MISSING' };
  }
  const data = spec[way] ?? null;
  const references = referencesIn(data, [way]);
  if (references.length > 0) return composeFile({ data, references, path: [way], sources }, FORMATS[way]);
  const formatted = FORMATS[way](data);
  return typeof formatted === 'string' ? { text: formatted } : { path: [way], message: formatted.problem };
}
