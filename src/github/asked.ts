// What a delivery asked for, as far as its own words say: who did what, and where an answer would be read. Pure.
import { z } from 'zod';
import { DEPLOY_CHECK } from './checks.ts';
import { parseComment } from './command.ts';
import { Missed, MISSED } from './missed.ts';

export interface Asked {
  readonly place: AskedPlace;
  readonly where: AskedWhere;
  /** As it was written, or what was done. */
  readonly text: string;
  readonly by: string;
  /** A command or a button that begins a deploy. What a merge begins is known by its branch. */
  readonly deploys: boolean;
}

/** As GitHub names the repository, or by its key in the store. */
export type AskedPlace =
  | { readonly is: 'told'; readonly id: number; readonly name: string; readonly installation: number }
  | { readonly is: 'known'; readonly repo: string; readonly installation: number };

export type AskedWhere =
  /** A command; `issue`: not on a pull request. */
  | { readonly is: 'comment'; readonly pull: number; readonly issue: boolean }
  /** `commit`: its head, or what the merge made; null when GitHub did not say. */
  | { readonly is: 'pull'; readonly pull: number; readonly commit: string | null }
  | { readonly is: 'check'; readonly id: number }
  | { readonly is: 'commit'; readonly commit: string };

/** undefined: nobody waits for an answer to it, or there is no pull request for one. */
export function parseAsked(event: string, payload: string): Asked | undefined {
  const form = FORMS.get(event);
  return form?.safeParse(JSON.parse(payload)).data;
}

const Base = z.object({
  repository: z.object({ id: z.number(), full_name: z.string() }),
  installation: z.object({ id: z.number() }),
  sender: z.object({ login: z.string() }),
});

function askedOf(
  { repository, installation, sender }: z.infer<typeof Base>,
  where: AskedWhere,
  { text, deploys = false }: { readonly text: string; readonly deploys?: boolean },
): Asked {
  const { id, full_name: name } = repository;
  return {
    place: { is: 'told', id, name, installation: installation.id },
    where,
    text,
    by: sender.login,
    deploys,
  };
}

const CommentAsked = Base.extend({
  action: z.literal('created'),
  issue: z.object({ number: z.number(), pull_request: z.unknown().optional() }),
  comment: z.object({ body: z.string(), user: z.object({ type: z.literal('User') }) }),
}).transform(({ issue, comment, ...base }) => {
  const parsed = parseComment(comment.body);
  if (parsed.is === 'nothing') return undefined;
  const where = { is: 'comment', pull: issue.number, issue: issue.pull_request === undefined } as const;
  const deploys = parsed.is === 'command' && parsed.command.is === 'deploy';
  return askedOf(base, where, { text: parsed.text, deploys });
});

const PULL = { number: z.number(), head: z.object({ sha: z.string() }) };

const PULL_WORDS = {
  opened: 'the pull request',
  reopened: 'the pull request',
  synchronize: 'the new commits',
  edited: 'the new base',
  closed: 'the merge',
} as const;

const PullAsked = Base.extend({
  action: z.enum(['opened', 'reopened', 'synchronize', 'edited', 'closed']),
  pull_request: z.object({ ...PULL, merged: z.boolean().optional(), merge_commit_sha: z.string().nullish() }),
  changes: z.object({ base: z.unknown().optional() }).optional(),
}).transform(({ action, pull_request: pull, changes, ...base }) => {
  // Closed without a merge, or given another title: nothing is shown for it when all goes well.
  if (action === 'closed' && pull.merged !== true) return undefined;
  if (action === 'edited' && changes?.base === undefined) return undefined;
  const commit = action === 'closed' ? (pull.merge_commit_sha ?? null) : pull.head.sha;
  return askedOf(base, { is: 'pull', pull: pull.number, commit }, { text: PULL_WORDS[action] });
});

const ReviewAsked = Base.extend({
  action: z.enum(['submitted', 'dismissed']),
  pull_request: z.object(PULL),
}).transform(({ pull_request: { number: pull, head }, ...base }) =>
  askedOf(base, { is: 'pull', pull, commit: head.sha }, { text: 'the review' }),
);

const CheckAsked = Base.extend({
  action: z.enum(['requested_action', 'rerequested']),
  check_run: z.object({ id: z.number(), name: z.string() }),
  requested_action: z.object({ identifier: z.string() }).nullish(),
}).transform(({ check_run: run, requested_action: pressed, ...base }) => {
  const text = pressed ? `button ${pressed.identifier}` : `re-run of ${run.name}`;
  const deploys = pressed ? DEPLOY_BUTTONS.has(pressed.identifier) : run.name === DEPLOY_CHECK;
  return askedOf(base, { is: 'check', id: run.id }, { text, deploys });
});

const DEPLOY_BUTTONS: ReadonlySet<string> = new Set(['deploy', 'retry']);

const SuiteAsked = Base.extend({
  action: z.literal('rerequested'),
  check_suite: z.object({ head_sha: z.string() }),
}).transform(({ check_suite: { head_sha: commit }, ...base }) =>
  askedOf(base, { is: 'commit', commit }, { text: 're-run of all checks', deploys: true }),
);

const MissedAsked = Missed.transform(({ repo, installation, pull, commit, merged }): Asked => ({
  place: { is: 'known', repo, installation },
  where: { is: 'pull', pull, commit },
  text: merged ? PULL_WORDS.closed : PULL_WORDS.opened,
  by: 'an unknown account',
  deploys: false,
}));

const FORMS: ReadonlyMap<string, z.ZodType<Asked | undefined>> = new Map<
  string,
  z.ZodType<Asked | undefined>
>([
  ['issue_comment', CommentAsked],
  ['pull_request', PullAsked],
  ['pull_request_review', ReviewAsked],
  ['check_run', CheckAsked],
  ['check_suite', SuiteAsked],
  [MISSED, MissedAsked],
]);
