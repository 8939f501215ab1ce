// Checks that did not hold are due again, also where nothing else is.
import { describe, expect, it } from 'vitest';
import { fingerprint } from '../../src/core/json.ts';
import type { Unproven } from '../../src/core/ledger.ts';
import type { Duty, DutyTime } from '../../src/core/plan.ts';
import { compareHost } from '../../src/engine/compare.ts';
import { planHost } from '../../src/engine/plan.ts';
import { failedLine, proofLine, runProofs, unprovenStates } from '../../src/engine/proof.ts';
import { entry, note, observation, question, resource } from './world.ts';

const ORDER = { commit: 'c1', plan: 'p1', run: 'r1', by: 'ada', at: '2026-01-01T00:00:00Z' };
const MARK: Unproven = { unproven: 'shop', ...ORDER, failed: 'check did not hold: /selftest succeeds' };

function duty(when: DutyTime, stack = 'shop'): Duty {
  const step = { do: 'run' as const, argv: ['/selftest'] };
  return { ref: `check/${stack}: ${when}`, stack, when, steps: [step], where: null };
}

function found(marks: readonly Unproven[], text = 'a') {
  const seen = observation({ a: text }, [entry('a')]);
  const ledger = { ...seen.ledger, unproven: new Map(marks.map((mark) => [mark.unproven, mark])) };
  return { ...seen, ledger, states: new Map([...unprovenStates(ledger), ...seen.states]) };
}

function planned(marks: readonly Unproven[], duties: readonly Duty[], text = 'a') {
  return planHost(question([resource('a')], { duties }), found(marks, text), [note]);
}

describe('a plan', () => {
  it('has the checks as its one change, with who left them', () => {
    const { changes, duties } = planned([MARK], [duty('before'), duty('check')]);
    expect(changes).toEqual([
      expect.objectContaining({
        ref: 'checks/shop',
        verb: 'run',
        causes: ['undeployed'],
        reason: 'the last deploy’s check did not hold: /selftest succeeds',
        steps: [],
        before: fingerprint(MARK),
        applied: { commit: 'c1', by: 'ada', run: 'r1', at: ORDER.at },
        where: { file: 'deploy-configs/shop.yml', line: 1, column: 1 },
      }),
    ]);
    expect(duties?.map(({ when }) => when)).toEqual(['before', 'check']);
  });

  it('says so of a run that never came to its checks', () => {
    const [change] = planned([{ unproven: 'shop', ...ORDER }], [duty('after')]).changes;
    expect(change?.reason).toBe('the last deploy ended before its checks held');
  });

  it.each<[string, readonly Unproven[], readonly Duty[], string, readonly string[]]>([
    ['nothing is due', [], [duty('check')], 'a', []],
    ['the stack has no checks any more', [MARK], [duty('before')], 'a', []],
    ['another stack is meant', [{ ...MARK, unproven: 'db' }], [duty('check')], 'a', []],
    ['they are due with a change anyway', [MARK], [duty('check')], 'b', ['update note/a']],
  ])('has nothing of it where %s', (_, marks, duties, text, lines) => {
    const { changes } = planned(marks, duties, text);
    expect(changes.map(({ verb, ref }) => `${verb} ${ref}`)).toEqual(lines);
  });

  it('is stale when another run failed since, and done when they held since', () => {
    const old = planned([MARK], [duty('check')]);
    const later = [{ ...MARK, run: 'r2' }];
    const same = compareHost(old, planned([MARK], [duty('check')]), found([MARK]));
    expect([same.moved, [...same.done]]).toEqual([undefined, []]);
    expect(compareHost(old, planned(later, [duty('check')]), found(later)).moved?.code).toBe('PLAN_STALE');
    expect([...compareHost(old, planned([], [duty('check')]), found([])).done]).toEqual(['checks/shop']);
  });
});

describe('a run', () => {
  it('tells the ledger of each stack whose checks are in it, once', () => {
    const duties = [duty('before', 'a'), duty('check', 'b'), duty('after', 'b'), duty('on-failure', 'c')];
    const proof = { due: { unproven: 'b', ...ORDER }, held: { proven: 'b', run: 'r1' } };
    const left = (stack: string) => ({ unproven: new Map([[stack, { ...MARK, unproven: stack }]]) });
    expect(runProofs(duties, left('a'), ORDER)).toEqual([proof]);
    expect(runProofs(duties, left('b'), ORDER)).toEqual([{ ...proof, overdue: 'b' }]);
  });

  it.each<[DutyTime, string | undefined]>([
    ['before', undefined],
    ['check', 'check did not hold: /selftest'],
    ['after', 'hook failed: /selftest'],
    ['on-failure', undefined],
  ])('and what failed: %s', (when, failed) => {
    const line = failed === undefined ? undefined : { unproven: 'shop', ...ORDER, failed };
    expect(failedLine(duty(when), ORDER)).toEqual(line);
  });

  it('keeps them due while it does the change that stands for them', () => {
    const [change] = planned([MARK], [duty('check')]).changes;
    expect(change && proofLine(change, ORDER)).toEqual({ unproven: 'shop', ...ORDER });
    expect(change && proofLine({ ...change, ref: 'note/a' }, ORDER)).toBe(undefined);
  });
});
