// The pages that are followed word for word: their files are taken out of them and hold what the pages say.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { validateConfig } from '../src/validate.ts';
import { kinds } from '../src/kinds/index.ts';
import { createCheckout } from './support/terminal.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMHZvKRYqx3Z90BAjJVaFA6qoCTxRxbW1/2EE7DmufC0';

/** A file is a fence with its name above it. */
function filesOf(page: string): ReadonlyMap<string, string> {
  const fences = [...page.matchAll(/^`(deploy-configs\/[^`]+)`\n\n```\w+\n([^]*?)^```$/gm)];
  return new Map(fences.map(([, path = '', text = '']) => [path, text.replaceAll('ssh-ed25519 AAAA…', KEY)]));
}

const PAGE = readFileSync('docs/first-service.md', 'utf8');
const FILES = filesOf(PAGE);
const PROGRAM = FILES.get('deploy-configs/files/hello.pl') ?? '';

it('the files of the first service are a valid configuration, of as much as it says', async () => {
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

it('the page on configuration says what its variables come to, and how hosts are reached', () => {
  const texts = filesOf(readFileSync('docs/configuration.md', 'utf8'));
  const files = new Map([...texts].map(([path, text]) => [path, new TextEncoder().encode(text)]));
  const parsed = validateConfig(files, kinds);
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  const { resources, targets } = parsed.config;
  const wanted = (host: string) => JSON.stringify(resources.filter(({ address }) => address.host === host));
  expect(resources).toHaveLength(6);
  for (const [host, words] of [
    ['web1', ['"workers\\": 2', 'Ahoy from web1 at 10.0.0.11', '\\"port\\": 8080', '${HOME}']],
    ['web2', ['"workers\\": 8', 'Ahoy from web2 at 10.0.0.12']],
  ] as const) {
    expect(words.filter((word) => !wanted(host).includes(word))).toEqual([]);
  }
  expect(targets.get('db1')).toMatchObject({
    port: 2222,
    user: 'admin',
    jump: { address: 'gate.example.org' },
  });
  expect(targets.get('gate')?.jump).toBeNull();
});
