// One repository of the double, as tests and the demo act on it: commit, open, comment, review, press, merge, and look.
import { addIssue } from './issues.ts';
import { addComment, changeComment, removeComment } from './comments.ts';
import { createRun, suiteHookJson, suiteOf, tellRun, updateRun } from './checks.ts';
import { NO_COMMIT } from './git.ts';
import type { Files } from './git-commit.ts';
import { type MergeMethod, mergePull } from './merge.ts';
import { type PullChange, closePull, editPull, openPull, reopenPull, setDraft } from './pulls.ts';
import { pushed } from './pushes.ts';
import { RepoView } from './repo-view.ts';
import { addReview, dismissReview } from './reviews.ts';
import { addStatus } from './statuses.ts';
import {
  type Account,
  type AppIdentity,
  type CheckRun,
  type Comment,
  type Protection,
  type Review,
  type Role,
  passSecond,
  stamp,
} from './state.ts';

export interface CommitOptions {
  readonly branch: string;
  /** Where a branch that is not there yet starts; the default branch unless told otherwise. */
  readonly base?: string;
  readonly author?: string;
  readonly message: string;
  readonly files: Files;
}

export interface PullOptions {
  readonly title: string;
  readonly head: string;
  readonly base?: string;
  readonly body?: string;
  readonly by: string;
  readonly draft?: boolean;
  /** The fork that `head` is a branch of. */
  readonly from?: RepoDouble;
}

export interface ForeignCheck {
  readonly app: AppIdentity;
  readonly sha: string;
  readonly name: string;
  readonly conclusion?: string;
}

export interface StatusOptions {
  readonly sha: string;
  readonly context: string;
  readonly state: 'error' | 'failure' | 'pending' | 'success';
  readonly by: string;
}

export class RepoDouble extends RepoView {
  collaborator(login: string, role: Role): void {
    this.repository.collaborators.set(this.account(login).login, role);
  }

  dismissCollaborator(login: string): void {
    this.repository.collaborators.delete(login);
  }

  protect(branch: string, protection: Partial<Protection>): void {
    this.repository.protections.set(branch, {
      requiredChecks: protection.requiredChecks ?? [],
      approvals: protection.approvals ?? 0,
    });
  }

  /** A commit as if pushed: the push and every pull request it moves are told. */
  async commit({ branch, base, author, message, files }: CommitOptions): Promise<string> {
    return this.world.alone(async () => {
      const { git } = this.repository;
      const before = await git.branch(branch);
      const parent = before ?? (await git.branch(base ?? this.repository.defaultBranch));
      const by = author === undefined ? this.repository.owner : this.account(author);
      const who = { name: by.login, email: by.email, date: stamp() };
      const after = await git.commitFiles(branch, parent, who, message, files);
      await pushed(this.world, {
        repo: this.repository,
        ref: `refs/heads/${branch}`,
        before: before ?? NO_COMMIT,
        after,
        by,
      });
      return after;
    });
  }

  /** Sets a branch to a commit, also backwards: a forced push. */
  async forcePush(branch: string, to: string, by: string): Promise<void> {
    await this.world.alone(async () =>
      this.#move(
        `refs/heads/${branch}`,
        (await this.repository.git.branch(branch)) ?? NO_COMMIT,
        to,
        this.account(by),
      ),
    );
  }

  async deleteBranch(branch: string, by: string): Promise<void> {
    await this.world.alone(async () =>
      this.#move(`refs/heads/${branch}`, await this.sha(branch), NO_COMMIT, this.account(by)),
    );
  }

  async openPull(options: PullOptions): Promise<number> {
    return this.world.alone(async () => {
      const from = options.from ?? this;
      const base = options.base ?? this.repository.defaultBranch;
      const [head, tip] = [await from.sha(options.head), await this.sha(base)];
      const opening = {
        title: options.title,
        body: options.body ?? null,
        head: { repo: from.repository, ref: options.head },
        base,
        by: this.account(options.by),
        app: undefined,
        draft: options.draft ?? false,
      };
      return (await openPull(this.world, this.repository, opening, head, tip)).number;
    });
  }

  async editPull(number: number, change: PullChange, by: string): Promise<void> {
    await this.world.alone(() =>
      editPull(this.world, this.repository, this.issue(number), change, this.account(by)),
    );
  }

  async setDraft(number: number, draft: boolean, by: string): Promise<void> {
    await this.world.alone(() =>
      setDraft(this.world, this.repository, this.issue(number), draft, this.account(by)),
    );
  }

  async closePull(number: number, by: string): Promise<void> {
    await this.world.alone(() =>
      closePull(this.world, this.repository, this.issue(number), this.account(by)),
    );
  }

  async reopenPull(number: number, by: string): Promise<void> {
    await this.world.alone(() =>
      reopenPull(this.world, this.repository, this.issue(number), this.account(by)),
    );
  }

  /** The commit that the base branch is at afterwards. */
  async merge(number: number, by: string, method: MergeMethod = 'merge'): Promise<string> {
    return this.world.alone(() =>
      mergePull(this.world, this.repository, this.issue(number), { method, by: this.account(by) }),
    );
  }

  async openIssue(title: string, body: string, by: string): Promise<number> {
    return this.world.alone(
      async () => addIssue(this.world, this.repository, title, body, this.account(by)).number,
    );
  }

  async comment(number: number, body: string, by: string): Promise<Comment> {
    passSecond();
    return this.world.alone(async () =>
      addComment(this.world, this.repository, this.issue(number), body, this.account(by)),
    );
  }

  async editComment(id: number, body: string, by: string): Promise<void> {
    await this.world.alone(async () =>
      changeComment(this.world, this.repository, this.#comment(id), body, this.account(by)),
    );
  }

  async deleteComment(id: number, by: string): Promise<void> {
    await this.world.alone(async () =>
      removeComment(this.world, this.repository, this.#comment(id), this.account(by)),
    );
  }

  async review(
    number: number,
    given: { by: string; state: 'APPROVE' | 'REQUEST_CHANGES' | 'COMMENT'; body?: string; commit?: string },
  ): Promise<Review> {
    passSecond();
    return this.world.alone(async () => {
      const issue = this.issue(number);
      return addReview(this.world, this.repository, issue, {
        by: this.account(given.by),
        event: given.state,
        body: given.body ?? '',
        commit: given.commit ?? this.pull(number).head.sha,
      });
    });
  }

  async dismissReview(number: number, id: number, by: string): Promise<void> {
    await this.world.alone(async () =>
      dismissReview(this.world, this.repository, this.issue(number), id, this.account(by)),
    );
  }

  /** Presses a button of a check run. GitHub shows buttons only once the run has completed. */
  async clickAction(id: number, identifier: string, by: string): Promise<void> {
    await this.world.alone(async () => {
      const run = this.checkRun(id);
      if (run.status !== 'completed' || !run.actions.some((action) => action.identifier === identifier))
        throw new Error(`check run ${id} shows no button ${identifier}`);
      tellRun(this.world, this.repository, run, 'requested_action', this.account(by), {
        requested_action: { identifier },
      });
    });
  }

  /** Presses "Re-run" on a check run. */
  async rerequest(id: number, by: string): Promise<void> {
    await this.world.alone(async () => {
      const run = this.checkRun(id);
      if (run.status !== 'completed') throw new Error(`check run ${id} has not completed`);
      tellRun(this.world, this.repository, run, 'rerequested', this.account(by));
    });
  }

  /** Presses "Re-run all checks" on what the App under test made of a commit. */
  async rerequestSuite(sha: string, by: string): Promise<void> {
    await this.world.alone(async () => {
      const suite = suiteOf(this.world, this.repository, this.world.app, sha, null);
      const check_suite = await suiteHookJson(this.world, this.repository, suite);
      this.world.outbox.emit('check_suite.rerequested', this.repository, this.account(by), { check_suite });
    });
  }

  /** A check run of another App; without a conclusion it is still going. */
  async foreignCheck({ app, sha, name, conclusion }: ForeignCheck): Promise<CheckRun> {
    return this.world.alone(async () => {
      const known = this.checkRuns(sha).find(
        (run) => run.app === app && run.name === name && run.status !== 'completed',
      );
      const state = conclusion === undefined ? { status: 'in_progress' } : { conclusion };
      return known === undefined
        ? createRun(this.world, this.repository, app, { head_sha: sha, name, ...state })
        : updateRun(this.world, this.repository, known, state);
    });
  }

  /** A commit status, as an older CI sets it. */
  async status({ sha, context, state, by }: StatusOptions): Promise<void> {
    const given = { sha, context, state, description: null, targetUrl: null, creator: this.account(by) };
    await this.world.alone(async () => addStatus(this.world, this.repository, given));
  }

  #comment(id: number): Comment {
    const comment = this.repository.comments.get(id);
    if (comment === undefined) throw new Error(`${this.fullName} has no comment ${id}`);
    return comment;
  }

  async #move(ref: string, before: string, after: string, by: Account): Promise<void> {
    const { git } = this.repository;
    await (after === NO_COMMIT ? git.deleteRef(ref) : git.setRef(ref, after));
    await pushed(this.world, { repo: this.repository, ref, before, after, by });
  }
}
