// Problems in the order in which people read, and suggestions that are slips of the same word.
import { describe, expect, it } from 'vitest';
import { formatWhere, sortProblems, suggest } from '../../src/core/problem.ts';
import type { Problem } from '../../src/core/problem.ts';

const KNOWN = ['content', 'source', 'owner', 'group', 'mode', 'absent', 'json', 'on', 'mod'];

describe('a suggestion', () => {
  it.each([
    ['a letter missing', 'contnt', 'content'],
    ['a letter too many', 'sourcee', 'source'],
    ['another letter', 'grouq', 'group'],
    ['two neighbours swapped', 'ownre', 'owner'],
    ['swapped at the beginning', 'woner', 'owner'],
    ['two slips in a longer word', 'contant_', 'content'],
    ['one slip in a short word', 'jso', 'json'],
    ['a swap counts as one slip', 'no', 'on'],
    ['the word itself', 'mode', 'mode'],
    ['the nearest wins', 'modd', 'mode'],
    ['the first of equally near ones', 'od', 'on'],
    ['one letter for another', 'o', 'on'],
  ])('%s: %s → %s', (_name, word, near) => {
    expect(suggest(word, KNOWN)).toBe(near);
  });

  it.each([
    ['nothing', ''],
    ['two slips in a short word', 'jxxn'],
    ['three slips', 'cantintx'],
    ['three slips, of which one is a swap', 'xonetntx'],
    ['the first half of a swap', 'xo'],
    ['the second half of a swap', 'nx'],
    ['another word', 'permissions'],
    ['a word that is only longer', 'content_of_the_file'],
    ['case is not a slip of one letter', 'CONTENT'],
  ])('%s: none for %j', (_name, word) => {
    expect(suggest(word, KNOWN)).toBeUndefined();
  });

  it('needs a word to suggest', () => {
    expect(suggest('content', [])).toBeUndefined();
  });

  it('is not looked for letter by letter in a word that is far too long', () => {
    const known = Array.from({ length: 1000 }, (_, index) => `key${index}`);
    // 5 × 10⁹ steps otherwise: this test would run into its limit.
    expect(suggest('k'.repeat(1_000_000), known)).toBeUndefined();
  });
});

describe('a place', () => {
  it('is written as editors and terminals know it', () => {
    expect(formatWhere({ file: 'deploy-configs/shop.yml', line: 3, column: 7 })).toBe(
      'deploy-configs/shop.yml:3:7',
    );
  });
});

describe('problems', () => {
  const at = (file: string, line: number, column: number): Problem => {
    return { code: 'CONFIG_INVALID', message: 'x', where: { file, line, column } };
  };

  it('are sorted by file, line and column, as numbers', () => {
    const sorted = [at('a', 2, 1), at('a', 2, 9), at('a', 10, 2), at('a', 10, 10), at('b', 1, 1)];
    const mixed = [3, 4, 1, 0, 2].map((index) => sorted[index]).filter((problem) => problem !== undefined);
    expect(sortProblems(mixed)).toEqual(sorted);
    expect(mixed[0]).toEqual(at('a', 10, 10));
  });

  it('at the same place stay in the order in which they were found', () => {
    const [first, second] = [at('a', 1, 1), { ...at('a', 1, 1), message: 'y' }];
    expect(sortProblems([first, second])).toEqual([first, second]);
    expect(sortProblems([second, first])).toEqual([second, first]);
  });
});
