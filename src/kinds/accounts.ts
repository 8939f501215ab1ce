// What a host knows of users and groups: /etc/passwd and /etc/group, and what other sources (sssd, LDAP) add.
// Only what stands in the files can be changed by useradd(8) and its family; the rest is seen and left alone.
import { z } from 'zod';
import type { Reader } from '../core/host.ts';
import type { Blocked, Members } from '../core/kind.ts';
import { readText } from '../core/look.ts';

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly comment: string;
  readonly home: string;
  readonly shell: string;
  /** Stands in /etc/passwd. */
  readonly local: boolean;
}

export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
  /** Stands in /etc/group. */
  readonly local: boolean;
}

/** All that the files have, and of the names asked for what other sources have. */
export interface Accounts {
  readonly users: ReadonlyMap<string, User>;
  readonly groups: ReadonlyMap<string, Group>;
}

/** What useradd(8) and groupadd(8) of every release take, and what no command reads as an option or a number. */
export const AccountName = z.string().regex(/^[a-z_][a-z0-9_-]{0,30}$/);

/** No colon and no control characters: they would break the line in /etc/passwd. */
export const PasswdText = z.string().regex(/^[^:\p{Cc}]*$/u);
export const PasswdPath = z.string().regex(/^\/[^:\p{Cc}]*$/u);

type Account = Pick<User, 'uid' | 'local'> &
  Partial<Pick<User, 'home' | 'shell' | 'comment'>> & { readonly group?: string };

/** What of a user is the same whatever is wanted; the groups that are looked for are those that are declared. */
export function apartUser(
  have: { readonly is: 'missing' } | ({ readonly is: 'present' } & Account) | undefined,
): Members {
  if (have?.is !== 'present') return { uid: null };
  const { uid, local, group, home, shell, comment } = have;
  return { uid, local, group, home, shell, comment };
}

export async function readAccounts(
  host: Reader,
  asked: { readonly users: readonly string[]; readonly groups: readonly string[] },
): Promise<Accounts> {
  const [passwd, group, anyPasswd, anyGroup] = await Promise.all([
    readText(host, ['cat', '/etc/passwd']),
    readText(host, ['cat', '/etc/group']),
    readDatabase(host, 'passwd', asked.users),
    readDatabase(host, 'group', asked.groups),
  ]);
  return {
    users: new Map([...parseUsers(anyPasswd, false), ...parseUsers(passwd, true)]),
    groups: new Map([...parseGroups(anyGroup, false), ...parseGroups(group, true)]),
  };
}

export function accountConflict(message: string): Blocked {
  return { blocked: { code: 'ACCOUNT_CONFLICT', message } };
}

/** getent(1) ends with 2 when one of the names is unknown, and still prints the others; without names it would list all. */
async function readDatabase(host: Reader, database: string, names: readonly string[]): Promise<string> {
  return names.length === 0 ? '' : readText(host, ['getent', database, ...names], { expected: [0, 2] });
}

function parseUsers(text: string, local: boolean): [string, User][] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid, comment, home, shell] = line.split(':');
    if (!name || shell === undefined || !isNumber(uid) || !isNumber(gid)) return [];
    const user = {
      name,
      uid: Number(uid),
      gid: Number(gid),
      comment: comment ?? '',
      home: home ?? '',
      shell,
    };
    return [[name, { ...user, local }]];
  });
}

function parseGroups(text: string, local: boolean): [string, Group][] {
  return text.split('\n').flatMap((line) => {
    const [name, , gid, members] = line.split(':');
    if (!name || members === undefined || !isNumber(gid)) return [];
    return [[name, { name, gid: Number(gid), members: members.split(',').filter(Boolean), local }]];
  });
}

function isNumber(text: string | undefined): text is string {
  return text !== undefined && /^\d+$/.test(text);
}
