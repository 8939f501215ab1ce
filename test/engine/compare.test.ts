import { describe, expect, it } from 'vitest';
import { compareHost } from '../../src/engine/compare.ts';
import { planHost } from '../../src/engine/plan.ts';
import { entry, note, observation, question, resource } from './world.ts';

const asked = question([resource('a'), resource('b')]);
const planFrom = (found: ReturnType<typeof observation>) => planHost(asked, found, [note]);

/** Planned from `a: old, b: absent`; then the host is as given. */
function compareWith(states: Record<string, string>) {
  const planned = planFrom(observation({ a: 'old' }));
  const now = observation(states);
  return compareHost(planned, planFrom(now), now);
}

describe('the host at the deploy against the plan', () => {
  it('as planned: all is done', () => {
    expect(compareWith({ a: 'old' })).toEqual({ done: new Set(), moved: undefined });
  });

  it('already as wanted: skipped', () => {
    expect(compareWith({ a: 'a' })).toEqual({ done: new Set(['note/a']), moved: undefined });
  });

  it('called for no more, though nothing that can be seen of it changed: skipped, as a command that was run meanwhile', () => {
    const now = observation({ a: 'old' });
    const planned = planFrom(now);
    const again = { ...planned, changes: planned.changes.filter(({ ref }) => ref !== 'note/a') };
    expect(compareHost(planned, again, now)).toEqual({ done: new Set(['note/a']), moved: undefined });
  });

  it('anything else: refused, saying what moved', () => {
    expect(compareWith({ a: 'third', b: 'b' }).moved).toEqual({
      code: 'PLAN_STALE',
      message: 'one resource is no longer as the plan saw them on web1; nothing was written there',
      evidence: { output: 'note/a: text was "old", is "third"' },
    });
  });

  it('several moved', () => {
    expect(compareWith({ a: 'third', b: 'x' }).moved?.evidence?.output).toBe(
      'note/a: text was "old", is "third"\nnote/b: text was absent, is "x"',
    );
  });

  it('can no longer be planned: refused', () => {
    const stuck = question([resource('a', { text: 'stuck' })]);
    const now = observation({ a: 'third' });
    const planned = planHost(question([resource('a')]), observation({ a: 'old' }), [note]);
    expect(compareHost(planned, planHost(stuck, now, [note]), now).moved?.evidence?.output).toBe(
      'note/a: a is stuck',
    );
  });

  it.each([
    ['gone already', {}, true],
    ['changed by hand', { x: 'mine' }, false],
  ] as const)('to be deleted and %s', (_name, states, done) => {
    const empty = question([]);
    const planned = planHost(empty, observation({ x: 'x' }, [entry('x')]), [note]);
    const now = observation(states, [entry('x')]);
    const compared = compareHost(planned, planHost(empty, now, [note]), now);
    expect([compared.done.has('note/x'), compared.moved === undefined]).toEqual([done, done]);
  });
});
