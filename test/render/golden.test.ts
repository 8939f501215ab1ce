// What people see, as files to be read in review: one golden file for each surface of each situation.
import { expect, test } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import type { Problem } from '../../src/core/problem.ts';
import type { Reason } from '../../src/core/reason.ts';
import type { HostReport, Report } from '../../src/core/report.ts';
import { renderDeployCheck, renderPlanCheck, renderProblemsCheck } from '../../src/render/check-run.ts';
import type { CheckOutput } from '../../src/render/check-run.ts';
import {
  renderDeployComment,
  renderHelp,
  renderPlanComment,
  renderProblems,
  renderRefusal,
} from '../../src/render/comment.ts';
import type { PlanComment } from '../../src/render/comment.ts';
import {
  renderPlanTerminal,
  renderProblemsTerminal,
  renderProgressLine,
  renderReportTerminal,
} from '../../src/render/terminal.ts';
import { BASE, COMMIT, DRIFT, EMPTY, FIRST_DEPLOY, link, MIXED, WAVES } from './plans.ts';
import { changeReport, ENDED, hostReport, LOST, report, SICK, STALE, UNIT_FAILED } from './reports.ts';

const APPROVAL: Reason = {
  code: 'APPROVAL_MISSING',
  message: '1 approval given after this plan is asked for, there are 0',
};
const INCOMPLETE: Reason = {
  code: 'PLAN_INCOMPLETE',
  message: '1 host and 1 resource could not be planned',
};
const CONFIRM: Reason = {
  code: 'CONFIRMATION_NEEDED',
  message: 'policy wants restart confirmed; the plan restarts shop.service on web1 and web2',
};

const LOSING: Reason = {
  code: 'CONFIRMATION_NEEDED',
  message: 'this may lose data and has to be confirmed by its token: delete db1/file/etc/old.conf',
  next: '`/deploy 7f3a9c0d1e2f --confirm 0a1b2c3d`',
};
const HELD: Reason = {
  code: 'HELD',
  message:
    'web2 is held by grace (#12) since 2026-11-22T13:00:00.000Z until 2026-11-23T13:00:00.000Z: the | disk is *changed*',
  next: 'Wait, or `/release web2`.',
};

function view(plan: Plan, more: Partial<PlanComment> = {}): PlanComment {
  return { plan, blockers: [], mode: 'merge', commit: COMMIT, base: BASE, link, ...more };
}

const PLANS: readonly (readonly [string, PlanComment])[] = [
  ['first-deploy', view(FIRST_DEPLOY)],
  [
    'mixed',
    view(MIXED, {
      blockers: [{ reason: APPROVAL }, { reason: INCOMPLETE }],
      history: [
        { digest: '5e11aa0c9d21ff00', at: '2026-11-22T13:40:00Z', note: 'replaced: new commit 77aa00b' },
      ],
    }),
  ],
  ['drift', view(DRIFT, { mode: 'comment' })],
  ['drift-confirm', view(DRIFT, { mode: 'both', blockers: [{ reason: CONFIRM }] })],
  [
    'confirm-token',
    view(MIXED, {
      mode: 'both',
      blockers: [{ reason: LOSING }],
      notices: [
        'This changes the policy: it is judged by the policy of main, as it was before.',
        'Host `db1` is reached elsewhere: `deploy@10.0.0.21:22` becomes `deploy@10.0.0.22:22`.',
      ],
    }),
  ],
  ['drift-merged', view(DRIFT, { merged: true, blockers: [] })],
  ['empty', view(EMPTY)],
  ['waves', view(WAVES)],
];

test.each(PLANS)('plan %s', async (name, input) => {
  await expect(renderPlanComment(input)).toMatchFileSnapshot(`golden/plan-${name}.comment.md`);
  await expect(formatCheck(renderPlanCheck(input))).toMatchFileSnapshot(`golden/plan-${name}.check.md`);
  const look = { color: false, width: 100, verbose: name === 'mixed' };
  await expect(renderPlanTerminal(input.plan, look)).toMatchFileSnapshot(`golden/plan-${name}.terminal.txt`);
});

test('a plan in colour', async () => {
  const text = renderPlanTerminal(MIXED, { color: true, width: 100, verbose: false });
  await expect(text.replaceAll('\u001B', '␛')).toMatchFileSnapshot('golden/plan-colour.terminal.txt');
});

function changing(plan: Plan): Plan['hosts'] {
  return plan.hosts.filter((host) => host.changes.length > 0);
}

function hostsOf(
  plan: Plan,
  ends: readonly ((host: Plan['hosts'][number]) => HostReport)[],
): readonly HostReport[] {
  return changing(plan).flatMap((host, index) => ends[index]?.(host) ?? []);
}

const REPORTS: readonly (readonly [string, Plan, Report])[] = [
  [
    'held',
    DRIFT,
    report(
      DRIFT,
      hostsOf(DRIFT, [
        (host) => hostReport(host, ['applied', 'applied']),
        (host) => hostReport(host, [], { outcome: 'held', reason: HELD, remaining: null }),
        (host) => hostReport(host, ['applied']),
      ]),
      ENDED,
    ),
  ],
  [
    'running',
    MIXED,
    report(
      MIXED,
      hostsOf(MIXED, [
        (host) => hostReport(host, ['applied', 'applied'], { remaining: null }),
        (host) => hostReport(host, ['applied'], { outcome: 'running', remaining: null }),
        (host) => hostReport(host, [], { outcome: 'queued', remaining: null }),
        (host) => hostReport(host, [], { outcome: 'queued', remaining: null }),
      ]),
      null,
    ),
  ],
  [
    'done',
    DRIFT,
    report(
      DRIFT,
      hostsOf(DRIFT, [
        (host) => hostReport(host, ['applied', 'applied']),
        (host) => hostReport(host, ['skipped', 'applied', 'applied']),
        (host) => hostReport(host, ['applied']),
      ]),
      ENDED,
    ),
  ],
  [
    'unit-failed',
    DRIFT,
    report(
      DRIFT,
      hostsOf(DRIFT, [
        (host) => ({
          ...hostReport(host, [], {
            outcome: 'failed',
            // The unit that failed is no longer as the plan saw it.
            remaining: host.changes.slice(1).map((left) => ({ ...left, before: 'f'.repeat(64) })),
          }),
          changes: [
            changeReport('file/etc/shop/config.json', 'applied'),
            changeReport('service/shop', 'failed', { reason: UNIT_FAILED, seconds: 6.4 }),
          ],
        }),
        (host) => hostReport(host, [], { outcome: 'not-started', remaining: null }),
        (host) => hostReport(host, ['applied']),
      ]),
      ENDED,
    ),
  ],
  [
    'unknown',
    DRIFT,
    report(
      DRIFT,
      hostsOf(DRIFT, [
        (host) =>
          hostReport(host, ['applied', 'unknown'], { outcome: 'unknown', reason: LOST, remaining: null }),
        (host) => hostReport(host, [], { outcome: 'not-started', remaining: null }),
        (host) => hostReport(host, [], { outcome: 'not-started', remaining: null }),
      ]),
      ENDED,
    ),
  ],
  [
    'stale',
    DRIFT,
    report(
      DRIFT,
      hostsOf(DRIFT, [
        (host) => hostReport(host, [], { outcome: 'refused', reason: STALE, remaining: null }),
        (host) => hostReport(host, [], { outcome: 'refused', reason: STALE, remaining: null }),
        (host) => hostReport(host, [], { outcome: 'not-started', remaining: null }),
      ]),
      ENDED,
    ),
  ],
  [
    'left-over',
    DRIFT,
    report(
      DRIFT,
      hostsOf(DRIFT, [
        (host) => hostReport(host, ['applied', 'applied'], { remaining: host.changes.slice(0, 1) }),
        (host) => hostReport(host, ['applied', 'applied', 'applied'], { remaining: null }),
        (host) => hostReport(host, ['applied']),
      ]),
      ENDED,
    ),
  ],
  [
    'waves',
    WAVES,
    report(
      WAVES,
      hostsOf(WAVES, [
        (host) => hostReport(host, ['applied', 'applied', 'applied', 'applied'], { wave: 1 }),
        (host) => hostReport(host, ['applied', 'applied', 'applied', 'applied'], { wave: 2 }),
        (host) => {
          const made = hostReport(host, ['applied', 'applied', 'applied', 'unknown'], {
            wave: 2,
            outcome: 'running',
            remaining: null,
          });
          const output =
            'waiting: http://localhost:8080/health answers 200; seen last: it answered 503; 12 s of 30 s\n';
          return {
            ...made,
            changes: made.changes.map((change) => ('duty' in change ? { ...change, output } : change)),
          };
        },
        (host) => hostReport(host, [], { wave: 3, outcome: 'queued', remaining: null }),
        (host) => hostReport(host, [], { wave: 3, outcome: 'queued', remaining: null }),
        (host) => hostReport(host, [], { wave: 3, outcome: 'queued', remaining: null }),
      ]),
      null,
    ),
  ],
  [
    'check-failed',
    WAVES,
    report(
      WAVES,
      hostsOf(WAVES, [
        (host) => {
          const made = hostReport(host, ['applied', 'applied', 'applied', 'failed'], {
            wave: 1,
            outcome: 'failed',
            remaining: [],
          });
          return {
            ...made,
            changes: made.changes.map((change) =>
              change.outcome === 'failed' ? { ...change, reason: SICK } : change,
            ),
          };
        },
        ...[2, 2, 3, 3, 3].map((wave) => (host: Plan['hosts'][number]) => {
          return hostReport(host, [], { wave, outcome: 'not-started', remaining: null });
        }),
      ]),
      ENDED,
    ),
  ],
];

test.each(REPORTS)('deploy %s', async (name, plan, made) => {
  const check = formatCheck(renderDeployCheck(made, plan, link));
  await expect(check).toMatchFileSnapshot(`golden/deploy-${name}.check.md`);
  const comment = renderDeployComment(made, plan, 'https://github.com/acme/shop/runs/77');
  await expect(comment).toMatchFileSnapshot(`golden/deploy-${name}.comment.md`);
  const terminal = [renderProgressLine(made, plan), renderReportTerminal(made, plan, { color: false })];
  await expect(terminal.join('\n\n')).toMatchFileSnapshot(`golden/deploy-${name}.terminal.txt`);
});

const SOURCE = ['on: web', 'resources:', '  - file: /etc/motd', '    contnet: hello', '    mode: 0640'];
const PROBLEMS: readonly Problem[] = [
  {
    code: 'CONFIG_INVALID',
    message: 'mode must be a string such as "0640"; put it in quotes',
    where: { file: 'deploy-configs/shop.yml', line: 5, column: 11 },
    suggestion: '"0640"',
  },
  {
    code: 'KEY_UNKNOWN',
    message: 'file has no key `contnet`',
    where: { file: 'deploy-configs/shop.yml', line: 4, column: 5 },
    suggestion: 'content',
  },
  {
    code: 'HOST_UNKNOWN',
    message: 'no group `webb` in hosts.yml',
    where: { file: 'deploy-configs/api.yml', line: 1, column: 5 },
  },
];

test('problems', async () => {
  await expect(renderProblems(PROBLEMS, link)).toMatchFileSnapshot('golden/problems.comment.md');
  const check = formatCheck(renderProblemsCheck(PROBLEMS, link));
  await expect(check).toMatchFileSnapshot('golden/problems.check.md');
  const readLine = (file: string, line: number): string | undefined =>
    file.endsWith('shop.yml') ? SOURCE[line - 1] : undefined;
  const terminal = renderProblemsTerminal(PROBLEMS, readLine);
  await expect(terminal).toMatchFileSnapshot('golden/problems.terminal.txt');
});

test('replies', async () => {
  const request = { text: '/deploy 7f3a9c0d1e2f --only web1', by: 'ada', plan: FIRST_DEPLOY.digest };
  await expect(renderRefusal([STALE], request)).toMatchFileSnapshot('golden/refusal-stale.comment.md');
  const several = renderRefusal([APPROVAL, CONFIRM], { ...request, text: 'the merge of this pull request' });
  await expect(several).toMatchFileSnapshot('golden/refusal-several.comment.md');
  const requirements = [
    { what: 'who, by policy', required: 'write', found: 'maintain', changer: 'an admin of the repository' },
    { what: 'approvals', required: '1 of this plan', found: '0', changer: 'a reviewer with write' },
  ];
  const table = renderRefusal([APPROVAL], {
    ...request,
    requirements: requirements.map((row) => ({ ...row, unmet: row.found === '0' ? [APPROVAL] : [] })),
  });
  await expect(table).toMatchFileSnapshot('golden/refusal-table.comment.md');
  const help = renderHelp([
    { usage: '/plan [host…]', about: 'looks at the hosts again and makes a new plan' },
    { usage: '/deploy [plan] [--only host…] [--skip host…]', about: 'carries out exactly that plan' },
  ]);
  await expect(help).toMatchFileSnapshot('golden/help.comment.md');
});

function formatCheck({ title, summary, text, conclusion, annotations, actions }: CheckOutput): string {
  return [
    `title: ${title}`,
    `conclusion: ${conclusion ?? '(running)'}`,
    `actions: ${actions.map((action) => `[${action.label}: ${action.description}]`).join(' ')}`,
    '=== summary',
    summary,
    '=== text',
    text,
    '=== annotations',
    ...annotations.map((each) => JSON.stringify(each, null, 1)),
  ].join('\n');
}
