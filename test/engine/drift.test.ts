// Drift under another declaration than at the last look: what of a state follows from what is wanted is no drift.
import { describe, expect, it } from 'vitest';
import { formatLedgerLine, parseLedger } from '../../src/core/ledger.ts';
import type { AnyKind } from '../../src/core/kind.ts';
import { hasMoved, isSeenSame, seenOf } from '../../src/engine/drift.ts';
import { entry, note } from './world.ts';

/** As a package: what an update would bring is found only where one is wanted. */
const stocked: AnyKind = {
  ...note,
  apart: (have) =>
    have === 'not looked at' ? { version: undefined, place: 'p' } : { version: have ?? null, place: 'p' },
};

describe('what moved since the last look', () => {
  const recorded = entry('a', { want: 'old', ...seenOf(stocked, '1') });
  const older = entry('a', { want: 'old', seen: seenOf(stocked, '1').seen });
  const plain = entry('a', { want: 'old', ...seenOf(note, '1') });
  it.each([
    ['the whole, under the same declaration', stocked, recorded, 'old', '2', true],
    ['nothing, under the same declaration', stocked, recorded, 'old', '1', false],
    ['what stands apart, under another', stocked, recorded, 'new', '2', true],
    ['nothing that stands apart, under another', stocked, recorded, 'new', '1', false],
    ['only what is not looked at under another', stocked, recorded, 'new', 'not looked at', false],
    ['what is gone, under another', stocked, recorded, 'new', undefined, true],
    ['of an older record, under the same', stocked, older, 'old', '2', true],
    ['of an older record, under another: it cannot be told', stocked, older, 'new', '2', false],
    ['of a kind that looks at the same whatever is wanted', note, plain, 'new', '2', true],
    ['nothing of such a kind', note, plain, 'new', '1', false],
    ['of what was never looked at', stocked, entry('a', { seen: undefined }), 'new', '2', false],
    ['of what is not recorded', stocked, undefined, 'new', '2', false],
  ] as const)('%s', (_name, kind, known, wanted, have, moved) => {
    expect(hasMoved(kind, known, { wanted, have })).toBe(moved);
  });

  it('is kept by the ledger, and an older record is written anew', () => {
    const { seen: _seen, line: _line, ...applied } = entry('a', { last: 'a' });
    const { seen, ...more } = { seen: seenOf(stocked, '1') };
    const lines = [
      { ...applied, last: 'a', ...more },
      { ref: 'note/a', ...seen },
    ];
    const text = lines.map((line) => `${formatLedgerLine(line)}\n`).join('');
    const ledger = parseLedger(new TextEncoder().encode(text));
    const kept = 'entries' in ledger ? ledger.entries.get('note/a') : undefined;
    expect(kept).toMatchObject(seen);
    expect(kept && isSeenSame(kept, seen)).toBe(true);
    expect(isSeenSame(older, seen)).toBe(false);
    expect(isSeenSame(plain, seenOf(note, '1'))).toBe(true);
  });
});
