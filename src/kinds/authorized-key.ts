// One key in the authorized_keys of a user: its line, with its options. The lines of other keys stay as they are.
// The file belongs to its user, so it is changed as that user: root never writes where another account could have put a link.
import { z } from 'zod';
import { defineKind } from '../core/kind.ts';
import type { Blocked, ChangeRequest, KindChange, Unresolved } from '../core/kind.ts';
import type { Step } from '../core/step.ts';
import { resolveAlone } from './absent.ts';
import { formatKeyLine, isKey } from './keys/line.ts';
import { readKeys } from './keys/look.ts';
import type { KeyPlace, KeyState } from './keys/look.ts';
import { SET_LINE } from './keys/set.ts';
import { guardPath } from './lifelines.ts';
import { Absent, parentOf } from './paths/path.ts';

const Spec = z.strictObject({
  key: z
    .string()
    .regex(/^[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,2}$/, 'type and key only, as `ssh-ed25519 AAAA…`; no comment')
    .optional()
    .describe('The public key: `ssh-ed25519 AAAA…`, without its comment'),
  options: z
    .array(z.string().regex(/^[^\r\n\0]+$/, 'one line each'))
    .min(1)
    .optional()
    .describe('Options of sshd(8), such as `restrict` or `from="10.0.0.0/8"`'),
  absent: Absent.optional().describe('The line with this name at its end is taken away'),
});
type Spec = z.infer<typeof Spec>;

/** Null where no such line should be there. */
interface Want {
  readonly line: string | null;
  readonly blob: string | null;
  readonly options: readonly string[];
}

const ID = /^([a-z_][a-z0-9_-]{0,30})\/([A-Za-z0-9][A-Za-z0-9._@+-]{0,99})$/;

export const authorizedKey = defineKind<Spec, KeyState, Want>({
  name: 'authorized-key',
  about: "A key with which a user's account can be logged in to: one line of ~/.ssh/authorized_keys.",
  id: z
    .string()
    .regex(ID, 'user/name, such as deploy/alice')
    .describe('`user/name`: the account, and the name at the end of the line.'),
  spec: Spec,
  resolve,
  read: (host, wanted) =>
    readKeys(
      host,
      [...wanted].map(([id, want]) => ({ id, ...partsOf(id), blob: want?.blob ?? null })),
    ),
  change: (request) => {
    const { user } = partsOf(request.id);
    // Only our own login hangs on it.
    const ours = request.world.logins.includes(user);
    return ours ? guardPath(change, ({ have }) => have?.place.path ?? '')(request) : change(request);
  },
  // Lines are looked for by the key that is wanted.
  apart: (have) => ({ place: have?.place }),
  needs: (id) => [{ kind: 'user', id: partsOf(id).user }],
  remember: ({ blob, options }) => ({ blob, options: [...options] }),
});

const Remembered = z.object({ blob: z.string().nullable(), options: z.array(z.string()) });

function partsOf(id: string): { readonly user: string; readonly name: string } {
  const [, user = '', name = ''] = ID.exec(id) ?? [];
  return { user, name };
}

function resolve(spec: Spec): { want: Want } | { unresolved: Unresolved } {
  if (spec.absent) {
    const alone = resolveAlone(spec);
    return 'want' in alone ? { want: { line: null, blob: null, options: [] } } : alone;
  }
  const { key, options = [] } = spec;
  if (key === undefined) return { unresolved: { path: [], message: 'key is needed, or absent: true' } };
  if (!isKey(key))
    return { unresolved: { path: ['key'], message: 'this is no public key as ssh-keygen writes it' } };
  return { want: { line: key, blob: key.split(' ')[1] ?? '', options } };
}

function change(request: ChangeRequest<Want, KeyState>): KindChange | Blocked | undefined {
  const { id, want, have, last, world } = request;
  const { user, name } = partsOf(id);
  const lines = have?.lines ?? [];
  const known = Remembered.safeParse(last).data;
  if (!want || want.line === null) {
    if (lines.length === 0) return undefined;
    if (!want && !lines.every((line) => isOurs(line, name, known))) return keep();
    const reason = want ? 'it is declared absent' : 'it is no longer declared, and still as Ashore wrote it';
    return removal(id, have, lines, reason);
  }
  const obstacle = findObstacle(user, have, world);
  if (obstacle) return { blocked: obstacle };
  const line = formatKeyLine(want.line, want.options, name);
  if (lines.length === 1 && lines[0] === line) return undefined;
  const before = lines.length === 0 ? null : lines.join('\n');
  return {
    verb: before === null ? 'create' : 'update',
    reason: before === null ? `${user} has no such key` : 'its line differs',
    fields: [{ name: 'line', before, after: line }],
    steps: [setStep(user, have?.place, want.blob ?? '', line)],
    notes: have?.place.is === 'nobody' ? [`the user ${user} must come with what is planned above`] : [],
  };
}

/** The comment is only a name: what makes a key ours is the key and its options. */
function isOurs(line: string, name: string, known: z.infer<typeof Remembered> | undefined): boolean {
  if (known?.blob == null) return false;
  const [type = ''] = line.split(' ').slice(-3);
  return line === formatKeyLine(`${type} ${known.blob}`, known.options, name);
}

function findObstacle(
  user: string,
  have: KeyState | undefined,
  world: ChangeRequest<Want, KeyState>['world'],
) {
  const place = have?.place ?? { is: 'nobody', path: '' };
  if (have?.twice) {
    const message = `the same key is declared twice for ${user}: here and as ${have.twice}`;
    return { code: 'ACCOUNT_CONFLICT', message } as const;
  }
  if (place.is === 'link' || place.is === 'other') {
    const message = `${place.path} is ${place.is === 'link' ? 'a symbolic link' : 'no regular file'}; Ashore does not write through it`;
    return { code: 'PATH_OCCUPIED', message } as const;
  }
  if (place.is !== 'nobody' && place.is !== 'homeless') return undefined;
  const home = parentOf(parentOf(place.path));
  const coming =
    place.is === 'homeless'
      ? world.planned('directory', home) === 'create'
      : world.planned('user', user) === 'create' ||
        world.plannedIds('package', ['create', 'update']).length > 0;
  if (coming) return undefined;
  const message =
    place.is === 'nobody'
      ? `the user ${user} does not exist on the host, and nothing above makes it`
      : `the home directory of ${user} is not there`;
  return { code: place.is === 'nobody' ? 'OWNER_MISSING' : 'PARENT_MISSING', message } as const;
}

function keep(): KindChange {
  const reason =
    'it is no longer declared, and stays: its line is not as Ashore wrote it (absent: true takes it away)';
  return { verb: 'forget', reason, fields: [], steps: [], data: 'kept' };
}

function removal(
  id: string,
  have: KeyState | undefined,
  lines: readonly string[],
  reason: string,
): KindChange {
  const { user } = partsOf(id);
  const blobs = lines.map(
    (line) => line.split(' ').find((word) => /^AAAA[A-Za-z0-9+/=]{20,}$/.test(word)) ?? '',
  );
  return {
    verb: 'delete',
    reason,
    fields: [{ name: 'line', before: lines.join('\n'), after: null }],
    steps: [...new Set(blobs)].filter(Boolean).map((blob) => setStep(user, have?.place, blob, '')),
    notes: ['who is logged in with it stays logged in'],
  };
}

/** A directory that belongs to root is written to by root; any other one by the user. */
function setStep(user: string, place: KeyPlace | undefined, blob: string, line: string): Step {
  const own = user === 'root' || place?.is === 'root';
  return {
    do: 'run',
    argv: ['sh', '-c', SET_LINE, 'authorized-key', user, blob, line],
    ...(own ? {} : { user }),
  };
}
