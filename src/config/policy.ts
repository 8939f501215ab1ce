// policy.yml: who may deploy and how. Which commit it is read from is the caller's business; it can be read alone,
// because it must hold even where the rest of the configuration is broken.
import { z } from 'zod';
import { VERBS } from '../core/kind.ts';
import type { Policy } from '../core/resource.ts';
import { check } from './check.ts';
import type { Tell } from './tell.ts';
import { locate } from './tree.ts';
import type { Tree } from './tree.ts';

const ROLES = ['read', 'triage', 'write', 'maintain', 'admin'] as const;

const Time = z.iso
  .datetime({ offset: true, error: 'a time with its zone, such as 2026-12-24T00:00:00Z' })
  .describe('ISO 8601 time with its zone.');
const By = z.union([
  z.enum(ROLES),
  z
    .string()
    .regex(
      /^@[A-Za-z0-9][A-Za-z0-9-]*\/[A-Za-z0-9._-]+$/,
      `a role (${ROLES.join(', ')}) or a team (@org/team)`,
    ),
]);

const Who = z.array(By).min(1);
const Approvals = z.int().min(0).optional();
const Confirm = z.array(z.enum(VERBS)).optional();

export const PolicyFile = z
  .strictObject({
    deploy: z
      .strictObject({
        on: z
          .enum(['merge', 'comment', 'both'])
          .optional()
          .describe(
            'What deploys: the merge of the pull request, `/deploy` before it, or both. `merge` unless given.',
          ),
        by: Who.optional().describe(
          'Who may deploy: the least role on the repository, or teams. Nothing is deployed where nobody is named.',
        ),
        approvals: Approvals.describe('Approving reviews that are needed; 0 unless given.'),
        checks: z
          .enum(['required', 'none'])
          .optional()
          .describe(
            'Whether the checks that the base branch requires must have passed, those of Ashore left out. `required` unless given.',
          ),
        up_to_date: z
          .boolean()
          .optional()
          .describe('Whether the branch must hold the newest commit of its base. `false` unless given.'),
        codeowners: z
          .boolean()
          .optional()
          .describe(
            'Whether each touched path needs the approval of one of its owners in the CODEOWNERS of the base branch. `false` unless given.',
          ),
      })
      .optional()
      .describe('When and by whom is deployed.'),
    confirm: Confirm.describe(
      'Verbs that need `/deploy <plan>` even after a merge; `[delete, replace]` unless given.',
    ),
    stacks: z
      .record(
        z.string(),
        z.strictObject({
          by: Who.optional().describe('Who may deploy plans that touch the stack.'),
          approvals: Approvals.describe('Approving reviews that such a plan needs.'),
          confirm: Confirm.describe('Verbs that such a plan wants named.'),
        }),
      )
      .optional()
      .describe(
        'What holds in the place of the defaults for plans that touch a stack, by its name. Where a plan touches several, all of it holds.',
      ),
    verbs: z
      .partialRecord(
        z.enum(VERBS),
        z.strictObject({ by: Who.describe('Who may deploy plans that hold the verb.') }),
      )
      .optional()
      .describe('Who, beyond all else, may deploy plans that hold a verb.'),
    drift: z
      .strictObject({
        every: z
          .string()
          .regex(/^[1-9]\d{0,3}[hd]$/, 'a time such as `6h` or `1d`')
          .describe('How often all hosts are looked at: hours (`6h`) or days (`1d`).'),
      })
      .optional()
      .describe(
        'Looks at all hosts by itself, and shows in one issue a stack what they left of what was deployed. Nothing is repaired by itself. Off unless given.',
      ),
    freeze: z
      .array(
        z.strictObject({
          from: Time,
          until: Time,
          reason: z.string().min(1).describe('Shown to who is refused.'),
        }),
      )
      .optional()
      .describe('Times in which nothing is deployed.'),
  })
  .describe('Who may deploy and how. Always read from the base branch, never from the pull request itself.');
type PolicyFile = z.infer<typeof PolicyFile>;

/** What holds without a policy.yml: hosts are planned, and nobody may deploy. */
export const DEFAULT_POLICY: Policy = policyOf({});

export function parsePolicyTree(tree: Tree, tell: Tell): Policy | undefined {
  const checked = check(PolicyFile, tree, tell, { root: 'policy.yml' });
  if (!checked) return undefined;
  const backwards = (checked.value.freeze ?? []).findIndex(
    ({ from, until }) => Date.parse(from) >= Date.parse(until),
  );
  if (backwards < 0) return policyOf(checked.value);
  const { where } = locate(tree, ['freeze', backwards, 'until']);
  tell({ code: 'CONFIG_INVALID', message: '`until` must be after `from`', where });
  return undefined;
}

const HOURS = { h: 1, d: 24 } as const;

/** Hours of `6h` or `1d`. */
function hoursOf(every: string): number {
  return Number(every.slice(0, -1)) * (every.endsWith('d') ? HOURS.d : HOURS.h);
}

function policyOf({ deploy, confirm, freeze, stacks, verbs, drift }: PolicyFile): Policy {
  return {
    on: deploy?.on ?? 'merge',
    by: deploy?.by ?? [],
    approvals: deploy?.approvals ?? 0,
    checks: deploy?.checks ?? 'required',
    upToDate: deploy?.up_to_date ?? false,
    codeowners: deploy?.codeowners ?? false,
    confirm: confirm ?? ['delete', 'replace'],
    freeze: freeze ?? [],
    stacks: stacks ?? {},
    verbs: verbs ?? {},
    driftEvery: drift === undefined ? null : hoursOf(drift.every),
  };
}
