// Row 3: no text of a comment or of the configuration is ever read by a shell, on the server or on a host.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { HOSTILE } from '../../formats/hostile.ts';
import { connections, host, hostsFile, sh } from '../arena.ts';
import { createCanary } from '../canary.ts';
import type { Canary } from '../canary.ts';
import { expectUntouched, openSite, wish } from '../site.ts';
import type { Site, Wish } from '../site.ts';

const unitSaying = (text: string): unknown => ({
  Unit: { Description: text },
  Service: { ExecStart: `/bin/echo ${text}` },
});

/** Ways to make a shell run a command that stands within a word. */
const SHAPES: readonly ((command: string) => string)[] = [
  (command) => `$(${command})`,
  (command) => `\`${command}\``,
  (command) => `;${command};`,
  (command) => `|${command}|`,
  (command) => `&&${command}&&`,
  (command) => `'; ${command}; '`,
  (command) => `"; ${command}; "`,
  (command) => `'"'"'; ${command} #`,
  (command) => `\n${command}\n`,
  (command) => `\r\n${command}\r\n`,
  (command) => `\${IFS}$(${command})`,
  (command) => `<(${command})`,
  (command) => `\\$(${command})`,
  (command) => `$(printf '%s')$(${command})`,
  (command) => `-o ProxyCommand="${command}"`,
  (command) => `--rsh=${command}`,
  (command) => `%(${command})`,
  (command) => `x\nEOF\n${command}\n`,
];

describe('3 shell injection through names and flags', () => {
  let site: Site;
  let canary: Canary;
  let wanted: Wish;

  beforeAll(async () => {
    site = await openSite();
    canary = createCanary();
    wanted = await wish(site);
  });
  afterAll(async () => {
    await site.stop();
    canary.remove();
  });

  it('in the words of a comment', async () => {
    const before = await connections();
    const places: readonly ((text: string) => string)[] = [
      (text) => `/deploy ${text}`,
      (text) => `/deploy ${wanted.digest}${text}`,
      (text) => `/deploy ${wanted.digest} ${text}`,
      (text) => `/deploy ${wanted.digest} --only ${text}`,
      (text) => `/deploy ${wanted.digest} --only 'web1${text}'`,
      (text) => `/deploy ${wanted.digest} --skip web2 ${text}`,
      (text) => `/plan web1${text}`,
      (text) => `/plan ${text}`,
    ];
    // A text that ends a line leaves a command that is right before it, and that one is meant.
    const inline = SHAPES.map((shape) => shape(canary.absolute)).filter((text) => !/[\r\n]/.test(text));
    for (const text of inline) {
      await Promise.all(places.map((place) => site.repo.comment(wanted.pull, place(text), 'grace')));
      await site.settled();
    }
    await canary.expectNone();
    await expectUntouched(site, wanted);
    expect(await connections()).toEqual(before);
    expect(site.said(wanted.pull)).toMatch(/COMMAND_INVALID/);
  });

  it.each([
    ['--only', '/deploy DIGEST --only web9'],
    ['--skip', '/deploy DIGEST --skip web9'],
    ['/plan', '/plan web9'],
    ['a flag', '/deploy DIGEST --force'],
    ['a flag with a value', '/deploy DIGEST --only=web1'],
    ['two plans', '/deploy DIGEST DIGEST'],
    ['a property of all objects', '/plan __proto__'],
    ['another property', '/deploy DIGEST --only constructor'],
  ])('a name that does not exist: %s', async (_, command) => {
    const before = await connections();
    await site.comment(wanted.pull, command.replaceAll('DIGEST', wanted.digest));
    await expectUntouched(site, wanted);
    expect(await connections()).toEqual(before);
  });

  const one = (resource: unknown): Record<string, string> => ({
    'evil.yml': stringify({ on: 'web1', resources: [resource] }),
  });
  const inventory = (entry: Record<string, unknown>): Record<string, string> => ({
    'hosts.yml': stringify({
      hosts: { web1: { address: host('web1').address, host_key: host('web1').hostKey, ...entry } },
    }),
  });
  const NAMES: readonly (readonly [string, (text: string) => Record<string, string>])[] = [
    [
      'the name of a host',
      (text) => ({
        'hosts.yml': hostsFile(`  ? ${JSON.stringify(`x${text}`)}\n  : { address: a, host_key: k }\n`),
      }),
    ],
    ['the address of a host', (text) => inventory({ address: `127.0.0.1${text}` })],
    ['the login of a host', (text) => inventory({ user: `deploy${text}` })],
    ['the state directory of a host', (text) => inventory({ state: `/var/lib/ashore${text}` })],
    ['the jump of a host', (text) => inventory({ jump: `web2${text}` })],
    ['the hosts of a stack', (text) => ({ 'evil.yml': stringify({ on: `web1${text}`, resources: [] }) })],
    ['a package', (text) => one({ package: `tree${text}` })],
    ['the version of a package', (text) => one({ package: 'tree', version: `1${text}` })],
    ['a service', (text) => one({ service: `cron${text}`, running: true })],
    ['a user', (text) => one({ user: `games${text}` })],
    ['a group of a user', (text) => one({ user: 'attacker3', groups: [`adm${text}`] })],
    ['a group', (text) => one({ group: `games${text}` })],
    ['the owner of a file', (text) => one({ file: '/etc/attack-3', content: 'x', owner: `root${text}` })],
    ['the mode of a file', (text) => one({ file: '/etc/attack-3', content: 'x', mode: `0644${text}` })],
    ['a path that climbs', (text) => one({ file: `/etc/../root/${text.replaceAll('/', '')}`, content: 'x' })],
    ['a kind', (text) => one({ [`file${text}`]: '/etc/attack-3', content: 'x' })],
    ['the name of a command', (text) => one({ command: `go${text}`, run: ['true'] })],
    ['the user of a command', (text) => one({ command: 'go', run: ['true'], user: `root${text}` })],
  ];

  it.each(NAMES)('in %s: told as a problem, and no host hears of it', async (_, build) => {
    const before = await connections();
    const heads: string[] = [];
    for (const shape of [0, 2, 5, 8].map((at) => SHAPES[at] ?? String)) {
      const branch = `names-${randomUUID()}`;
      heads.push(await site.commit(branch, build(shape(canary.absolute))));
      await site.repo.openPull({ title: shape(canary.relative), head: branch, by: 'ada' });
    }
    await site.settled();
    for (const check of heads.map((head) => site.check(head, 'ashore/plan'))) {
      expect(check.conclusion, check.summary ?? '').toBe('failure');
    }
    canary.expectNoneHere();
    expect(await connections()).toEqual(before);
  });

  it.each(['tree-', 'tree+', 'lab.hello', 'cron-', 'lab-hell.'])(
    'what apt-get reads as more than a name: %s',
    async (name) => {
      const installed = (): Promise<string> => sh('web1', "dpkg-query -W -f '${Package} ${Status}\\n'");
      const before = await installed();
      const { pull } = await site.propose(one({ package: name }));
      const digest = /\/deploy ([0-9a-f]{12})/.exec(site.said(pull))?.[1] ?? '';
      await site.comment(pull, `/deploy ${digest}`);
      expect(await installed()).toBe(before);
    },
  );

  it('in the name of a stack, which is the name of a file, and behind the key of a host', async () => {
    const named = SHAPES.slice(0, 8).map((shape) => `${shape(canary.relative).replaceAll('/', '')}.yml`);
    await site.propose(Object.fromEntries(named.map((name) => [name, 'on: web1\nresources: []\n'])));
    // What stands behind a key is a remark, as in known_hosts.
    for (const shape of SHAPES.filter((_, at) => at % 4 === 0)) {
      await site.propose(inventory({ host_key: `${host('web1').hostKey} ${shape(canary.absolute)}` }));
    }
    await canary.expectNone();
  });

  it('in values, which come to the host as they stand', async () => {
    const texts = SHAPES.map((shape) => shape(canary.relative));
    const few = texts.filter((_, at) => at % 3 === 0);
    const hostile = [...Object.values(HOSTILE), ...texts];
    const line = texts.join(' ').replaceAll(/[\r\n]/g, ' ');
    const resources = [
      { directory: '/srv/attack-3' },
      ...texts.map((text) => ({ file: `/srv/attack-3/${text}`, content: text })),
      ...few.map((to, at) => ({ symlink: `/srv/attack-3/link-${at}`, to })),
      ...few.map((text, at) => ({ command: `say ${at}`, run: ['printf', '%s', text], stdin: text })),
      { file: '/srv/attack-3/env', env: { VALUE: line } },
      { file: '/srv/attack-3/json', json: hostile },
      { file: '/srv/attack-3/yaml', yaml: texts },
      { service: 'attack-3', unit: unitSaying(texts.slice(0, 4).join(' ')) },
    ];
    // The one thing that the configuration itself computes is `${name}`, and this is how it is written as it stands.
    const stack = stringify({ on: 'web1', resources }).replaceAll('${', () => '$${');
    const { pull } = await site.propose({ 'values.yml': stack });
    expect(site.said(pull)).toContain('/deploy');
    await site.comment(pull, `/deploy ${site.digest(pull)}`);
    expect(site.said(pull)).toContain('nothing is left to do');
    await canary.expectNone();
    const there = (name: string): string =>
      readFileSync(join(host('web1').root, 'srv/attack-3', name), 'utf8');
    for (const text of texts) expect(there(text)).toBe(text);
    expect(JSON.parse(there('json'))).toEqual(hostile);
    expect(parse(there('yaml'))).toEqual(texts);
  });
});
