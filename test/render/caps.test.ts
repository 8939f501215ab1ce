// What is too much to tell is counted, on every surface that has an end.
import { expect, test } from 'vitest';
import type { Change } from '../../src/core/plan.ts';
import type { Reason } from '../../src/core/reason.ts';
import type { HostReport } from '../../src/core/report.ts';
import { annotatePlan, annotateReport } from '../../src/render/annotation.ts';
import { renderChange } from '../../src/render/change.ts';
import { renderDeployCheck } from '../../src/render/check-run.ts';
import {
  renderDeployComment,
  renderPlanComment,
  renderProblems,
  renderRefusal,
} from '../../src/render/comment.ts';
import { renderFailures, renderHostStates, renderProof } from '../../src/render/report.ts';
import { riskOfAll } from '../../src/render/risk.ts';
import { renderPlanTerminal } from '../../src/render/terminal.ts';
import { blocked, change, COMMIT, host, link, OWNER_MISSING, plan, UNREACHABLE } from './plans.ts';
import { changeReport, ENDED, hostReport, report, UNIT_FAILED } from './reports.ts';

function many<Value>(n: number, make: (index: number) => Value): Value[] {
  return Array.from({ length: n }, (_, index) => make(index));
}

function comment(made: ReturnType<typeof plan>): string {
  return renderPlanComment({ plan: made, blockers: [], mode: 'merge', commit: COMMIT });
}

test('of many fields and commands the first, and how many more', () => {
  const text = renderChange(
    change('file/x', {
      fields: many(45, (index) => ({ name: `field-${index}`, before: null, after: '' })),
      steps: many(45, (index) => ({ do: 'remove', path: `/tmp/${index}` })),
    }),
    1,
    undefined,
  );
  expect(text).toContain(
    '| `field-39` | *absent* | *empty* |\n| `field-40, field-41, field-42, field-43, field-44` | … | … |',
  );
  expect(text).toContain('(cd -P /tmp && rm -f -- 39)\n# … 5 more commands\n');
  expect(text).toContain('<summary>45 commands</summary>');
});

test('in a terminal, long values are cut unless all is asked for', () => {
  const made = plan([
    host('web1', [change('file/x', { fields: [{ name: 'a', before: null, after: 'b'.repeat(200) }] })]),
  ]);
  const look = { color: false, width: 80 };
  expect(renderPlanTerminal(made, { ...look, verbose: false })).toContain(
    `${'b'.repeat(120)}… (+80 characters)`,
  );
  expect(renderPlanTerminal(made, { ...look, verbose: true })).toContain('b'.repeat(200));
});

test('in colour, places and lines of a text stand out', () => {
  const before = many(20, (index) => `line ${index}\n`).join('');
  const fields = [
    { name: 'content', before, after: before.replace('line 15', 'other'), as: 'text' as const },
  ];
  const made = plan([host('web1', [change('file/x', { fields })])]);
  const text = renderPlanTerminal(made, { color: true, width: 80, verbose: false });
  for (const line of ['36m@@ -13,7 +13,7 @@', '31m-line 15', '32m+other'])
    expect(text).toContain(`\u001B[${line}\u001B[0m`);
});

test('a text that goes, a change without a line, and what it says of data', () => {
  const made = change('file/x', {
    verb: 'delete',
    where: null,
    data: 'kept',
    fields: [{ name: 'content', before: 'a\n', after: null, as: 'text' }],
  });
  const text = renderChange(made, 1, link);
  expect(text).toContain('content (+0 −1, removed)');
  expect(text).toContain('Data is kept.');
  expect(text).not.toContain('from');
  const terminal = renderPlanTerminal(plan([host('web1', [made])]), {
    color: false,
    width: 80,
    verbose: false,
  });
  expect(terminal).toContain('data is kept');
  const empty = change('file/x', { fields: [{ name: 'mode', before: '', after: '0644' }] });
  const look = { color: false, width: 80 };
  for (const verbose of [true, false]) {
    expect(renderPlanTerminal(plan([host('web1', [empty])]), { ...look, verbose })).toContain(
      'mode: (empty) → 0644',
    );
  }
});

test('of many changes those with risk keep their line, the others are counted by what they do', () => {
  const made = many(300, (index) => change(`file/${index}`, { verb: index === 299 ? 'delete' : 'update' }));
  const text = comment(plan([host('web1', made)]));
  expect(text).toContain('**300. delete** `file/299`');
  expect(text).toContain('… and 50 more changes: 50 update');
});

test('of many hosts the names, up to a number', () => {
  const equal = many(510, (index) => host(`web${index}`, [change('file/x')]));
  const same = many(510, (index) => host(`db${index}`, []));
  const text = comment(plan([...equal, ...same]));
  expect(text).toContain('`web499` and 10 more:');
  expect(text).toContain('`db499` (13) and 10 more');
});

test('of much that cannot be planned the first, on how many hosts, and how many more', () => {
  const resources = many(300, (index) => blocked(`file/${index}`, OWNER_MISSING));
  const made = plan(many(6, (index) => host(`web${index}`, [], { blocked: resources })));
  const text = comment(made);
  expect(text).toContain('⛔ `file/1` on 6 hosts: `OWNER_MISSING`');
  expect(text).toContain('… and 50 more\n');
  expect(text).toMatch(/\| ⛔\u00a0blocked \| … \d+ more like these \| \|/);
});

test('earlier plans and reasons', () => {
  const history = many(25, (index) => ({
    digest: `${index}`.padStart(12, '0'),
    at: ENDED,
    note: 'replaced',
  }));
  const view = { plan: plan([]), blockers: [], mode: 'merge', commit: COMMIT } as const;
  expect(renderPlanComment({ ...view, history })).toContain('- … and 5 before');
  const reason: Reason = { code: 'FROZEN', message: 'until Monday' };
  const refusal = renderRefusal(
    many(12, () => reason),
    { text: '/deploy', by: 'ada' },
  );
  expect(refusal).toContain('… and 2 more reasons.');
});

test('problems of very many files are told as far as there is room, each with its file', () => {
  const problems = many(2000, (index) => ({
    code: 'CONFIG_YAML' as const,
    message: `problem-${index}`,
    where: { file: `deploy-configs/${'f'.repeat(100)}${index}.yml`, line: 1, column: 1 },
  }));
  const text = renderProblems(problems);
  const told = text.match(/problem-\d+/g) ?? [];
  expect(told.length).toBeGreaterThan(200);
  expect(text.match(/^\*\*`deploy-configs/gm)).toHaveLength(told.length);
  const left = (2000 - told.length).toLocaleString('en-US');
  expect(text).toMatch(new RegExp(`\n\n\\*${left} more problems: \`ashore validate\``));
});

const CHANGES = [change('file/a'), change('service/b')];

test('a report of a plan that is not known is told by its refs', () => {
  const failing: HostReport = {
    host: 'web1',
    outcome: 'failed',
    changes: [
      changeReport('file/a', 'applied'),
      changeReport('service/b', 'failed', { output: 'its own words' }),
    ],
    reason: null,
    remaining: null,
  };
  const unplanned = plan([]);
  const ended = report(unplanned, [failing], ENDED);
  const check = renderDeployCheck(ended, unplanned);
  expect(check.summary).toContain('### ❌ `web1`: `service/b` failed\n\n````text\nits own words\n````');
  expect(check.text).toContain('- ❌ failed in 1.3 s: `service/b`\n\n````text\nits own words');
  expect(check.annotations).toEqual([]);
  expect(renderDeployComment(ended, unplanned)).toContain('The check run `ashore/deploy` says');
});

test('a failure without a reason is annotated with what it printed', () => {
  const made = plan([host('web1', CHANGES)]);
  const ends = (output: string): HostReport => ({
    host: 'web1',
    outcome: 'failed',
    changes: [changeReport('file/a', 'failed', { output })],
    reason: null,
    remaining: null,
  });
  const [told] = annotateReport(report(made, [ends('E: no')], ENDED), made);
  expect(told).toMatchObject({ title: 'Failed', raw_details: 'E: no' });
  expect(told?.message).toContain('no reason is known');
  const [silent] = annotateReport(report(made, [ends(' ')], ENDED), made);
  expect(silent).not.toHaveProperty('raw_details');
});

test('many failures of different sorts: three in full, the others in a line', () => {
  const refs = ['file/a', 'file/b', 'file/c', 'file/d', 'file/e'];
  const made = plan(refs.map((ref, index) => host(`web${index}`, [change(ref)])));
  const ends = made.hosts.map((planned) => {
    const changes = planned.changes.map(({ ref }) => changeReport(ref, 'failed', { reason: UNIT_FAILED }));
    return { host: planned.host, outcome: 'failed' as const, changes, reason: null, remaining: null };
  });
  const ended = report(made, ends, ENDED);
  const failures = renderFailures(ended, made, undefined);
  expect(failures).toHaveLength(4);
  expect(failures[3]).toBe('Also: ❌ `web3`: update `file/d` failed, ❌ `web4`: update `file/e` failed');
  expect(renderDeployComment(ended, made)).toContain('And 4 more failures of another sort.');
});

test('the table of a running fleet, its proof and its text keep within their room', () => {
  const made = plan(many(3000, (index) => host(`web${index}-${'x'.repeat(30)}`, CHANGES)));
  const going = made.hosts.map((planned) =>
    hostReport(planned, ['applied'], { outcome: 'running', remaining: null }),
  );
  const check = renderDeployCheck(report(made, going, null), made);
  expect(renderHostStates(report(made, going, null))).toMatch(
    /\| … \| [\d,]+ more hosts \| \| \| \| \| \| \|$/,
  );
  expect(check.text).toMatch(/Left out for want of room, what went well first: .*[\d,]+ hosts whole/);
  const left = made.hosts.map((planned) =>
    hostReport(planned, ['applied', 'applied'], { remaining: CHANGES }),
  );
  expect(renderProof(report(made, left, ENDED))).toMatch(/Something is left on 2,997 more hosts\.$/);
});

test('hosts without a change are left out as hosts only', () => {
  const made = plan(many(3000, (index) => host(`web${index}`, [])));
  const ended = report(
    made,
    made.hosts.map((planned) => hostReport(planned, [])),
    ENDED,
  );
  expect(renderDeployCheck(ended, made).text).toMatch(/what went well first: [\d,]+ hosts whole\./);
});

test.each<[string, Partial<Change>, string, string]>([
  ['changes', {}, 'notice', 'Changes on 2 hosts'],
  ['lost data', { verb: 'delete', data: 'lost' }, 'warning', 'Data is lost on 2 hosts'],
  ['an end', { verb: 'delete' }, 'warning', 'Deletes on 2 hosts'],
  ['a replacement', { verb: 'replace' }, 'warning', 'Replaces on 2 hosts'],
  ['a restart', { verb: 'restart' }, 'warning', 'Interrupts (file/x restart) on 2 hosts'],
  ['a reload', { verb: 'reload' }, 'notice', 'Interrupts (file/x reload) on 2 hosts'],
  ['a stop', { interrupts: [{ what: 'y', how: 'stop' }] }, 'warning', 'Interrupts (y stop) on 2 hosts'],
])('the annotation of %s', (_, more, level, title) => {
  const made = plan([host('web1', [change('file/x', more)]), host('web2', [change('file/x', more)])]);
  expect(annotatePlan(made)).toMatchObject([{ annotation_level: level, title, start_line: 14 }]);
});

test('a line that declares very much has one annotation that counts', () => {
  const fields = [{ name: 'mode', before: null, after: '0644' }];
  const made = plan([
    host(
      'web1',
      many(25, (index) => change(`file/${index}`, { fields })),
    ),
  ]);
  const [one, ...others] = annotatePlan(made);
  expect(others).toEqual([]);
  expect(one?.message).toContain('… and 5 more changes\non web1');
  expect(one?.raw_details).toBe('mode: (absent) → 0644');
});

test('what has no line has no annotation', () => {
  const nowhere = { ...blocked('file/x', OWNER_MISSING), where: null };
  const made = plan([
    host('web1', [change('file/y', { where: null })], { blocked: [nowhere] }),
    host('web2', [], { failure: UNREACHABLE }),
  ]);
  expect(annotatePlan(made)).toEqual([]);
});

test('no change has no risk to speak of', () => {
  expect(riskOfAll([])).toBe('low');
});
