// Row 1: nothing that a pull request brings is executed, or read from the server, to make its plan.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOSTS, has, sh } from '../arena.ts';
import { openSite } from '../site.ts';
import type { Site } from '../site.ts';

/** On the hosts and on the server: whatever is executed anywhere makes it. */
const SERVER_CANARY = join(tmpdir(), `ashore-canary-${process.pid}`);
const HOST_CANARY = '/canary';
const TOUCH = `touch ${SERVER_CANARY} ${HOST_CANARY}`;

describe('1 code runs at plan time', () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(async () => {
    await site.stop();
  });

  const expectNothingRan = async (): Promise<void> => {
    expect(existsSync(SERVER_CANARY), 'executed on the server').toBe(false);
    for (const name of HOSTS) expect(await has(name, HOST_CANARY), `executed on ${name}`).toBe(false);
  };
  const stack = (resources: string): string => `on: all\nresources:\n${resources}\n`;

  const CODE: readonly (readonly [string, string])[] = [
    ['a command', stack(`  - command: go\n    run: [sh, -c, "${TOUCH}"]`)],
    [
      'a command with a guard',
      stack(`  - command: go\n    run: [sh, -c, "${TOUCH}"]\n    creates: ${HOST_CANARY}`),
    ],
    ['a guard that is a command', stack(`  - command: go\n    run: ["true"]\n    unless: "${TOUCH}"`)],
    ['a check of a file', stack(`  - file: /etc/attack-1\n    content: x\n    validate: "${TOUCH}"`)],
    [
      'a unit',
      stack(
        `  - service: attack-1\n    unit: { Service: { ExecStartPre: "/bin/sh -c '${TOUCH}'", ExecStart: /bin/true } }`,
      ),
    ],
    ['a tag of YAML for JavaScript', `on: all\nresources: !!js/function "function () { return [] }"\n`],
    ['a tag of YAML for Python', `on: all\nresources: !!python/object/apply:os.system ["${TOUCH}"]\n`],
    ['a substitution of the shell', stack(`  - file: /etc/attack-1\n    content: "$(${TOUCH})"`)],
    ['backticks', stack(`  - file: /etc/attack-1\n    content: "\`${TOUCH}\`"`)],
    [
      'an expression in a variable',
      stack(
        `  - file: /etc/attack-1\n    content: "\${process.mainModule.require('child_process').execSync('${TOUCH}')}"`,
      ),
    ],
    [
      'a template',
      stack(`  - file: /etc/attack-1\n    content: "{{ lookup('pipe', '${TOUCH}') }} <% ${TOUCH} %>"`),
    ],
    [
      'a value named as a property',
      `on: all\nvars: { __proto__: { a: 1 }, constructor: x }\nresources: []\n`,
    ],
    ['an option of apt as a package', stack(`  - package: "-oAPT::Update::Pre-Invoke::=${TOUCH}"`)],
    ['a name of a package as a pattern', stack('  - package: "lab.hello"')],
  ];

  it.each(CODE)('%s', async (_, text) => {
    const { pull, head } = await site.propose({ 'attack-1.yml': text });
    // It was looked at: as a plan, or as a configuration with problems.
    expect(site.check(head, 'ashore/plan').status).toBe('completed');
    expect(site.said(pull)).not.toBe('');
    await expectNothingRan();
  });

  it('programs beside the configuration', async () => {
    const program = `#!/bin/sh\n${TOUCH}\n`;
    await site.propose({
      'attack-1.yml': stack('  - file: /etc/attack-1\n    source: x.sh'),
      'x.sh': program,
      '.ashore/hooks/plan': program,
      'ashore.config.js': `require('fs').writeFileSync('${SERVER_CANARY}', '')`,
      'package.json': JSON.stringify({ scripts: { preinstall: TOUCH, postinstall: TOUCH } }),
      '.gitattributes': '* filter=evil',
      '.envrc': program,
    });
    await expectNothingRan();
  });

  it.each([
    '../../../../../../etc/hostname',
    '/etc/hostname',
    'x/../../../../../etc/hostname',
    'file:///etc/hostname',
    '/proc/self/environ',
    'http://127.0.0.1/',
  ])('a source outside of the repository: %s', async (source) => {
    const text = stack(`  - file: /etc/attack-1\n    source: "${source}"`);
    const { pull } = await site.propose({ 'attack-1.yml': text });
    expect(site.said(pull)).toContain('SOURCE_MISSING');
  });

  it('a source that is a symbolic link out of the repository', async () => {
    await site.propose({ 'attack-1.yml': stack('  - file: /etc/attack-1\n    source: link') });
    const branch = 'with-a-link';
    await site.push(branch, { 'attack-1.yml': stack('  - file: /etc/attack-1\n    source: link') });
    const work = mkdtempSync(join(tmpdir(), 'ashore-link-'));
    const script = `set -e
git clone -q --branch ${branch} "$1" "$2/clone" && cd "$2/clone/deploy-configs"
ln -s /etc/hostname link && git add link
git -c user.name=ada -c user.email=ada@example.com commit -q -m 'A link' && git push -q`;
    const child = spawn('sh', ['-c', script, 'link', site.repo.cloneUrl('ada'), work], { stdio: 'inherit' });
    expect((await once(child, 'close'))[0]).toBe(0);
    rmSync(work, { recursive: true, force: true });
    await site.settled();
    const pull = await site.repo.openPull({ title: 'A link', head: branch, by: 'ada' });
    await site.settled();
    const check = site.check(await site.repo.sha(branch), 'ashore/plan');
    expect(check.conclusion).toBe('failure');
    expect(`${check.summary}`).toContain('symbolic link');
    expect(site.said(pull)).not.toContain((await sh('web1', 'cat /etc/hostname')).trim());
  });

  it('while the command is shown in the plan, and runs when the plan is deployed', async () => {
    const { pull } = await site.propose({
      'attack-1.yml': stack(`  - command: go\n    run: [touch, /canary-deployed]`),
    });
    expect(site.said(pull)).toContain('touch /canary-deployed');
    expect(await has('web1', '/canary-deployed')).toBe(false);
    await site.comment(pull, `/deploy ${site.digest(pull)}`);
    expect(await has('web1', '/canary-deployed'), site.said(pull)).toBe(true);
    expect(spawnSync('test', ['-e', '/canary-deployed']).status).toBe(1);
  });
});
