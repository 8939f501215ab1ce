// What only one server does at a time, by a key. A turn ends with its server at the latest.
import type { Database } from './database.ts';
import type { Membership } from './membership.ts';

export interface SharedTurns {
  /** False while another server that lives has it. */
  take(key: string): Promise<boolean>;
  give(key: string): Promise<void>;
}

export function openTurns(db: Database, member: Membership): SharedTurns {
  return {
    take: (key) =>
      member.write(async (trx) => {
        const taken = await trx
          .insertInto('turns')
          .values({ key, owner: member.id })
          .onConflict((conflict) =>
            conflict
              .column('key')
              .doUpdateSet({ owner: member.id })
              .where((eb) => {
                const owner = eb.selectFrom('servers').whereRef('servers.id', '=', 'turns.owner');
                return eb.not(eb.exists(owner.where('servers.id', '!=', member.id).select('servers.id')));
              }),
          )
          .returning('key')
          .executeTakeFirst();
        return taken !== undefined;
      }),
    give: async (key) => {
      await db.deleteFrom('turns').where('key', '=', key).where('owner', '=', member.id).execute();
    },
  };
}
