// A group of a host. Removed only by name, or by omission when nobody is in it; the number of a group is never changed.
import { z } from 'zod';
import { defineKind } from '../core/kind.ts';
import type { Blocked, ChangeRequest, Field, KindChange, World } from '../core/kind.ts';
import type { Reader } from '../core/host.ts';
import { resolveAlone } from './absent.ts';
import { AccountName, accountConflict, readAccounts } from './accounts.ts';
import type { Accounts } from './accounts.ts';
import { guardGroup } from './lifelines.ts';
import { Absent } from './paths/path.ts';

const Spec = z.strictObject({
  system: z
    .boolean()
    .optional()
    .describe('Takes its number from the range for system groups. Only looked at when the group is made.'),
  gid: z
    .int()
    .min(1)
    .max(4_294_967_293)
    .optional()
    .describe('Number of the group. Left out: the host chooses. Never changed on a group that is there.'),
  absent: Absent.optional().describe('The group shall not be there.'),
});
type Spec = z.infer<typeof Spec>;

type State =
  | { readonly is: 'taken'; readonly by: string }
  | {
      readonly is: 'present';
      readonly gid: number;
      readonly local: boolean;
      /** Only looked at where the group may go. */
      readonly primaryOf: readonly string[];
      readonly members: readonly string[];
    };
type Present = Extract<State, { is: 'present' }>;

export const group = defineKind<Spec, State>({
  name: 'group',
  about: 'A group of the host.',
  id: AccountName.describe('Name of the group: lower-case letters, digits, `_` and `-`, at most 31.'),
  spec: Spec,
  resolve: resolveAlone,
  read,
  change: guardGroup(change, (have) => (have?.is === 'present' ? [...have.primaryOf, ...have.members] : [])),
  apart: (have) => (have?.is === 'present' ? { gid: have.gid, local: have.local } : { gid: null }),
});

async function read(host: Reader, wanted: ReadonlyMap<string, Spec | undefined>) {
  const accounts = await readAccounts(host, { users: [], groups: [...wanted.keys()] });
  const states = [...wanted].map(([id, want]) => [id, stateOf(accounts, id, want)] as const);
  return new Map(states.flatMap(([id, state]) => (state ? [[id, state] as const] : [])));
}

function stateOf(accounts: Accounts, id: string, want: Spec | undefined): State | undefined {
  const found = accounts.groups.get(id);
  if (!found) {
    const owner = [...accounts.groups.values()].find((other) => other.gid === want?.gid);
    return owner && !want?.absent ? { is: 'taken', by: owner.name } : undefined;
  }
  const { gid, local } = found;
  if (want && !want.absent) return { is: 'present', gid, local, primaryOf: [], members: [] };
  const primary = [...accounts.users.values()].filter((user) => user.gid === gid);
  return { is: 'present', gid, local, primaryOf: primary.map(({ name }) => name), members: found.members };
}

function change({ id, want, have, world }: ChangeRequest<Spec, State>): KindChange | Blocked | undefined {
  if (have?.is === 'taken')
    return accountConflict(`gid ${want?.gid} belongs to the group ${have.by} on this host`);
  if (!want) return have && planOmission(id, withoutLeavers(have, world), world);
  if (want.absent) return have && planDelete(id, withoutLeavers(have, world), world);
  if (!have) return planCreate(id, want);
  if (want.gid === undefined || want.gid === have.gid) return undefined;
  return accountConflict(
    `the group ${id} has gid ${have.gid} on this host, ${want.gid} is declared; its files would be left with the old one`,
  );
}

function planCreate(id: string, want: Spec): KindChange {
  const options = [
    ...(want.system ? ['--system'] : []),
    ...(want.gid === undefined ? [] : ['--gid', String(want.gid)]),
  ];
  const fields: Field[] = [
    ...(want.system ? [{ name: 'system', before: null, after: 'true' }] : []),
    ...(want.gid === undefined ? [] : [{ name: 'gid', before: null, after: String(want.gid) }]),
  ];
  return {
    verb: 'create',
    reason: 'there is no such group',
    fields,
    steps: [{ do: 'run', argv: ['groupadd', ...options, id] }],
  };
}

/** Users that this plan removes above no longer hold the group. */
function withoutLeavers(have: Present, world: World): Present {
  const stays = (user: string): boolean => world.planned('user', user) !== 'delete';
  return { ...have, primaryOf: have.primaryOf.filter(stays), members: have.members.filter(stays) };
}

function planOmission(id: string, have: Present, world: World): KindChange {
  const kept = have.local ? usersOf(have) : 'it does not stand in /etc/group';
  if (!kept) return remove(id, have, 'no longer declared; Ashore made it, and nobody is in it', world);
  const reason = `no longer declared; the group stays: ${kept}`;
  return { verb: 'forget', reason, fields: [], steps: [], data: 'kept' };
}

function usersOf({ primaryOf, members }: Present): string {
  const primary = primaryOf.length > 0 ? [`it is the primary group of ${primaryOf.join(', ')}`] : [];
  const others = members.length > 0 ? [`it has the members ${members.join(', ')}`] : [];
  return [...primary, ...others].join(' and ');
}

function planDelete(id: string, have: Present, world: World): KindChange | Blocked {
  if (have.gid === 0) return accountConflict('the group with gid 0 is never removed');
  if (!have.local)
    return accountConflict(`the group ${id} does not stand in /etc/group; remove it at its source`);
  if (have.primaryOf.length > 0)
    return accountConflict(`the group ${id} is the primary group of ${have.primaryOf.join(', ')}`);
  return remove(id, have, 'declared absent', world);
}

/** userdel(8) may take the group of the same name along, hence the question before. */
const GROUPDEL_IF_THERE = 'if getent group "$1" >/dev/null; then groupdel "$1"; fi';

function remove(id: string, have: Present, reason: string, world: World): KindChange {
  const mayBeGone = world.planned('user', id) === 'delete';
  const argv = mayBeGone ? ['sh', '-c', GROUPDEL_IF_THERE, 'groupdel', id] : ['groupdel', id];
  const losing = have.members.length > 0 ? [`${have.members.join(', ')} no longer in it`] : [];
  return {
    verb: 'delete',
    reason,
    fields: [{ name: 'gid', before: String(have.gid), after: null }],
    steps: [{ do: 'run', argv }],
    notes: [...losing, `files of gid ${have.gid} keep the number`],
  };
}
