// One repository through the installation that may speak for it, and what all workflows stand on.
import type { Logger } from 'pino';
import type { ProbotOctokit } from 'probot';
import type { Problem } from '../core/problem.ts';
import type { ParsedConfig, Policy } from '../core/resource.ts';
import type { ConfigFiles, Deployer } from '../deploy.ts';
import type { Store } from '../store/store.ts';
import type { Blobs } from './blobs.ts';
import type { Patience } from './patience.ts';
import type { Slots } from './slots.ts';
import type { Turns } from './turns.ts';

export interface Repo {
  readonly octokit: ProbotOctokit;
  readonly owner: string;
  readonly name: string;
  /** GitHub's. */
  readonly id: number;
  /** What the store knows it by, whatever it is called. */
  readonly key: string;
  /** Another repository had its name before. */
  readonly taken: boolean;
  readonly installation: number;
  /** Carries the id of the delivery or of the run. */
  readonly log: Logger;
  readonly blobs: Blobs;
}

/** Who a repository is. */
export type RepoName = Pick<Repo, 'owner' | 'name' | 'id' | 'taken'>;

export type ParsedPolicy = { readonly policy: Policy } | { readonly problems: readonly Problem[] };

export interface GithubWorld {
  readonly store: Store;
  /** Reaches what the repository may reach, and nothing else. */
  readonly deployerOf: (repo: RepoName) => Deployer;
  /** The configuration or its problems; contacts no host. */
  readonly validate: (files: ConfigFiles) => ParsedConfig;
  /** policy.yml alone, or what is wrong with it; without the file its defaults. */
  readonly parsePolicy: (files: ConfigFiles) => ParsedPolicy;
  /** Our App's id on GitHub. */
  readonly appId: number;
  readonly now: () => Date;
  /** Octokit for an installation; runs that are picked up again have no delivery to take one from. */
  readonly connect: (installation: number) => Promise<ProbotOctokit>;
  readonly log: Logger;
  readonly blobs: Blobs;
  /** What to do when GitHub fails. */
  readonly patience: Patience;
  /** Does what a delivery only waits for, so that others are taken up meanwhile. */
  readonly rest: Slots['rest'];
  /** One plan at a time for each pull request. */
  readonly turns: Turns;
}

/** As Octokit's calls want it. */
export function place(repo: Repo): { readonly owner: string; readonly repo: string } {
  return { owner: repo.owner, repo: repo.name };
}
