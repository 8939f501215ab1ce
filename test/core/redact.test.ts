// What is cut out of a text, in which forms, and what is left alone.
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/core/redact.ts';
import { createSecret } from '../../src/core/secret.ts';
import { randomFrom } from './random.ts';

function secret(name: string, value: string | Uint8Array) {
  return createSecret(
    [name],
    typeof value === 'string' ? new TextEncoder().encode(value) : value,
    (sum) => sum,
  );
}

const PASSWORD = `p"a's\\s $1/ü+`;
const LINES = '-----BEGIN KEY-----\nfirst-line-of-it\nshort\nsecond-line-of-it\n-----END KEY-----\n';
const BINARY = Uint8Array.from({ length: 40 }, (_, index) => (index * 37 + 200) % 256);
const redactor = createRedactor([secret('pw', PASSWORD), secret('key', LINES), secret('bin', BINARY)]);

const base64 = (data: string | Uint8Array): string => Buffer.from(data).toString('base64');
const PW = '[secret pw]';

describe('redact', () => {
  it.each([
    ['as it is', `password: ${PASSWORD}!`, `password: ${PW}!`],
    ['twice', `${PASSWORD}${PASSWORD}`, `${PW}${PW}`],
    ['in JSON', JSON.stringify({ a: PASSWORD }), `{"a":"${PW}"}`],
    ['in a URL', `postgres://x:${encodeURIComponent(PASSWORD)}@db`, `postgres://x:${PW}@db`],
    ['between single quotes of a shell', `'p"a'\\''s\\s $1/ü+'`, `'${PW}'`],
    ['between double quotes', `"p\\"a's\\\\s \\$1/ü+"`, `"${PW}"`],
    ['a line of a longer one', 'Nov 22 shop[1]: first-line-of-it\n', 'Nov 22 shop[1]: [secret key]\n'],
    ['what is shown already', `a ${PW} b`, `a ${PW} b`],
    ['nothing of it', 'short -----BEGIN KEY----- all is well', 'short -----BEGIN KEY----- all is well'],
  ])('%s', (_, text, shown) => {
    expect(redactor.redact(text)).toBe(shown);
    expect(redactor.redact(redactor.redact(text))).toBe(shown);
  });

  it.each([0, 1, 2, 3, 4, 5])('in base64 after %i other bytes, wrapped and in both alphabets', (before) => {
    for (const value of [PASSWORD, BINARY]) {
      const around = Buffer.concat([Buffer.alloc(before, 'x'), Buffer.from(value), Buffer.from('yz')]);
      const text = around.toString('base64');
      const whole = base64(value).slice(4, -6);
      for (const form of [text, around.toString('base64url'), text.replaceAll(/(.{7})/g, '$1\n')]) {
        const shown = redactor.redact(`(${form})`);
        expect(shown).toMatch(/\[secret (pw|bin)\]/);
        expect(shown.replaceAll('\n', '')).not.toContain(whole);
        // No more than the characters at both ends, which its neighbours have a part in.
        expect(shown.replaceAll(/\s|\[.*?\]/g, '').length).toBeLessThanOrEqual(
          2 + Math.ceil(before * 1.4) + 9,
        );
      }
    }
  });

  it('the end of one at the beginning of a text that was cut', () => {
    const rest = 'x'.repeat(2000);
    expect(redactor.redact(`${PASSWORD.slice(4)}${rest}`)).toBe(`${PW}${rest}`);
    expect(redactor.redact(PASSWORD.slice(4))).toBe(PASSWORD.slice(4));
  });

  it('nothing at all without secrets, or by one that is too short', () => {
    expect(createRedactor([]).redact('abc')).toBe('abc');
    expect(createRedactor([secret('short', 'abc')]).redact('abcdef')).toBe('abcdef');
    expect(createRedactor([]).split('abc')).toEqual({ said: 'abc', rest: '' });
  });
});

describe('split', () => {
  it('never says a part of a secret, however its text is torn, and says all of the rest', () => {
    const whole = `before ${PASSWORD} between ${base64(BINARY)} and ${LINES} after ${'.'.repeat(500)}`;
    const expected = redactor.redact(whole);
    for (let seed = 1; seed <= 200; seed++) {
      const chance = randomFrom(seed);
      let waiting = '';
      let said = '';
      for (let at = 0; at < whole.length;) {
        const to = at + 1 + chance.number(60);
        const split = redactor.split(waiting + whole.slice(at, to));
        said += split.said;
        waiting = split.rest;
        at = to;
      }
      expect(said + redactor.redact(waiting)).toBe(expected);
    }
  });

  it('does not hold back what is far behind', () => {
    const { said } = redactor.split('.'.repeat(5000));
    expect(said.length).toBeGreaterThan(4000);
  });
});
