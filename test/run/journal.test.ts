// The journal as events: recorded journals, however they are cut, and output that tries to break the frame.
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/json.ts';
import type { HostRun, RunEvent } from '../../src/core/run.ts';
import { createJournalParser } from '../../src/run/journal.ts';

const run: HostRun = {
  run: 'r1',
  plan: 'abc',
  commit: 'c0ffee',
  by: 'alice',
  ledger: sha256(''),
  changes: ['file//etc/a', 'service/shop'].map((ref) => ({
    ref,
    steps: ref === 'service/shop' ? [{ do: 'settle' as const, unit: 'shop.service', seconds: 5 }] : [],
    ledger: { ref, forgotten: 'now' },
  })),
};

const NONCE = '0123456789abcdef';
const LAID = `\n@@${NONCE} LAID 2026-11-22T15:27:10Z\n`;
const START = `${LAID}\n@@${NONCE} START\n`;

function event(words: string): string {
  return `\n@@${NONCE} ${words}\n`;
}

function parse(chunks: readonly (string | Uint8Array)[]): readonly RunEvent[] {
  const parser = createJournalParser('web1', run);
  return chunks.flatMap((chunk) => parser.push(Buffer.from(chunk)));
}

/** Neighbouring pieces of output are one: how they were cut means nothing. */
function joined(events: readonly RunEvent[]): readonly RunEvent[] {
  return events.reduce<RunEvent[]>((all, next) => {
    const last = all.at(-1);
    if (last?.is === 'output' && next.is === 'output' && last.index === next.index)
      return [...all.slice(0, -1), { ...last, text: last.text + next.text }];
    return [...all, next];
  }, []);
}

const WHOLE =
  START +
  event('BEGIN 0 100.10') +
  event('COMMAND "install -T a b"') +
  event('COMMAND "cat <x"') +
  'täxt\nno end of line' +
  event('END 0 0 103.35') +
  event('BEGIN 1 103.35') +
  event('COMMAND "printf \\"\\\\n\\""') +
  '\n\n@@\n' +
  event('END 1 0 103.36') +
  event('FINISHED done');

const EVENTS: readonly RunEvent[] = [
  { is: 'begin', index: 0 },
  { is: 'command', index: 0, command: 'install -T a b' },
  { is: 'command', index: 0, command: 'cat <x' },
  { is: 'output', index: 0, text: 'täxt\nno end of line' },
  { is: 'end', index: 0, status: 0, seconds: 3.25 },
  { is: 'begin', index: 1 },
  { is: 'command', index: 1, command: 'printf "\\n"' },
  { is: 'output', index: 1, text: '\n\n@@\n' },
  { is: 'end', index: 1, status: 0, seconds: 0.01 },
  { is: 'finished', outcome: 'done', reason: null },
];

describe('a journal', () => {
  it('read at once is its events', () => {
    expect(parse([WHOLE])).toEqual(EVENTS);
  });

  it('read byte by byte is the same', () => {
    expect(joined(parse([...Buffer.from(WHOLE)].map((byte) => Uint8Array.of(byte))))).toEqual(EVENTS);
  });

  it('cut in two anywhere is the same', () => {
    const bytes = Buffer.from(WHOLE);
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(joined(parse([bytes.subarray(0, at), bytes.subarray(at)])), `cut at ${at}`).toEqual(EVENTS);
    }
  });

  it.each([
    ['the event of another run', '\n@@fedcba9876543210 FINISHED done\n', undefined],
    ['an event in the middle of a line', `x@@${NONCE} END 0 0 1\n`, undefined],
    ['the beginning of an event', `\n@@${NONCE}`, undefined],
    ['bytes that are not UTF-8', Buffer.from([0x61, 0xff, 0x00, 0x62]), 'a\u{FFFD}\0b'],
    ['half a character', Buffer.from([0xc3]), '\u{FFFD}'],
    ['carriage returns and colours', '\r\n\u{1B}[31m', undefined],
  ])('takes %s for output', (_, output, text) => {
    const bytes = [START + event('BEGIN 0 1.0'), output, event('END 0 0 1.0')].map((part) =>
      Buffer.from(part),
    );
    const found = joined(parse([Buffer.concat(bytes)]));
    expect(found).toEqual([
      { is: 'begin', index: 0 },
      { is: 'output', index: 0, text: text ?? output },
      { is: 'end', index: 0, status: 0, seconds: 0 },
    ]);
  });

  it('gives output before it is complete, and holds back only what may be an event', () => {
    const parser = createJournalParser('web1', run);
    parser.push(Buffer.from(START + event('BEGIN 0 1.0')));
    expect(parser.push(Buffer.from('half a li'))).toEqual([{ is: 'output', index: 0, text: 'half a li' }]);
    expect(parser.push(Buffer.from('ne\n@'))).toEqual([{ is: 'output', index: 0, text: 'ne' }]);
    expect(parser.push(Buffer.from('home\n'))).toEqual([{ is: 'output', index: 0, text: '\n@home' }]);
  });

  it('tells apart what is said of changes that are watched together', () => {
    const settling = event('COMMAND "# then shop.service must stay up for 5 s"');
    const text =
      START +
      event('BEGIN 0 1.00') +
      event('COMMAND "start 0"') +
      'zero ' +
      event('BEGIN 1 2.00') +
      settling +
      event('TURN 0') +
      'once more' +
      event('TURN 1') +
      'waiting: shop.service stays up; seen last: active/running; 2 s of 5 s\n' +
      event('TURN 7') +
      'shop.service: it failed\nlast words' +
      event('END 1 1 5.00') +
      event('END 0 3 6.00') +
      event('FINISHED failed');
    const failed = (index: number, seconds: number, status: number, reason: object) => {
      return { is: 'end', index, seconds, status, reason: expect.objectContaining(reason) };
    };
    const [zero, one] = [
      {
        code: 'STEP_FAILED',
        evidence: { command: 'start 0', status: 3, output: 'zero once more' },
      },
      {
        code: 'UNIT_FAILED',
        message: 'service/shop: shop.service: it failed',
        evidence: { command: 'systemctl status shop.service', journal: 'last words' },
      },
    ];
    const events = joined(parse([text]));
    expect(events.filter((each) => each.is !== 'command')).toEqual([
      { is: 'begin', index: 0 },
      { is: 'output', index: 0, text: 'zero ' },
      { is: 'begin', index: 1 },
      { is: 'output', index: 0, text: 'once more' },
      { is: 'output', index: 1, text: expect.stringMatching(/^waiting: [^]*last words$/) },
      failed(1, 3, 1, one),
      failed(0, 5, 3, zero),
      { is: 'finished', outcome: 'failed', reason: expect.objectContaining(one) },
    ]);
    const torn = createJournalParser('web1', run);
    torn.push(Buffer.from(text.slice(0, text.indexOf(`\n@@${NONCE} END 1`))));
    expect(torn.breakOff().at(-1)).toMatchObject({
      outcome: 'broken',
      reason: { message: expect.stringContaining('in the middle of file//etc/a, service/shop') },
    });
  });

  it('keeps a command that is not JSON as it stands', () => {
    expect(parse([START + event('BEGIN 0 1.0') + event('COMMAND ls') + event('COMMAND 7')])).toMatchObject([
      { is: 'begin' },
      { is: 'command', command: 'ls' },
      { is: 'command', command: '7' },
    ]);
  });
});

describe('an end', () => {
  const failing = (command: string, output: string, end = 'FINISHED failed') =>
    parse([
      START +
        event('BEGIN 1 1.00') +
        event(`COMMAND ${JSON.stringify(command)}`) +
        output +
        event('END 1 3 2.00') +
        event(end),
    ]).at(-1);

  it('by a failed command carries the command, its status and its words', () => {
    expect(failing('false --now', 'it is\nbroken\n')).toEqual({
      is: 'finished',
      outcome: 'failed',
      reason: {
        code: 'STEP_FAILED',
        message: 'service/shop: a command ended with status 3',
        evidence: { command: 'false --now', status: 3, output: 'it is\nbroken' },
      },
    });
  });

  it('by a unit that did not stay up carries its state and its journal', () => {
    const output =
      'shop.service: it failed (failed/failed, result exit-code)\n2026 shop[1]: no such port\n2026 bye\n';
    expect(failing('# then shop.service must stay up for 5 s', output)).toEqual({
      is: 'finished',
      outcome: 'failed',
      reason: {
        code: 'UNIT_FAILED',
        message: 'service/shop: shop.service: it failed (failed/failed, result exit-code)',
        evidence: {
          command: 'systemctl status shop.service',
          journal: '2026 shop[1]: no such port\n2026 bye',
        },
      },
    });
  });

  it('by a unit that settled for a while says first what it came to', () => {
    const waiting = 'waiting: shop.service stays up; seen last: active/running; 5 s of 9 s\n';
    const output = `${waiting}${waiting}shop.service: it failed (failed/failed, result exit-code)\n2026 bye\n`;
    expect(failing('# then shop.service must stay up for 5 s', output)).toMatchObject({
      reason: { message: 'service/shop: shop.service: it failed (failed/failed, result exit-code)' },
    });
  });

  it.each([
    ['61', 'HEALTH_SILENT'],
    ['62', 'HEALTH_WRONG'],
    ['63', 'UNIT_FAILED'],
    ['64', 'CRASH_LOOP'],
    ['65', 'BAKE_FAILED'],
  ])(
    'of a check with status %s has its verdict, what was seen, and the journal apart: %s',
    (status, code) => {
      const probe = { is: 'tcp' as const, host: 'localhost', port: 80 };
      const steps = [{ do: 'check' as const, probe, within: 9, watch: ['shop.service'] }];
      const words = 'localhost:80 takes connections';
      const failure = { ref: 'hook/shop: on-failure x', when: 'on-failure' as const, steps: [] };
      const duties = [{ ref: `check/shop: ${words}`, when: 'check' as const, steps }, failure];
      const parser = createJournalParser('web1', { ...run, duties });
      const text =
        START +
        event('BEGIN 2 1.00') +
        event(`COMMAND "# then ${words} within 9 s"`) +
        `waiting: ${words}; seen last: nothing yet; 0 s of 9 s\n` +
        `${words}: not so; seen last: refused (9 s of 9 s)\nwhat listens: nothing\nthe journal of shop.service:\nbye\n` +
        event(`END 2 ${status} 2.00`) +
        event('BEGIN 3 2.00') +
        event('COMMAND "x"') +
        event('END 3 1 3.00') +
        event('FINISHED failed');
      expect(parser.push(Buffer.from(text)).at(-1)).toEqual({
        is: 'finished',
        outcome: 'failed',
        reason: {
          code,
          message: `check/shop: ${words}: not so; seen last: refused (9 s of 9 s)`,
          evidence: {
            command: 'systemctl status shop.service',
            output: 'what listens: nothing',
            journal: 'the journal of shop.service:\nbye',
          },
        },
      });
    },
  );

  it('keeps the last part of much output, of the last command only', () => {
    const long = `${'x'.repeat(20_000)}the reason`;
    const events = parse([
      START +
        event('BEGIN 0 1.0') +
        event('COMMAND "first"') +
        'of the first' +
        event('COMMAND "second"') +
        long,
      event('END 0 1 1.0') + event('FINISHED failed'),
    ]);
    const last = events.at(-1);
    const output = last?.is === 'finished' ? (last.reason?.evidence?.output ?? '') : '';
    expect(output).toHaveLength(16_384);
    expect(output).toMatch(/^x+the reason$/);
  });

  it.each([
    ['FINISHED done', 'done', undefined, undefined],
    [
      'FINISHED failed stopped',
      'failed',
      'STEP_FAILED',
      'web1: the run was told to stop after 0 of 2 changes',
    ],
    ['FINISHED failed', 'failed', 'STEP_FAILED', ': a command ended with status null'],
    [
      'FINISHED refused HOST_BUSY run r0 (plan abc, by bob)',
      'refused',
      'HOST_BUSY',
      'web1 is held by run r0 (plan abc, by bob)',
    ],
    ['FINISHED refused RUN_REFUSED the ledger moved', 'refused', 'RUN_REFUSED', 'web1: the ledger moved'],
  ])('%s is told as such', (line, outcome, code, message) => {
    const last = parse([START + event(line)]).at(-1);
    expect(last).toMatchObject({
      is: 'finished',
      outcome,
      ...(code === undefined ? { reason: null } : { reason: { code, message } }),
    });
  });
});

describe('a journal that stops', () => {
  const stopped = (journal: string): readonly RunEvent[] => {
    const parser = createJournalParser('web1', run);
    return [...parser.push(Buffer.from(journal)), ...parser.breakOff()];
  };

  it.each([
    ['nothing at all', '', 'refused', 'RUN_REFUSED', 'the run ended before its first change', ''],
    [
      'only words of systemd-run',
      `${LAID}Failed to start\n`,
      'refused',
      'RUN_REFUSED',
      'before its first change',
      'Failed to start',
    ],
    ['no change', START, 'refused', 'RUN_REFUSED', 'before its first change', ''],
    [
      'half a change',
      `${START}${event('BEGIN 1 1.0')}${event('COMMAND "reboot"')}going down`,
      'broken',
      'RUN_LOST',
      'in the middle of service/shop',
      'going down',
    ],
    [
      'a whole change',
      START + event('BEGIN 0 1.0') + event('END 0 0 1.0'),
      'broken',
      'RUN_LOST',
      'after 1 of 2 changes, before the next one began',
      '',
    ],
    [
      'half an event',
      `${START}${event('BEGIN 0 1.0')}\n@@${NONCE} EN`,
      'broken',
      'RUN_LOST',
      'in the middle of file//etc/a',
      `@@${NONCE} EN`,
    ],
  ])('after %s is told as such', (_, journal, outcome, code, words, output) => {
    expect(stopped(journal).at(-1)).toMatchObject({
      is: 'finished',
      outcome,
      reason: { code, message: expect.stringContaining(words), evidence: { output } },
    });
  });

  it('gives what was held back as output', () => {
    expect(stopped(`${START}${event('BEGIN 0 1.0')}end\n`)).toMatchObject([
      { is: 'begin' },
      { is: 'output', text: 'end' },
      { is: 'output', text: '\n' },
      { is: 'finished', outcome: 'broken', reason: { evidence: { output: 'end' } } },
    ]);
  });
});
