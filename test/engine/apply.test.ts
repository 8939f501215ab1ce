// One host's deploy over ports that answer like a host: what is refused, what is followed again, what is recorded.
import { describe, expect, it } from 'vitest';
import type { Session } from '../../src/core/host.ts';
import type { LedgerLine } from '../../src/core/ledger.ts';
import type { HostPlan } from '../../src/core/plan.ts';
import { HostFailure } from '../../src/core/reason.ts';
import type { HostReport } from '../../src/core/report.ts';
import type { Reason } from '../../src/core/reason.ts';
import type { HostRun, RunEvent } from '../../src/core/run.ts';
import { applyHost } from '../../src/engine/apply.ts';
import type { ApplyHost, ApplyOrder } from '../../src/engine/apply.ts';
import type { Observation } from '../../src/engine/observe.ts';
import { planHost } from '../../src/engine/plan.ts';
import { entry, ledgerReader, note, observation, question, resource, target } from './world.ts';

const asked = question([resource('a'), resource('b')]);
const planAgain = (found: Observation) => planHost(asked, found, [note]);
const fresh = observation({});
const planned = planAgain(fresh);
const order = { run: 'r', plan: 'p', commit: 'c', by: 'ada', at: '2026-01-01T00:00:00Z' };
const settled = observation({ a: 'a', b: 'b' }, [entry('a', { seen: undefined }), entry('b')]);
const lost = new HostFailure({ code: 'CONNECTION_LOST', message: 'gone' });

const done: readonly RunEvent[] = [
  ...[0, 1].flatMap((index): RunEvent[] => [
    { is: 'begin', index },
    { is: 'command', index, command: 'install' },
    { is: 'end', index, status: 0, seconds: 1 },
  ]),
  { is: 'finished', outcome: 'done', reason: null },
];

interface Script {
  /** What each look finds, in turn; the last one stays. */
  readonly looks: readonly (Observation | Error)[];
  /** What each following of the run says; an error breaks the connection there. */
  readonly follows?: readonly (readonly (RunEvent | Error)[])[];
  readonly connects?: readonly (Error | undefined)[];
  /** Whether the host has the run already. */
  readonly begun?: boolean;
  readonly wish?: AbortSignal;
  /** Whether the host takes the wish, each time it is asked. */
  readonly takes?: readonly boolean[];
  readonly resumed?: boolean;
  readonly later?: ApplyOrder['later'];
  /** A server that is late with the run has begun it when it is to be given up. */
  readonly late?: boolean;
  /** What each attempt to confirm comes to. */
  readonly confirms?: readonly ('kept' | 'not-yet' | 'put-back' | Error)[];
  readonly plan?: HostPlan;
  /** Why nothing can be written into the ledger. */
  readonly unwritten?: Error;
}

async function apply({
  looks,
  follows = [done],
  connects = [],
  begun = false,
  wish,
  takes = [],
  resumed = false,
  later,
  late = false,
  confirms = ['kept'],
  plan = planned,
  unwritten,
}: Script) {
  const seen = {
    runs: [] as HostRun[],
    begun: [] as boolean[],
    lines: [] as LedgerLine[],
    waits: 0,
    connects: 0,
    confirms: 0,
    wishes: [] as string[],
    givenUp: 0,
  };
  const session: Session = { target, exec: () => Promise.reject(new Error('not used')), close: () => {} };
  const next = <T>(list: readonly T[], count: number): T | undefined =>
    list[Math.min(count, list.length - 1)];
  let looked = 0;
  const host: ApplyHost = {
    connect: async () => {
      const error = connects[seen.connects++];
      if (error) throw error;
      return session;
    },
    reader: () => ledgerReader('', begun ? 0 : 1),
    observe: async () => {
      const found = next(looks, looked++) ?? fresh;
      if (found instanceof Error) throw found;
      return found;
    },
    kinds: [note],
    planAgain,
    carryOut: async function* (_session, run, known = false) {
      seen.begun.push(known);
      const events = next(follows, seen.runs.push(run) - 1) ?? [];
      for (const event of events) {
        if (event instanceof Error) throw event;
        yield event;
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    confirm: async () => {
      const answer = next(confirms, seen.confirms++) ?? 'kept';
      if (answer instanceof Error) throw answer;
      return answer;
    },
    patience: 20,
    appendLedger: async (_session, lines) => {
      if (unwritten) throw unwritten;
      seen.lines.push(...lines);
    },
    secret: () => undefined,
    wait: async () => {
      seen.waits++;
      await new Promise((resolve) => setImmediate(resolve));
    },
    wish,
    giveUp: async () => {
      seen.givenUp += 1;
      return late ? 'begun' : 'given-up';
    },
    cancel: async (_session, run, by) => {
      seen.wishes.push(`${run} ${by}`);
      return takes[seen.wishes.length - 1] ?? true;
    },
  };
  const report = await applyHost(plan, { ...order, resumed, later }, host, () => {});
  return { report, ...seen };
}

describe('a deploy on one host', () => {
  it('runs the plan, looks again, and records what it saw', async () => {
    const { report, runs, lines } = await apply({ looks: [fresh, settled] });
    expect([report.outcome, report.remaining]).toEqual(['done', []]);
    expect(runs[0]?.changes.map((change) => [change.ref, change.steps.length])).toEqual([
      ['note/a', 1],
      ['note/b', 1],
    ]);
    expect(lines).toEqual([{ ref: 'note/a', seen: entry('a').seen }]);
  });

  it('leaves out what is already as wanted, and records it all the same', async () => {
    const { runs } = await apply({ looks: [observation({ a: 'a' }), settled] });
    expect(
      runs[0]?.changes.map((change) => [change.ref, change.steps.length, 'want' in change.ledger]),
    ).toEqual([
      ['note/a', 0, true],
      ['note/b', 1, true],
    ]);
  });

  it('refuses before anything runs when the host moved', async () => {
    const { report, runs } = await apply({ looks: [observation({ a: 'by hand' })] });
    expect([report.outcome, report.reason?.code, runs.length]).toEqual(['refused', 'PLAN_STALE', 0]);
  });

  it('follows a run that the host has already, whatever it changed so far', async () => {
    const { report, runs } = await apply({ looks: [observation({ a: 'half' }), settled], begun: true });
    expect([report.outcome, runs.length]).toEqual(['done', 1]);
  });

  it('follows again over a new connection when the first one breaks', async () => {
    const { report, connects, runs, begun } = await apply({
      looks: [fresh, settled],
      follows: [[{ is: 'begin', index: 0 }, lost], done],
      connects: [undefined, lost],
    });
    expect([report.outcome, connects, runs.length]).toEqual(['done', 2, 2]);
    expect(begun).toEqual([false, true]);
    expect(report.changes.map((change) => change.outcome)).toEqual(['applied', 'applied']);
  });

  it('says unknown when the host never answers again', async () => {
    const { report, waits } = await apply({ looks: [fresh], follows: [[{ is: 'begin', index: 0 }, lost]] });
    expect([report.outcome, report.reason?.code]).toEqual(['unknown', 'CONNECTION_LOST']);
    expect(report.changes.map((change) => change.outcome)).toEqual(['unknown', 'not-started']);
    expect(waits).toBe(6);
  });

  it('does not wait for a journal that is gone, and never begins the run a second time', async () => {
    const gone = new HostFailure({ code: 'RUN_LOST', message: 'the journal is gone' });
    const { report, waits, begun } = await apply({
      looks: [fresh],
      follows: [[{ is: 'begin', index: 0 }, lost], [gone]],
    });
    expect([report.outcome, report.reason?.code, waits]).toEqual(['unknown', 'RUN_LOST', 1]);
    expect(begun).toEqual([false, true]);
  });

  it('that ended and cannot be looked at afterwards stays what it was', async () => {
    const { report } = await apply({ looks: [fresh, lost] });
    expect([report.outcome, report.remaining, report.reason?.code]).toEqual([
      'done',
      null,
      'CONNECTION_LOST',
    ]);
  });

  it.each<[string, boolean, string, number]>([
    ['is not begun', false, 'not-started', 0],
    ['is followed where it has begun', true, 'done', 1],
  ])('taken up again, where what goes first is not done, %s', async (_, begun, outcome, started) => {
    const reason: Reason = { code: 'GOES_LATER', message: 'x' };
    const { report, runs } = await apply({
      looks: [fresh, settled],
      begun,
      resumed: true,
      later: { reason },
    });
    expect([report.outcome, runs.length]).toEqual([outcome, started]);
    expect(report.reason).toEqual(begun ? null : reason);
  });

  describe('taken up again and left', () => {
    const wish = AbortSignal.abort('ada');
    const torn = { ...fresh, torn: 'r0' };
    it.each<[string, Partial<Script>, string]>([
      ['because somebody cancelled', { wish }, 'not-started'],
      ['because too many have failed', { later: { reason: null } }, 'not-started'],
      ['because the host is not as it was', { looks: [torn, settled] }, 'refused'],
    ])('is given up there first %s', async (_, script, outcome) => {
      const given = { looks: [fresh, settled], ...script };
      const taken = await apply({ ...given, resumed: true });
      expect([taken.report.outcome, taken.givenUp, taken.runs.length]).toEqual([outcome, 1, 0]);
      const late = await apply({ ...given, resumed: true, late: true });
      expect([late.report.outcome, late.givenUp, late.begun]).toEqual(['done', 1, [true]]);
      const first = await apply(given);
      expect([first.report.outcome, first.givenUp]).toEqual([outcome, 0]);
    });
  });

  it.each([
    ['done, and nothing left', settled, 'done', 0, 'CONNECTION_LOST'],
    ['what is left', fresh, 'failed', 2, 'NOT_CONVERGED'],
  ])(
    'whose last look cannot be recorded still says what it found: %s',
    async (_, found, outcome, left, code) => {
      const { report } = await apply({ looks: [fresh, found], unwritten: lost });
      expect([report.outcome, report.remaining?.length, report.reason?.code]).toEqual([outcome, left, code]);
    },
  );

  it('taken up again says unknown of a host that does not answer', async () => {
    const { report } = await apply({
      looks: [fresh],
      connects: Array.from({ length: 20 }, () => lost),
      resumed: true,
    });
    expect([report.outcome, report.reason?.code]).toEqual(['unknown', 'CONNECTION_LOST']);
    expect(report.changes.map((change) => change.outcome)).toEqual(['unknown', 'unknown']);
  });

  it.each([
    ['is refused after a run that never ended', undefined, 'refused', 'HOST_UNKNOWN_STATE'],
    ['is done when the plan was made from a look after that run', 'r0', 'done', undefined],
    ['is refused when the plan looked after another one', 'r', 'refused', 'HOST_UNKNOWN_STATE'],
  ])('%s', async (_name, torn, outcome, code) => {
    const plan = torn === undefined ? planned : { ...planned, torn };
    const { report } = await apply({ looks: [{ ...fresh, torn: 'r0' }, settled], plan });
    expect([report.outcome, report.reason?.code]).toEqual([outcome, code]);
  });

  describe('under guard', () => {
    const guard = { why: 'sshd reads it', paths: ['/etc/b'], units: [] };
    const [first, second] = planned.changes;
    const plan = { ...planned, changes: first && second ? [first, { ...second, guard }] : [] };
    const until = (...rest: readonly RunEvent[]): readonly RunEvent[] => [
      ...done.slice(0, -1),
      { is: 'awaiting', seconds: 120 },
      ...rest,
    ];
    const outcomes = (report: HostReport) => report.changes.map((change) => change.outcome);

    it('confirms over a connection of its own', async () => {
      const follows = [until({ is: 'confirmed' }, { is: 'finished', outcome: 'done', reason: null })];
      const { report, connects, confirms } = await apply({ looks: [fresh, settled], follows, plan });
      expect([report.outcome, outcomes(report)]).toEqual(['done', ['applied', 'applied']]);
      expect([connects, confirms]).toEqual([2, 1]);
    });

    it('is put back where that did not come about, and says what was tried', async () => {
      const reason = { code: 'PUT_BACK', message: 'no new connection' } as const;
      const { report } = await apply({
        looks: [fresh, fresh],
        follows: [until({ is: 'finished', outcome: 'put-back', reason })],
        confirms: [lost],
        plan,
      });
      expect([report.outcome, outcomes(report)]).toEqual(['put-back', ['applied', 'put-back']]);
      expect(report.reason?.evidence?.output).toContain('CONNECTION_LOST: gone');
    });

    it('is unknown where the end was not seen', async () => {
      const follows = [[...until(), lost], [lost]];
      const { report } = await apply({ looks: [fresh], follows, confirms: [lost], plan });
      expect([report.outcome, outcomes(report)]).toEqual(['unknown', ['applied', 'unknown']]);
    });
  });

  it('is not a success when the same plan is not empty after it', async () => {
    const { report, lines } = await apply({
      looks: [fresh, observation({ a: 'a', b: 'other' }, [entry('a'), entry('b')])],
    });
    expect([report.outcome, report.reason?.code]).toEqual(['failed', 'NOT_CONVERGED']);
    expect(report.remaining?.map((change) => change.ref)).toEqual(['note/b']);
    expect(lines).toEqual([]);
  });

  it('after a failure still says what is true', async () => {
    const failed: readonly RunEvent[] = [
      { is: 'begin', index: 0 },
      { is: 'command', index: 0, command: 'install' },
      { is: 'end', index: 0, status: 1, seconds: 1 },
      { is: 'finished', outcome: 'failed', reason: { code: 'STEP_FAILED', message: 'no' } },
    ];
    const { report, lines } = await apply({ looks: [fresh, fresh], follows: [failed] });
    expect([report.outcome, report.reason?.code, report.remaining?.length, lines]).toEqual([
      'failed',
      'STEP_FAILED',
      2,
      [],
    ]);
  });

  it.each([
    ['a host that cannot be reached', lost, 'CONNECTION_LOST'],
    ['our own bug', new TypeError('x is not a function'), 'BUG'],
  ])('%s fails the host and nothing else', async (_name, error, code) => {
    const { report } = await apply({ looks: [fresh], connects: [error] });
    expect([report.outcome, report.reason?.code]).toEqual(['failed', code]);
  });
});

describe('a deploy that somebody cancels', () => {
  const cancelled: readonly RunEvent[] = [
    ...done.slice(0, 3),
    { is: 'finished', outcome: 'cancelled', reason: { code: 'RUN_CANCELLED', message: 'by grace' } },
  ];

  it('begins nothing on a host that it has not reached', async () => {
    const { report, runs } = await apply({ looks: [fresh], wish: AbortSignal.abort('grace') });
    expect([report.outcome, report.reason?.code, runs.length]).toEqual(['not-started', 'RUN_CANCELLED', 0]);
    expect(report.reason?.message).toContain('by grace');
  });

  it('asks the host until it has taken the wish, and says what was done and what was not', async () => {
    const half = observation({ a: 'a' }, [entry('a')]);
    const looks = [fresh, half];
    const wish = AbortSignal.abort('grace');
    const { report, wishes } = await apply({
      looks,
      follows: [cancelled],
      begun: true,
      wish,
      takes: [false],
    });
    expect(report.changes.map((change) => change.outcome)).toEqual(['applied', 'not-started']);
    expect([report.outcome, report.reason?.code]).toEqual(['cancelled', 'RUN_CANCELLED']);
    expect(report.remaining?.map(({ ref }) => ref)).toEqual(['note/b']);
    expect(wishes[0]).toBe('r grace');
  });
});
