// Wishes to deploy that have come and have begun no run: they are being read just now, or GitHub fails and they are
// tried again. Merges are not among them; those wait in the order of their branch.
import { parseAsked } from './asked.ts';
import type { AskedWhere } from './asked.ts';
import { DEPLOY_CHECK } from './checks.ts';
import type { GithubWorld, Repo } from './repo.ts';

export interface Unbegun {
  readonly delivery: string;
  /** Who asked. */
  readonly by: string;
  /** As it was written, or what was pressed. */
  readonly text: string;
}

export interface UnbegunOf {
  readonly pull: number;
  /** Only what came before this one. */
  readonly delivery: string;
}

export async function readUnbegun(
  { store }: GithubWorld,
  repo: Repo,
  { pull, delivery }: UnbegunOf,
): Promise<readonly Unbegun[]> {
  const unended = await store.deliveries.unended({ events: EVENTS });
  const mine = unended.findIndex(({ guid }) => guid === delivery);
  const found: Unbegun[] = [];
  for (const { guid, event, payload } of mine < 0 ? unended : unended.slice(0, mine)) {
    const asked = parseAsked(event, payload);
    if (!asked?.deploys || asked.place.is !== 'told' || asked.place.id !== repo.id) continue;
    if (!(await isAbout(store, repo, pull, asked.where))) continue;
    found.push({ delivery: guid, by: asked.by, text: asked.text });
  }
  return found;
}

const EVENTS = ['issue_comment', 'check_run', 'check_suite'];

async function isAbout(
  { posts }: GithubWorld['store'],
  repo: Repo,
  pull: number,
  where: AskedWhere,
): Promise<boolean> {
  switch (where.is) {
    case 'comment':
    case 'pull':
      return where.pull === pull;
    case 'check':
      return (await posts.readCheck(repo.key, where.id))?.pull === pull;
    case 'commit': {
      const checks = await posts.newestChecks(repo.key, where.commit);
      return checks.some((check) => check.pull === pull && check.name === DEPLOY_CHECK);
    }
    default:
      return where satisfies never;
  }
}
