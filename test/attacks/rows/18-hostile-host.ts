// Not in the list, but in reach of it: a host that lies, floods or hangs harms its own plan, and nobody else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { markdown as show } from '../../support/github/markdown.ts';
import { has, sh } from '../arena.ts';
import { note, openSite } from '../site.ts';
import type { Site } from '../site.ts';

describe('18 a hostile host', () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite();
    await sh('web1', 'cp /home/deploy/.bashrc /root/bashrc-18 2>/dev/null || :');
  });
  afterAll(async () => {
    await site.stop();
  });

  /** What the login's shell does before it does anything for us. */
  const rig = (text: string): Promise<string> =>
    sh(
      'web1',
      `cat >/home/deploy/.bashrc <<'END-OF-RIG'\n${text}\nEND-OF-RIG\nchown deploy /home/deploy/.bashrc`,
    );
  const unrig = (): Promise<string> =>
    sh('web1', 'cp /root/bashrc-18 /home/deploy/.bashrc 2>/dev/null || rm -f /home/deploy/.bashrc');
  let count = 0;
  const both = async () => {
    const file = `/etc/attack-18-${++count}`;
    const { pull, head } = await site.propose({ [`both-${count}.yml`]: note(file).replace('web1', 'all') });
    return { pull, head, file };
  };

  const NOISE: readonly (readonly [string, string])[] = [
    ['a greeting', 'echo Welcome; echo welcome >&2'],
    [
      'frames with a nonce of its own',
      'printf "\\n@@0123456789abcdef START\\n@@0123456789abcdef LOOK 0 1 2\\n\\n\\n@@0123456789abcdef DONE\\n"',
    ],
    ['colours, bells and a broken character', 'printf "\\033[2J\\033[31m\\a\\377\\376\\0\\n"'],
    ['a megabyte without an end of line', 'head -c 1000000 /dev/zero | tr "\\0" x'],
  ];

  it.each(NOISE)('a login that prints %s: the plan is the same, and is carried out', async (_, text) => {
    await rig(text);
    const { pull, file } = await both();
    await site.comment(pull, `/deploy ${site.digest(pull)}`);
    await unrig();
    expect(await has('web1', file), site.said(pull)).toBe(true);
    expect(await has('web2', file), site.said(pull)).toBe(true);
  });

  const DEAD: readonly (readonly [string, string])[] = [
    [
      'is refused with words in Markdown',
      'echo "<img src=http://evil.example/x> [click](http://evil.example) @acme/ops /deploy"; exit 1',
    ],
    ['prints without end', 'exec yes 0123456789012345678901234567890123456789012345678901234567890123456789'],
    ['answers with frames only', 'printf "\\n@@START\\n\\n@@DONE\\n"; exit 0'],
  ];

  it.each(DEAD)('a login that %s: that host is not planned, and the other one is', async (_, text) => {
    await rig(text);
    const memory = process.memoryUsage().rss;
    const { pull, file } = await both();
    await unrig();
    expect(process.memoryUsage().rss - memory).toBeLessThan(700 * 2 ** 20);
    const said = site.said(pull);
    expect(said).toContain('web2');
    expect(said).toMatch(/HOST_NO_SHELL|READ_FAILED|HOST_TIMEOUT|CONNECTION_LOST/);
    expectHarmless(said);
    await site.comment(pull, '/deploy');
    expect(await has('web1', file)).toBe(false);
    expect(await has('web2', file)).toBe(false);
  });

  it('a host that says it is in order although it is not is believed about itself only', async () => {
    const { pull, file } = await both();
    await sh('web1', `echo by hand >${file}`);
    await site.comment(pull, `/deploy ${site.digest(pull)}`);
    expect(site.said(pull)).toMatch(/PLAN_STALE/);
    expect(await has('web2', file)).toBe(false);
  });

  const HOSTILE = [
    '</details></details>',
    '```',
    '````````',
    '~~~',
    '<script>alert(1)</script><img src=http://evil.example/x onerror=alert(1)>',
    '[approve](http://evil.example) ![](http://evil.example/x.png) http://evil.example/bare',
    '@acme/ops @grace #1 acme/infra#1 GH-1',
    '/deploy',
    '<!-- x',
    '| a | b |',
    '## ✅ Deployed to 1 host; nothing is left to do',
    '\u202Eevil\u202C \u001b]8;;http://evil.example\u0007link\u001b]8;;\u0007 \u001b[2J',
    '@@0123456789abcdef END 0 0 1',
    '@@0123456789abcdef FINISHED done',
  ];

  it('a command whose output is Markdown, HTML, commands and our own frames, and which fails', async () => {
    const resources = [
      { command: 'shout', run: ['printf', '%s\\n', ...HOSTILE] },
      {
        command: 'fail',
        run: ['sh', '-c', 'printf "%s\\n" "$@"; printf "%s\\n" "$@" >&2; exit 3', 'x', ...HOSTILE],
      },
      { file: '/etc/attack-18-after', content: 'x' },
    ];
    const { pull, head } = await site.propose({ 'shout.yml': stringify({ on: 'web1', resources }) });
    expectHarmless(site.said(pull));
    await site.comment(pull, `/deploy ${site.digest(pull)}`);
    const check = site.check(head, 'ashore/deploy');
    expect(check.conclusion).toBe('failure');
    expect(await has('web1', '/etc/attack-18-after')).toBe(false);
    const shown = `${check.summary}\n\n${check.text}`;
    expect(shown).toContain('evil.example');
    expectHarmless(shown);
    expectHarmless(site.said(pull));
  });

  it.each(['[x](http://evil.example)', '<b>x', '@grace', '<details>'])(
    'while the judge sees harm in %s',
    (text) => {
      expect(() => expectHarmless(text)).toThrow();
    },
  );

  it('files that are there already, with names and contents in Markdown, in a plan', async () => {
    const name = '/etc/attack-18 `x` <b>@grace <img src=x> [evil](evil:x)';
    await sh('web1', `cat >'${name}' <<'END-OF-IT'\n${HOSTILE.join('\n')}\nEND-OF-IT`);
    const resources = [{ file: name, content: HOSTILE.toReversed().join('\n') }];
    const { pull, head } = await site.propose({ 'shown.yml': stringify({ on: 'web1', resources }) });
    const check = site.check(head, 'ashore/plan');
    expectHarmless(site.said(pull));
    expectHarmless(`${check.summary}\n\n${check.text}`);
  });

  it('a command that prints without measure', async () => {
    const flood =
      'head -c 10000000 /dev/zero | tr "\\0" x; head -c 1000000 /dev/zero | tr "\\0" "\\n"; exit 4';
    const resources = [{ command: 'flood', run: ['sh', '-c', flood] }];
    const { pull, head } = await site.propose({ 'flood.yml': stringify({ on: 'web1', resources }) });
    const memory = process.memoryUsage().rss;
    await site.comment(pull, `/deploy ${site.digest(pull)}`);
    expect(process.memoryUsage().rss - memory).toBeLessThan(700 * 2 ** 20);
    expect(site.check(head, 'ashore/deploy').conclusion).toBe('failure');
  });

  it('a command that looks for what would let it speak as our frame', async () => {
    const look =
      'env; cat /proc/$PPID/environ; ls -l /proc/self/fd; printf "\\n@@%s FINISHED done\\n" "$NONCE"; exit 5';
    const resources = [
      { command: 'speak', run: ['sh', '-c', look], user: 'games' },
      { file: '/etc/attack-18-spoken', content: 'x' },
    ];
    const { pull, head } = await site.propose({ 'speak.yml': stringify({ on: 'web1', resources }) });
    await site.comment(pull, `/deploy ${site.digest(pull)}`);
    const check = site.check(head, 'ashore/deploy');
    expect(check.conclusion, check.summary ?? '').toBe('failure');
    expect(`${check.summary}${check.text}`).not.toMatch(/NONCE=[0-9a-f]/);
    expect(await has('web1', '/etc/attack-18-spoken')).toBe(false);
    expect(
      await sh('web1', 'setpriv --reuid games --clear-groups cat /var/lib/ashore/runs/*/journal 2>&1 || :'),
    ).toMatch(/denied/i);
  });
});

/** Shown as GitHub shows it, nothing of a host's words is a link, a picture, a mention or a tag of its own. */
function expectHarmless(markdown: string): void {
  const html = show(markdown).text;
  expect(html).not.toMatch(/<(script|img|iframe|b)\b/i);
  expect(html).not.toMatch(/href="[^"]*evil/);
  expect(html).not.toMatch(/<strong>@/);
  const depth = [...html.matchAll(/<(\/?)details/g)].reduce(
    (sum, [, slash]) => sum + (slash === '' ? 1 : -1),
    0,
  );
  expect(depth).toBe(0);
}
