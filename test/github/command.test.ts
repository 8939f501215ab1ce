import { describe, expect, it } from 'vitest';
import { COMMANDS, parseComment } from '../../src/github/command.ts';

const DIGEST = 'a1b2c3d4e5f6';
const deploy = (rest: object = {}) => ({
  is: 'deploy',
  plan: undefined,
  only: [],
  skip: [],
  confirm: undefined,
  ...rest,
});

const COMMANDS_READ: readonly (readonly [string, string, unknown])[] = [
  ['plan', '/plan', { is: 'plan', hosts: [] }],
  ['plan of hosts, each once', '/plan web1 web2 web1', { is: 'plan', hosts: ['web1', 'web2'] }],
  ['spaces and tabs', '/plan \t web1  ', { is: 'plan', hosts: ['web1'] }],
  ['a commit', '/plan 0a1b2c3', { is: 'plan', commit: '0a1b2c3' }],
  [
    'a host that looks like a commit, beside another',
    '/plan 0a1b2c3 web1',
    { is: 'plan', commit: undefined },
  ],
  [
    'a confirmation',
    `/deploy ${DIGEST} --confirm 0123abcd --only web1`,
    deploy({ plan: DIGEST, confirm: '0123abcd', only: ['web1'] }),
  ],
  [
    'a confirmation at the end',
    `/deploy ${DIGEST} --skip web1 --confirm 0123abcd`,
    deploy({ plan: DIGEST, confirm: '0123abcd', skip: ['web1'] }),
  ],
  [
    'a freeze for a day',
    '/freeze shop the year ends',
    { is: 'freeze', subject: 'shop', reason: 'the year ends', until: undefined },
  ],
  [
    'a freeze for two days',
    '/freeze all inventory until done until 2d',
    { is: 'freeze', subject: 'all', reason: 'inventory until done', until: { after: 172_800_000 } },
  ],
  [
    'a hold of a resource until a day',
    '/hold web1/file//etc/shop by hand until 2026-12-24',
    {
      is: 'hold',
      subject: 'web1/file//etc/shop',
      reason: 'by hand',
      until: { at: '2026-12-24T00:00:00.000Z' },
    },
  ],
  ['the end of a freeze', '/unfreeze shop', { is: 'unfreeze', subject: 'shop' }],
  ['the end of a hold', '/release web1', { is: 'release', subject: 'web1' }],
  ['a bare deploy', '/deploy', deploy()],
  ['a named plan', `/deploy ${DIGEST}`, deploy({ plan: DIGEST })],
  ['only', `/deploy ${DIGEST} --only web1 web2`, deploy({ plan: DIGEST, only: ['web1', 'web2'] })],
  ['only twice', '/deploy --only web1 --only db1', deploy({ only: ['web1', 'db1'] })],
  [
    'both flags',
    `/deploy ${DIGEST} --only web1 --skip db1`,
    deploy({ plan: DIGEST, only: ['web1'], skip: ['db1'] }),
  ],
  ['help', '/help', { is: 'help' }],
  ['help, and more said', '/help me please', { is: 'help' }],
  ['after other lines', 'Looks good.\n\n/plan', { is: 'plan', hosts: [] }],
  ['lines as GitHub sends them', 'ok\r\n/plan web1\r\n', { is: 'plan', hosts: ['web1'] }],
  ['the first of two', '/plan web1\n/deploy', { is: 'plan', hosts: ['web1'] }],
  ['after a word that is none', '/shrug\n/plan', { is: 'plan', hosts: [] }],
  ['after a fence', '```\n/deploy\n```\n/plan', { is: 'plan', hosts: [] }],
  ['after a fence within a longer one', '````\n```\n/deploy\n````\n/plan', { is: 'plan', hosts: [] }],
  ['after an HTML comment', '<!-- /deploy -->\n/plan', { is: 'plan', hosts: [] }],
  ['with a comment behind it', '/plan web1 <!-- note -->', { is: 'plan', hosts: ['web1'] }],
  ['in <details>', '<details>\n\n/plan\n</details>', { is: 'plan', hosts: [] }],
  ['after a lone backtick', 'a ` b\n\n/plan', { is: 'plan', hosts: [] }],
  ['between two pieces of code', '`a`\n/plan\n`b`', { is: 'plan', hosts: [] }],
  ['after code that names a tag', 'so `<code>`\n/plan', { is: 'plan', hosts: [] }],
  ['after <pre>', '<pre>\n/deploy\n</pre>\n/plan', { is: 'plan', hosts: [] }],
  ['after code in one line', '```/deploy```\n/plan', { is: 'plan', hosts: [] }],
];

const NOT_READ: readonly (readonly [string, string])[] = [
  ['empty', ''],
  ['no command', 'please deploy this'],
  ['in the middle of a line', 'try /deploy now'],
  ['indented', '  /deploy'],
  ['quoted', '> /deploy'],
  ['in a fence', '```\n/deploy\n```'],
  ['in a fence of tildes with an empty line', '~~~sh\n\n/deploy\n~~~'],
  ['in a fence that is never closed', '```\n/deploy'],
  ['in a fence within another', '~~~\n```\n~~~\n```\n/deploy'],
  ['in an HTML comment over lines', '<!--\n/deploy\n-->'],
  ['in an HTML comment that is never closed', '<!--\n/deploy'],
  ['in code over several lines', 'so `\n/deploy\n` it goes'],
  ['in code of two backticks over several lines', 'so ``\n`/deploy\n/deploy\n`` it goes'],
  ['in <code>', '<details><summary>x</summary><code>\n/deploy\n</code></details>'],
  ['in <code> that is never closed', '<CODE>\n/deploy'],
  ['in a tag', '<a title="\n/deploy\n">x</a>'],
  ['in an instruction of HTML', '<?\n/deploy\n?>'],
  ['behind code that ends on its line', 'so `\n`/deploy'],
  ['behind a comment on its line', '<!-- x -->/deploy'],
  ['in <pre>', '<pre class="log">\n/deploy\n</pre>'],
  ['a path', '/deploy/web1'],
  ['another path', '/etc/nginx is wrong'],
  ['two slashes', '//deploy'],
  ['a word far from any', '/shrug'],
  ['a word of another bot', '/retest'],
  ['only a slash', '/'],
];

const REFUSED: readonly (readonly [string, string, string, RegExp])[] = [
  ['one letter wrong', '/depoly', 'COMMAND_UNKNOWN', /did you mean \/deploy\?/],
  ['a capital letter', '/Plan', 'COMMAND_UNKNOWN', /did you mean \/plan\?/],
  ['one letter too many', '/helpp', 'COMMAND_UNKNOWN', /did you mean \/help\?/],
  ['something that is no digest', '/deploy web1', 'COMMAND_INVALID', /`web1` is not a plan/],
  ['too short a digest', '/deploy a1b2', 'COMMAND_INVALID', /`a1b2` is not a plan/],
  ['a digest in capitals', '/deploy A1B2C3D4E5F6', 'COMMAND_INVALID', /is not a plan/],
  [
    'an unknown flag',
    '/deploy --force',
    'COMMAND_INVALID',
    /no flag `--force`; there are --only, --skip and --confirm/,
  ],
  ['a flag with a value in one', '/deploy --only=web1', 'COMMAND_INVALID', /no flag `--only=web1`/],
  ['a short flag', `/deploy ${DIGEST} -f`, 'COMMAND_INVALID', /no flag `-f`/],
  ['a flag without hosts', '/deploy --only', 'COMMAND_INVALID', /--only names no host/],
  [
    'a flag before another without hosts',
    '/deploy --only --skip web1',
    'COMMAND_INVALID',
    /--only names no host/,
  ],
  [
    'hosts without a flag',
    `/deploy ${DIGEST} web1`,
    'COMMAND_INVALID',
    /`web1` stands where a flag is expected/,
  ],
  [
    'a command instead of a host',
    '/plan web1;reboot',
    'COMMAND_INVALID',
    /`web1;reboot` is not the name of a host/,
  ],
  [
    'a substitution',
    '/deploy --only $(reboot)',
    'COMMAND_INVALID',
    /`\$\(reboot\)` is not the name of a host/,
  ],
  ['a path for a host', '/plan ../../etc', 'COMMAND_INVALID', /is not the name of a host/],
  ['a token without a plan', '/deploy --confirm 0123abcd', 'COMMAND_INVALID', /wants the plan named/],
  ['no token', `/deploy ${DIGEST} --confirm`, 'COMMAND_INVALID', /wants the token/],
  ['something that is no token', `/deploy ${DIGEST} --confirm yes`, 'COMMAND_INVALID', /wants the token/],
  ['two tokens', `/deploy ${DIGEST} --confirm 0123abcd --confirm 0123abcd`, 'COMMAND_INVALID', /no flag/],
  ['a freeze of nothing', '/freeze', 'COMMAND_INVALID', /names no stack/],
  ['a hold of nothing', '/hold', 'COMMAND_INVALID', /names no host/],
  ['a freeze without a reason', '/freeze shop', 'COMMAND_INVALID', /says no reason/],
  ['a freeze with a time alone', '/freeze shop until 2d', 'COMMAND_INVALID', /says no reason/],
  ['no time', '/freeze shop why until later', 'COMMAND_INVALID', /`later` is no time/],
  ['a day that does not exist', '/freeze shop why until 2026-13-01', 'COMMAND_INVALID', /is no time/],
  ['two to be released', '/release web1 web2', 'COMMAND_INVALID', /exactly one name/],
  ['too long a line', `/plan ${'web1 '.repeat(500)}`, 'COMMAND_INVALID', /longer than 2000 characters/],
];

describe('parseComment', () => {
  it.each(COMMANDS_READ)('reads %s', (_, body, command) => {
    expect(parseComment(body)).toMatchObject({ is: 'command', command });
  });

  it.each(NOT_READ)('reads nothing: %s', (_, body) => {
    expect(parseComment(body)).toEqual({ is: 'nothing' });
  });

  it.each(REFUSED)('refuses %s', (_, body, code, message) => {
    const parsed = parseComment(body);
    expect(parsed).toMatchObject({
      is: 'refused',
      reason: { code, message: expect.stringMatching(message) },
    });
  });

  it('answers a comment of 60 kB within a moment', () => {
    const began = performance.now();
    const bodies = ['`', '```\n', '<!--', '<pre ', '<a ', '`a``', '<a"', '/x\n', ' /', '~~~\n\n'].map(
      (piece) => piece.repeat(60_000 / piece.length),
    );
    expect(bodies.map((body) => parseComment(body).is)).toEqual(bodies.map(() => 'nothing'));
    expect(performance.now() - began).toBeLessThan(1500);
  });

  it('keeps what is shown of a refused line short', () => {
    const parsed = parseComment(`/plan ${'x'.repeat(50_000)}`);
    expect(parsed.is === 'refused' && parsed.text.length).toBe(2000);
  });
});

describe('COMMANDS', () => {
  it('lists only what is understood', () => {
    const written = COMMANDS.map(({ usage }) =>
      usage
        .replace('[host…]', 'web1')
        .replace('[plan]', DIGEST)
        .replace('host…', 'web1')
        .replace('[stack|commit]', 'shop')
        .replace('[run]', 'pr-1-0123abcd')
        .replace('<commit>', 'a1b2c3d')
        .replace('<plan>', DIGEST)
        .replace('<token>', '0123abcd')
        .replace('[until <time>]', 'until 2d'),
    );
    expect(written.map((usage) => parseComment(usage).is)).toEqual(COMMANDS.map(() => 'command'));
  });
});
