import { describe, expect, it } from 'vitest';
import { fingerprint } from '../../src/core/json.ts';
import { planHost } from '../../src/engine/plan.ts';
import { entry, note, observation, question, resource } from './world.ts';

const kinds = [note];

describe('verbs and causes', () => {
  const wantA = new Map([['note/a', fingerprint({ text: 'a' })]]);
  it.each([
    ['new in this change', {}, [], new Map(), 'create', ['this-change']],
    ['merged, never deployed', {}, [], wantA, 'create', ['undeployed']],
    ['no base to compare with', {}, [], undefined, 'create', ['this-change']],
    ['removed by hand', {}, [entry('a')], wantA, 'create', ['drift']],
    ['changed by hand', { a: 'b' }, [entry('a')], wantA, 'update', ['drift']],
    [
      'changed in git',
      { a: 'b' },
      [entry('a', { want: 'older', seen: fingerprint('b') })],
      new Map(),
      'update',
      ['this-change'],
    ],
    [
      'changed in git and by hand',
      { a: 'c' },
      [entry('a', { want: 'older', seen: fingerprint('b') })],
      new Map(),
      'update',
      ['this-change', 'drift'],
    ],
    [
      'changed by hand, nobody looked after the run',
      { a: 'c' },
      [entry('a', { seen: undefined })],
      wantA,
      'update',
      ['drift'],
    ],
    ['already there', { a: 'a' }, [], new Map(), 'adopt', ['this-change']],
    [
      'made by hand as git now wants it',
      { a: 'a' },
      [entry('a', { want: 'older' })],
      new Map(),
      'adopt',
      ['this-change'],
    ],
    ['moved to another stack', { a: 'a' }, [entry('a', { stack: 'old' })], wantA, 'adopt', ['undeployed']],
  ] as const)('%s', (_name, states, entries, base, verb, causes) => {
    const plan = planHost(question([resource('a')], { base }), observation(states, entries), kinds);
    expect(plan.changes.map((change) => change.verb)).toEqual([verb]);
    expect(plan.changes[0]?.causes).toEqual(causes);
  });

  it('counts what is as declared and recorded', () => {
    const plan = planHost(question([resource('a')]), observation({ a: 'a' }, [entry('a')]), kinds);
    expect([plan.changes, plan.unchanged]).toEqual([[], 1]);
  });

  it('a change that another change calls for has its cause', () => {
    const follower = resource('b', { follows: 'a' });
    const entries = [
      entry('a', { want: 'older', seen: fingerprint('old') }),
      entry('b', { want: fingerprint(follower.want) }),
    ];
    const plan = planHost(
      question([resource('a'), follower]),
      observation({ a: 'old', b: 'b' }, entries),
      kinds,
    );
    expect(plan.changes.map((change) => [change.verb, change.causes])).toEqual([
      ['update', ['this-change']],
      ['restart', ['this-change']],
    ]);
  });

  it('carries what a deploy has to know', () => {
    const plan = planHost(
      question([resource('a')]),
      observation({ a: 'old' }, [entry('a', { origin: 'adopted' })]),
      kinds,
    );
    expect(plan.changes[0]).toMatchObject({
      ref: 'note/a',
      before: fingerprint('old'),
      want: fingerprint({ text: 'a' }),
      last: 'a',
      origin: 'adopted',
      steps: [{ do: 'put', path: 'a' }],
    });
  });
});

describe('what is no longer declared', () => {
  it.each([
    ['unchanged since Ashore made it', entry('x'), { x: 'x' }, 'delete', 1],
    ['changed since', entry('x'), { x: 'other' }, 'forget', 0],
    ['already gone', entry('x'), {}, 'forget', 0],
    ['there before Ashore', entry('x', { origin: 'adopted' }), { x: 'x' }, 'forget', 0],
  ] as const)('%s', (_name, was, states, verb, steps) => {
    const plan = planHost(question([]), observation(states, [was]), kinds);
    expect(plan.changes.map((change) => [change.verb, change.steps.length, change.want])).toEqual([
      [verb, steps, null],
    ]);
  });

  it('comes last, newest first', () => {
    const found = observation({ x: 'x', y: 'y', a: 'old' }, [entry('x'), entry('y'), entry('a')]);
    const plan = planHost(question([resource('a')]), found, kinds);
    expect(plan.changes.map((change) => change.ref)).toEqual(['note/a', 'note/y', 'note/x']);
  });

  it.each([
    ['of another stack', entry('x', { stack: 'other' }), {}],
    ['declared by a stack that is not planned', entry('x'), { declared: new Set(['note/x']) }],
  ] as const)('is not touched when it is %s', (_name, was, more) => {
    const plan = planHost(question([], more), observation({ x: 'x' }, [was]), kinds);
    expect(plan.changes).toEqual([]);
  });

  it('of a kind that is not known stays', () => {
    const plan = planHost(question([]), observation({}, [entry('x', { ref: 'gone/x' })]), kinds);
    expect(plan.changes.map((change) => [change.verb, change.reason])).toEqual([
      ['forget', 'its kind is not known to this version; it stays as it is'],
    ]);
  });
});

describe('what cannot be planned', () => {
  it('is named with its reason, and the rest is planned', () => {
    const plan = planHost(
      question([resource('a', { text: 'stuck' }), resource('b')]),
      observation({}),
      kinds,
    );
    expect(plan.blocked.map(({ ref, reason }) => [ref, reason.code])).toEqual([['note/a', 'PATH_OCCUPIED']]);
    expect(plan.changes.map(({ ref }) => ref)).toEqual(['note/b']);
  });

  it('a kind that could not be read blocks its resources, and never deletes', () => {
    const unreadable = new Map([['note', { code: 'READ_FAILED' as const, message: 'no' }]]);
    const found = { ...observation({}, [entry('x')]), unreadable };
    const plan = planHost(question([resource('a')]), found, kinds);
    expect(plan.changes).toEqual([]);
    expect(plan.blocked.map(({ ref, reason }) => [ref, reason.code])).toEqual([
      ['note/a', 'READ_FAILED'],
      ['note/x', 'READ_FAILED'],
    ]);
  });
});
