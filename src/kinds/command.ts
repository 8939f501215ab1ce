// A command that is run, for what no other kind covers. Its guards say when: `creates`, `after`, or once for each declaration.
// An argv, never a shell; what it does cannot be foreseen, and the plan says so.
import { z } from 'zod';
import { formatRef, parseRef } from '../core/address.ts';
import type { Ref } from '../core/address.ts';
import type { Reader } from '../core/host.ts';
import { fingerprint } from '../core/json.ts';
import { ASIDE, defineKind } from '../core/kind.ts';
import type { Blocked, ChangeRequest, KindChange, Unresolved, World } from '../core/kind.ts';
import type { Reason } from '../core/reason.ts';
import { quoteCommand } from '../core/shell.ts';
import { judgeAround, readAround, refuseClosed } from './paths/around.ts';
import type { Around } from './paths/around.ts';
import { readStats } from './paths/found.ts';
import { Account, parentOf, Path, showPath } from './paths/path.ts';

const Word = z.string({ error: 'a text; numbers in quotes' }).regex(/^[^\0]*$/, 'a text without NUL');

const Spec = z.strictObject({
  run: z.tuple([Word.min(1)], Word).describe('The program and its arguments, one each; no shell reads them'),
  creates: Path.optional().describe('It is run only while nothing is at this path'),
  after: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      'It is run only when one of these has changed; `kind/id` of resources above, such as `file//etc/motd`',
    ),
  user: Account.optional().describe('User to run it as; root, or the login without sudo, when left out'),
  directory: Path.optional().describe('Directory to run it in'),
  limit: z
    .int()
    .positive()
    .max(86_400)
    .optional()
    .describe(
      'Seconds after which it is ended, at most a day; 600 when left out. The run on the host is given as long.',
    ),
  stdin: z.string().optional().describe('Text for its standard input'),
});
type Spec = z.infer<typeof Spec>;

interface Want extends Omit<Spec, 'after' | 'limit'> {
  readonly after: readonly Ref[];
  readonly limit: number;
}

interface State {
  /** Left out: nothing is at `creates`, or nothing is asked for. */
  readonly created?: true;
  readonly [ASIDE]: Surroundings | null;
}

interface Surroundings {
  /** Where `creates` would be. */
  readonly around: Around;
  /** Where and as whom it runs. */
  readonly place: Around;
}

export const command = defineKind<Spec, State, Want>({
  name: 'command',
  about: 'A command that is run once, or when something above it changes, or until it has made something.',
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$/, 'letters, digits, spaces and . _ - only, at most 100')
    .describe('A name of your own, such as `reload the certificates`'),
  spec: Spec,
  resolve,
  read,
  change,
  // Only what a guard asks for is looked at.
  apart: () => ({}),
  needs: (_id, want) => [
    ...want.after,
    ...(want.directory === undefined ? [] : [{ kind: 'directory', id: want.directory }]),
    ...(want.user === undefined ? [] : [{ kind: 'user', id: want.user }]),
  ],
  remember: fingerprint,
});

function resolve(spec: Spec): { want: Want } | { unresolved: Unresolved } {
  const after: Ref[] = [];
  for (const [index, text] of (spec.after ?? []).entries()) {
    const ref = parseRef(text);
    if (!ref) {
      const message = `${JSON.stringify(text)} is not kind/id, such as file//etc/motd or package/nginx`;
      return { unresolved: { path: ['after', index], message } };
    }
    after.push(ref);
  }
  return { want: { ...spec, after, limit: spec.limit ?? 600 } };
}

async function read(
  host: Reader,
  wanted: ReadonlyMap<string, Want | undefined>,
): Promise<ReadonlyMap<string, State>> {
  const asked = [...wanted].filter((entry): entry is [string, Want] => entry[1] !== undefined);
  const created = asked.flatMap(([, { creates }]) => (creates === undefined ? [] : [creates]));
  const [stats, arounds, places] = await Promise.all([
    readStats(host, created),
    readAround(host, new Map(asked.map(([id, { creates }]) => [id, aroundCreates(creates)]))),
    readAround(host, new Map(asked.map(([id, { directory, user }]) => [id, placeOf(directory, user)]))),
  ]);
  // Always there: a command that is declared is recorded even when no guard asks for it yet.
  const states = new Map<string, State>([...wanted.keys()].map((id) => [id, { [ASIDE]: null }]));
  for (const [id, { creates }] of asked) {
    const around = arounds.get(id);
    const place = places.get(id);
    const there = creates !== undefined && stats.has(creates);
    if (around && place) states.set(id, { ...(there ? { created: true } : {}), [ASIDE]: { around, place } });
  }
  return states;
}

function aroundCreates(creates: string | undefined) {
  return { directory: creates === undefined ? null : parentOf(creates), owner: null, group: null };
}

function placeOf(directory: string | undefined, user: string | undefined) {
  return { directory: directory ?? null, owner: user ?? null, group: null };
}

function change(request: ChangeRequest<Want, State>): KindChange | Blocked | undefined {
  const { id, want, have, world } = request;
  if (!want) {
    const reason = 'it is no longer declared; what it did stays';
    return { verb: 'forget', reason, fields: [], steps: [], data: 'kept' };
  }
  const around = have?.[ASIDE];
  const obstacle = findObstacle(want, have, world);
  if (obstacle) return { blocked: obstacle };
  const reason = explainRun(want, request);
  if (reason === undefined) return undefined;
  const verdict = around ? judgeAround(around.place, world) : { notes: [] };
  if ('blocked' in verdict) return verdict;
  const { run, directory, user, limit, stdin } = want;
  return {
    verb: 'run',
    reason,
    fields: [{ name: 'run', before: null, after: quoteCommand(run) }],
    steps: [
      {
        do: 'run',
        argv: [...run],
        limit,
        ...(stdin === undefined ? {} : { stdin: { text: stdin } }),
        ...(directory === undefined ? {} : { directory }),
        ...(user === undefined ? {} : { user }),
      },
    ],
    notes: [...verdict.notes, `what ${id} does cannot be foreseen; it is only shown that it is run`],
  };
}

function findObstacle(want: Want, have: State | undefined, world: World): Reason | undefined {
  const stray = want.after.find((ref) => !world.declared(ref.kind, ref.id));
  if (stray) {
    const message = `after names ${formatRef(stray)}, which nothing above declares`;
    return { code: 'CONFIG_INVALID', message };
  }
  const around = have?.[ASIDE]?.around;
  return want.creates === undefined || !around ? undefined : refuseClosed(want.creates, around);
}

/** Why it is run; undefined when no guard asks for it. With both guards each of them is enough. */
function explainRun(want: Want, request: ChangeRequest<Want, State>): string | undefined {
  const { have, last } = request;
  if (want.creates !== undefined && !have?.created) return `nothing is at ${showPath(want.creates)}`;
  for (const ref of want.after) {
    const reason = explainAfter(ref, request);
    if (reason !== undefined) return reason;
  }
  if (want.creates !== undefined || want.after.length > 0 || last === fingerprint(want)) return undefined;
  return last === undefined ? 'it has not been run yet' : 'its declaration is not the one that was last run';
}

/** A resource that only becomes known together with the command calls for nothing. */
function explainAfter(ref: Ref, { last, since, world }: ChangeRequest<Want, State>): string | undefined {
  const name = formatRef(ref);
  const verb = world.planned(ref.kind, ref.id);
  if (verb === 'adopt')
    return last === undefined ? undefined : `${name} is declared otherwise than when this last ran`;
  if (verb !== undefined) return `${name} has a change planned (${verb})`;
  return since?.has(name) ? `${name} has changed since this last ran to its end` : undefined;
}
