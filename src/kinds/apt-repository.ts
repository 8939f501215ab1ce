// A source of packages: its deb822 file below /etc/apt/sources.list.d, its key below /etc/apt/keyrings, and its lists once they are read.
// A package that only this source has can be declared below it in the same plan; its exact version is then known after the deploy only.
import { z } from 'zod';
import type { Reader } from '../core/host.ts';
import { defineKind } from '../core/kind.ts';
import type { Blocked, ChangeRequest, KindChange, SourceFiles, Unresolved } from '../core/kind.ts';
import { contentOf } from '../core/step.ts';
import type { Content } from '../core/step.ts';
import { resolveAlone } from './absent.ts';
import { formatUpdate } from './apt/format.ts';
import { readFetched } from './apt/fetched.ts';
import { changeFile } from './files/change.ts';
import { followFile, noteOn } from './files/follow.ts';
import { readFiles } from './files/read.ts';
import type { FileState } from './files/read.ts';
import { apartFile } from './files/shown.ts';
import type { Want as FileWant } from './files/spec.ts';
import { rememberFile, rootFile } from './files/whole.ts';
import { joinMembers, joinParts } from './join.ts';
import { Absent } from './paths/path.ts';

const Word = z.string().regex(/^[A-Za-z0-9][\x21-\x7e]*$/, 'a word without spaces');

const Spec = z.strictObject({
  uris: z
    .array(z.string().regex(/^(?:https?:\/\/|file:\/)[\x21-\x7e]+$/, 'https://…, http://… or file:/…'))
    .min(1)
    .optional()
    .describe('Where the packages are'),
  suites: z
    .array(z.string().regex(/^[A-Za-z0-9./][\x21-\x7e]*$/, 'a word without spaces'))
    .min(1)
    .optional()
    .describe('Such as `bookworm`; with a slash at its end, an exact path that has no components'),
  components: z.array(Word).min(1).optional().describe('Such as `main`'),
  architectures: z.array(Word).min(1).optional().describe("Such as `amd64`; the host's own when left out"),
  key: z
    .string()
    .min(1)
    .optional()
    .describe('The public key that signs it, armored (`-----BEGIN PGP PUBLIC KEY BLOCK-----`)'),
  key_source: z
    .string()
    .min(1)
    .optional()
    .describe('In its place: a file of the repository with it, by its path below deploy-configs/'),
  unsigned: z
    .literal(true)
    .optional()
    .describe('Nothing signs it; only for a directory of the host itself (`file:/…`)'),
  absent: Absent.optional().describe('The source and its key are deleted; what was installed from it stays'),
});
type Spec = z.infer<typeof Spec>;

interface Want {
  /** Undefined where the source should not be there; the name of the key's file is not known yet. */
  readonly lines: readonly string[] | null;
  /** Null: nothing signs it. */
  readonly key: Content | null;
}

interface State {
  readonly sources: FileState | null;
  readonly key: FileState | null;
  /** Whether apt has read its lists. */
  readonly fetched: boolean;
}

export const aptRepository = defineKind<Spec, State, Want>({
  name: 'apt-repository',
  about: 'A source of Debian packages, with the key that signs it.',
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, 'letters, digits, _ and -: apt passes over files with other names')
    .max(200)
    .describe('Name of its files; letters, digits, `_` and `-`.'),
  spec: Spec,
  resolve,
  read,
  change,
  apart: (have) => joinMembers({ sources: apartFile(have?.sources), key: apartFile(have?.key) }),
  remember: (want) => ({
    lines: want.lines && [...want.lines],
    key: want.key && rememberFile(rootFile(want.key)),
  }),
});

const Remembered = z.object({ lines: z.array(z.string()).nullable(), key: z.json() });

function resolve(spec: Spec, sources: SourceFiles): { want: Want } | { unresolved: Unresolved } {
  if (spec.absent) {
    const alone = resolveAlone(spec);
    return 'want' in alone ? { want: { lines: null, key: null } } : alone;
  }
  const { uris, suites, components, unsigned } = spec;
  if (!uris || !suites) return unresolved(null, 'uris and suites are needed, or absent: true');
  const exact = suites.every((suite) => suite.endsWith('/'));
  if (exact === (components !== undefined))
    return unresolved(
      'suites',
      'components are needed beside suites, and none beside a path that ends with a slash',
    );
  const key = keyOf(spec, sources);
  if (key && 'unresolved' in key) return key;
  if (!key && !unsigned) return unresolved(null, 'key or key_source is needed');
  if (key && unsigned) return unresolved('unsigned', 'there is a key; keep one of the two');
  if (unsigned && !uris.every((uri) => uri.startsWith('file:')))
    return unresolved('unsigned', 'what comes over a network has to be signed; give its key');
  return { want: { lines: linesOf(spec), key: key ?? null } };
}

function unresolved(key: string | null, message: string): { unresolved: Unresolved } {
  return { unresolved: { path: key === null ? [] : [key], message } };
}

function keyOf(
  { key, key_source }: Spec,
  sources: SourceFiles,
): Content | { unresolved: Unresolved } | undefined {
  if (key !== undefined && key_source !== undefined)
    return unresolved('key_source', 'key and key_source both give it; keep one');
  if (key === undefined && key_source === undefined) return undefined;
  const bytes = key === undefined ? sources.read(key_source ?? '') : new TextEncoder().encode(key);
  if (!bytes) {
    const message = `deploy-configs/${key_source} is not in the repository`;
    return { unresolved: { path: ['key_source'], message, code: 'SOURCE_MISSING' } };
  }
  const content = contentOf(bytes);
  const armored =
    'text' in content && content.text.trimStart().startsWith('-----BEGIN PGP PUBLIC KEY BLOCK-----');
  return armored
    ? content
    : unresolved(key === undefined ? 'key_source' : 'key', 'it is no armored public key of PGP');
}

function linesOf({ uris = [], suites = [], components = [], architectures = [] }: Spec): readonly string[] {
  const field = (name: string, words: readonly string[]): string[] =>
    words.length === 0 ? [] : [`${name}: ${words.join(' ')}`];
  return [
    'Types: deb',
    ...field('URIs', uris),
    ...field('Suites', suites),
    ...field('Components', components),
    ...field('Architectures', architectures),
  ];
}

function sourcesPath(id: string): string {
  return `/etc/apt/sources.list.d/${id}.sources`;
}

function keyPath(id: string): string {
  return `/etc/apt/keyrings/${id}.asc`;
}

function sourcesWant(id: string, lines: readonly string[] | null, signed: boolean): FileWant {
  if (!lines) return { absent: true };
  const trust = signed ? `Signed-By: ${keyPath(id)}` : 'Trusted: yes';
  return rootFile({ text: [...lines, trust].map((line) => `${line}\n`).join('') });
}

function keyWant({ key }: Want): FileWant {
  return key ? rootFile(key) : { absent: true };
}

async function read(host: Reader, wanted: ReadonlyMap<string, Want | undefined>) {
  const asked = [...wanted].flatMap(([id, want]): (readonly [string, FileWant | undefined])[] => [
    [sourcesPath(id), want && sourcesWant(id, want.lines, want.key !== null)],
    [keyPath(id), want && keyWant(want)],
  ]);
  const declared = [...wanted].flatMap(([id, want]) => (want?.lines ? [sourcesPath(id)] : []));
  const [files, fetched] = await Promise.all([readFiles(host, new Map(asked)), readFetched(host, declared)]);
  const states = new Map<string, State>();
  for (const id of wanted.keys()) {
    const sources = files.get(sourcesPath(id)) ?? null;
    const key = files.get(keyPath(id)) ?? null;
    if (sources || key) states.set(id, { sources, key, fetched: fetched.has(sourcesPath(id)) });
  }
  return states;
}

function change(request: ChangeRequest<Want, State>): KindChange | Blocked | undefined {
  const { id, want, have, last } = request;
  const known = Remembered.safeParse(last).data;
  const wrote = known && sourcesWant(id, known.lines, known.key !== null);
  const parts = [
    {
      name: 'key',
      change: changeFile({
        ...request,
        id: keyPath(id),
        want: want && keyWant(want),
        have: have?.key ?? undefined,
        last: known?.key ?? undefined,
      }),
    },
    {
      name: 'sources',
      change: changeFile({
        ...request,
        id: sourcesPath(id),
        want: want && sourcesWant(id, want.lines, want.key !== null),
        have: have?.sources ?? undefined,
        last: wrote && rememberFile(wrote),
      }),
    },
  ];
  const leaving = !want?.lines;
  // The source goes before its key, so that apt never finds one without the other.
  const stays = parts.find(
    ({ name, change: one }) => name === 'sources' && one && 'verb' in one && one.verb === 'forget',
  );
  // A source that somebody changed stays, and so does the key that it names.
  if (stays) return stays.change;
  const files = joinParts(leaving ? parts.toReversed() : parts);
  if (leaving) return noteOn(files, files && 'verb' in files && files.verb === 'delete' ? [STAYS] : []);
  const changing = files && 'steps' in files && files.steps.some((step) => step.do === 'put');
  if (!changing && have?.fetched) return files;
  const because = changing ? [] : ['apt has not read its lists'];
  const fields = [{ name: 'lists', before: null, after: 'read' }];
  return followFile(files, { steps: [formatUpdate(sourcesPath(id))], fields, because });
}

const STAYS = 'what was installed from it stays';
