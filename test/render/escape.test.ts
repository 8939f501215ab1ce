import { describe, expect, test } from 'vitest';
import {
  cleanOutput,
  clip,
  clipStart,
  code,
  fence,
  htmlCode,
  oneLine,
  prose,
  proseWithCode,
  renderLink,
  visible,
} from '../../src/render/escape.ts';

const B = '\u200B';

test.each([
  ['a\tb\n', 'a\tb\n'],
  ['\u0000\u001B\u007F', '␀␛␡'],
  ['a\r\n', 'a␍\n'],
  ['\u0085\u202E\uFEFF', '⟨U+0085⟩⟨U+202E⟩⟨U+FEFF⟩'],
  ['\u2028', '⟨U+2028⟩'],
  ['👩\u200D👧 and a\u200Cb', '👩\u200D👧 and a\u200Cb'],
  ['\uD800x', '\uFFFDx'],
])('visible %j', (text, shown) => {
  expect(visible(text)).toBe(shown);
});

test('one line', () => {
  expect(oneLine('a\nb\tc')).toBe('a␤b␉c');
});

test.each([
  ['colours', '\u001B[1;31mE:\u001B[0m no', 'E: no'],
  ['a title and a link', '\u001B]0;title\u0007a\u001B]8;;http://x\u001B\\b', 'ab'],
  ['a string that never ends', 'a\u001B]0;b', 'a'],
  ['character sets and resets', 'a\u001B(Bb\u001Bc', 'ab'],
  ['progress', ' 1%\r50%\r99%\nnext', '99%\nnext'],
  ['progress that ends in a return', 'done\r\nx\r', 'done\nx'],
  ['only returns', '\r\r', ''],
  ['space at the end', 'a \n\n', 'a'],
  ['a bell', '\u0007', '␇'],
])('output of %s', (_, output, clean) => {
  expect(cleanOutput(output)).toBe(clean);
});

test('clip says how much is missing and cuts no character in half', () => {
  expect(clip('abc', 3)).toBe('abc');
  expect(clip('abcdef', 3)).toBe('abc… (+3 characters)');
  expect(clip('ab👧', 3)).toBe('ab\uFFFD… (+1 characters)');
});

test.each([
  ['short', 'abc', 3, 'abc'],
  ['from the beginning of a line', 'aaaa\nbb\ncc', 7, '… 5 characters before\nbb\ncc'],
  ['a line too long to be spared', `a\nb\n${'c'.repeat(9)}`, 5, '… 8 characters before\nccccc'],
  ['a line begins too late', 'aaaaaaaa\nb', 4, '… 6 characters before\naa\nb'],
])('clip the start: %s', (_, text, max, shown) => {
  expect(clipStart(text, max)).toBe(shown);
});

test.each([
  ['plain words', 'plain words'],
  ['  trimmed\n', 'trimmed'],
  ['*b* _u_ ~~s~~ `c` [l](u) $m$ \\', '\\*b\\* \\_u\\_ \\~\\~s\\~\\~ \\`c\\` \\[l\\](u) \\$m\\$ \\\\'],
  ['<b>&amp;|', '&#60;b&#62;&#38;amp;&#124;'],
  ['@ops a@b #12 GH-4 x:smile:', `@${B}ops a@${B}b #${B}12 GH-${B}4 x:${B}smile:`],
  ['https://x www.x at 14:02:11', `https:${B}//x www${B}.x at 14:02:11`],
  ['# h', '\\# h'],
  ['- l', '\\- l'],
  ['+ l', '\\+ l'],
  ['== x', '\\== x'],
  ['1. l', '1\\. l'],
  ['12) l', '12\\) l'],
  ['a\n\nb', 'a␤␤b'],
])('prose %j', (text, markdown) => {
  expect(prose(text)).toBe(markdown);
});

test.each([
  ['`a` is *b*', '`a` is \\*b\\*'],
  ['`a``b`', '`a`<code>b</code>'],
  ['one ` tick', 'one \\` tick'],
  ['/plan', '`/plan`'],
  ['/deploy 7f3a9c0d1e2f --skip a b', '`/deploy 7f3a9c0d1e2f --skip a b`'],
  ['/plan, then deploy', '`/plan`, then deploy'],
  ['/plan looks anew.', '`/plan` looks anew.'],
  ['mend and /plan.', 'mend and `/plan`.'],
  ['leave it out with --skip.', 'leave it out with `--skip`.'],
  ['use /deploy <plan> --only, please', 'use <code>/deploy &#60;plan&#62; --only</code>, please'],
  ['in /etc/shop or a/b', 'in /etc/shop or a/b'],
  ['/etc/shop', '/etc/shop'],
])('prose with code %j', (text, markdown) => {
  expect(proseWithCode(text)).toBe(markdown);
});

test.each([
  ['a b', '`a b`'],
  ['a\\', '`a\\`'],
  ['a`b', '<code>a&#96;b</code>'],
  ['a|b', '<code>a&#124;b</code>'],
  ['<b>', '<code>&#60;b&#62;</code>'],
  [' a', '<code> a</code>'],
  ['a ', '<code>a </code>'],
  ['', '<code></code>'],
  ['a\nb', '`a␤b`'],
])('code %j', (text, markdown) => {
  expect(code(text)).toBe(markdown);
});

test('code is clipped before it is escaped', () => {
  expect(code('abcdef', 3)).toBe('`abc… (+3 characters)`');
  expect(htmlCode('|'.repeat(5), 2)).toBe('<code>&#124;&#124;&#8230; &#40;&#43;3 characters&#41;</code>');
});

describe('fence', () => {
  test.each([
    ['four at least', 'a', '````sh\na\n````'],
    ['one more than any run within', '`````\nx', '``````sh\n`````\nx\n``````'],
    ['no control characters', 'a\u0007', '````sh\na␇\n````'],
  ])('%s', (_, text, markdown) => {
    expect(fence(text, 'sh')).toBe(markdown);
  });

  test('long lines are cut, so that not even backticks make it long', () => {
    expect(fence('`'.repeat(70_000), 'text').length).toBeLessThan(1300);
  });
});

test.each([
  ['https://x/y#L4', '[t](<https://x/y#L4>)'],
  ['https://x/a b<c>`|\\(é', '[t](<https://x/a%20b%3Cc%3E%60%7C%5C(%C3%A9>)'],
  [`https://x/${'a'.repeat(2000)}`, 't'],
  ['https://x/\uD800', '[t](<https://x/%EF%BF%BD>)'],
])('link %s', (address, markdown) => {
  expect(renderLink('t', address)).toBe(markdown);
});
