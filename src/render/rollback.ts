// What people must know of a rollback, before it and after it. Names stand between backticks.
import { shortCommit } from './words.ts';

export interface RollbackWords {
  readonly commit: string;
  /** The default branch and the commit that it was at. */
  readonly branch: string;
  readonly from: string;
  /** What runs since that commit have deleted or replaced: `delete web1/file/x`. */
  readonly lost: readonly string[];
}

export function rollbackNotices({ commit, branch, from, lost }: RollbackWords): readonly string[] {
  const gone = `What was deleted or replaced since then comes back without its data, or not at all: ${lost.map((each) => `\`${each}\``).join(', ')}.`;
  return [
    `This is a rollback to \`${shortCommit(commit)}\`: the configuration of that commit, planned and confirmed as any other. It brings back no data.`,
    ...(lost.length > 0 ? [gone] : []),
    `Afterwards the hosts no longer have what \`${branch}\` declares (\`${shortCommit(from)}\`). ${REVERT}`,
  ];
}

/** Below the report of a rollback. */
export function rollbackDone(commit: string): string {
  return `↩️ This was a rollback to \`${shortCommit(commit)}\`: the hosts and the default branch differ now. ${REVERT}`;
}

const REVERT =
  'Open a pull request that reverts what went wrong (the Revert button of the pull request that brought it, or `git revert`); until it is merged, every plan of these stacks shows it as merged but never deployed.';
