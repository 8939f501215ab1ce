// The tables, and the migrations that make them on both databases. Portable on purpose: text, integers and JSON as
// text only. Times are ISO 8601 in UTC, which sort as text.
import type { Generated } from 'kysely';

export const DELIVERY_STATES = ['pending', 'running', 'done', 'failed'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

export interface Tables {
  deliveries: {
    /** Order of arrival. */
    seq: Generated<number>;
    guid: string;
    event: string;
    payload: string;
    group_key: string;
    state: DeliveryState;
    attempts: number;
    error: string | null;
    received_at: string;
    started_at: string | null;
    ended_at: string | null;
    /** The server that handles it. */
    owner: string | null;
    /** 1: whoever stands behind it has been told that it failed. */
    told: number;
    /** Who wants that it begins no deploy. */
    cancel_by: string | null;
  };
  plans: {
    seq: Generated<number>;
    repo: string;
    pull: number;
    commit_sha: string;
    digest: string;
    json: string;
    superseded: number;
    created_at: string;
    shown_at: string | null;
    /** Of a rollback: where the default branch was when it was planned. */
    rolled_from: string | null;
  };
  runs: {
    id: string;
    repo: string;
    installation: number;
    pull: number;
    commit_sha: string;
    plan: string;
    asked_by: string;
    /** JSON: how it was asked for, which hosts, and where its progress is written. */
    request: string;
    hosts: string;
    posts: string;
    /** JSON; null while it goes on. */
    ended: string | null;
    told: number;
    started_at: string;
    ended_at: string | null;
    /** Who wants it to stop. */
    cancel_by: string | null;
    /** The server that follows it. */
    owner: string | null;
  };
  leases: { machine: string; repo: string; host: string; run: string; since: string };
  comments: {
    repo: string;
    pull: number;
    comment_id: number;
    history: string;
    body: string | null;
    /** When it was written last. */
    at: string;
  };
  checks: {
    repo: string;
    check_id: number;
    name: string;
    commit_sha: string;
    pull: number | null;
    /** The digest of a plan, or the id of a run. */
    subject: string | null;
    /** The newer commit that it was told of. */
    superseded_by: string | null;
    at: string;
  };
  /** Check runs that have not ended. */
  open_checks: {
    repo: string;
    check_id: number;
    installation: number;
    name: string;
    commit_sha: string;
    pull: number | null;
    since: string;
  };
  /** Check runs that GitHub was asked to begin, until their ids are kept. */
  asked_checks: {
    repo: string;
    name: string;
    commit_sha: string;
    pull: number | null;
    subject: string | null;
    installation: number;
    since: string;
  };
  /** What a repository is called and reached by now; all other tables name it by its key. */
  repositories: { id: number; key: string; name: string; installation: number };
  /** In lower case, with the repository that had the name first. */
  repository_names: { name: string; repo_id: number };
  /** Freezes and holds. */
  stops: {
    seq: Generated<number>;
    repo: string;
    kind: 'freeze' | 'hold';
    subject: string;
    reason: string;
    asked_by: string;
    pull: number;
    since: string;
    until: string;
    lifted_at: string | null;
    lifted_by: string | null;
  };
  /** Merges that wait for hosts that another deploy holds. */
  waits: {
    repo: string;
    pull: number;
    asked_by: string;
    since: string;
    until: string;
    cancel_by: string | null;
  };
  /** The issue in which the drift of a stack is shown, and a digest of what it shows. */
  drift_issues: { repo: string; stack: string; issue: number; shown: string };
  /** When a repository was last looked at by schedule. */
  drift_looks: { repo: string; at: string };
  /** When pull requests were last looked through for what was missed. */
  looks: { repo: string; at: string };
  /** The servers that are there, each until its time unless it says again that it lives. */
  servers: { id: string; who: string; until: string };
  /** Who pushed a commit: nobody approves what they pushed themselves. */
  pushes: { repo: string; commit_sha: string; pushed_by: string; heard_at: string };
  /** Comments that were taken as commands, each by the delivery that brought it first. */
  commands: { repo: string; comment_id: number; delivery: string; heard_at: string };
  /** What was answered to whom. */
  answers: { key: string; body: string; at: string };
  /** What only one server does at a time. */
  turns: { key: string; owner: string };
}

/** What the databases call differently. */
export interface Words {
  /** Of 64 bits: ids of GitHub's do not fit into fewer. */
  readonly integer: string;
  /** A primary key that counts up. */
  readonly serial: string;
}

/** The store was written by a newer Ashore: what that made of it is not known here. */
export function refuseNewer(version: number): void {
  if (version <= MIGRATIONS.length) return;
  throw new Error(
    `the store was written by a newer Ashore (version ${version}, this one knows ${MIGRATIONS.length})`,
  );
}

/** Each entry is run once, in order; the number of those that were run is the database's version. Never edit one. */
export const MIGRATIONS: readonly ((words: Words) => readonly string[])[] = [
  ({ integer, serial }) => [
    `create table deliveries (
      seq ${serial}, guid text not null unique, event text not null, payload text not null,
      group_key text not null, state text not null, attempts ${integer} not null, error text,
      received_at text not null, started_at text, ended_at text)`,
    // Two deliveries of one group can never run at once, whatever the code above this does.
    `create unique index deliveries_running on deliveries (group_key) where state = 'running'`,
    `create index deliveries_pending on deliveries (seq) where state = 'pending'`,
    `create table plans (
      seq ${serial}, repo text not null, pull ${integer} not null, commit_sha text not null,
      digest text not null, json text not null, superseded ${integer} not null, created_at text not null, shown_at text,
      unique (repo, pull, commit_sha, digest))`,
    `create table runs (
      id text primary key, repo text not null, installation ${integer} not null, pull ${integer} not null,
      commit_sha text not null, plan text not null, asked_by text not null, request text not null, hosts text not null,
      posts text not null, ended text, told ${integer} not null, started_at text not null, ended_at text)`,
    `create index runs_plan on runs (repo, pull, plan)`,
    `create table leases (
      repo text not null, host text not null, run text not null references runs (id), since text not null,
      primary key (repo, host))`,
    `create table comments (
      repo text not null, pull ${integer} not null, comment_id ${integer} not null, history text not null,
      primary key (repo, pull))`,
    `create table checks (
      repo text not null, check_id ${integer} not null, name text not null, commit_sha text not null, pull ${integer},
      subject text, primary key (repo, check_id))`,
  ],
  ({ integer, serial }) => [
    `create table stops (
      seq ${serial}, repo text not null, kind text not null, subject text not null,
      reason text not null, asked_by text not null, pull ${integer} not null, since text not null, until text not null,
      lifted_at text, lifted_by text)`,
    `create index stops_open on stops (repo, until) where lifted_at is null`,
  ],
  ({ integer }) => [
    `create table drift_issues (
      repo text not null, stack text not null, issue ${integer} not null, shown text not null, primary key (repo, stack))`,
    `create table drift_looks (repo text primary key, at text not null)`,
  ],
  () => ['alter table runs add column cancel_by text'],
  () => [
    `create table servers (id text primary key, who text not null, until text not null)`,
    `create table turns (key text primary key, owner text not null)`,
    `alter table deliveries add column owner text`,
    `alter table runs add column owner text`,
    // A host is held by its address, whichever repository calls it what.
    `alter table leases rename to former_leases`,
    `create table leases (
      machine text primary key, repo text not null, host text not null, run text not null references runs (id),
      since text not null)`,
    `insert into leases select repo || ' ' || host, repo, host, run, since from former_leases`,
    `drop table former_leases`,
  ],
  ({ integer }) => [
    `create table pushes (
      repo text not null, commit_sha text not null, pushed_by text not null, heard_at text not null,
      primary key (repo, commit_sha, pushed_by))`,
    `create table commands (
      repo text not null, comment_id ${integer} not null, delivery text not null, heard_at text not null,
      primary key (repo, comment_id))`,
    `alter table comments add column body text`,
  ],
  () => [`create table looks (repo text primary key, at text not null)`],
  ({ integer }) => [
    `create table open_checks (
      repo text not null, check_id ${integer} not null, installation ${integer} not null, name text not null,
      commit_sha text not null, pull ${integer}, since text not null, primary key (repo, check_id))`,
  ],
  () => ['alter table plans add column rolled_from text'],
  ({ integer }) => [
    `create table waits (
      repo text not null, pull ${integer} not null, asked_by text not null, since text not null, until text not null,
      cancel_by text, primary key (repo, pull))`,
  ],
  ({ integer }) => [
    `create table repositories (
      id ${integer} primary key, key text not null unique, name text not null, installation ${integer} not null)`,
    `create table repository_names (name text primary key, repo_id ${integer} not null)`,
  ],
  () => [
    `alter table checks add column superseded_by text`,
    `alter table checks add column at text not null default ''`,
    `update checks set at = ashore_time(0)`,
    `alter table comments add column at text not null default ''`,
    `update comments set at = ashore_time(0)`,
  ],
  ({ integer }) => [
    `alter table deliveries add column told ${integer} not null default 0`,
    // What failed before this was kept is history: nobody waits to hear of it.
    `update deliveries set told = 1 where state = 'failed'`,
    `create index deliveries_untold on deliveries (seq) where state = 'failed' and told = 0`,
  ],
  () => ['alter table deliveries add column cancel_by text'],
  () => ['create table answers (key text primary key, body text not null, at text not null)'],
  ({ integer }) => [
    `create table asked_checks (
      repo text not null, name text not null, commit_sha text not null, pull ${integer}, subject text,
      installation ${integer} not null, since text not null)`,
    `create index asked_checks_pull on asked_checks (repo, pull)`,
  ],
];
