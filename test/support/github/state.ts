// The nouns the double remembers: accounts, Apps and where they are installed, repositories and everything hung on them.
import type { GitRepo } from './git.ts';
import type { Json, JsonObject } from './json.ts';

export type Role = 'read' | 'triage' | 'write' | 'maintain' | 'admin';
export type Level = 'read' | 'write';
export type Permissions = Readonly<Record<string, Level>>;

export interface Account {
  readonly id: number;
  readonly login: string;
  readonly type: 'User' | 'Bot' | 'Organization';
  readonly token: string;
  readonly email: string;
}

/** An App: the one under test, or a stand-in such as a CI that also writes check runs. */
export interface AppIdentity {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly owner: Account;
  readonly bot: Account;
  readonly permissions: Permissions;
  readonly events: readonly string[];
}

export interface Installation {
  readonly id: number;
  readonly account: Account;
  readonly repos: Set<Repository>;
  readonly createdAt: string;
  /** null: it may be used. */
  suspendedAt: string | null;
}

export interface Repository {
  readonly id: number;
  owner: Account;
  name: string;
  readonly private: boolean;
  readonly parent: Repository | undefined;
  readonly git: GitRepo;
  readonly createdAt: string;
  readonly collaborators: Map<string, Role>;
  readonly protections: Map<string, Protection>;
  readonly issues: Map<number, Issue>;
  readonly comments: Map<number, Comment>;
  readonly checkSuites: Map<number, CheckSuite>;
  readonly checkRuns: Map<number, CheckRun>;
  readonly statuses: CommitStatus[];
  readonly activities: Activity[];
  readonly deployments: Map<number, Deployment>;
  defaultBranch: string;
  pushedAt: string;
}

/** One move of a branch. */
export interface Activity {
  readonly id: number;
  readonly before: string;
  readonly after: string;
  readonly ref: string;
  readonly type: 'push' | 'force_push' | 'branch_creation' | 'branch_deletion';
  readonly actor: Account;
  readonly at: string;
}

export interface Protection {
  readonly requiredChecks: readonly string[];
  readonly approvals: number;
}

export interface Reaction {
  readonly id: number;
  readonly user: Account;
  readonly content: string;
  readonly createdAt: string;
}

/** An issue, or the issue half of a pull request: GitHub numbers and comments both alike. */
export interface Issue {
  readonly id: number;
  readonly number: number;
  readonly author: Account;
  readonly app: AppIdentity | undefined;
  readonly createdAt: string;
  readonly reactions: Reaction[];
  readonly pull: Pull | undefined;
  title: string;
  body: string | null;
  state: 'open' | 'closed';
  updatedAt: string;
  closedAt: string | null;
}

export interface Pull {
  readonly id: number;
  readonly head: { readonly repo: Repository; readonly ref: string; sha: string };
  /** The tip of the base branch when the head last moved, as GitHub keeps it; not where the branch is now. */
  readonly base: { ref: string; sha: string };
  readonly reviews: Review[];
  draft: boolean;
  /** The test merge of one pair of commits; `sha` is undefined where they conflict. */
  trial: { readonly of: string; readonly sha: string | undefined } | undefined;
  merged: { readonly by: Account; readonly at: string; readonly sha: string } | undefined;
}

export interface Review {
  readonly id: number;
  readonly user: Account;
  readonly body: string;
  state: 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED' | 'DISMISSED';
  readonly commit: string;
  readonly submittedAt: string;
}

export interface Comment {
  readonly id: number;
  readonly issue: Issue;
  readonly author: Account;
  readonly app: AppIdentity | undefined;
  readonly createdAt: string;
  readonly reactions: Reaction[];
  body: string;
  updatedAt: string;
  minimized: string | undefined;
}

export interface CheckSuite {
  readonly id: number;
  readonly app: AppIdentity;
  readonly branch: string | null;
  readonly sha: string;
  readonly before: string | null;
  readonly createdAt: string;
}

export interface CheckAction {
  readonly label: string;
  readonly description: string;
  readonly identifier: string;
}

export interface CheckRun {
  readonly id: number;
  readonly suite: CheckSuite;
  readonly app: AppIdentity;
  readonly sha: string;
  readonly annotations: JsonObject[];
  name: string;
  externalId: string | null;
  detailsUrl: string;
  status: string;
  conclusion: string | null;
  startedAt: string | null;
  completedAt: string | null;
  title: string | null;
  summary: string | null;
  text: string | null;
  actions: readonly CheckAction[];
}

export interface CommitStatus {
  readonly id: number;
  readonly sha: string;
  readonly creator: Account;
  readonly state: string;
  readonly context: string;
  readonly description: string | null;
  readonly targetUrl: string | null;
  readonly createdAt: string;
}

export interface Deployment {
  readonly id: number;
  readonly sha: string;
  readonly ref: string;
  readonly task: string;
  readonly environment: string;
  readonly description: string | null;
  readonly payload: Json;
  readonly transient: boolean;
  readonly production: boolean;
  readonly creator: Account;
  readonly app: AppIdentity | undefined;
  readonly createdAt: string;
  readonly statuses: DeploymentStatus[];
  updatedAt: string;
}

export interface DeploymentStatus {
  readonly id: number;
  readonly state: string;
  readonly description: string;
  readonly environment: string;
  readonly environmentUrl: string;
  readonly logUrl: string;
  readonly creator: Account;
  readonly app: AppIdentity | undefined;
  readonly createdAt: string;
}

/** Said the moment something changes, so that a test can wait and the demo can show it. */
export interface Happening {
  readonly type: string;
  readonly repo: string;
  readonly number?: number;
  readonly detail: JsonObject;
}

const ROLES: readonly Role[] = ['read', 'triage', 'write', 'maintain', 'admin'];

export function roleAtLeast(role: Role | undefined, wanted: Role): boolean {
  return role !== undefined && ROLES.indexOf(role) >= ROLES.indexOf(wanted);
}

let ahead = 0;

/** People read before they write: what they say is not of the second in which they saw what it is about. */
export function passSecond(): void {
  ahead += 1000;
}

/** GitHub's times carry no milliseconds. */
export function stamp(at: Date = new Date(Date.now() + ahead)): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}
