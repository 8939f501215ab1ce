import { describe, expect, it } from 'vitest';
import type { Duty } from '../../src/core/plan.ts';
import type { HostReport } from '../../src/core/report.ts';
import type { RunEvent } from '../../src/core/run.ts';
import { planHost } from '../../src/engine/plan.ts';
import { finishReport, followRun, startReport } from '../../src/engine/progress.ts';
import { stageWord } from '../../src/render/outcome.ts';
import { note, observation, question, resource } from './world.ts';

const planned = planHost(question([resource('a'), resource('b')]), observation({}), [note]);
async function follow(events: readonly RunEvent[]): Promise<HostReport> {
  async function* stream() {
    yield* events;
  }
  return followRun(stream(), planned, startReport(planned), () => {});
}

const begin = (index: number): RunEvent => ({ is: 'begin', index });
const command = (index: number, text = 'install'): RunEvent => ({ is: 'command', index, command: text });
const end = (index: number, status = 0): RunEvent => ({ is: 'end', index, status, seconds: 1 });
const finished = (outcome: 'done' | 'failed' | 'broken' | 'refused'): RunEvent => ({
  is: 'finished',
  outcome,
  reason: null,
});

describe('a report follows the journal', () => {
  it.each([
    [
      'all done',
      [begin(0), command(0), end(0), begin(1), command(1), end(1), finished('done')],
      'done',
      ['applied', 'applied'],
    ],
    [
      'already as wanted',
      [begin(0), end(0), begin(1), command(1), end(1), finished('done')],
      'done',
      ['skipped', 'applied'],
    ],
    [
      'the first fails',
      [begin(0), command(0), end(0, 1), finished('failed')],
      'failed',
      ['failed', 'not-started'],
    ],
    [
      'lost in the middle',
      [begin(0), command(0), end(0), begin(1), command(1), finished('broken')],
      'unknown',
      ['applied', 'unknown'],
    ],
    ['refused by the host', [finished('refused')], 'refused', ['not-started', 'not-started']],
    ['still running', [begin(0), command(0)], 'running', ['unknown', 'not-started']],
  ] as const)('%s', async (_name, events, outcome, changes) => {
    const report = await follow(events);
    expect([report.outcome, report.changes.map((change) => change.outcome)]).toEqual([outcome, changes]);
  });

  it('each of several that fail keeps its own reason, and those that were begun and never ended are unknown', async () => {
    const why = (message: string) => ({ code: 'UNIT_FAILED' as const, message });
    const failed = (index: number, message: string): RunEvent => {
      return { is: 'end', index, status: 1, seconds: 1, reason: why(message) };
    };
    const started = [begin(0), command(0), begin(1), command(1)];
    const last: RunEvent = { is: 'finished', outcome: 'failed', reason: why('b died') };
    const report = await follow([...started, failed(1, 'b died'), failed(0, 'a died'), last]);
    expect(report.changes.map(({ outcome, reason }) => [outcome, reason?.message])).toEqual([
      ['failed', 'a died'],
      ['failed', 'b died'],
    ]);
    const torn = await follow([...started, finished('broken')]);
    expect(torn.changes.map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown']);
  });

  it('the reason of a failed run is that of the change that failed', async () => {
    const reason = { code: 'STEP_FAILED' as const, message: 'no space left' };
    const failed: RunEvent = { is: 'finished', outcome: 'failed', reason };
    const report = await follow([begin(0), command(0), end(0, 1), failed]);
    expect([report.reason, report.changes.map((change) => change.reason)]).toEqual([reason, [reason, null]]);
  });

  it('a check that is cancelled is cut short, and neither failed nor unknown', async () => {
    const check: Duty = {
      ref: 'check/shop: it answers',
      stack: 'shop',
      when: 'check',
      steps: [],
      where: null,
    };
    const checked = { ...planned, duties: [check] };
    const reason = { code: 'RUN_CANCELLED' as const, message: 'cancelled by ada' };
    async function* stream(): AsyncGenerator<RunEvent> {
      yield* [begin(0), command(0), end(0), begin(1), command(1), end(1), begin(2), command(2)];
      yield { is: 'finished', outcome: 'cancelled', reason };
    }
    const report = await followRun(stream(), checked, startReport(checked), () => {});
    expect(report).toMatchObject({ outcome: 'cancelled', reason });
    expect(report.changes.map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'skipped']);
    expect(report.changes.at(-1)?.reason).toEqual(reason);
    expect(stageWord('skipped', { duty: 'check' })).toBe('cut short');
  });

  it('keeps the last part of a long output', async () => {
    const chunks = Array.from({ length: 5 }, (_, n): RunEvent => ({
      is: 'output',
      index: 0,
      text: String(n).repeat(10_000),
    }));
    const report = await follow([begin(0), command(0), ...chunks, end(0), finished('done')]);
    expect(report.changes[0]?.output.length).toBe(16_384);
    expect(report.changes[0]?.output.endsWith('4')).toBe(true);
  });

  it.each([
    ['before it began', 'queued', 'failed'],
    ['while it ran', 'running', 'unknown'],
  ] as const)('a connection lost %s', (_name, before, after) => {
    const reason = { code: 'CONNECTION_LOST' as const, message: 'gone' };
    expect(finishReport({ ...startReport(planned), outcome: before }, reason)).toMatchObject({
      outcome: after,
      reason,
    });
  });
});
