// What a test or the demo can see of one repository of the double.
import { commentsOf } from './issues.ts';
import { latestRuns } from './rollup.ts';
import type { Account, CheckRun, Comment, Deployment, Issue, Pull, Repository } from './state.ts';
import type { World } from './world.ts';

export class RepoView {
  readonly repository: Repository;
  protected readonly world: World;

  constructor(world: World, repository: Repository) {
    this.world = world;
    this.repository = repository;
  }

  get fullName(): string {
    return `${this.repository.owner.login}/${this.repository.name}`;
  }

  /** A clone address with the login and token of somebody in it. */
  cloneUrl(login: string): string {
    const url = new URL(`${this.world.url}/${this.fullName}.git`);
    url.username = login;
    url.password = this.account(login).token;
    return url.href;
  }

  async sha(ref: string): Promise<string> {
    const sha = (await this.repository.git.branch(ref)) ?? (await this.repository.git.resolve(ref));
    if (sha === undefined) throw new Error(`${this.fullName} has no ${ref}`);
    return sha;
  }

  async readFile(ref: string, path: string): Promise<string> {
    return (await this.repository.git.raw(['cat-file', 'blob', `${await this.sha(ref)}:${path}`])).toString();
  }

  issue(number: number): Issue {
    const issue = this.repository.issues.get(number);
    if (issue === undefined) throw new Error(`${this.fullName} has no #${number}`);
    return issue;
  }

  pull(number: number): Pull {
    const { pull } = this.issue(number);
    if (pull === undefined) throw new Error(`${this.fullName}#${number} is no pull request`);
    return pull;
  }

  comments(number: number): Comment[] {
    return commentsOf(this.repository, this.issue(number));
  }

  checkRun(id: number): CheckRun {
    const run = this.repository.checkRuns.get(id);
    if (run === undefined) throw new Error(`${this.fullName} has no check run ${id}`);
    return run;
  }

  /** The newest run of each name on a commit, or, without one, every run there is. */
  checkRuns(sha?: string): CheckRun[] {
    return sha === undefined ? [...this.repository.checkRuns.values()] : latestRuns(this.repository, sha);
  }

  deployments(): Deployment[] {
    return [...this.repository.deployments.values()];
  }

  protected account(login: string): Account {
    const account = this.world.account(login);
    if (account === undefined) throw new Error(`the double has no account ${login}`);
    return account;
  }
}
