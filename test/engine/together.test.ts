// Units that are brought up directly after one another are watched together; the plan says so, and its digest covers it.
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/core/plan.ts';
import type { Change } from '../../src/core/plan.ts';
import type { Step } from '../../src/core/step.ts';
import { watchTogether } from '../../src/engine/together.ts';
import { planHost } from '../../src/engine/plan.ts';
import { note, observation, question, resource } from './world.ts';

const resources = ['a', 'b', 'c', 'd'].map((id) => resource(id));
const needy = [resource('a'), resource('b'), resource('c', { text: 'c', needs: ['a'] }), resource('d')];
const plan = planHost(question(resources), observation({}), [note]);

const start = (unit: string): readonly Step[] => [{ do: 'settle', unit, seconds: 5 }];
const PUT: readonly Step[] = [{ do: 'remove', path: '/x' }];
const GUARD = { why: 'it lets us in', paths: [], units: [] };

function changesOf(parts: readonly Partial<Change>[]): readonly Change[] {
  return parts.flatMap((part, index) => {
    const change = plan.changes[index];
    return change ? [{ ...change, steps: [...start(`u${index}.service`)], ...part }] : [];
  });
}

describe('changes are watched together', () => {
  it.each<[string, readonly Partial<Change>[], readonly boolean[]]>([
    ['one after the other', [{}, {}, {}], [false, true, true]],
    ['not over another one', [{}, { steps: [...PUT] }, {}, {}], [false, false, false, true]],
    ['not over one without steps', [{}, { steps: [] }, {}], [false, false, false]],
    [
      'not when it goes on after it was watched',
      [{}, { steps: [...start('x'), ...PUT] }, {}],
      [false, false, false],
    ],
    ['not under guard', [{}, {}, { guard: GUARD }, { guard: GUARD }], [false, true, false, false]],
    ['not of two stacks', [{}, { stack: 'web' }, { stack: 'web' }], [false, false, true]],
    ['not the same unit', [{}, {}, { steps: [...start('u0.service')] }], [false, true, false]],
    ['not alone', [{}], [false]],
  ])('%s', (_name, parts, together) => {
    const watched = watchTogether(changesOf(parts), resources, [note]);
    expect(watched.map((change) => change.together ?? false)).toEqual(together);
  });

  it('but not with one that they need', () => {
    const watched = watchTogether(changesOf([{}, {}, {}, {}]), needy, [note]);
    expect(watched.map((change) => change.together ?? false)).toEqual([false, true, false, true]);
  });

  it('and that is said, and part of what is confirmed', () => {
    const before = changesOf([{}, {}]);
    const watched = watchTogether(before, resources, [note]);
    expect(watched.map(({ notes }) => notes)).toEqual([
      [],
      ['begun right after note/a; their units are watched together'],
    ]);
    const of = (changes: readonly Change[]) => {
      return digestOf({ stacks: [], hosts: [{ ...plan, changes: [...changes] }] });
    };
    expect(of(watched)).not.toBe(of(before));
  });
});
