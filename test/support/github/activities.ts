// Who moved which branch, newest first: https://docs.github.com/en/rest/repos/repos#list-repository-activities
import { type Operation, type Reply, type RepoCall, onRepo, paged } from './http.ts';
import { accountJson, nodeId } from './shapes.ts';
import { type Account, type Activity, type Repository, stamp } from './state.ts';
import type { World } from './world.ts';

interface Move {
  readonly repo: Repository;
  readonly ref: string;
  readonly before: string;
  readonly after: string;
  readonly by: Account;
}

export function keepActivity(
  world: World,
  { repo, ref, before, after, by: actor }: Move,
  type: Activity['type'],
): void {
  repo.activities.unshift({ id: world.nextId(), before, after, ref, type, actor, at: stamp() });
}

function list(call: RepoCall): Promise<Reply> {
  const [ref, actor] = [call.query.get('ref'), call.query.get('actor')];
  const found = call.repo.activities.filter(
    (each) =>
      (ref === null || each.ref === ref || each.ref === `refs/heads/${ref}`) &&
      (actor === null || each.actor.login === actor),
  );
  return paged(call, found, (each) => ({
    id: each.id,
    node_id: nodeId('PSH', each.id),
    before: each.before,
    after: each.after,
    ref: each.ref,
    timestamp: each.at,
    activity_type: each.type,
    actor: accountJson(call.world, each.actor),
  }));
}

export const activityOperations: Readonly<Record<string, Operation>> = {
  'repos/list-activities': onRepo('contents=read', list),
};
