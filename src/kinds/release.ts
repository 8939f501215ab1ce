// Versions of a program side by side: each unpacked once below `<path>/releases/<sha256>`, and `<path>/current`, a link to the one in
// use, switched at once. The bytes are pinned, so a release is made once and going back is only the link.
import { z } from 'zod';
import { sha256 } from '../core/json.ts';
import { ASIDE, defineKind } from '../core/kind.ts';
import type { Blocked, ChangeRequest, KindChange, SourceFiles, Unresolved, World } from '../core/kind.ts';
import type { Reader } from '../core/host.ts';
import { contentOf } from '../core/step.ts';
import { judgeAround, readAround } from './paths/around.ts';
import { Absent, Account, parentOf, Path } from './paths/path.ts';
import { leadsTo } from './paths/placed.ts';
import { judgeProgram, readPrograms } from './programs.ts';
import { compressionOf } from './releases/compression.ts';
import { linkedRelease, readReleases } from './releases/look.ts';
import type { Releases } from './releases/look.ts';
import { fetchSteps, layoutOf, placesOf, pruneSteps, refusePlace, removeSteps } from './releases/steps.ts';
import type { Places, ReleaseWant } from './releases/steps.ts';
import type { ReleaseAside } from './releases/steps.ts';
import { describeAgain, describeSwitch, plainNotes } from './releases/words.ts';

/** What comes from the repository is in the plan; larger things have an address. */
const MOST_BYTES = 2 * 1024 * 1024;

const Spec = z.strictObject({
  url: z
    .string()
    .regex(/^https?:\/\/[\x21-\x7e]+$/, 'an address that begins with https:// or http://')
    .optional()
    .describe('Where the host gets it, by apt’s own downloader and with its proxy'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits')
    .optional()
    .describe('SHA-256 of what is behind `url`; checked before anything is unpacked'),
  source: z
    .string()
    .min(1)
    .optional()
    .describe(
      'In place of `url`: a file of the repository, by its path below deploy-configs/; at most 2 MiB',
    ),
  file: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}$/, 'a name without slashes')
    .optional()
    .describe('It is no archive but one program, which gets this name; an archive of tar when left out'),
  strip: z.int().min(0).max(9).optional().describe('Directories that are taken off the names in the archive'),
  owner: Account.optional().describe('User that the release belongs to; root when left out'),
  group: Account.optional().describe('Group that the release belongs to; root when left out'),
  keep: z
    .int()
    .min(1)
    .max(50)
    .optional()
    .describe('Releases that are kept, the current one among them; 3 when left out'),
  absent: Absent.optional().describe('The link and all releases are deleted'),
});
type Spec = z.infer<typeof Spec>;
type Want = ReleaseWant | { readonly absent: true };

interface State {
  readonly releases: Releases;
  readonly leads?: string;
  readonly [ASIDE]: ReleaseAside;
}

export const release = defineKind<Spec, State, Want>({
  name: 'release',
  about: 'A program in a version that is pinned by its bytes, beside the older ones, switched by a link.',
  id: Path.describe('Directory of the program, such as `/opt/shop`; it is run from `/opt/shop/current`.'),
  spec: Spec,
  resolve,
  read,
  change,
  apart: (have) => ({ current: have?.releases.current ?? null, kept: have?.releases.kept ?? [] }),
  owns: (id) => [`${id}/current`, `${id}/releases`],
  needs: (id, want) => {
    if ('absent' in want) return [];
    const { owner, group } = want;
    return [
      { kind: 'directory', id: parentOf(id) },
      { kind: 'directory', id },
      { kind: 'user', id: owner },
      { kind: 'group', id: group },
    ];
  },
});

function resolve(spec: Spec, sources: SourceFiles): { want: Want } | { unresolved: Unresolved } {
  const { url, source, absent } = spec;
  if (absent) {
    const stray = Object.keys(spec).find((key) => key !== 'absent');
    const message = `${stray} says how it should be, and absent that it should not be there`;
    return stray === undefined ? { want: { absent } } : unresolved(stray, message);
  }
  if (url !== undefined && source !== undefined)
    return unresolved('source', 'url and source both give it; keep one');
  if (url !== undefined) {
    if (spec.sha256 === undefined) return unresolved('url', 'sha256 is needed beside url');
    return { want: wantOf(spec, { sum: spec.sha256, url, content: null, name: url }) };
  }
  if (source === undefined) return unresolved(null, 'url with sha256 is needed, or source, or absent: true');
  const bytes = sources.read(source);
  if (!bytes) {
    const message = `deploy-configs/${source} is not in the repository`;
    return { unresolved: { path: ['source'], message, code: 'SOURCE_MISSING' } };
  }
  const sum = sha256(bytes);
  if (bytes.length > MOST_BYTES) return unresolved('source', 'it is larger than 2 MiB; give a url instead');
  if (spec.sha256 !== undefined && spec.sha256 !== sum) return unresolved('sha256', `the file has ${sum}`);
  return { want: wantOf(spec, { sum, url: null, content: contentOf(bytes), name: source }) };
}

function unresolved(key: string | null, message: string): { unresolved: Unresolved } {
  return { unresolved: { path: key === null ? [] : [key], message } };
}

function wantOf(
  spec: Spec,
  { sum, url, content, name }: Pick<ReleaseWant, 'sum' | 'url' | 'content'> & { readonly name: string },
): ReleaseWant {
  const { file = null, strip = 0, owner = 'root', group = 'root', keep = 3 } = spec;
  return { sum, url, content, file, strip, owner, group, keep, compression: compressionOf(name) };
}

async function read(host: Reader, wanted: ReadonlyMap<string, Want | undefined>) {
  const needed = new Map(
    [...wanted].map(([id, want]) => {
      const { owner = null, group = null } = want && 'sum' in want ? want : {};
      return [id, { directory: parentOf(id), owner, group }] as const;
    }),
  );
  const programs = [...wanted.values()].flatMap((want) =>
    want && 'sum' in want ? (want.compression ?? []) : [],
  );
  const [found, arounds, there] = await Promise.all([
    readReleases(host, [...wanted.keys()]),
    readAround(host, needed),
    readPrograms(
      host,
      programs.map(({ program }) => program),
    ),
  ]);
  const states = new Map<string, State>();
  for (const [id, want] of wanted) {
    const releases = found.get(id);
    const around = arounds.get(id);
    const bare = !releases || (releases.place === 'missing' && (!want || 'absent' in want));
    if (around && !bare)
      states.set(id, { releases, ...leadsTo(around), [ASIDE]: { around, programs: there } });
  }
  return states;
}

function change({ id, want, have, world }: ChangeRequest<Want, State>): KindChange | Blocked | undefined {
  if (!have) return undefined;
  const { releases } = have;
  const current = linkedRelease(releases);
  if (!want) {
    const reason =
      'no longer declared; it stays, because something may run from it (absent: true deletes it)';
    return { verb: 'forget', reason, fields: [], steps: [], data: 'kept' };
  }
  const places = placesOf(id, have[ASIDE].around, isBehindLink(id, world));
  if ('absent' in want) return removal(id, releases, places);
  const refused = refusePlace(id, releases);
  if (refused) return { blocked: refused };
  const there = releases.kept.includes(want.sum);
  const layout = releases.layouts?.[want.sum];
  const again = there && (layout ?? layoutOf(want)) === layoutOf(want);
  const linked = current === want.sum;
  if (linked && again) return pruneOnly(want, releases, places);
  const around = judgeAround(have[ASIDE].around, world);
  if ('blocked' in around) return around;
  const { compression } = want;
  const unpacks = compression !== null && have[ASIDE].programs.has(compression.program);
  const program = compression ? judgeProgram({ ...compression, there: unpacks }, world) : { notes: [] };
  if ('blocked' in program) return program;
  return {
    ...(linked && there
      ? describeAgain(want, layout ?? null)
      : describeSwitch(want, releases, { there, again })),
    steps: [
      ...(again ? [] : fetchSteps(id, want, releases, places, linked && there)),
      { do: 'link', path: `${id}/current`, at: places.program, target: `releases/${want.sum}` },
      ...pruneSteps(want, releases, places),
    ],
    notes: [...around.notes, ...program.notes, ...(again ? [] : plainNotes(want))],
  };
}

function pruneOnly(want: ReleaseWant, releases: Releases, places: Places): KindChange | undefined {
  const steps = pruneSteps(want, releases, places);
  if (steps.length === 0) return undefined;
  const fields = [{ name: 'kept', before: String(releases.kept.length), after: String(want.keep) }];
  return { verb: 'update', reason: 'more releases are there than are to be kept', fields, steps };
}

/** A link that the same plan makes may lead anywhere. */
function isBehindLink(id: string, world: World): boolean {
  const links = world.plannedIds('symlink', ['create', 'update', 'replace']);
  return links.some((link) => id === link || id.startsWith(`${link}/`));
}

function removal(id: string, releases: Releases, places: Places): KindChange | Blocked | undefined {
  if (releases.current === null && releases.kept.length === 0) return undefined;
  const refused = refusePlace(id, releases);
  if (refused) return { blocked: refused };
  return {
    verb: 'delete',
    reason: 'it is declared absent',
    fields: [{ name: 'release', before: linkedRelease(releases) ?? releases.current, after: null }],
    steps: [
      ...(releases.current === null
        ? []
        : [{ do: 'remove' as const, path: `${id}/current`, at: places.program }]),
      ...removeSteps(releases.kept, places),
    ],
    data: 'lost',
    notes: ['what was written below its directories goes with them'],
  };
}
