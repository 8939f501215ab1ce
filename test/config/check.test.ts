import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.ts';
import { command } from '../../src/kinds/command.ts';
import { filesOf, formatProblem, problemsOf } from './fleet.ts';

function problems(stack: string): readonly string[] {
  return problemsOf({ 's.yml': stack });
}

describe('specs', () => {
  it.each<[string, string, readonly string[]]>([
    [
      'an unknown key',
      'group: g\n    sytem: true',
      ['s.yml:4:5 KEY_UNKNOWN `group` has no key `sytem` → system'],
    ],
    [
      'an unknown key like no other',
      'group: g\n    colour: red',
      ['s.yml:4:5 KEY_UNKNOWN `group` has no key `colour`'],
    ],
    ['an id of another form', 'file: etc/x', ['s.yml:3:11 CONFIG_INVALID `file`: an absolute path']],
    [
      'an id that is a number',
      'group: 12',
      ['s.yml:3:12 CONFIG_INVALID `group`: expected text, got the number 12; put it in quotes → "12"'],
    ],
    ['an id that is missing', 'group:', ['s.yml:3:5 CONFIG_INVALID `group`: expected text, got nothing']],
    [
      'a mode without quotes',
      'file: /f\n    mode: 640',
      ['s.yml:4:11 CONFIG_INVALID `mode`: expected text, got the number 640; put it in quotes → "640"'],
    ],
    [
      'a mode with a zero and without quotes',
      'file: /f\n    mode: 0640',
      [
        's.yml:4:11 CONFIG_INVALID without quotes, YAML reads 0640 as the number 640: put it in quotes → "0640"',
      ],
    ],
    [
      'the message of the kind',
      'file: /f\n    mode: rw',
      ['s.yml:4:11 CONFIG_INVALID `mode`: four octal digits, such as "0644"'],
    ],
    [
      'true for a text',
      'file: /f\n    owner: true',
      ['s.yml:4:12 CONFIG_INVALID `owner`: expected text, got the boolean true; put it in quotes → "true"'],
    ],
    [
      'a text for true',
      'group: g\n    system: "No"',
      ['s.yml:4:13 CONFIG_INVALID `system`: expected true or false, got the text "No" → false'],
    ],
    [
      'a word for true',
      'group: g\n    system: maybe',
      ['s.yml:4:13 CONFIG_INVALID `system`: expected true or false, got the text "maybe"'],
    ],
    [
      'a list for a text',
      'file: /f\n    content: [a]',
      ['s.yml:4:14 CONFIG_INVALID `content`: expected text, got a list'],
    ],
    [
      'a long text for a number',
      `group: g\n    gid: ${'x'.repeat(60)}`,
      [`s.yml:4:10 CONFIG_INVALID \`gid\`: expected a number, got the text "${'x'.repeat(40)}…"`],
    ],
    [
      'a word of a few',
      'odd: a\n    when: nevr',
      ['s.yml:4:11 CONFIG_INVALID `when`: expected one of never, always, got the text "nevr" → never'],
    ],
    [
      'a list for a word',
      'odd: a\n    when: [x]',
      ['s.yml:4:11 CONFIG_INVALID `when`: expected one of never, always, got a list'],
    ],
    [
      'the only word',
      'odd: a\n    only: yes',
      ['s.yml:4:11 CONFIG_INVALID `only`: expected `x`, got the text "yes"'],
    ],
    [
      'too short',
      'odd: a\n    word: a',
      ['s.yml:4:11 CONFIG_INVALID `word`: must have at least 2 characters'],
    ],
    [
      'too long',
      'odd: a\n    word: abcd',
      ['s.yml:4:11 CONFIG_INVALID `word`: must have at most 3 characters'],
    ],
    [
      'too few',
      'odd: a\n    words: [a]',
      ['s.yml:4:12 CONFIG_INVALID `words`: must have at least 2 entries'],
    ],
    [
      'too many',
      'odd: a\n    words: [a, b, c, d]',
      ['s.yml:4:12 CONFIG_INVALID `words`: must have at most 3 entries'],
    ],
    [
      'more than one',
      'odd: a\n    one: [a, b]',
      ['s.yml:4:10 CONFIG_INVALID `one`: must have at most 1 entry'],
    ],
    [
      'an entry of a list',
      'odd: a\n    words: [a, 5]',
      ['s.yml:4:16 CONFIG_INVALID `words`, entry 2: expected text, got the number 5; put it in quotes → "5"'],
    ],
    ['too small', 'odd: a\n    limit: 0', ['s.yml:4:12 CONFIG_INVALID `limit`: must be at least 1']],
    ['too large', 'odd: a\n    limit: 6', ['s.yml:4:12 CONFIG_INVALID `limit`: must be at most 5']],
    ['not even', 'odd: a\n    even: 3', ['s.yml:4:11 CONFIG_INVALID `even`: must be a multiple of 2']],
    [
      'a form without its own words',
      'odd: a\n    shape: b',
      ['s.yml:4:12 CONFIG_INVALID `shape`: the text "b" has not the form that is asked for: /^a/'],
    ],
    [
      'a named form',
      'odd: a\n    base: "!"',
      ['s.yml:4:11 CONFIG_INVALID `base`: the text "!" has not the form that is asked for (base64)'],
    ],
    [
      'a key of a form',
      'odd: a\n    named: { AB: 1 }',
      ['s.yml:4:14 CONFIG_INVALID `AB`: this key has not the form that is asked for'],
    ],
    [
      'a value below a key',
      'odd: a\n    named: { a: x }',
      ['s.yml:4:17 CONFIG_INVALID `a`: expected a number, got the text "x"'],
    ],
    [
      'none of several types',
      'odd: a\n    either: 5',
      ['s.yml:4:13 CONFIG_INVALID `either`: expected text or a list or a mapping, got the number 5'],
    ],
    [
      'the nearest of several forms',
      'odd: a\n    either: { dep: 1, deep: 1 }',
      ['s.yml:4:15 KEY_UNKNOWN `either` has no key `dep` → deep'],
    ],
    [
      'an entry of one of several forms',
      'odd: a\n    either: [x, ""]',
      ['s.yml:4:17 CONFIG_INVALID `either`, entry 2: must not be empty'],
    ],
    ['a rule of the kind', 'odd: a\n    word: bad', ['s.yml:3:5 CONFIG_INVALID `odd`: must not be bad']],
    [
      'keys that are missing',
      'strictly: a',
      [
        's.yml:3:5 CONFIG_INVALID `to`: missing; expected text',
        's.yml:3:5 CONFIG_INVALID `how`: missing; expected one of a, b',
        's.yml:3:5 CONFIG_INVALID `either`: missing; expected text or a number',
      ],
    ],
    [
      'a rule of the kind is left out while a key is open',
      'odd: a\n    word: bad\n    shape: ${x}\n    when: x',
      [
        's.yml:5:12 VARIABLE_UNKNOWN no level sets the variable `x`: neither the stack, nor a group, nor the host',
        's.yml:6:11 CONFIG_INVALID `when`: expected one of never, always, got the text "x"',
      ],
    ],
  ])('%s', (_, entry, expected) => {
    expect(problems(`on: web\nresources:\n  - ${entry}`)).toEqual(expected);
  });
});

it.each([
  ['systemctl  reload nginx', '["systemctl", "reload", "nginx"]'],
  ['a | b', '["sh", "-c", "a | b"]'],
])('a command as the one text %j is answered with its words', (text, words) => {
  const stack = `on: web1\nresources:\n  - command: it\n    run: ${text}\n`;
  const parsed = parseConfig(filesOf({ 's.yml': stack }), [command]);
  const said = `s.yml:4:10 CONFIG_INVALID \`run\`: expected a list of words, got the text ${JSON.stringify(text)} → ${words}`;
  expect('problems' in parsed && parsed.problems.map(formatProblem)).toEqual([said]);
});
