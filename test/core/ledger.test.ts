// The ledger: the last line about a resource wins, a line that was cut off was never written, and damage is said.
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/json.ts';
import { compactLedger, formatLedgerLine, parseLedger } from '../../src/core/ledger.ts';
import type { Ledger, LedgerLine } from '../../src/core/ledger.ts';
import { randomFrom } from './random.ts';

const applied = (ref: string, over: object = {}): Extract<LedgerLine, { stack: string }> => ({
  ref,
  stack: 'shop',
  want: 'w1',
  origin: 'created',
  commit: 'c1',
  plan: 'p1',
  run: 'r1',
  by: 'ada',
  at: '2026-11-22T14:02:11.000Z',
  ...over,
});

const text = (...lines: readonly LedgerLine[]): string =>
  lines.map((line) => `${formatLedgerLine(line)}\n`).join('');

function ledgerOf(content: string | Uint8Array): Ledger {
  const parsed = parseLedger(typeof content === 'string' ? new TextEncoder().encode(content) : content);
  if ('damaged' in parsed) throw new Error(`damaged: ${parsed.damaged}`);
  return parsed;
}

/** What of each entry a case is about. */
function shown({ entries }: Ledger): unknown {
  return [...entries].map(([ref, { want, seen, line }]) => ({ ref, want, seen, line }));
}

describe('a ledger', () => {
  it('that is empty knows nothing', () => {
    expect(ledgerOf('')).toEqual({ digest: sha256(''), entries: new Map(), lines: 0, unproven: new Map() });
  });

  it('keeps all that a line says, and its number', () => {
    const line = applied('file/a', { last: { sha256: 'x', deep: [1, null] }, origin: 'adopted' });
    expect(ledgerOf(text(applied('file/b'), line)).entries.get('file/a')).toEqual({
      ...line,
      seen: undefined,
      line: 1,
    });
    expect(ledgerOf(text(applied('file/b'))).entries.get('file/b')).toHaveProperty('last', undefined);
  });

  it.each<readonly [string, readonly LedgerLine[], unknown]>([
    [
      'the last line about a resource wins, with its own number',
      [applied('a'), applied('b'), applied('a', { want: 'w2' })],
      [
        { ref: 'a', want: 'w2', seen: undefined, line: 2 },
        { ref: 'b', want: 'w1', seen: undefined, line: 1 },
      ],
    ],
    [
      'what was forgotten is gone',
      [applied('a'), applied('b'), { ref: 'a', forgotten: 'now' }],
      [{ ref: 'b', want: 'w1', seen: undefined, line: 1 }],
    ],
    [
      'and may come back',
      [applied('a'), { ref: 'a', forgotten: 'now' }, applied('a', { want: 'w2' })],
      [{ ref: 'a', want: 'w2', seen: undefined, line: 2 }],
    ],
    ['what was never there can be forgotten', [{ ref: 'a', forgotten: 'now' }], []],
    [
      'what was seen is added, and the line stays that of the applying',
      [applied('a'), { ref: 'a', seen: 's1' }, { ref: 'a', seen: 's2' }],
      [{ ref: 'a', want: 'w1', seen: 's2', line: 0 }],
    ],
    ['what was seen of an unknown resource says nothing', [{ ref: 'a', seen: 's1' }], []],
    [
      'applied anew, nothing of it has been seen yet',
      [applied('a'), { ref: 'a', seen: 's1' }, applied('a', { want: 'w2' })],
      [{ ref: 'a', want: 'w2', seen: undefined, line: 2 }],
    ],
  ])('%s', (_name, lines, entries) => {
    expect(shown(ledgerOf(text(...lines)))).toEqual(entries);
  });

  it('knows the stacks whose checks did not hold yet, by what was said last', () => {
    const [commit, plan, run, by, at] = ['c1', 'p1', 'r1', 'ada', '2026-11-22T14:02:11.000Z'];
    const due = (unproven: string, over: object = {}): LedgerLine => {
      return { unproven, commit, plan, run, by, at, ...over };
    };
    const lines = [
      due('shop'),
      due('db'),
      due('shop', { run: 'r2' }),
      due('shop', { run: 'r2', failed: 'it answers' }),
      applied('a'),
    ];
    const { unproven, entries } = ledgerOf(text(...lines));
    expect(Object.fromEntries(unproven)).toEqual({
      db: due('db'),
      shop: due('shop', { run: 'r2', failed: 'it answers' }),
    });
    expect([...entries.keys()]).toEqual(['a']);
    const held = ledgerOf(text(...lines, { proven: 'shop', run: 'r3' }));
    expect([...held.unproven.keys()]).toEqual(['db']);
    expect([...ledgerOf(text(...lines, { proven: 'shop', run: 'r3' }, due('shop'))).unproven.keys()]).toEqual(
      ['db', 'shop'],
    );
  });

  it('holds any text on one line', () => {
    const random = randomFrom(5);
    for (let round = 0; round < 200; round += 1) {
      const line = applied(`file/${random.text(20)}`, {
        by: random.text(9),
        last: { [random.text(3)]: random.text(9) },
      });
      expect(formatLedgerLine(line)).not.toContain('\n');
      expect(ledgerOf(text(line)).entries.get(line.ref)).toMatchObject(line);
    }
  });
});

describe('a ledger after a crash', () => {
  const whole = text(applied('a'), { ref: 'a', seen: 's' }, applied('b'));
  const bytes = new TextEncoder().encode(whole);

  it('is at every length what its whole lines say', () => {
    for (let length = 0; length <= bytes.length; length += 1) {
      const kept = bytes.subarray(0, length);
      const lines = whole.slice(0, length).split('\n').length - 1;
      const expected = ledgerOf(
        whole
          .split('\n')
          .slice(0, lines)
          .map((line) => `${line}\n`)
          .join(''),
      );
      expect(ledgerOf(kept)).toEqual({ ...expected, digest: sha256(kept) });
    }
  });

  it('has a digest of its bytes, so one that was cut off is another one', () => {
    expect(ledgerOf(whole).digest).toBe(sha256(whole));
    expect(ledgerOf(`${whole}{"ref"`).digest).not.toBe(ledgerOf(whole).digest);
  });

  it('that was cut within a character is read', () => {
    const torn = Buffer.concat([Buffer.from(text(applied('a'))), Buffer.from('{"ref":"é').subarray(0, -1)]);
    expect([...ledgerOf(torn).entries.keys()]).toEqual(['a']);
  });
});

describe('damage', () => {
  const good = formatLedgerLine(applied('a'));

  it.each([
    ['no JSON', 'x', 'line 2'],
    ['an empty line', '', 'line 2'],
    ['two lines glued together', `${good}${good}`, 'line 2'],
    ['a line cut off in the middle', good.slice(0, 20), 'line 2'],
    ['another shape', '{"ref":"a"}', 'line 2'],
    ['a key more', '{"ref":"a","seen":"s","forgotten":"f"}', 'line 2'],
    ['a wrong type', '{"ref":1,"seen":"s"}', 'line 2'],
    ['an unknown origin', formatLedgerLine(applied('a')).replace('created', 'stolen'), 'line 2'],
  ])('%s is said with its line', (_name, line, damaged) => {
    expect(parseLedger(new TextEncoder().encode(`${good}\n${line}\n${good}\n`))).toEqual({ damaged });
  });

  it('of the first line is line 1', () => {
    expect(parseLedger(new TextEncoder().encode('\n'))).toEqual({ damaged: 'line 1' });
  });
});

describe('a long ledger', () => {
  it('is said in few lines, and says the same: what, in which order, and what came after what', () => {
    const random = randomFrom(11);
    const lines = Array.from({ length: 3000 }, (_, index): LedgerLine => {
      const ref = `file//etc/${random.number(40)}`;
      const turn = random.number(10);
      if (turn === 0) return { ref, forgotten: 'now' };
      if (turn < 4) return { ref, seen: `s${index}` };
      return applied(ref, { want: `w${index}`, ...(turn < 6 ? { last: { n: index } } : {}) });
    });
    const long = ledgerOf(text(...lines));
    const said = compactLedger(long) ?? [];
    expect([said.length > 0, said.length <= 3 * long.entries.size]).toEqual([true, true]);
    const short = ledgerOf(text(...said));
    const content = ({ entries }: Ledger) => [...entries].map(([ref, entry]) => [ref, { ...entry, line: 0 }]);
    const inTime = ({ entries }: Ledger) =>
      [...entries.values()].toSorted((a, b) => a.line - b.line).map(({ ref }) => ref);
    expect(content(short)).toEqual(content(long));
    expect(inTime(short)).toEqual(inTime(long));
    expect(compactLedger(short)).toBeUndefined();
  });

  it('is not one where many resources need many lines', () => {
    const lines = Array.from({ length: 1500 }, (_, index) => applied(`file//etc/${index}`));
    expect(compactLedger(ledgerOf(text(...lines)))).toBeUndefined();
  });
});
