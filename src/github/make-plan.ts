// Makes the plan of one commit against another from GitHub's contents; a look at some hosts is joined to what is known of the rest.
import { digestOf } from '../core/plan.ts';
import type { Plan } from '../core/plan.ts';
import type { Planned } from '../deploy.ts';
import { readFiles } from './contents.ts';
import type { ReadFiles } from './contents.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { filesOf } from './survey.ts';

export interface PlanOf {
  readonly pull: number | null;
  readonly commit: string;
  readonly base: string;
  /** Only these hosts are looked at; all when empty. */
  readonly hosts: readonly string[];
  /** Of what would be planned, only these. */
  readonly stacks?: readonly string[];
  /** Also what the two commits have in common. */
  readonly all?: boolean;
  /** Hosts that only this commit knows are left alone. */
  readonly cautious?: boolean;
  readonly progress?: (done: number, of: number) => void;
}

export async function makePlan(world: GithubWorld, repo: Repo, of: PlanOf): Promise<Planned> {
  const [head, base] = await Promise.all([readFiles(repo, of.commit), readFiles(repo, of.base)]);
  if (head.is === 'refused') return { is: 'refused', reason: head.reason };
  const planned = await world.deployerOf(repo).plan({
    files: filesOf(head),
    base: baseFiles(base),
    commit: of.commit,
    cautious: of.cautious ?? false,
    ...(of.hosts.length === 0 ? {} : { hosts: of.hosts }),
    ...(of.stacks ? { stacks: of.stacks } : {}),
    ...(of.all ? { all: true } : {}),
    ...(of.progress ? { progress: of.progress } : {}),
  });
  if (planned.is !== 'plan' || of.hosts.length === 0 || of.pull === null) return planned;
  const known = await world.store.plans.current({ repo: repo.key, pull: of.pull });
  return known ? { ...planned, plan: joinPlans(known.plan, planned.plan) } : planned;
}

/** The older plan with the hosts of the newer one in their places, when both are of the same configuration. */
export function joinPlans(older: Plan, newer: Plan): Plan {
  const same =
    older.commit === newer.commit &&
    older.config === newer.config &&
    older.stacks.join() === newer.stacks.join();
  if (!same) return newer;
  const looked = new Map(newer.hosts.map((host) => [host.host, host]));
  const hosts = older.hosts.map((host) => looked.get(host.host) ?? host);
  return { ...newer, hosts, digest: digestOf({ stacks: newer.stacks, hosts }) };
}

/** A base that cannot be read says nothing about what was wanted; its own plan said why. */
function baseFiles(base: ReadFiles): Extract<ReadFiles, { is: 'files' }>['files'] | undefined {
  return base.is === 'files' ? base.files : undefined;
}
