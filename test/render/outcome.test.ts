import { expect, test } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import type { HostReport, Report } from '../../src/core/report.ts';
import { renderDeployCheck } from '../../src/render/check-run.ts';
import { deployMark, deployWords, failuresOf, groupOutcomes, proven } from '../../src/render/outcome.ts';
import { renderDeployCommands, renderTruth } from '../../src/render/report.ts';
import { renderProgressLine, renderReportTerminal } from '../../src/render/terminal.ts';
import { change, host, plan } from './plans.ts';
import { changeReport, ENDED, hostReport, LOST, report, STALE, UNIT_FAILED } from './reports.ts';

const CHANGES = [change('file/a'), change('file/b'), change('service/c', { verb: 'restart' })];
const NAMES = ['web1', 'web2', 'web3', 'web4'];
const PLAN = plan(NAMES.map((name) => host(name, CHANGES)));

type End = (planned: (typeof PLAN.hosts)[number]) => HostReport;
const done: End = (planned) => hostReport(planned, ['applied', 'applied', 'skipped']);
const unseen: End = (planned) => ({ ...done(planned), remaining: null });
const leftOver: End = (planned) => ({ ...done(planned), remaining: CHANGES.slice(0, 1) });
const waiting: End = (planned) => hostReport(planned, [], { outcome: 'not-started', remaining: null });
const queued: End = (planned) => ({ ...waiting(planned), outcome: 'queued' });
const running: End = (planned) =>
  hostReport(planned, ['applied', 'unknown'], { outcome: 'running', remaining: null });
const refused: End = (planned) => ({ ...waiting(planned), outcome: 'refused', reason: STALE });
const unknown: End = (planned) =>
  hostReport(planned, ['applied', 'unknown'], { outcome: 'unknown', reason: LOST, remaining: null });
const failed: End = (planned) => ({
  ...hostReport(planned, [], { outcome: 'failed', remaining: CHANGES.slice(2) }),
  changes: [
    changeReport('file/a', 'applied'),
    changeReport('file/b', 'applied'),
    changeReport('service/c', 'failed', { reason: UNIT_FAILED }),
  ],
});

/** The unit is another than the plan saw: by the very change that failed. */
const moved: End = (planned) => ({
  ...failed(planned),
  remaining: [change('service/c', { before: 'f'.repeat(64) })],
});

const restored: End = (planned) => ({
  ...failed(planned),
  changes: failed(planned).changes.map((one) =>
    one.outcome === 'applied' ? { ...one, outcome: 'put-back' } : one,
  ),
});

const STOPPED = { code: 'RUN_CANCELLED', message: 'cancelled by grace' } as const;
const cancelled: End = (planned) =>
  hostReport(planned, ['applied'], { outcome: 'cancelled', reason: STOPPED, remaining: CHANGES.slice(1) });
const unbegun: End = (planned) => ({ ...waiting(planned), reason: STOPPED });

function made(ends: readonly End[], endedAt: string | null = ENDED): Report {
  return report(
    PLAN,
    PLAN.hosts.flatMap((planned, index) => ends[index]?.(planned) ?? []),
    endedAt,
  );
}

/** The plan as if it were for the hosts of the report alone. */
function whole({ hosts }: Report): Plan {
  const told = new Set(hosts.map((each) => each.host));
  return { ...PLAN, hosts: PLAN.hosts.filter((each) => told.has(each.host)) };
}

test('what was put back because of a failure is not the failure', () => {
  const ended = made([restored, waiting]);
  expect(failuresOf(ended, PLAN).map(({ at }) => at?.ref)).toEqual(['service/c']);
  expect(renderTruth(ended)).toContain('put back: `file/a`, `file/b`');
  expect(renderDeployCommands(ended, whole(ended))).not.toContain('/deploy');
});

test.each<[string, Report, string, string, string | undefined, readonly string[]]>([
  ['done', made([done, done]), '✅', 'Deployed to 2 hosts; nothing is left to do', 'success', ['plan']],
  [
    'unseen',
    made([done, unseen]),
    '⚠️',
    'Deployed to 2 hosts; 1 host not looked at afterwards',
    'failure',
    ['plan'],
  ],
  [
    'left over',
    made([leftOver, done]),
    '⚠️',
    'Deployed to 2 hosts; something is left on 1 host',
    'failure',
    ['plan'],
  ],
  [
    'failed',
    made([failed, failed, failed, waiting]),
    '❌',
    'Failed on web1, web2 and 1 more; 0 of 4 hosts done',
    'failure',
    ['retry', 'plan'],
  ],
  [
    'failed, and moved by that',
    made([moved, waiting]),
    '❌',
    'Failed on web1; 0 of 2 hosts done',
    'failure',
    ['plan'],
  ],
  [
    'refused',
    made([refused, waiting]),
    '⛔',
    'Refused on web1; 0 of 2 hosts done',
    'action_required',
    ['plan'],
  ],
  [
    'unknown',
    made([unknown, done]),
    '❓',
    'Not known what is true on web1; 1 of 2 hosts done',
    'failure',
    ['plan'],
  ],
  [
    'not started',
    made([waiting, done]),
    '⬜',
    'Not started on web1; 1 of 2 hosts done',
    'failure',
    ['retry', 'plan'],
  ],
  [
    'cancelled',
    made([done, cancelled, unbegun]),
    '🛑',
    'Cancelled; 1 of 3 hosts done',
    'cancelled',
    ['retry', 'plan'],
  ],
  [
    'failed and put back',
    made([restored, waiting]),
    '❌',
    'Failed on web1; 0 of 2 hosts done',
    'failure',
    ['plan'],
  ],
  [
    'cancelled and failed',
    made([failed, cancelled]),
    '❌',
    'Failed on web1; 0 of 2 hosts done',
    'failure',
    ['retry', 'plan'],
  ],
  ['running', made([running, done], null), '🔄', 'Deploying: 1 of 2 hosts done', undefined, ['cancel']],
  [
    'running and failed',
    made([running, failed], null),
    '🔄',
    'Deploying: Failed on web2; 0 of 2 hosts done',
    undefined,
    ['cancel'],
  ],
  [
    'all done, not ended',
    made([done], null),
    '🔄',
    'Deployed to 1 host; nothing is left to do',
    undefined,
    ['cancel'],
  ],
  ['nothing', made([]), '✅', 'Deployed to 0 hosts; nothing is left to do', 'success', ['plan']],
])('%s', (_, ended, mark, words, conclusion, actions) => {
  const check = renderDeployCheck(ended, whole(ended));
  expect([deployMark(ended), deployWords(ended, whole(ended))]).toEqual([mark, words]);
  expect([check.title, check.conclusion]).toEqual([words, conclusion]);
  expect(check.actions.map((action) => action.identifier)).toEqual(actions);
});

test('a deploy to some hosts of the plan names those it left out, and how they get it', () => {
  const some = made([done, done]);
  expect(deployWords(some, PLAN)).toBe('Deployed to 2 hosts; left out: web3, web4');
  const shown = renderReportTerminal(some, PLAN, { color: false });
  const digest = PLAN.digest.slice(0, 12);
  expect(shown).toMatch(
    new RegExp(
      `\\ndeploy what is left of this plan: ashore deploy ${digest}\\nlook again [^\\n]*ashore plan$`,
    ),
  );
  const failure = { code: 'HOST_UNREACHABLE', message: 'it is down' } as const;
  const down = host('web9', [], { failure });
  const unseenHost = { ...PLAN, hosts: [...PLAN.hosts.slice(0, 2), down] };
  expect(deployWords(some, unseenHost)).toBe('Deployed to 2 hosts; left out: web9');
  const onTerminal = (of: Plan) => renderReportTerminal(some, of, { color: false });
  expect(onTerminal(unseenHost)).not.toContain('ashore deploy');
  const both = { ...PLAN, hosts: [...PLAN.hosts, down] };
  expect(onTerminal(both)).toContain(`ashore deploy ${digest} --skip web9`);
  // On GitHub they may have been another run's, and then the plan is used.
  expect(renderDeployCommands(some, PLAN)).toBe('');
});

test('proven only where everybody was looked at and nothing was left', () => {
  const all = [made([done]), made([unseen]), made([leftOver]), made([failed])];
  expect(all.map(proven)).toEqual([true, false, false, false]);
});

test('hosts share a row where they wait, are done, or failed at the same; a running one has its own', () => {
  const rows = groupOutcomes(made([failed, running, failed, done]));
  expect(rows.map((row) => [row.outcome, row.hosts.map((each) => each.host)])).toEqual([
    ['failed', ['web1', 'web3']],
    ['running', ['web2']],
    ['done', ['web4']],
  ]);
});

test('failures are told once for all hosts, and by what they failed at', () => {
  const failures = failuresOf(made([failed, unknown, failed, refused]), PLAN);
  expect(
    failures.map(({ hosts, at, reason, change: planned }) => [hosts, at?.ref, reason?.code, planned?.verb]),
  ).toEqual([
    [['web1', 'web3'], 'service/c', 'UNIT_FAILED', 'restart'],
    [['web2'], 'file/b', 'RUN_LOST', 'update'],
    [['web4'], undefined, 'PLAN_STALE', undefined],
  ]);
});

test.each<[string, Report, readonly string[]]>([
  ['well', made([done]), []],
  ['running', made([failed], null), ['`/cancel pr-12-a1b2c3d-1`']],
  ['failed', made([failed, waiting, done]), ['`/deploy PLAN`', '`/plan web1 web2`']],
  ['failed, and what is left there moved', made([moved, waiting, done]), ['`/plan web1 web2`']],
  ['not started', made([waiting, done]), ['`/deploy PLAN`', '`/plan web1`']],
  ['cancelled', made([done, unbegun]), ['`/deploy PLAN`', '`/rollback`', '`/plan web2`']],
  ['unknown', made([unknown, failed]), ['`/plan web1 web2`']],
  ['left over', made([leftOver, done]), ['`/plan web1`']],
])('what to type after a deploy that went %s', (_, ended, commands) => {
  const text = renderDeployCommands(ended, whole(ended)).replaceAll(PLAN.digest.slice(0, 12), 'PLAN');
  expect(text.match(/`[^`]+`/g) ?? []).toEqual(commands);
});

test('what is true now, change by change, and where nothing was written', () => {
  expect(renderTruth(made([done]))).toBe('');
  expect(renderTruth(made([failed, running, waiting]))).toBe(
    [
      '**What is true now**\n',
      '- `web1`: ✅ applied: `file/a`, `file/b` · ❌ failed: `service/c`',
      '- `web2`: ✅ applied: `file/a` · 🔄 running: `file/b` · ⬜ not started: `service/c`',
      '- Nothing was written on `web3`',
    ].join('\n'),
  );
  const many = plan(Array.from({ length: 9 }, (_, index) => host(`web${index}`, CHANGES)));
  expect(renderTruth(report(many, many.hosts.map(failed), ENDED))).toContain(
    '- … and 4 more hosts, each below',
  );
});

test('one line of progress', () => {
  const between: End = (planned) => hostReport(planned, ['applied'], { outcome: 'running', remaining: null });
  const ending: End = (planned) =>
    hostReport(planned, ['applied', 'applied', 'skipped'], { outcome: 'running', remaining: null });
  expect(renderProgressLine(made([running, done, queued], null), PLAN)).toBe(
    '1 of 3 hosts ended · web1 1/3 file/b',
  );
  expect(renderProgressLine(made([between], null), PLAN)).toBe('0 of 1 host ended · web1 1/3 file/b');
  expect(renderProgressLine(made([ending], null), PLAN)).toBe('0 of 1 host ended · web1 3/3');
  const first: End = (planned) => hostReport(planned, ['unknown'], { outcome: 'running', remaining: null });
  expect(renderProgressLine(made([first], null), PLAN)).toBe('0 of 1 host ended · web1 0/3 file/a');
  const other = plan([host('elsewhere', [])]);
  expect(renderProgressLine(made([between], null), other)).toBe('0 of 1 host ended · web1 1/3 file/b');
});
