// What may cut us off is done last on its host, with what needs it, and the plan says so.
import { describe, expect, it } from 'vitest';
import type { KindChange } from '../../src/core/kind.ts';
import { digestOf } from '../../src/core/plan.ts';
import { planHost } from '../../src/engine/plan.ts';
import { note, observation, question, resource } from './world.ts';

const GUARD = { why: 'sshd reads it', paths: ['/etc/door'], units: ['ssh.service'] };

/** Notes whose name begins with `door` are how we get in. */
const guarded = {
  ...note,
  change: (request: Parameters<typeof note.change>[0]) => {
    const decided = note.change(request);
    if (!decided || 'blocked' in decided || !request.id.startsWith('door')) return decided;
    return { ...decided, guard: GUARD } satisfies KindChange;
  },
};

const resources = [
  resource('door1'),
  resource('a'),
  resource('behind', { text: 'behind', needs: ['door1'] }),
  resource('door2'),
  resource('b'),
];
const plan = planHost(question(resources), observation({}), [guarded]);

describe('guarded changes', () => {
  it('come last in their own order, with what needs them; the others stay as they are', () => {
    expect(plan.changes.map(({ ref }) => ref)).toEqual([
      'note/a',
      'note/b',
      'note/door1',
      'note/behind',
      'note/door2',
    ]);
  });

  it('say why', () => {
    const words = plan.changes.map(({ notes }) => notes.join());
    expect(words.slice(0, 2)).toEqual(['', '']);
    expect(words[2]).toContain('done last on this host, under guard: sshd reads it');
    expect(words[3]).toContain('under guard: it follows note/door1');
  });

  it('are part of what is confirmed', () => {
    const other = plan.changes.map((change) =>
      change.guard ? { ...change, guard: { ...change.guard, paths: [] } } : change,
    );
    const of = (changes: typeof plan.changes) => digestOf({ stacks: [], hosts: [{ ...plan, changes }] });
    expect(of(other)).not.toBe(of(plan.changes));
  });
});
