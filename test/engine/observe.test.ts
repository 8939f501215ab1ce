import { describe, expect, it } from 'vitest';
import type { AnyKind } from '../../src/core/kind.ts';
import { HostFailure } from '../../src/core/reason.ts';
import { observe } from '../../src/engine/observe.ts';
import { entry, ledgerReader, note, resource, target } from './world.ts';

const { seen: _seen, line: _line, ...line } = entry('x');
const wanted = { target, resources: [resource('a')], declared: new Set(['note/a']), stacks: ['shop'] };

/** Reads by what is given; records what it was asked for. */
function reading(read: AnyKind['read']): AnyKind {
  return { ...note, read };
}

describe('one look at a host', () => {
  it('asks for what is declared, then for what only the ledger knows', async () => {
    const asked: unknown[] = [];
    const kind = reading(async (_host, ids) => {
      asked.push([...ids]);
      return new Map([...ids.keys()].map((id) => [id, id]));
    });
    const found = await observe(ledgerReader(`${JSON.stringify(line)}\n`), wanted, [kind]);
    expect(asked).toEqual([[['a', { text: 'a' }]], [['x', undefined]]]);
    expect([...found.states]).toEqual([
      ['note/x', 'x'],
      ['note/a', 'a'],
    ]);
    expect([...found.looked]).toEqual(['note/a', 'note/x']);
  });

  it('says what is declared directly next to each other, by one stack', async () => {
    const rows: unknown[] = [];
    const kind = reading(async (_host, ids, _seal, beside) => {
      rows.push([[...ids.keys()], beside]);
      return new Map();
    });
    const resources = [
      resource('a'),
      resource('b'),
      resource('x', {}, { address: { host: 'web1', kind: 'other', id: 'x' } }),
      resource('c'),
      resource('d', {}, { stack: 'web' }),
      resource('e', {}, { stack: 'web' }),
    ];
    const all = { ...wanted, resources };
    const left = `${JSON.stringify(line)}\n${JSON.stringify({ ...line, ref: 'note/y' })}\n`;
    await observe(ledgerReader(left), all, [kind, { ...kind, name: 'other' }]);
    expect(rows).toEqual([
      [
        ['a', 'b', 'c', 'd', 'e'],
        [['a', 'b'], ['c'], ['d', 'e']],
      ],
      [['x'], [['x']]],
      [
        ['y', 'x'],
        [['y'], ['x']],
      ],
    ]);
  });

  it.each(['READ_FAILED', 'PROGRAM_MISSING'] as const)(
    'keeps a kind that could not be read apart from what is absent: %s',
    async (code) => {
      const reason = { code, message: 'no' };
      const kind = reading(() => Promise.reject(new HostFailure(reason)));
      const found = await observe(ledgerReader(''), wanted, [kind]);
      expect([[...found.states], [...found.unreadable]]).toEqual([[], [['note', reason]]]);
    },
  );

  it.each([
    ['a lost connection', new HostFailure({ code: 'CONNECTION_LOST', message: 'gone' })],
    ['a bug', new TypeError('x is not a function')],
  ])('%s is not swallowed', async (_name, error) => {
    const kind = reading(() => Promise.reject(error));
    await expect(observe(ledgerReader(''), wanted, [kind])).rejects.toBe(error);
  });

  it.each([
    ['cannot be read', ledgerReader('', 1), 'READ_FAILED'],
    ['is damaged', ledgerReader('{"ref":"note/x"}\n'), 'LEDGER_DAMAGED'],
    ['is no JSON', ledgerReader('what\n'), 'LEDGER_DAMAGED'],
  ] as const)('a ledger that %s is a failure, never an empty one', async (_name, reader, code) => {
    await expect(observe(reader, wanted, [reading(async () => new Map())])).rejects.toMatchObject({
      reason: { code },
    });
  });

  it('a last line without its end was never written', async () => {
    const kind = reading(async () => new Map());
    const found = await observe(ledgerReader(`${JSON.stringify(line)}\n{"ref":"no`), wanted, [kind]);
    expect([...found.ledger.entries.keys()]).toEqual(['note/x']);
  });
});
