// What the pull request itself must be: of this repository, into the default branch, and not behind it.
import { reason } from './request.ts';
import type { PullState, Request, Requirement, Standing } from './request.ts';

export function requirePull({ pull, commit }: Request): readonly Requirement[] {
  return [
    ...(pull.fork && pull.state !== 'merged' ? [requireNamed(pull, commit)] : []),
    {
      what: 'base branch',
      required: pull.defaultBranch,
      found: pull.base,
      changer: 'the author',
      unmet: pull.base === pull.defaultBranch ? [] : [otherBase(pull)],
    },
    {
      what: 'pull request',
      required: 'open or merged',
      found: pull.state,
      changer: 'the author',
      unmet:
        pull.state === 'closed'
          ? [reason('PLAN_SUPERSEDED', 'the pull request was closed without a merge', 'Open it again.')]
          : [],
    },
  ];
}

export function requireFresh({ pull, policy }: Standing): readonly Requirement[] {
  const unmet = pull.behind ? [behind(pull)] : [];
  const configuration = {
    what: 'configuration',
    required: `all that ${pull.base} has`,
    found: pull.behind ? 'behind' : 'not behind',
    changer: 'the author',
    unmet,
  };
  if (!policy.upToDate || pull.state === 'merged') return [configuration];
  const message = `${pull.base} has commits that this branch lacks, and policy asks for all of them`;
  const late = !pull.upToDate && !pull.behind;
  return [
    configuration,
    {
      what: 'branch',
      required: `up to date with ${pull.base}`,
      found: pull.upToDate ? 'up to date' : 'behind',
      changer: 'the author',
      unmet: late ? [reason('BRANCH_BEHIND', message)] : [],
    },
  ];
}

/** Nobody has read what a stranger may push next: exactly the commit that was named is planned. */
function requireNamed({ head }: PullState, commit: string | undefined): Requirement {
  const next = `Read the change; then somebody with write comments \`/plan ${head.slice(0, 12)}\`.`;
  return {
    what: 'commit of a fork',
    required: 'named by somebody with write',
    found: commit ?? 'not named',
    changer: 'whoever has write',
    unmet:
      commit === head
        ? []
        : [reason('FORK_STATIC_ONLY', 'the pull request comes from a fork and is not merged', next)],
  };
}

function otherBase({ base, defaultBranch }: PullState) {
  const message = `the pull request goes into ${base}; policy and hosts are those of ${defaultBranch}`;
  return reason('NOT_ALLOWED', message, `Open a pull request into ${defaultBranch}.`);
}

function behind(pull: PullState) {
  if (pull.state !== 'merged') {
    return reason('BRANCH_BEHIND', `${pull.base} has configuration that this branch lacks`);
  }
  const next = 'Deploy by the newest pull request, or open one: its plan shows what is left.';
  return reason('BRANCH_BEHIND', `${pull.base} has newer configuration than this merge`, next);
}
