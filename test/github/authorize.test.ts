import { describe, expect, it } from 'vitest';
import type { Change, Duty, HostPlan, Plan } from '../../src/core/plan.ts';
import type { Policy } from '../../src/core/resource.ts';
import { authorize, findBlockers } from '../../src/github/authorize.ts';
import { selectHosts } from '../../src/github/rules/plan.ts';
import type { Actor, DeployAsk, PlanState, PullState, Request, Review } from '../../src/github/authorize.ts';

const HEAD = 'a'.repeat(40);
const SHOWN = '2026-11-22T12:00:00Z';

function change(verb: Change['verb']): Change {
  return {
    ref: 'file/etc/shop',
    stack: 'shop',
    verb,
    causes: ['this-change'],
    reason: 'content differs',
    fields: [],
    steps: [],
    before: 'b',
    want: 'w',
    origin: 'created',
    interrupts: [],
    notes: [],
    where: null,
  };
}

function host(name: string, rest: Partial<HostPlan> = {}): HostPlan {
  return {
    host: name,
    login: `deploy@${name}:22`,
    changes: [change('update')],
    blocked: [],
    unchanged: 0,
    failure: null,
    ...rest,
  };
}

function plan(...hosts: readonly HostPlan[]): Plan {
  const digest = 'd'.repeat(64);
  return { format: 1, digest, commit: HEAD, config: 'c', at: SHOWN, stacks: ['shop'], hosts: [...hosts] };
}

const HOOK: Duty = {
  ref: 'hook/shop: before drain',
  stack: 'shop',
  when: 'before',
  steps: [{ do: 'run', argv: ['drain'] }],
  where: null,
};
const hooked = plan(host('web1', { duties: [HOOK] }));

const POLICY: Policy = {
  on: 'both',
  by: ['write'],
  approvals: 0,
  confirm: ['restart'],
  freeze: [],
  checks: 'required',
  upToDate: false,
  codeowners: false,
  stacks: {},
  verbs: {},
  driftEvery: null,
};
const ADA: Actor = { login: 'ada', bot: false, role: 'write', teams: [] };
const PULL: PullState = {
  author: 'ada',
  head: HEAD,
  state: 'open',
  fork: false,
  base: 'main',
  defaultBranch: 'main',
  behind: false,
  upToDate: true,
};
const PLAN: PlanState = {
  plan: plan(host('web1'), host('db1')),
  current: true,
  shownAt: SHOWN,
  done: [],
  token: 'c0ffee00',
};
const ASK: DeployAsk = { via: 'comment', plan: PLAN, named: true, confirm: undefined, only: [], skip: [] };
const YES: Review = {
  by: 'grace',
  state: 'approved',
  commit: HEAD,
  at: '2026-11-22T12:05:00Z',
  role: 'write',
};
const TWO: Policy = { ...POLICY, approvals: 2 };
const ONE: Policy = { ...POLICY, approvals: 1 };
const OWNERS: Policy = { ...POLICY, codeowners: true };
const OWNED = { path: 'deploy-configs/shop.yml', owners: ['@ann'], logins: ['ann'] };
const FREEZE: Request['stops'][number] = {
  is: 'freeze',
  subject: 'shop',
  reason: 'inventory',
  by: 'grace',
  pull: 1,
  since: '2026-11-22T12:00:00.000Z',
  until: '2026-11-23T12:00:00.000Z',
};

interface Case {
  readonly policy?: Policy;
  readonly actor?: Partial<Actor>;
  readonly pull?: Partial<PullState>;
  readonly plan?: Partial<PlanState>;
  readonly ask?: Partial<DeployAsk>;
  readonly reviews?: readonly Review[];
  readonly pushers?: readonly string[];
  readonly now?: string;
  readonly checks?: Request['checks'];
  readonly owned?: Request['owned'];
  readonly stops?: Request['stops'];
}

function request(of: Case): Request {
  return {
    actor: { ...ADA, ...of.actor },
    policy: of.policy ?? POLICY,
    pull: { ...PULL, ...of.pull },
    reviews: of.reviews ?? [],
    pushers: of.pushers ?? ['ada'],
    checks: of.checks ?? [],
    owned: of.owned ?? [],
    stops: of.stops ?? [],
    now: new Date(of.now ?? '2026-11-22T13:00:00Z'),
    deploy: { ...ASK, ...of.ask, plan: { ...PLAN, ...of.plan } },
  };
}

function codes(of: Request): readonly string[] {
  const decision = authorize(of);
  return decision.allowed ? [] : decision.reasons.map((reason) => reason.code);
}

const christmas = { from: '2026-12-24T00:00:00Z', until: '2026-12-27T00:00:00Z', reason: 'Christmas' };
const broken = host('db1', { failure: { code: 'HOST_UNREACHABLE', message: 'no answer' } });
const blocked = host('db1', {
  blocked: [
    { ref: 'service/x', stack: 'shop', reason: { code: 'UNIT_MISSING', message: 'no unit' }, where: null },
  ],
});

const losing = plan(host('web1', { changes: [change('delete')] }));

const DEPLOYS: readonly (readonly [string, Case, readonly string[]])[] = [
  ['somebody with write', {}, []],
  ['somebody with more', { actor: { role: 'admin' } }, []],
  ['triage', { actor: { role: 'triage' } }, ['NOT_ALLOWED']],
  ['no role at all', { actor: { role: 'none' } }, ['NOT_ALLOWED']],
  ['write, where maintain is asked for', { policy: { ...POLICY, by: ['maintain'] } }, ['NOT_ALLOWED']],
  [
    'a member of the team',
    { policy: { ...POLICY, by: ['@acme/ops'] }, actor: { role: 'read', teams: ['@acme/ops'] } },
    [],
  ],
  [
    'admin, where only a team may',
    { policy: { ...POLICY, by: ['@acme/ops'] }, actor: { role: 'admin' } },
    ['NOT_ALLOWED'],
  ],
  [
    'a member of one of two',
    { policy: { ...POLICY, by: ['admin', '@acme/ops'] }, actor: { teams: ['@acme/ops'] } },
    [],
  ],
  ['a bot with write', { actor: { bot: true } }, ['NOT_ALLOWED']],

  ['a fork', { pull: { fork: true } }, ['FORK_STATIC_ONLY']],
  ['another base', { pull: { base: 'release' } }, ['NOT_ALLOWED']],
  ['a pull request that was closed', { pull: { state: 'closed' } }, ['PLAN_SUPERSEDED']],
  ['one that was merged', { pull: { state: 'merged' } }, []],
  ['a branch that is behind', { pull: { behind: true } }, ['BRANCH_BEHIND']],
  ['a merge that is behind', { pull: { behind: true, state: 'merged' } }, ['BRANCH_BEHIND']],

  ['merge only, before the merge', { policy: { ...POLICY, on: 'merge' } }, ['MODE_MERGE_ONLY']],
  ['merge only, after the merge', { policy: { ...POLICY, on: 'merge' }, pull: { state: 'merged' } }, []],
  ['comment only', { policy: { ...POLICY, on: 'comment' } }, []],

  ['a superseded plan', { plan: { current: false } }, ['PLAN_SUPERSEDED']],
  ['a host that is not in the plan', { ask: { only: ['web9'] } }, ['HOST_NOT_IN_PLAN']],
  ['two that are not', { ask: { only: ['web9'], skip: ['web8'] } }, ['HOST_NOT_IN_PLAN', 'HOST_NOT_IN_PLAN']],
  ['a host that was not reached', { plan: { plan: plan(host('web1'), broken) } }, ['PLAN_INCOMPLETE']],
  [
    'a resource that could not be planned',
    { plan: { plan: plan(host('web1'), blocked) } },
    ['PLAN_INCOMPLETE'],
  ],
  ['without that host', { plan: { plan: plan(host('web1'), broken) }, ask: { skip: ['db1'] } }, []],
  ['only the other host', { plan: { plan: plan(host('web1'), broken) }, ask: { only: ['web1'] } }, []],
  ['nothing to change', { plan: { plan: plan(host('web1', { changes: [] })) } }, ['PLAN_USED']],
  ['all done already', { plan: { done: ['web1', 'db1'] } }, ['PLAN_USED']],
  ['done on one of two', { plan: { done: ['web1'] } }, []],
  ['done on the one asked for', { plan: { done: ['web1'] }, ask: { only: ['web1'] } }, ['PLAN_USED']],

  ['a freeze', { policy: { ...POLICY, freeze: [christmas] }, now: '2026-12-24T00:00:00Z' }, ['FROZEN']],
  [
    'the last second of a freeze',
    { policy: { ...POLICY, freeze: [christmas] }, now: '2026-12-26T23:59:59Z' },
    ['FROZEN'],
  ],
  ['the end of a freeze', { policy: { ...POLICY, freeze: [christmas] }, now: '2026-12-27T00:00:00Z' }, []],
  ['before a freeze', { policy: { ...POLICY, freeze: [christmas] }, now: '2026-12-23T23:59:59Z' }, []],

  ['no approval', { policy: ONE }, ['APPROVAL_MISSING']],
  ['one approval', { policy: ONE, reviews: [YES] }, []],
  ['one of two', { policy: TWO, reviews: [YES] }, ['APPROVAL_MISSING']],
  [
    'two by the same',
    { policy: TWO, reviews: [YES, { ...YES, at: '2026-11-22T12:06:00Z' }] },
    ['APPROVAL_MISSING'],
  ],
  ['two by two', { policy: TWO, reviews: [YES, { ...YES, by: 'linus' }] }, []],
  ['an approval by the author', { policy: ONE, reviews: [{ ...YES, by: 'ada' }] }, ['APPROVAL_MISSING']],
  ['an approval without write', { policy: ONE, reviews: [{ ...YES, role: 'triage' }] }, ['APPROVAL_MISSING']],
  [
    'an approval of another commit',
    { policy: ONE, reviews: [{ ...YES, commit: 'b'.repeat(40) }] },
    ['APPROVAL_MISSING'],
  ],
  [
    'an approval before the plan',
    { policy: ONE, reviews: [{ ...YES, at: '2026-11-22T11:59:59Z' }] },
    ['APPROVAL_MISSING'],
  ],
  [
    'an approval in the same second: it may be from before',
    { policy: ONE, reviews: [{ ...YES, at: SHOWN }] },
    ['APPROVAL_MISSING'],
  ],
  [
    'an approval by who pushed',
    { policy: ONE, reviews: [YES], pushers: ['ada', 'Grace'] },
    ['APPROVAL_MISSING'],
  ],
  [
    'an approval when nobody knows who pushed',
    { policy: ONE, reviews: [YES], pushers: [] },
    ['APPROVAL_MISSING'],
  ],
  [
    'an approval of an owner who pushed',
    { policy: OWNERS, owned: [{ ...OWNED, logins: ['grace'] }], reviews: [YES], pushers: ['grace'] },
    ['APPROVAL_MISSING'],
  ],
  [
    'an approval of a plan never shown',
    { policy: ONE, reviews: [YES], plan: { shownAt: null } },
    ['APPROVAL_MISSING'],
  ],
  [
    'a later no',
    { policy: ONE, reviews: [YES, { ...YES, state: 'changes-requested', at: '2026-11-22T12:06:00Z' }] },
    ['APPROVAL_MISSING'],
  ],
  [
    'a later yes',
    { policy: ONE, reviews: [{ ...YES, state: 'changes-requested', at: '2026-11-22T12:01:00Z' }, YES] },
    [],
  ],
  [
    'a dismissed yes',
    { policy: ONE, reviews: [YES, { ...YES, state: 'dismissed', at: '2026-11-22T12:06:00Z' }] },
    ['APPROVAL_MISSING'],
  ],

  ['a deletion, named', { plan: { plan: losing } }, ['CONFIRMATION_NEEDED']],
  ['a deletion, with its token', { plan: { plan: losing }, ask: { confirm: 'c0ffee00' } }, []],
  [
    'a deletion, with the token of another plan',
    { plan: { plan: losing }, ask: { confirm: 'c0ffee01' } },
    ['CONFIRMATION_NEEDED'],
  ],
  [
    'a deletion, with its token, not named',
    { plan: { plan: losing }, ask: { confirm: 'c0ffee00', named: false } },
    ['CONFIRMATION_NEEDED'],
  ],
  [
    'a deletion, whose token is over',
    { plan: { plan: losing, token: null }, ask: { confirm: 'c0ffee00' } },
    ['CONFIRMATION_NEEDED'],
  ],
  [
    'an update that loses data, without any policy of confirming',
    {
      policy: { ...POLICY, confirm: [] },
      plan: { plan: plan(host('web1', { changes: [{ ...change('update'), data: 'lost' }] })) },
    },
    ['CONFIRMATION_NEEDED'],
  ],
  ['a restart, named', { plan: { plan: plan(host('web1', { changes: [change('restart')] })) } }, []],
  [
    'a restart, not named',
    {
      plan: { plan: plan(host('web1', { changes: [change('restart')] })) },
      ask: { named: false, via: 'merge' },
    },
    ['CONFIRMATION_NEEDED'],
  ],
  ['an update, not named', { ask: { named: false } }, []],
  [
    'a deletion on a host that is left out',
    {
      plan: { plan: plan(host('web1'), host('db1', { changes: [change('delete')] })) },
      ask: { named: false, skip: ['db1'] },
    },
    [],
  ],
];

describe('authorize a deploy', () => {
  it.each(DEPLOYS)('%s', (_, of, expected) => {
    expect(codes(request(of))).toEqual(expected);
  });

  it.each<readonly [string, Case, readonly string[]]>([
    ['a required check that passed', { checks: [{ name: 'tests', state: 'passed' }] }, []],
    ['one that failed', { checks: [{ name: 'tests', state: 'failed' }] }, ['CHECKS_FAILED']],
    ['one that goes on', { checks: [{ name: 'tests', state: 'pending' }] }, ['CHECKS_PENDING']],
    ['one that never came', { checks: [{ name: 'tests', state: 'missing' }] }, ['CHECKS_PENDING']],
    [
      'one that failed, where policy does not ask',
      { policy: { ...POLICY, checks: 'none' }, checks: [{ name: 'tests', state: 'failed' }] },
      [],
    ],
    ['not up to date', { pull: { upToDate: false } }, []],
    [
      'not up to date, where policy asks',
      { policy: { ...POLICY, upToDate: true }, pull: { upToDate: false } },
      ['BRANCH_BEHIND'],
    ],
    [
      'not up to date, merged',
      { policy: { ...POLICY, upToDate: true }, pull: { upToDate: false, state: 'merged' } },
      [],
    ],
    ['a fork that was merged', { pull: { fork: true, state: 'merged' } }, []],
    ['a path of another owner', { policy: OWNERS, owned: [OWNED], reviews: [YES] }, ['APPROVAL_MISSING']],
    [
      'a path of the approver',
      { policy: OWNERS, owned: [{ ...OWNED, logins: ['Linus', 'ann'] }], reviews: [{ ...YES, by: 'linus' }] },
      [],
    ],
    ['a path that nobody owns', { policy: OWNERS }, []],
    ['a freeze of the stack', { stops: [FREEZE] }, ['FROZEN']],
    ['a freeze of all', { stops: [{ ...FREEZE, subject: 'all' }] }, ['FROZEN']],
    ['a freeze of another stack', { stops: [{ ...FREEZE, subject: 'db' }] }, []],
    ['a held host', { stops: [{ ...FREEZE, is: 'hold', subject: 'web1' }] }, ['HELD']],
    [
      'a held host that is left out',
      { stops: [{ ...FREEZE, is: 'hold', subject: 'web1' }], ask: { skip: ['web1'] } },
      [],
    ],
    ['a held resource', { stops: [{ ...FREEZE, is: 'hold', subject: 'web1/file/etc/shop' }] }, ['HELD']],
    ['a held resource that stays', { stops: [{ ...FREEZE, is: 'hold', subject: 'web1/file/etc/motd' }] }, []],
    ['a stack of others', { policy: { ...POLICY, stacks: { shop: { by: ['admin'] } } } }, ['NOT_ALLOWED']],
    ['another stack of others', { policy: { ...POLICY, stacks: { db: { by: ['admin'] } } } }, []],
    [
      'a stack of more people than the rest',
      { policy: { ...POLICY, by: ['admin'], stacks: { shop: { by: ['write'] } } } },
      [],
    ],
    [
      'one of two stacks of others',
      {
        policy: { ...POLICY, stacks: { db: { by: ['admin'] } } },
        plan: { plan: { ...PLAN.plan, stacks: ['shop', 'db'] } },
      },
      ['NOT_ALLOWED'],
    ],
    [
      'approvals of a stack',
      { policy: { ...POLICY, stacks: { shop: { approvals: 1 } } } },
      ['APPROVAL_MISSING'],
    ],
    [
      'a verb of a stack, not named',
      { policy: { ...POLICY, stacks: { shop: { confirm: ['update'] } } }, ask: { named: false } },
      ['CONFIRMATION_NEEDED'],
    ],
    [
      'a hook, where others may run commands',
      { policy: { ...POLICY, verbs: { run: { by: ['admin'] } } }, plan: { plan: hooked } },
      ['NOT_ALLOWED'],
    ],
    [
      'a hook, where commands are confirmed, not named',
      { policy: { ...POLICY, confirm: ['run'] }, plan: { plan: hooked }, ask: { named: false } },
      ['CONFIRMATION_NEEDED'],
    ],
    ['a verb of others', { policy: { ...POLICY, verbs: { update: { by: ['admin'] } } } }, ['NOT_ALLOWED']],
    [
      'a verb of others that is not in the plan',
      { policy: { ...POLICY, verbs: { delete: { by: ['admin'] } } } },
      [],
    ],
    [
      'a stack named like a member of every object',
      { plan: { plan: { ...PLAN.plan, stacks: ['constructor'] } } },
      [],
    ],
  ])('%s', (_, of, expected) => {
    expect(codes(request(of))).toEqual(expected);
  });

  it('says of each thing what was asked for and what was found', () => {
    const { requirements } = authorize(request({ checks: [{ name: 'tests', state: 'passed' }] }));
    expect(requirements.map(({ what, required, found }) => `${what}: ${required}: ${found}`)).toEqual([
      'who, by policy: write: write',
      'base branch: main: main',
      'pull request: open or merged: open',
      'when: a merge or a command: open',
      'plan: the newest of the newest commit: the newest',
      'hosts: planned as a whole, with something to do: so',
      'configuration: all that main has: not behind',
      'required checks: tests: passed',
      'freezes: none: none',
      'holds: none on these hosts: none',
    ]);
  });

  it('gives every reason at once', () => {
    const all = request({
      policy: {
        ...POLICY,
        on: 'merge',
        by: ['admin'],
        approvals: 1,
        confirm: ['update'],
        freeze: [{ ...christmas, from: '2026-11-01T00:00:00Z' }],
      },
      pull: { fork: true, behind: true },
      plan: { current: false },
      ask: { named: false },
    });
    expect(codes(all)).toEqual([
      'NOT_ALLOWED',
      'FORK_STATIC_ONLY',
      'MODE_MERGE_ONLY',
      'PLAN_SUPERSEDED',
      'BRANCH_BEHIND',
      'APPROVAL_MISSING',
      'FROZEN',
      'CONFIRMATION_NEEDED',
    ]);
  });

  it.each(['comment', 'button', 'merge'] as const)('decides the same for a %s', (via) => {
    expect(codes(request({ actor: { role: 'read' }, ask: { via } }))).toEqual(['NOT_ALLOWED']);
    expect(codes(request({ ask: { via } }))).toEqual([]);
  });

  it('says who is missing what, and the exact next command', () => {
    const decision = authorize(
      request({
        actor: { role: 'read' },
        policy: { ...ONE, by: ['maintain', '@acme/ops'] },
        reviews: [{ ...YES, by: 'ada' }],
        plan: {
          plan: plan(
            host('web1', { changes: ['delete', 'delete', 'delete', 'delete'].map(() => change('delete')) }),
          ),
        },
        ask: { named: false },
      }),
    );
    expect(decision).toMatchObject({
      allowed: false,
      reasons: [
        { code: 'NOT_ALLOWED', message: 'ada has the role read here; this needs maintain or @acme/ops' },
        {
          code: 'APPROVAL_MISSING',
          message:
            '0 of 1 approvals of this plan are there; 1 more are by the author, by who pushed, without write, or not newer than the commit and the plan',
        },
        {
          code: 'CONFIRMATION_NEEDED',
          message:
            'this may lose data and has to be confirmed by its token: delete web1/file/etc/shop, delete web1/file/etc/shop, delete web1/file/etc/shop and 1 more',
          next: '`/deploy dddddddddddd --confirm c0ffee00`',
        },
      ],
    });
  });
});

describe('authorize a plan', () => {
  const look = (of: Case) => {
    const { deploy: _, ...rest } = request(of);
    return codes(rest);
  };
  it.each([
    ['write', { actor: { role: 'write' } }, []],
    ['write, where only admins deploy', { policy: { ...POLICY, by: ['admin'] } }, []],
    ['triage', { actor: { role: 'triage' } }, ['NOT_ALLOWED']],
    [
      'triage, where triage may even deploy',
      { policy: { ...POLICY, by: ['triage'] }, actor: { role: 'triage' } },
      [],
    ],
    ['a fork', { pull: { fork: true } }, ['FORK_STATIC_ONLY']],
    ['during a freeze', { policy: { ...POLICY, freeze: [christmas] }, now: '2026-12-25T00:00:00Z' }, []],
    ['without approvals', { policy: TWO }, []],
  ] as const)('%s', (_, of, expected) => {
    expect(look(of)).toEqual(expected);
  });
});

describe('findBlockers', () => {
  const deleting = { plan: plan(host('web1', { changes: [change('restart')] })) };
  it.each([
    ['none', {}, []],
    ['behind, where a comment deploys', { pull: { behind: true } }, ['BRANCH_BEHIND']],
    [
      'behind, where only the merge deploys',
      { policy: { ...POLICY, on: 'merge' }, pull: { behind: true } },
      [],
    ],
    ['approvals', { policy: ONE }, ['APPROVAL_MISSING']],
    ['a freeze', { policy: { ...POLICY, freeze: [christmas] }, now: '2026-12-25T00:00:00Z' }, ['FROZEN']],
    ['a host that was not reached', { plan: { plan: plan(broken) } }, ['PLAN_INCOMPLETE']],
    ['what is to be confirmed', { plan: deleting }, ['CONFIRMATION_NEEDED']],
    ['what every deploy confirms anyway', { policy: { ...POLICY, on: 'comment' }, plan: deleting }, []],
  ] as const)('%s', (_, of: Case, expected) => {
    const { actor: _actor, ...rest } = request(of);
    expect(findBlockers(rest, { ...PLAN, ...of.plan }).map((reason) => reason.code)).toEqual(expected);
  });

  it('an update that restarts is a restart to those who confirm restarts', () => {
    const restarting = { ...change('update'), interrupts: [{ what: 'shop', how: 'restart' as const }] };
    const restarted = { plan: plan(host('web1', { changes: [restarting] })) };
    const { actor: _, ...rest } = request({ policy: { ...POLICY, confirm: ['restart'] } });
    expect(findBlockers(rest, { ...PLAN, ...restarted }).map((one) => one.code)).toEqual([
      'CONFIRMATION_NEEDED',
    ]);
  });

  it('says to merge first where only the merge deploys', () => {
    const { actor: _, ...rest } = request({ policy: { ...POLICY, on: 'merge' } });
    expect(findBlockers(rest, { ...PLAN, ...deleting })[0]?.next).toBe('Merge, then `/deploy dddddddddddd`');
  });
});

describe('selectHosts', () => {
  it.each([
    [[], [], ['web1', 'db1']],
    [['web1'], [], ['web1']],
    [[], ['web1'], ['db1']],
    [['web1', 'db1'], ['db1'], ['web1']],
  ] as const)('only %j, skip %j', (only, skip, expected) => {
    expect(selectHosts(PLAN.plan, only, skip).map((each) => each.host)).toEqual(expected);
  });
});
