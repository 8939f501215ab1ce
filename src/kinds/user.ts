// A user of a host. Passwords are never touched; a home is never moved or removed; the number of a user is never changed.
import { z } from 'zod';
import { defineKind } from '../core/kind.ts';
import type { Blocked, ChangeRequest, Field, KindChange, World } from '../core/kind.ts';
import type { Reader } from '../core/host.ts';
import { resolveAlone } from './absent.ts';
import { AccountName, accountConflict, apartUser, PasswdPath, PasswdText, readAccounts } from './accounts.ts';
import type { Accounts, User } from './accounts.ts';
import { guardUser } from './lifelines.ts';
import { Absent } from './paths/path.ts';

const Spec = z.strictObject({
  system: z
    .boolean()
    .optional()
    .describe(
      'A system user: number from that range, no login shell, no home unless one is given. Only looked at when the user is made.',
    ),
  uid: z
    .int()
    .min(1)
    .max(4_294_967_293)
    .optional()
    .describe('Number of the user. Left out: the host chooses. Never changed on a user that is there.'),
  group: AccountName.optional().describe(
    'Primary group. Left out: a group of the same name, made when there is none.',
  ),
  groups: z.array(AccountName).optional().describe('Further groups that the user is in, at least.'),
  home: PasswdPath.optional().describe(
    'Home directory. Made with the user (mode 0700). Left out: /home/<name>, or none for a system user.',
  ),
  shell: PasswdPath.optional().describe(
    'Login shell. Left out: /bin/bash, or /usr/sbin/nologin for a system user.',
  ),
  comment: PasswdText.optional().describe('The comment (GECOS) field.'),
  absent: Absent.optional().describe('The user shall not be there. The home directory stays.'),
});
type Spec = z.infer<typeof Spec>;

/** What the declaration names is kept, and no more: the rest of an account may change as it likes. */
type State =
  | {
      readonly is: 'missing';
      /** A group with the name of the user is there. */
      readonly ownGroup: boolean;
      /** Groups declared that the host does not have. */
      readonly lacking: readonly string[];
      readonly uidOf: string | null;
    }
  | {
      readonly is: 'present';
      readonly uid: number;
      readonly local: boolean;
      readonly lacking: readonly string[];
      readonly group?: string;
      readonly groups?: readonly string[];
      readonly home?: string;
      readonly shell?: string;
      readonly comment?: string;
    };
type Present = Extract<State, { is: 'present' }>;

export const user = defineKind<Spec, State>({
  name: 'user',
  about: 'A user of the host, with its groups.',
  id: AccountName.describe('Login name: lower-case letters, digits, `_` and `-`, at most 31.'),
  spec: Spec,
  resolve: resolveAlone,
  read,
  change: guardUser(change),
  apart: apartUser,
  needs: (_id, want) => groupsOf(want).map((name) => ({ kind: 'group', id: name })),
});

async function read(host: Reader, wanted: ReadonlyMap<string, Spec | undefined>) {
  const groups = [...wanted].flatMap(([id, want]) => [id, ...groupsOf(want)]);
  const accounts = await readAccounts(host, { users: [...wanted.keys()], groups: [...new Set(groups)] });
  const states = [...wanted].map(([id, want]) => [id, stateOf(accounts, id, want)] as const);
  return new Map(states.flatMap(([id, state]) => (state ? [[id, state] as const] : [])));
}

function stateOf(accounts: Accounts, id: string, want: Spec | undefined): State | undefined {
  const found = accounts.users.get(id);
  const lacking = groupsOf(want).filter((name) => !accounts.groups.has(name));
  if (found) return { is: 'present', lacking, ...presentOf(accounts, found, want) };
  if (!want || want.absent) return undefined;
  const ownGroup = accounts.groups.has(id);
  const uidOf = [...accounts.users.values()].find((other) => other.uid === want.uid)?.name ?? null;
  const plain = !ownGroup && lacking.length === 0 && uidOf === null;
  return plain ? undefined : { is: 'missing', ownGroup, lacking, uidOf };
}

function presentOf(
  { groups }: Accounts,
  found: User,
  want: Spec | undefined,
): Omit<Present, 'is' | 'lacking'> {
  const { name, uid, local, home, shell, comment } = found;
  const primary = [...groups.values()].find((one) => one.gid === found.gid)?.name ?? String(found.gid);
  const inGroup = (group: string): boolean =>
    group === primary || (groups.get(group)?.members.includes(name) ?? false);
  return {
    uid,
    local,
    ...(want?.group === undefined ? {} : { group: primary }),
    ...(want?.groups === undefined ? {} : { groups: want.groups.filter(inGroup) }),
    ...(want?.home === undefined && !want?.absent ? {} : { home }),
    ...(want?.shell === undefined ? {} : { shell }),
    ...(want?.comment === undefined ? {} : { comment }),
  };
}

function change({ id, want, have, world }: ChangeRequest<Spec, State>): KindChange | Blocked | undefined {
  if (!want) return have && { verb: 'forget', reason: OMITTED, fields: [], steps: [], data: 'kept' };
  if (want.absent) return have?.is === 'present' ? planDelete(id, have) : undefined;
  const lacking = lackingGroups(id, have, world);
  if (lacking.length > 0 && world.plannedIds('package', ['create', 'update']).length === 0) {
    const message = `the user ${id} needs the group ${lacking.join(', ')}, which neither the host nor the plan so far has`;
    return { blocked: { code: 'OWNER_MISSING', message } };
  }
  const notes = lacking.map((name) => `a package planned above must bring the group ${name}`);
  if (have?.is === 'present') return planUpdate(id, want, have, notes);
  if (have?.uidOf) return accountConflict(`uid ${want.uid} belongs to the user ${have.uidOf} on this host`);
  return planCreate(id, want, have?.ownGroup === true || world.planned('group', id) === 'create', notes);
}

/** Groups that neither the host has nor the plan so far makes. */
function lackingGroups(id: string, have: State | undefined, world: World): readonly string[] {
  const own = have?.is === 'missing' ? id : undefined;
  const made = (name: string): boolean =>
    world.planned('group', name) === 'create' || world.planned('user', name) === 'create';
  return (have?.lacking ?? []).filter((name) => name !== own && !made(name));
}

const OMITTED =
  'no longer declared; the account stays, because its home and files may hold data (absent: true removes it)';

function planDelete(id: string, have: Present): KindChange | Blocked {
  if (have.uid === 0) return accountConflict('the user with uid 0 is never removed');
  if (!have.local)
    return accountConflict(`the user ${id} does not stand in /etc/passwd; remove it at its source`);
  return {
    verb: 'delete',
    reason: 'declared absent',
    fields: [{ name: 'uid', before: String(have.uid), after: null }],
    steps: [{ do: 'run', argv: ['userdel', id] }],
    data: 'kept',
    notes: [
      `the home directory ${have.home} stays, and so do all files of uid ${have.uid}`,
      'userdel refuses while the user has processes',
    ],
  };
}

function planCreate(id: string, want: Spec, groupThere: boolean, notes: readonly string[]): KindChange {
  const home = want.home ?? (want.system ? NO_HOME : `/home/${id}`);
  const shell = want.shell ?? (want.system ? '/usr/sbin/nologin' : '/bin/bash');
  const group = want.group === id && !groupThere ? undefined : (want.group ?? (groupThere ? id : undefined));
  const argv = [
    'useradd',
    ...(want.system ? ['--system'] : []),
    ...option('--uid', want.uid),
    ...(group === undefined ? ['--user-group'] : ['--gid', group]),
    ...option('--groups', want.groups?.join(',') || undefined),
    ...option('--comment', want.comment),
    ...homeOptions(home, want.system ?? false),
    ...option('--shell', shell),
    id,
  ];
  const created = { system: want.system ? 'true' : undefined, uid: want.uid, group: group ?? id };
  const named = { ...created, groups: want.groups?.join(', '), home, shell, comment: want.comment };
  return {
    verb: 'create',
    reason: 'there is no such user',
    fields: Object.entries(named).flatMap(([name, after]) => fieldOf(name, null, after?.toString())),
    steps: [{ do: 'run', argv }],
    notes,
  };
}

/** Debian 12 makes homes 0755 and Debian 13 0700 (login.defs). A system user needs no files for a login shell. */
function homeOptions(home: string, system: boolean): string[] {
  if (home === NO_HOME) return ['--home-dir', home, '--no-create-home'];
  const skeleton = system ? ['--skel', NO_HOME] : [];
  return ['--home-dir', home, '--create-home', '--key', 'HOME_MODE=0700', ...skeleton];
}

/** Where a user without a home has it: a path that is never made (the Debian policy's own choice, section 9.2.3). */
const NO_HOME = '/nonexistent';

/** What usermod(8) can set on a user that is there, and how. */
const SETTINGS = [
  ['group', '--gid'],
  ['home', '--home'],
  ['shell', '--shell'],
  ['comment', '--comment'],
] as const;

function planUpdate(
  id: string,
  want: Spec,
  have: Present,
  lacking: readonly string[],
): KindChange | Blocked | undefined {
  if (want.uid !== undefined && want.uid !== have.uid)
    return accountConflict(
      `the user ${id} has uid ${have.uid} on this host; its files would keep that number`,
    );
  const missing = (want.groups ?? []).filter((name) => !have.groups?.includes(name));
  const settings = SETTINGS.filter(([name]) => want[name] !== undefined && want[name] !== have[name]);
  const fields = [
    ...settings.flatMap(([name]) => fieldOf(name, have[name], want[name])),
    ...(missing.length === 0 ? [] : fieldOf('groups', have.groups?.join(', '), want.groups?.join(', '))),
  ];
  if (fields.length === 0) return undefined;
  const names = fields.map(({ name }) => name);
  const differing = `${names.join(', ')} ${names.length === 1 ? 'differs' : 'differ'}`;
  if (!have.local)
    return accountConflict(`${differing}, but the user ${id} comes from elsewhere than /etc/passwd`);
  const append = missing.length === 0 ? [] : ['--append', '--groups', missing.join(',')];
  const argv = ['usermod', ...settings.flatMap(([name, flag]) => option(flag, want[name])), ...append, id];
  const moving = names.includes('home') ? [HOME_NOTE] : [];
  return {
    verb: 'update',
    reason: differing,
    fields,
    steps: [{ do: 'run', argv }],
    notes: [...moving, ...lacking],
  };
}

const HOME_NOTE = 'nothing is moved to the new home; usermod refuses while the user has processes';

function option(name: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [name, String(value)];
}

/** A field where something is declared and it is not so. */
function fieldOf(name: string, before: string | null | undefined, after: string | undefined): Field[] {
  if (after === undefined || before === after) return [];
  return [{ name, before: before ?? null, after }];
}

function groupsOf(want: Spec | undefined): readonly string[] {
  if (!want || want.absent) return [];
  return [...new Set([...(want.group === undefined ? [] : [want.group]), ...(want.groups ?? [])])];
}
