// docs/first-service.md is followed word for word: its files are taken out of the page and hold what the page says of them.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createCheckout } from './support/terminal.ts';

const PAGE = readFileSync('docs/first-service.md', 'utf8');
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMHZvKRYqx3Z90BAjJVaFA6qoCTxRxbW1/2EE7DmufC0';

/** A file is a fence with its name above it. */
const FILES = new Map(
  [...PAGE.matchAll(/^`(deploy-configs\/[^`]+)`\n\n```\w+\n([^]*?)^```$/gm)].map(
    ([, path = '', text = '']) => [path, text.replaceAll('ssh-ed25519 AAAA…', KEY)],
  ),
);
const PROGRAM = FILES.get('deploy-configs/files/hello.pl') ?? '';

it('its files are a valid configuration, of as much as it says', async () => {
  const checkout = createCheckout(Object.fromEntries(FILES));
  const [, said] = /^ashore validate +# (.+)$/m.exec(PAGE) ?? [];
  expect(await checkout.ashore(['validate'])).toEqual({ status: 0, out: `${said}\n`, err: '' });
  checkout.remove();
});

it('the lines that its outputs name are those of its files', () => {
  const stack = FILES.get('deploy-configs/hello.yml')?.split('\n') ?? [];
  const named = [...PAGE.matchAll(/(\w+\/hello) failed {2}deploy-configs\/hello\.yml:(\d+)$/gm)];
  expect(named.length).toBeGreaterThan(0);
  for (const [, ref = '', line] of named) {
    expect(stack[Number(line) - 1]).toBe(`  - ${ref.replace('/', ': ')}`);
  }
});

it('its program begins with what runs it', () => {
  expect(PROGRAM).toMatch(/^#!\/usr\/bin\/perl\n/);
});

const perl = (program: string) => spawnSync('perl', ['-c'], { input: program, encoding: 'utf8' });

it.skipIf(perl('').error !== undefined)(
  'its program compiles, and with the slip fails where the page says',
  () => {
    expect(perl(PROGRAM)).toMatchObject({ status: 0, stderr: '- syntax OK\n' });
    const [, line] = /syntax error at \/usr\/local\/bin\/hello line (\d+), near "use strict/.exec(PAGE) ?? [];
    const slipped = perl(PROGRAM.replace('use strict;', 'use strict'));
    expect(slipped.stderr).toContain(`syntax error at - line ${line}, near "use strict`);
  },
);
