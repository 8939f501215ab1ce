// Quoting, judged by real shells: every word comes back byte for byte.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { quote, quoteCommand } from '../../src/core/shell.ts';
import { randomFrom } from './random.ts';

/** /bin/sh is dash on Debian; bash stands for the hosts where it is not. */
const SHELLS = [['sh'], ['bash', '--norc'], ['bash', '--norc', '--posix']] as const;

/** What a shell makes of the words, each followed by a NUL, which no word can hold. */
function readBack([shell, ...flags]: readonly [string, ...string[]], words: readonly string[]): Buffer {
  const line = words.map((word) => ` ${quote(word)}`).join('');
  const ran = spawnSync(shell, [...flags, '-c', `printf '%s\\0'${line}`], { env: { PATH: '/usr/bin:/bin' } });
  expect([ran.status, ran.stderr.toString()]).toEqual([0, '']);
  return ran.stdout;
}

const WORDS = [
  '',
  ' ',
  "'",
  "''",
  "it's",
  "'''a'''",
  '"',
  '\\',
  '\\\\n',
  '$HOME',
  '${HOME}',
  '$(id)',
  '`id`',
  '~',
  '~root',
  '*',
  '/e?c/[a-z]*',
  '{a,b}',
  '!x',
  '#x',
  'a;b',
  'a&b',
  'a|b',
  'a>b',
  '-n',
  '--',
  '%s',
  'a\nb',
  '\n',
  'a\n',
  'a\r\n',
  '\t',
  'a=b',
  '\u0001\u001b[31m\u007f',
  'é漢🎉',
  '\ufeffbom',
  '\u2028',
  'x'.repeat(50_000),
];

describe.each(SHELLS.map((shell) => ({ shell, name: shell.join(' ') })))('words under $name', ({ shell }) => {
  it('come back as they were', () => {
    expect(readBack(shell, WORDS)).toEqual(Buffer.from(WORDS.map((word) => `${word}\0`).join('')));
  });

  it('of every byte that a word may hold come back', () => {
    const bytes = Array.from({ length: 0x250 }, (_, code) => String.fromCodePoint(code + 1));
    expect(readBack(shell, bytes)).toEqual(Buffer.from(bytes.map((word) => `${word}\0`).join('')));
  });

  it('of odd characters come back', () => {
    const random = randomFrom(3);
    for (let round = 0; round < 20; round += 1) {
      const words = Array.from({ length: 100 }, () => random.text(20));
      expect(readBack(shell, words)).toEqual(Buffer.from(words.map((word) => `${word}\0`).join('')));
    }
  });
});

describe('a word', () => {
  it.each(['a', '/etc/shop/config.json', 'user@host:22', '0644', '-f', '%h', 'a=b', 'x,y', '1+1'])(
    '%s reads as typed',
    (word) => {
      expect(quote(word)).toBe(word);
    },
  );

  it('with a NUL byte is refused', () => {
    expect(() => quote('a\0b')).toThrow(new TypeError('a shell word cannot hold a NUL byte'));
    expect(() => quoteCommand(['a', 'b\0'])).toThrow(TypeError);
    expect(() => quoteCommand(['a\0=', 'b'])).toThrow(TypeError);
  });
});

describe('a command', () => {
  it.each([
    [['systemctl', 'restart', 'shop.service'], 'systemctl restart shop.service'],
    [['printf', 'a b', ''], "printf 'a b' ''"],
    [['A=1', 'B=2'], "'A=1' B=2"],
    [["A='1'"], "'A='\\''1'\\'''"],
    [['a b'], "'a b'"],
    [[''], "''"],
  ])('%j is %s', (argv, line) => {
    expect(quoteCommand(argv)).toBe(line);
  });

  it.each(['if', 'case', 'fi', 'time', 'function', 'in', 'A=1', '~', '!', '{'])(
    'named %s is looked up as a program',
    (name) => {
      const ran = spawnSync('sh', ['-c', `PATH=/nowhere; ${quoteCommand([name, 'x'])}`], {
        encoding: 'utf8',
      });
      expect([ran.status, ran.stderr]).toEqual([127, expect.stringContaining('not found')]);
    },
  );
});
