// What all checks and statuses of a commit come to, and whether a protected branch lets a pull request in.
import { type CheckRun, type CommitStatus, type Pull, type Repository, roleAtLeast } from './state.ts';
import type { World } from './world.ts';

export interface Context {
  readonly name: string;
  readonly run: CheckRun | undefined;
  readonly status: CommitStatus | undefined;
  readonly passed: boolean;
  readonly pending: boolean;
}

/** https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/about-status-checks */
const PASSING = new Set(['success', 'neutral', 'skipped']);

/** The newest of each name: a re-run hides what it replaces. */
export function latestRuns(repo: Repository, sha: string): CheckRun[] {
  const newest = new Map<string, CheckRun>();
  for (const run of repo.checkRuns.values())
    if (run.sha === sha) newest.set(`${run.app.id} ${run.name}`, run);
  return [...newest.values()];
}

export function latestStatuses(repo: Repository, sha: string): CommitStatus[] {
  const newest = new Map<string, CommitStatus>();
  for (const status of repo.statuses) if (status.sha === sha) newest.set(status.context, status);
  return [...newest.values()];
}

export function contexts(repo: Repository, sha: string): Context[] {
  return [
    ...latestRuns(repo, sha).map((run) => ({
      name: run.name,
      run,
      status: undefined,
      passed: PASSING.has(run.conclusion ?? ''),
      pending: run.status !== 'completed',
    })),
    ...latestStatuses(repo, sha).map((status) => ({
      name: status.context,
      run: undefined,
      status,
      passed: status.state === 'success',
      pending: status.state === 'pending',
    })),
  ];
}

export function rollupState(all: readonly Context[]): 'SUCCESS' | 'PENDING' | 'FAILURE' {
  if (all.some(({ passed, pending }) => !passed && !pending)) return 'FAILURE';
  return all.some(({ pending }) => pending) ? 'PENDING' : 'SUCCESS';
}

/** The latest verdict of everybody with write access; a mere comment takes nothing back. */
function verdicts(world: World, repo: Repository, pull: Pull): string[] {
  const latest = new Map<string, string>();
  for (const { user, state } of pull.reviews)
    if (state !== 'COMMENTED' && roleAtLeast(world.role(user, repo), 'write')) latest.set(user.login, state);
  return [...latest.values()];
}

/** undefined where no review is asked for, as GraphQL's null. */
export function reviewDecision(
  world: World,
  repo: Repository,
  pull: Pull,
): 'APPROVED' | 'CHANGES_REQUESTED' | 'REVIEW_REQUIRED' | undefined {
  const wanted = repo.protections.get(pull.base.ref)?.approvals ?? 0;
  const given = verdicts(world, repo, pull);
  if (given.includes('CHANGES_REQUESTED')) return 'CHANGES_REQUESTED';
  const approved = given.filter((state) => state === 'APPROVED').length;
  if (wanted === 0) return approved > 0 ? 'APPROVED' : undefined;
  return approved >= wanted ? 'APPROVED' : 'REVIEW_REQUIRED';
}

export function checksState(
  world: World,
  repo: Repository,
  pull: Pull,
): { blocked: boolean; clean: boolean; missing: string[] } {
  const all = contexts(repo, pull.head.sha);
  const protection = repo.protections.get(pull.base.ref);
  const missing = (protection?.requiredChecks ?? []).filter(
    (name) => !all.some((each) => each.name === name && each.passed),
  );
  const decision = reviewDecision(world, repo, pull);
  const unreviewed =
    protection !== undefined && (decision === 'CHANGES_REQUESTED' || decision === 'REVIEW_REQUIRED');
  return { blocked: missing.length > 0 || unreviewed, clean: all.every(({ passed }) => passed), missing };
}
