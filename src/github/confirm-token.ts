// The token by which the loss of data is confirmed: of one plan as it was made at one time, and for a day.
import { sha256 } from '../core/json.ts';
import type { StoredPlan } from '../store/plans.ts';

const LASTS = 24 * 60 * 60_000;
const LENGTH = 8;

/** It is typed to show that the loss was read, and grants nothing: who may deploy is decided elsewhere. */
export function tokenOf(stored: StoredPlan, now: Date): string | null {
  const { repo, pull, plan, commit, createdAt } = stored;
  if (now.getTime() - Date.parse(createdAt) >= LASTS) return null;
  return sha256(JSON.stringify(['confirm', repo, pull, commit, plan.digest, createdAt])).slice(0, LENGTH);
}
