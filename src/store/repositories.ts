// Which repository is which: GitHub's id of each, the name and the installation that it has now, and the key under which
// everything else here keeps it. A key never changes and is never given to another, whatever becomes of the name.
import { sql } from 'kysely';
import type { Database } from './database.ts';
import type { Membership } from './membership.ts';

export interface KnownRepository {
  /** GitHub's, which a rename and a transfer leave as it is. */
  readonly id: number;
  /** The `repo` of all other tables: the name by which it was known first. */
  readonly key: string;
  /** `owner/name`, as it was last heard of; empty when another repository has that by now. */
  readonly name: string;
  readonly installation: number;
  /** Another repository had this name before. */
  readonly taken: boolean;
}

export interface SeenRepository {
  readonly id: number;
  readonly name: string;
  readonly installation: number;
  /** The name by which it was kept before ids were; its name now, unless given. */
  readonly key?: string;
}

export interface Repositories {
  read(id: number): Promise<KnownRepository | undefined>;
  ofKey(key: string): Promise<KnownRepository | undefined>;
  /** Keeps how it is called and reached now. What was kept under a name before ids were belongs to who has the name first. */
  keep(seen: SeenRepository): Promise<KnownRepository>;
}

export function openRepositories(db: Database, member: Membership): Repositories {
  return {
    read: (id) => read(db, 'id', id),
    ofKey: (key) => read(db, 'key', key),
    keep: (seen) => member.write((trx) => keep(trx, seen)),
  };
}

async function keep(trx: Database, { id, name, installation, key = name }: SeenRepository) {
  await trx
    .insertInto('repository_names')
    .values({ name: name.toLowerCase(), repo_id: id })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
  const others = trx.selectFrom('repositories').select('id').where('key', '=', key).where('id', '!=', id);
  const former = trx.updateTable('repositories').set({ name: '' }).where('id', '!=', id);
  await former.where(sql`lower(name)`, '=', name.toLowerCase()).execute();
  // No name of GitHub's has such a sign.
  const own = (await others.executeTakeFirst()) ? `${key}~${id}` : key;
  await trx
    .insertInto('repositories')
    .values({ id, key: own, name, installation })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ name, installation }))
    .execute();
  const kept = await read(trx, 'id', id);
  if (!kept) throw new Error(`the store lost repository ${id}`);
  return kept;
}

async function read(
  db: Database,
  by: 'id' | 'key',
  value: number | string,
): Promise<KnownRepository | undefined> {
  const row = await db.selectFrom('repositories').selectAll().where(by, '=', value).executeTakeFirst();
  if (!row) return undefined;
  const named = db.selectFrom('repository_names').select('repo_id');
  const first = await named.where('name', '=', row.name.toLowerCase()).executeTakeFirst();
  return { ...row, taken: first !== undefined && first.repo_id !== row.id };
}
