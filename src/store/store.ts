// The store: inbox, plans, runs with their leases, and the ids of our posts, in one file of one directory.
// One process at a time; a second one is told who is there.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openCancels } from './cancels.ts';
import type { Cancels } from './cancels.ts';
import { openDatabase } from './database.ts';
import type { OpenDatabase } from './database.ts';
import { openDeliveries } from './deliveries.ts';
import type { Deliveries } from './deliveries.ts';
import { openDrifts } from './drifts.ts';
import type { Drifts } from './drifts.ts';
import { takeLock } from './lock.ts';
import type { Lock } from './lock.ts';
import { openPlans } from './plans.ts';
import type { Plans } from './plans.ts';
import { openPosts } from './posts.ts';
import type { Posts } from './posts.ts';
import { openRuns } from './runs.ts';
import type { Runs } from './runs.ts';
import { openStops } from './stops.ts';
import type { Stops } from './stops.ts';

export interface Store {
  readonly deliveries: Deliveries;
  readonly plans: Plans;
  readonly runs: Runs;
  readonly cancels: Cancels;
  readonly posts: Posts;
  readonly stops: Stops;
  readonly drifts: Drifts;
  readonly close: () => Promise<void>;
}

export type Opened =
  | { readonly is: 'open'; readonly store: Store }
  | { readonly is: 'locked'; readonly by: string };

export interface StoreOptions {
  /** Shown to a second process. */
  readonly who: string;
  readonly now: () => Date;
}

export function openStore(directory: string, { who, now }: StoreOptions): Opened {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'ashore.db');
  const locked = takeLock(`${path}.lock`, who);
  if (locked.is === 'taken') return { is: 'locked', by: locked.by };
  const { db, close } = openLocked(path, locked.lock);
  const store = {
    deliveries: openDeliveries(db, now),
    plans: openPlans(db, now),
    runs: openRuns(db, now),
    cancels: openCancels(db),
    posts: openPosts(db),
    stops: openStops(db, now),
    drifts: openDrifts(db, now),
    close: async () => {
      await close();
      locked.lock.release();
    },
  };
  return { is: 'open', store };
}

function openLocked(path: string, lock: Lock): OpenDatabase {
  try {
    return openDatabase(path);
  } catch (error) {
    lock.release();
    throw error;
  }
}
