import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../src/config/parse.ts';
import { filesOf, formatProblem } from './fleet.ts';

function policyOf(text: string | null): unknown {
  const parsed = parsePolicy(filesOf({ 'policy.yml': text, 'hosts.yml': 'broken: [' }));
  return 'policy' in parsed ? parsed.policy : parsed.problems.map(formatProblem);
}

const DEFAULTS = {
  on: 'merge',
  by: [],
  approvals: 0,
  confirm: ['delete', 'replace'],
  freeze: [],
  checks: 'required',
  upToDate: false,
  codeowners: false,
  stacks: {},
  verbs: {},
  driftEvery: null,
};

describe('what holds', () => {
  it.each<[string, string | null, object]>([
    ['no file', null, {}],
    ['a file that says little', 'confirm: []', { confirm: [] }],
    [
      'what else must hold',
      'deploy: { checks: none, up_to_date: true, codeowners: true }',
      { checks: 'none', upToDate: true, codeowners: true },
    ],
    [
      'stacks and verbs',
      'stacks: { shop: { by: ["@acme/shop"], approvals: 2, confirm: [restart] } }\nverbs: { delete: { by: [admin] } }',
      {
        stacks: { shop: { by: ['@acme/shop'], approvals: 2, confirm: ['restart'] } },
        verbs: { delete: { by: ['admin'] } },
      },
    ],
    ['looks for drift, in days', 'drift: { every: 2d }', { driftEvery: 48 }],
    ['looks for drift, in hours', 'drift: { every: 6h }', { driftEvery: 6 }],
    ['roles', 'deploy: { by: [admin], approvals: 2 }', { by: ['admin'], approvals: 2 }],
    [
      'teams',
      'deploy: { on: both, by: ["@acme/ops.team", maintain] }',
      { on: 'both', by: ['@acme/ops.team', 'maintain'] },
    ],
    ['`on` is a word, as in YAML 1.2', 'deploy:\n  on: comment', { on: 'comment' }],
    [
      'a freeze',
      'freeze:\n  - { from: 2026-12-24T00:00:00+01:00, until: 2026-12-26T00:00:00Z, reason: holidays }',
      { freeze: [{ from: '2026-12-24T00:00:00+01:00', until: '2026-12-26T00:00:00Z', reason: 'holidays' }] },
    ],
  ])('%s', (_, text, policy) => {
    expect(policyOf(text)).toEqual({ ...DEFAULTS, ...policy });
  });
});

describe('problems', () => {
  const TIME = 'a time with its zone, such as 2026-12-24T00:00:00Z';
  it.each<[string, string, readonly string[]]>([
    ['an empty file', '', ['policy.yml:1:1 CONFIG_INVALID the file is empty']],
    [
      'an unknown key',
      'deploys: {}',
      ['policy.yml:1:1 KEY_UNKNOWN policy.yml has no key `deploys` → deploy'],
    ],
    [
      'a misspelt mode',
      'deploy: { on: mrege }',
      [
        'policy.yml:1:15 CONFIG_INVALID `on`: expected one of merge, comment, both, got the text "mrege" → merge',
      ],
    ],
    ['nobody', 'deploy: { by: [] }', ['policy.yml:1:15 CONFIG_INVALID `by`: must not be empty']],
    [
      'a person',
      'deploy: { by: ["@alice"] }',
      [
        'policy.yml:1:16 CONFIG_INVALID `by`, entry 1: a role (read, triage, write, maintain, admin) or a team (@org/team)',
      ],
    ],
    [
      'one alone',
      'deploy: { by: write }',
      ['policy.yml:1:15 CONFIG_INVALID `by`: expected a list, got the text "write"'],
    ],
    [
      'reviews below zero',
      'deploy: { approvals: -1 }',
      ['policy.yml:1:22 CONFIG_INVALID `approvals`: must be at least 0'],
    ],
    [
      'a verb that is none',
      'confirm: [delet]',
      [
        'policy.yml:1:11 CONFIG_INVALID `confirm`, entry 1: expected one of create, update, reload, restart, replace, delete, adopt, forget, run, got the text "delet" → delete',
      ],
    ],
    [
      'a misspelt key within a list',
      'freeze: [{ form: 2026-12-24T00:00:00Z, until: 2026-12-26T00:00:00Z, reason: x }]',
      [
        'policy.yml:1:10 CONFIG_INVALID `from`: missing; a time with its zone, such as 2026-12-24T00:00:00Z',
        'policy.yml:1:12 KEY_UNKNOWN `freeze`, entry 1 has no key `form` → from',
      ],
    ],
    [
      'a day for a time',
      'freeze: [{ from: 2026-12-24, until: 2026-12-26T00:00:00Z, reason: x }]',
      [`policy.yml:1:18 CONFIG_INVALID \`from\`: ${TIME}`],
    ],
    [
      'a time without zone',
      'freeze: [{ from: 2026-12-24T00:00:00Z, until: 2026-12-26T00:00:00, reason: x }]',
      [`policy.yml:1:47 CONFIG_INVALID \`until\`: ${TIME}`],
    ],
    [
      'no reason',
      'freeze: [{ from: 2026-12-24T00:00:00Z, until: 2026-12-26T00:00:00Z, reason: "" }]',
      ['policy.yml:1:77 CONFIG_INVALID `reason`: must not be empty'],
    ],
    [
      'an end before its start',
      'freeze: [{ from: 2026-12-26T00:00:00Z, until: 2026-12-26T00:30:00+01:00, reason: x }]',
      ['policy.yml:1:47 CONFIG_INVALID `until` must be after `from`'],
    ],
  ])('%s', (_, text, problems) => {
    expect(policyOf(text)).toEqual(problems);
  });

  it('refuses a file of another name, which would not hold', () => {
    const parsed = parsePolicy(filesOf({ 'policy.yaml': 'confirm: []' }));
    expect('problems' in parsed && parsed.problems.map(formatProblem)).toEqual([
      'policy.yaml:1:1 CONFIG_INVALID this file must be named policy.yml',
    ]);
  });
});
