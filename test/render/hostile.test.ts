// Hostile and huge plans and reports: whatever they hold, the limits hold, and nothing of it acts on the page.
import { describe, expect, test } from 'vitest';
import type { Change, HostPlan, Plan } from '../../src/core/plan.ts';
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
import {
  renderPlanTerminal,
  renderProblemsTerminal,
  renderReportTerminal,
} from '../../src/render/terminal.ts';
import { blocked, change, COMMIT, host, link, plan } from './plans.ts';
import { anyPlan, anyReport, HOSTILE } from './random.ts';
import { changeReport, ENDED, report } from './reports.ts';

const LIMITS = { comment: 60_000, check: 65_535 };

function comment(made: Plan): string {
  const reason = { code: 'NOT_ALLOWED', message: HOSTILE.join(' ') } as const;
  const history = [{ digest: made.digest, at: 'yesterday', note: HOSTILE.join(' ') }];
  return renderPlanComment({
    plan: made,
    blockers: [{ reason }],
    mode: 'both',
    commit: COMMIT,
    link,
    history,
  });
}

function check(made: Plan): CheckOutput {
  return renderPlanCheck({ plan: made, blockers: [], mode: 'merge', commit: COMMIT, link });
}

/** What is left of markdown when code is taken out: fences by their own length, then inline code. */
function readOutside(markdown: string): { readonly open: string | undefined; readonly text: string } {
  const outside: string[] = [];
  let open: string | undefined;
  for (const line of markdown.split('\n')) {
    const fence = /^ {0,3}(`{3,})(.*)$/.exec(line);
    if (open === undefined && fence && !fence[2]?.includes('`')) open = fence[1];
    else if (open !== undefined && fence && (fence[1] ?? '').length >= open.length && fence[2] === '')
      open = undefined;
    else if (open === undefined) outside.push(line);
  }
  return { open, text: readProse(outside.join('\n')) };
}

/** Inline code and escaped characters blanked, from left to right as CommonMark reads them (§2.4, §6.1). */
function readProse(text: string): string {
  let prose = '';
  let rest = text;
  while (rest !== '') {
    const span = /^(`+)(?!`)[^]*?(?<!`)\1(?!`)/.exec(rest)?.[0];
    const taken = /^\\[!-/:-@[-`{-~]/.exec(rest)?.[0] ?? span ?? /^(?:`+|[^\\`]+|\\)/.exec(rest)?.[0] ?? rest;
    prose += taken === span ? 'CODE' : taken.replace(/^\\[^]/, 'X');
    rest = rest.slice(taken.length);
  }
  return prose;
}

/** The ways in which text could act on the page, none of which may be found outside of code. */
function expectInert(markdown: string): void {
  const { open, text } = readOutside(markdown);
  expect(open).toBeUndefined();
  const folds = text
    .matchAll(/<(\/?)details>/g)
    .map((match) => (match[1] === '/' ? -1 : 1))
    .toArray();
  let depth = 0;
  for (const step of folds) expect((depth += step)).toBeGreaterThanOrEqual(0);
  expect(depth).toBe(0);
  const withoutOurs = text
    .replaceAll(/<code>[^<]*<\/code>/g, 'CODE')
    .replaceAll(/<\/?(?:details|summary)>/g, '')
    .replaceAll(/\]\(<https:\/\/github\.com\/[^<>\s]*>\)/g, ']');
  const acting = [
    /<[a-z!/]/i,
    /(?<![\w`])@\w/,
    /(?<![\w&`])#\d/,
    /:\/\/|\bwww\.|\bGH-\d/,
    /!?\[[^\]\n]*\]\((?!<)/,
  ].flatMap((pattern) => seen(withoutOurs, pattern));
  expect(acting).toEqual([]);
  expect(markdown).not.toMatch(/(?![\n\t])\p{Cc}|\u202E/u);
}

function seen(text: string, pattern: RegExp): readonly string[] {
  const at = text.search(pattern);
  return at === -1 ? [] : [text.slice(Math.max(0, at - 60), at + 60)];
}

/** Every row of a table has as many cells as its head. */
function expectWholeTables(markdown: string): void {
  const cells = (row: string): number => row.replaceAll(/\\\|/g, '').split('|').length;
  const blocks = readOutside(markdown).text.split(/\n\n+/);
  for (const rows of blocks.map((block) => block.split('\n')).filter(([first]) => first?.startsWith('| '))) {
    for (const row of rows) expect(cells(row)).toBe(cells(rows[0] ?? ''));
  }
}

function expectCheck(output: CheckOutput): void {
  const bytes = (text: string): number => new TextEncoder().encode(text).length;
  expect(output.title.length).toBeLessThanOrEqual(70);
  expect(bytes(output.summary)).toBeLessThanOrEqual(LIMITS.check);
  expect(bytes(output.text)).toBeLessThanOrEqual(LIMITS.check);
  for (const text of [output.summary, output.text]) {
    expectInert(text);
    expectWholeTables(text);
  }
  expect(output.actions.length).toBeLessThanOrEqual(3);
  for (const { label, description, identifier } of output.actions) {
    expect([label.length <= 20, description.length <= 40, identifier.length <= 20]).toEqual([
      true,
      true,
      true,
    ]);
  }
  for (const { title, message, raw_details: raw = '', start_line: line, path } of output.annotations) {
    expect(title.length).toBeLessThanOrEqual(255);
    expect(bytes(message)).toBeLessThanOrEqual(65_536);
    expect(bytes(raw)).toBeLessThanOrEqual(65_536);
    expect([line > 0, path.length > 0]).toEqual([true, true]);
  }
}

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed + 1);

describe('any plan and any report', () => {
  test.each(SEEDS)('plan of seed %i', (seed) => {
    const made = anyPlan(seed);
    const text = comment(made);
    expect(text.length).toBeLessThanOrEqual(LIMITS.comment);
    expectInert(text);
    expectWholeTables(text);
    expectCheck(check(made));
    const terminal = renderPlanTerminal(made, { color: false, width: 80, verbose: seed % 2 === 0 });
    expect(terminal).not.toMatch(/(?![\n\t])\p{Cc}/u);
  });

  test.each(SEEDS)('report of seed %i', (seed) => {
    const made = anyPlan(seed);
    const ended = anyReport(made, seed);
    const text = renderDeployComment(ended, made, 'https://github.com/acme/shop/runs/77');
    expect(text.length).toBeLessThanOrEqual(LIMITS.comment);
    expectInert(text);
    expectCheck(renderDeployCheck(ended, made, link));
    expect(renderReportTerminal(ended, made, { color: false })).not.toMatch(/(?![\n\t])\p{Cc}/u);
  });
});

test('problems, refusals and help hold hostile text', () => {
  const problems = HOSTILE.flatMap((message, index) => [
    { code: 'KEY_UNKNOWN' as const, message, where: { file: `a/${message}`, line: index + 1, column: 3 } },
    { code: 'KEY_UNKNOWN' as const, message, suggestion: message, where: { file: 'b', line: 1, column: 1 } },
  ]);
  expectInert(renderProblems(problems, link));
  expectCheck(renderProblemsCheck(problems, link));
  expect(renderProblemsTerminal(problems, () => HOSTILE.join(''))).not.toMatch(/(?![\n\t])\p{Cc}/u);
  for (const text of HOSTILE) {
    const reason = { code: 'STEP_FAILED' as const, message: text, next: text, evidence: { output: text } };
    expectInert(renderRefusal([reason], { text, by: text }));
    expectInert(renderHelp([{ usage: text, about: text }]));
  }
});

test('many problems are told as far as there is room, each whole, and counted', () => {
  const problems = Array.from({ length: 5000 }, (_, index) => ({
    code: 'KEY_UNKNOWN' as const,
    message: `file has no key number ${index}`,
    where: { file: `deploy-configs/stack-${index % 3}.yml`, line: index + 1, column: 5 },
  }));
  const text = renderProblems(problems);
  expect(text.length).toBeLessThanOrEqual(LIMITS.comment);
  const told = text.match(/has no key number \d+/g)?.length ?? 0;
  expect(told).toBeGreaterThan(500);
  expect(text).toContain(`${(5000 - told).toLocaleString('en-US')} more problems`);
  expect(renderProblemsCheck(problems).annotations).toHaveLength(5000);
});

function fleet(hosts: number, changes: number, differ: boolean): Plan {
  const list = (name: string): readonly Change[] =>
    Array.from({ length: changes }, (_, index) =>
      change(`file/etc/app/part-${index}.conf`, {
        verb: index % 50 === 7 ? 'delete' : 'update',
        fields: [
          { name: 'content', before: `a = ${index}\n`, after: `a = ${differ ? name : 'x'}\n`, as: 'text' },
        ],
        steps: [{ do: 'remove', path: `/etc/app/part-${index}.conf` }],
        where: { file: 'deploy-configs/app.yml', line: index + 1, column: 5 },
      }),
    );
  return plan(Array.from({ length: hosts }, (_, index) => host(`web${index + 1}`, list(`web${index + 1}`))));
}

describe('200 hosts and 500 changes on each', () => {
  test.each([
    ['equal', false],
    ['each its own', true],
  ])('%s', async (name, differ) => {
    const made = fleet(200, 500, differ);
    const text = comment(made);
    const output = check(made);
    expect(text.length).toBeLessThanOrEqual(LIMITS.comment);
    expect(text.length).toBeGreaterThan(30_000);
    expectInert(text);
    expectCheck(output);
    expect(output.annotations).toHaveLength(500);
    const screen = text.split('\n').slice(0, 60).join('\n');
    await expect(screen).toMatchFileSnapshot(`golden/fleet-${name.replaceAll(' ', '-')}.comment.md`);
  });

  test('what has little risk is left out first', () => {
    const text = comment(fleet(1, 500, false));
    const full = text.match(/^🟥 \*\*\d+\. delete\*\*/gm) ?? [];
    expect(full).toHaveLength(10);
    expect(text).toMatch(/\*Left out for want of room, lowest risk first: the details of \d+ changes/);
  });
});

function torn(made: Plan): Report {
  const hosts = made.hosts.map((planned: HostPlan, index): HostReport => {
    const output = `${'x'.repeat(70_000)}\nE: the real cause\n`;
    const changes = planned.changes.map(({ ref }, at) => {
      if (at !== 1) return changeReport(ref, at === 0 ? 'applied' : 'not-started', { output });
      const reason = {
        code: 'STEP_FAILED' as const,
        message: `${ref}: ended with status 100`,
        evidence: { output },
      };
      return changeReport(ref, 'failed', { output, reason });
    });
    return { host: planned.host, outcome: 'failed', changes, reason: null, remaining: index % 2 ? null : [] };
  });
  return report(made, hosts, ENDED);
}

test('a failure on 200 hosts is one failure with the end of its output on the first screen', () => {
  const made = fleet(200, 20, false);
  const output = renderDeployCheck(torn(made), made, link);
  expectCheck(output);
  expect(output.summary.indexOf('E: the real cause')).toBeGreaterThan(0);
  expect(output.summary.indexOf('E: the real cause')).toBeLessThan(4000);
  expect(output.summary).toContain('and 197 more (200 hosts): update `file/etc/app/part-1.conf` failed');
  expect(output.text).toContain('Left out for want of room');
  expect(output.annotations).toHaveLength(1);
});

test('hostile text as people would see it', async () => {
  const evil = HOSTILE.join(' ');
  const made = plan([
    host('web1', [
      change(`file/etc/${HOSTILE[0]}`, {
        reason: evil,
        fields: [
          { name: 'a|b`c', before: null, after: evil },
          { name: 'content', before: '````\n</details>\n', after: '`````\n@everyone\n', as: 'text' },
        ],
        notes: [evil],
        steps: [{ do: 'run', argv: ['echo', evil.replaceAll('\0', '')] }],
      }),
    ]),
    host('web2', [], {
      blocked: [
        blocked('service/x', {
          code: 'READ_FAILED',
          message: evil,
          evidence: { command: evil, output: '\u001B[31mred\u001B[0m 10%\r50%\rdone\r\n\u0007bell' },
        }),
      ],
    }),
  ]);
  await expect(comment(made)).toMatchFileSnapshot('golden/hostile.comment.md');
  const look = { color: false, width: 80, verbose: true };
  await expect(renderPlanTerminal(made, look)).toMatchFileSnapshot('golden/hostile.terminal.txt');
});
