// How much of what there is in the store, for whoever watches over the server.
import type { Database } from './database.ts';
import { DELIVERY_STATES } from './schema.ts';
import type { DeliveryState } from './schema.ts';

export interface Counts {
  /** Every state, also where it has none. */
  readonly deliveries: ReadonlyMap<DeliveryState, number>;
  readonly openRuns: number;
}

export async function readCounts(db: Database): Promise<Counts> {
  const states = await db
    .selectFrom('deliveries')
    .select((eb) => ['state', eb.fn.countAll().as('n')])
    .groupBy('state')
    .execute();
  const counted = new Map(states.map(({ state, n }) => [state, Number(n)]));
  const open = db
    .selectFrom('runs')
    .select((eb) => eb.fn.countAll().as('n'))
    .where('ended', 'is', null);
  const runs = await open.executeTakeFirstOrThrow();
  return {
    deliveries: new Map(DELIVERY_STATES.map((state) => [state, counted.get(state) ?? 0])),
    openRuns: Number(runs.n),
  };
}
