import { describe, expect, test } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import type { Reason } from '../../src/core/reason.ts';
import { renderPlanCheck } from '../../src/render/check-run.ts';
import { renderBlockers, renderCommands, renderVerdict, verdictWords } from '../../src/render/verdict.ts';
import type { PlanView } from '../../src/render/verdict.ts';
import { BASE, change, COMMIT, EMPTY, FIRST_DEPLOY, host, MIXED, plan, UNREACHABLE } from './plans.ts';

const CONFIRM: Reason = { code: 'CONFIRMATION_NEEDED', message: 'restart' };
const APPROVAL: Reason = { code: 'APPROVAL_MISSING', message: 'none' };
const FORK: Reason = { code: 'FORK_STATIC_ONLY', message: 'a fork' };
const TWO = plan([host('web1', [change('file/a')]), host('web2', [change('file/b')])]);
const NOTHING_SOUND = plan([host('web1', [], { failure: UNREACHABLE }), host('web2', [])]);

function view(made: Plan, more: Partial<PlanView> = {}): PlanView {
  return { plan: made, blockers: [], mode: 'merge', commit: COMMIT, ...more };
}

function rows(input: PlanView): readonly string[] {
  const digest = input.plan.digest.slice(0, 12);
  return renderCommands(input)
    .split('\n')
    .slice(2)
    .map((row) => row.slice(2, -2).replaceAll(digest, 'PLAN'));
}

const ONE = '`/deploy PLAN`';
const FIRST = '`/deploy PLAN --only web1`';
const AGAIN = 'plan again | `/plan`';

test.each<[string, PlanView, readonly string[]]>([
  ['merge, one host', view(FIRST_DEPLOY), ['**deploy exactly this plan** | merge this pull request', AGAIN]],
  [
    'merge, two hosts',
    view(TWO),
    [
      '**deploy exactly this plan** | merge this pull request',
      `deploy it to one host first, once merged | ${FIRST}`,
      AGAIN,
    ],
  ],
  [
    'merge, to be confirmed',
    view(FIRST_DEPLOY, { blockers: [{ reason: CONFIRM }] }),
    [`**deploy exactly this plan** | merge this pull request, then ${ONE}`, AGAIN],
  ],
  [
    'merge, something in the way',
    view(FIRST_DEPLOY, { blockers: [{ reason: CONFIRM }, { reason: APPROVAL }] }),
    [
      `**deploy exactly this plan**, once the list above is clear | merge this pull request, then ${ONE}`,
      AGAIN,
    ],
  ],
  ['merged', view(FIRST_DEPLOY, { merged: true }), [`**deploy exactly this plan** | ${ONE}`, AGAIN]],
  [
    'comment',
    view(TWO, { mode: 'comment' }),
    [`**deploy exactly this plan** | ${ONE}`, `deploy it to one host first | ${FIRST}`, AGAIN],
  ],
  [
    'both',
    view(FIRST_DEPLOY, { mode: 'both' }),
    ['**deploy exactly this plan** | merge this pull request', `the same before the merge | ${ONE}`, AGAIN],
  ],
  ['nothing to do', view(EMPTY), [AGAIN]],
  [
    'nothing that can be deployed',
    view(NOTHING_SOUND),
    ['plan again what could not be planned | `/plan web1`', AGAIN],
  ],
  [
    'part of it cannot be planned',
    view(MIXED, { mode: 'comment' }),
    [
      `deploy it to one host first | ${FIRST}`,
      'deploy it without what cannot be planned | `/deploy PLAN --skip web3 cache1`',
      'plan again what could not be planned | `/plan web3 cache1`',
      AGAIN,
    ],
  ],
])('what to type: %s', (_, input, expected) => {
  expect(rows(input)).toEqual(expected);
});

test('too many hosts to type are left to the reader', () => {
  const lost = Array.from({ length: 13 }, (_, index) => host(`web${index}`, [], { failure: UNREACHABLE }));
  const input = view(plan([host('db1', [change('file/a')]), ...lost]), { mode: 'comment' });
  expect(rows(input)).toEqual([
    'deploy it without what cannot be planned | <code>/deploy PLAN --skip &#60;hosts&#62;</code>',
    AGAIN,
  ]);
});

test.each<[string, Plan, readonly string[]]>([
  ['one', FIRST_DEPLOY, ['1 host changes']],
  ['none', EMPTY, ['nothing to change']],
  ['mixed', MIXED, ['4 hosts change', '1 host and 1 resource cannot be planned']],
  ['a host', NOTHING_SOUND, ['nothing to change', '1 host cannot be planned']],
])('the verdict in words: %s', (_, made, words) => {
  expect(verdictWords(made)).toEqual(words);
});

describe('the head', () => {
  test('names commit, base, stacks and what the reader did not ask for', () => {
    const made = plan([host('web1', [change('file/a', { causes: ['drift', 'undeployed'] })])], ['a', 'b']);
    const text = renderVerdict(view(made, { base: BASE }));
    expect(text).toContain('Commit `a1b2c3d` on base `9f8e7d6` · stacks `a`, `b` · hosts looked at');
    expect(text).toContain(
      'Not asked for by this pull request: **drift**: 1 change on `web1` · **merged but never deployed**: 1 change on `web1`',
    );
  });

  test('says that nothing is to be done, of one and of many', () => {
    const one = plan([host('web1', [], { unchanged: 1 })], []);
    expect(renderVerdict(view(one))).toContain('Nothing to do: 1 resource on 1 host is as declared.');
    expect(renderVerdict(view(EMPTY, { merged: true }))).toContain('Merge commit `a1b2c3d`');
  });

  test('counts by what happens', () => {
    const verbs = ['create', 'update', 'run', 'delete', 'adopt', 'forget'] as const;
    const made = plan([
      host(
        'web1',
        verbs.map((verb) => change(`file/${verb}`, { verb })),
      ),
    ]);
    expect(renderVerdict(view(made))).toContain(
      '**1 to create, 2 to change, 1 to delete, 2 only to record**',
    );
  });

  test('holds no counts where nothing changes and something cannot be planned', () => {
    expect(renderVerdict(view(NOTHING_SOUND))).not.toContain('**');
  });
});

test('blockers are a list to tick off, with the digest filled in, and counted when there are too many', () => {
  expect(renderBlockers(view(FIRST_DEPLOY))).toBe('');
  const one = renderBlockers(view(FIRST_DEPLOY, { blockers: [{ reason: CONFIRM }] }));
  expect(one).toContain(
    `- [ ] \`CONFIRMATION_NEEDED\` restart · **Next**, for whoever deploys: \`/deploy ${FIRST_DEPLOY.digest.slice(0, 12)}\``,
  );
  const blockers = Array.from({ length: 300 }, () => ({ reason: APPROVAL }));
  const many = renderBlockers(view(FIRST_DEPLOY, { blockers }));
  const told = many.match(/- \[ \]/g)?.length ?? 0;
  expect(many).toMatch(new RegExp(`- … and ${300 - told} more$`));
});

test.each<[string, PlanView, string, readonly string[]]>([
  ['changes are no failure', view(FIRST_DEPLOY), 'success', ['plan']],
  ['nothing to do', view(EMPTY, { mode: 'comment' }), 'success', ['plan']],
  ['by comment', view(FIRST_DEPLOY, { mode: 'comment' }), 'success', ['plan', 'deploy']],
  ['after the merge', view(FIRST_DEPLOY, { merged: true }), 'success', ['plan', 'deploy']],
  [
    'to be confirmed',
    view(FIRST_DEPLOY, { mode: 'both', blockers: [{ reason: CONFIRM }] }),
    'success',
    ['plan', 'deploy'],
  ],
  [
    'something in the way',
    view(FIRST_DEPLOY, { mode: 'both', blockers: [{ reason: APPROVAL }] }),
    'action_required',
    ['plan'],
  ],
  ['what cannot be planned', view(MIXED, { mode: 'comment' }), 'failure', ['plan']],
  ['a fork', view(MIXED, { blockers: [{ reason: FORK }] }), 'neutral', ['plan']],
])('the check of a plan: %s', (_, input, conclusion, actions) => {
  const check = renderPlanCheck(input);
  expect([check.conclusion, check.actions.map((action) => action.identifier)]).toEqual([conclusion, actions]);
});

test('the title counts what is as declared and stays short', () => {
  expect(renderPlanCheck(view(MIXED)).title).toBe(
    '4 hosts change, 1 host and 1 resource cannot be planned, 3 as declared',
  );
  expect(renderPlanCheck(view(EMPTY)).title).toBe('Nothing to change, 2 as declared');
  const lost = Array.from({ length: 20_000 }, (_, index) =>
    host(`h${index}`, [], index % 2 ? { failure: UNREACHABLE } : {}),
  );
  expect(renderPlanCheck(view(plan(lost))).title.length).toBeLessThanOrEqual(70);
});
