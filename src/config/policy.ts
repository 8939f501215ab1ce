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
        by: z
          .array(By)
          .min(1)
          .optional()
          .describe('Who may deploy: the least role on the repository, or teams. `[write]` unless given.'),
        approvals: z.int().min(0).optional().describe('Approving reviews that are needed; 0 unless given.'),
      })
      .optional()
      .describe('When and by whom is deployed.'),
    confirm: z
      .array(z.enum(VERBS))
      .optional()
      .describe('Verbs that need `/deploy <plan>` even after a merge; `[delete, replace]` unless given.'),
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

/** What holds without a policy.yml. */
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

function policyOf({ deploy, confirm, freeze }: PolicyFile): Policy {
  return {
    on: deploy?.on ?? 'merge',
    by: deploy?.by ?? ['write'],
    approvals: deploy?.approvals ?? 0,
    confirm: confirm ?? ['delete', 'replace'],
    freeze: freeze ?? [],
  };
}
