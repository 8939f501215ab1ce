// Files that are secrets or hold some: which ones they name, and the bytes put together from their values. Pure.
// In data, a map whose only key is `secret` stands for the text of that secret.
import type { Json } from '../../core/json.ts';
import type { SourceFiles, Unresolved } from '../../core/kind.ts';
import { revealSecret, Secret, SecretName } from '../../core/secret.ts';
import type { Sealed } from '../../core/step.ts';
import type { Formatted } from '../../formats/proof.ts';

type Path = Unresolved['path'];

/** A place in data where a secret is meant. */
export interface Reference {
  readonly name: string;
  readonly path: Path;
}

/** What stands for the seal where nobody may open the secret; such a configuration is never planned. */
const UNCHECKED = 'unchecked';

/** The whole file is the secret, byte by byte. */
export function resolveSecret(name: string, path: Path, sources: SourceFiles): Sealed | Unresolved {
  const found = findSecret({ name, path }, sources);
  if (found === undefined) return { secret: [name], seal: UNCHECKED };
  return found instanceof Secret ? { secret: [name], seal: found.seal } : found;
}

export function referencesIn(data: Json, path: Path): readonly Reference[] {
  const name = nameIn(data);
  if (name !== undefined) return [{ name, path }];
  if (Array.isArray(data)) return data.flatMap((member, index) => referencesIn(member, [...path, index]));
  if (typeof data !== 'object' || data === null) return [];
  return Object.entries(data).flatMap(([key, member]) => referencesIn(member, [...path, key]));
}

interface Composed {
  readonly data: Json;
  readonly references: readonly Reference[];
  readonly path: Path;
  readonly sources: SourceFiles;
}

/** The file in its format, with the values in place. No message of the format may come out once they are. */
export function composeFile(
  { data, references, path, sources }: Composed,
  format: (data: Json) => Formatted,
): Sealed | Unresolved {
  const shape = format(fill(data, (name) => `secret-${name}`));
  if (typeof shape !== 'string') return { path, message: shape.problem };
  const names = [...new Set(references.map(({ name }) => name))].toSorted();
  const values = new Map<string, string>();
  for (const reference of references) {
    const found = findSecret(reference, sources);
    if (found === undefined) continue;
    if (!(found instanceof Secret)) return found;
    const text = textOf(found);
    if (text === undefined) return unsuitable(reference, 'is not text in UTF-8');
    values.set(reference.name, text);
  }
  if (values.size < names.length) return { secret: names, seal: UNCHECKED };
  const text = format(fill(data, (name) => values.get(name) ?? ''));
  if (typeof text !== 'string') {
    return {
      path,
      message: `${path.join('.')} cannot hold the value of ${names.join(' or ')}`,
      code: 'SECRET_UNREADABLE',
    };
  }
  const composed = sources.secrets?.compose(names, new TextEncoder().encode(text));
  return { secret: names, seal: composed?.seal ?? UNCHECKED };
}

/** Undefined where nobody may open it. */
function findSecret(reference: Reference, sources: SourceFiles): Secret | Unresolved | undefined {
  const { name, path } = reference;
  const valid = SecretName.safeParse(name);
  if (!valid.success) return { path, message: valid.error.issues[0]?.message ?? 'no name of a secret' };
  const found = sources.secrets?.find(name) ?? 'unchecked';
  if (found === 'unchecked') return undefined;
  return found instanceof Secret ? found : { path, message: found.why, code: found.code };
}

function unsuitable({ name, path }: Reference, why: string): Unresolved {
  return { path, message: `the secret ${name} ${why}`, code: 'SECRET_UNREADABLE' };
}

function nameIn(data: Json): string | undefined {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined;
  const [entry, ...others] = Object.entries(data);
  return entry?.[0] === 'secret' && typeof entry[1] === 'string' && others.length === 0
    ? entry[1]
    : undefined;
}

function fill(data: Json, valueOf: (name: string) => string): Json {
  const name = nameIn(data);
  if (name !== undefined) return valueOf(name);
  if (Array.isArray(data)) return data.map((member) => fill(member, valueOf));
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, member]) => [key, fill(member, valueOf)]));
}

/** Without the newline that editors and echo put at the end. Undefined when it is no text. */
function textOf(secret: Secret): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(revealSecret(secret));
    return text.replace(/\r?\n$/, '');
  } catch {
    return undefined;
  }
}
