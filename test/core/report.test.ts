// The report as a document, and when a deploy has succeeded.
import { describe, expect, it } from 'vitest';
import { Report, succeeded } from '../../src/core/report.ts';
import type { HostOutcome, HostReport } from '../../src/core/report.ts';

const OUTCOMES = ['applied', 'skipped', 'failed', 'unknown', 'not-started'] as const;
const HOST_OUTCOMES = ['queued', 'running', 'done', 'failed', 'unknown', 'refused', 'not-started'] as const;

const host: HostReport = {
  host: 'web1',
  outcome: 'done',
  changes: OUTCOMES.map((outcome) => ({
    ref: `file/${outcome}`,
    outcome,
    seconds: outcome === 'applied' ? 0.5 : null,
    output: 'words\n',
    reason: outcome === 'failed' ? { code: 'STEP_FAILED', message: 'x', evidence: { status: 1 } } : null,
  })),
  reason: null,
  remaining: [],
};

const report: Report = {
  format: 1,
  run: 'cli-1',
  plan: 'p1',
  commit: 'c1',
  by: 'ada',
  startedAt: '2026-11-22T14:02:11.000Z',
  endedAt: null,
  hosts: [host],
};

const withOutcomes = (...outcomes: readonly HostOutcome[]): Report => {
  return { ...report, hosts: outcomes.map((outcome) => ({ ...host, outcome })) };
};

describe('a report', () => {
  it('goes through JSON', () => {
    const full = withOutcomes(...HOST_OUTCOMES);
    expect(Report.parse(JSON.parse(JSON.stringify(full)))).toEqual(full);
  });

  it.each([
    ['another format', { ...report, format: 2 }],
    ['a key more', { ...report, extra: 1 }],
    ['an unknown outcome', { ...report, hosts: [{ ...host, outcome: 'fine' }] }],
  ])('of %s is none', (_name, other) => {
    expect(Report.safeParse(other).success).toBe(false);
  });
});

describe('a deploy', () => {
  it.each(HOST_OUTCOMES)('with a host that is %s has succeeded only when it is done', (outcome) => {
    expect(succeeded(withOutcomes(outcome))).toBe(outcome === 'done');
    expect(succeeded(withOutcomes('done', outcome))).toBe(outcome === 'done');
  });

  it('of a plan with nothing to do has succeeded', () => {
    expect(succeeded(withOutcomes())).toBe(true);
  });
});
