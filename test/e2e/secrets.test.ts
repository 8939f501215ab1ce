// Secrets on real hosts of both releases: right where they belong, and their values nowhere else.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { armor, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quoteCommand } from '../../src/core/shell.ts';
import type { Plan } from '../../src/core/plan.ts';
import type { Report } from '../../src/core/report.ts';
import type { ConfigFiles, Deployer } from '../../src/deploy.ts';
import { openKeeper } from '../../src/secrets/keeper.ts';
import { createLiveDeployer } from '../../src/world.ts';
import type { LabHost } from '../lab/lab.ts';
import { expectDone, filesOf, linesOf, startFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';

const KEY = '-----BEGIN KEY-----\nq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ\n-----END KEY-----\n';
const PASSWORD = `hunter2's "p\\ss" $word`;
const ROTATED = 'correct horse battery';

const STACK = `
on: HOST
resources:
  - file: /etc/trial-shop.key
    secret: shop/key
  - file: /etc/trial-shop.env
    env: { DB_PASSWORD: { secret: db/password }, PORT: "8080" }
    mode: "0640"
    group: adm
`;

/** Prints a secret as it is, in base64 at another alignment, and wrapped; and fails where it is told to. */
const PRINTING = `${STACK}
  - command: print
    run: [sh, -c, '. /etc/trial-shop.env; echo "$DB_PASSWORD"; printf "x%s" "$DB_PASSWORD" | base64 -w 5; cat /etc/trial-shop.key; ENDING']
`;

let fleet: Fleet;
let folder: string;
let deployer: Deployer;
let recipient: string;
let runs = 0;

beforeAll(async () => {
  fleet = await startFleet([
    { name: 'old', suite: 'bookworm' },
    { name: 'new', suite: 'trixie' },
  ]);
  folder = mkdtempSync(join(tmpdir(), 'ashore-secrets-'));
  const identity = await generateX25519Identity();
  recipient = await identityToRecipient(identity);
  const agePath = join(folder, 'age.txt');
  writeFileSync(agePath, `# made for a test\n${identity}\n`);
  const keys = [{ name: 'lab', privateKey: fleet.lab.clientKey.privateKey }];
  deployer = createLiveDeployer({ keys, secrets: openKeeper({ agePath, directory: undefined }) });
});
afterAll(async () => {
  await fleet.stop();
  rmSync(folder, { recursive: true });
});

describe.each(['old', 'new'])('on %s', (name) => {
  it('a file and a part of one: set, in sync, rotated, drifted, and gone again', async () => {
    const host = fleet.lab.host(name);
    const first = await configure(STACK, name, PASSWORD);
    const plan = await planOf(first);
    expect(linesOf(plan)).toEqual(['key', 'env'].map((end) => `${name} create file//etc/trial-shop.${end}`));
    const [key, env] = plan.hosts[0]?.changes ?? [];
    expect(key?.fields[0]).toEqual({ name: 'content', before: null, after: 'secret shop/key: set' });
    expect(env?.notes).toEqual([
      'it may be read by root, by its owner root (without sudo: the login) and the group adm',
    ]);

    const stopTrace = await startTrace(host);
    const report = await deploy(plan, first);
    const trace = await stopTrace();
    expect(trace).toContain('execve(');
    expectDone(report);
    expect(await sh(host, 'cat /etc/trial-shop.key')).toBe(KEY);
    expect(await sh(host, '. /etc/trial-shop.env; printf %s "$DB_PASSWORD:$PORT"')).toBe(`${PASSWORD}:8080`);
    expect(await sh(host, 'stat -c "%a %U:%G" /etc/trial-shop.key /etc/trial-shop.env')).toBe(
      '600 root:root\n640 root:adm\n',
    );
    const left = await sh(
      host,
      'grep -r . /var/lib/ashore /run/ashore; journalctl --no-pager -o cat; ps axww',
    );
    expect(left).toContain('shop/key');
    for (const text of [trace, left, JSON.stringify(plan), JSON.stringify(report), inspect(report)])
      expectClean(text);
    expect(await sh(host, 'find /run/ashore -mindepth 2')).toBe('');
    expect(linesOf(await planOf(first))).toEqual([]);

    const second = await configure(STACK, name, ROTATED);
    const rotation = await planOf(second);
    expect(linesOf(rotation)).toEqual([`${name} update file//etc/trial-shop.env`]);
    expect(rotation.hosts[0]?.changes[0]?.fields).toEqual([
      { name: 'content', before: 'secret db/password', after: 'secret db/password: changed' },
    ]);
    expect(rotation.hosts[0]?.changes[0]?.causes).toEqual(['this-change']);
    expectDone(await deploy(rotation, second));
    expect(await sh(host, '. /etc/trial-shop.env; printf %s "$DB_PASSWORD"')).toBe(ROTATED);

    await sh(
      host,
      `echo EXTRA=${ROTATED.split(' ')[0]} >> /etc/trial-shop.env; chmod 0644 /etc/trial-shop.env`,
    );
    const drifted = await planOf(second);
    expect(drifted.hosts[0]?.changes.map(({ verb, causes }) => [verb, causes])).toEqual([
      ['update', ['drift']],
    ]);
    expectClean(JSON.stringify(drifted));
    expectDone(await deploy(drifted, second));

    const none = await configure('on: HOST\nresources: []\n', name, ROTATED);
    const removal = await planOf(none);
    expect(linesOf(removal)).toEqual(
      ['env', 'key'].map((end) => `${name} delete file//etc/trial-shop.${end}`),
    );
    expectClean(JSON.stringify(removal));
    expectDone(await deploy(removal, none));
  });

  it('what prints a secret is shown without it, done or failed', async () => {
    for (const ending of ['true', 'exit 3']) {
      const files = await configure(PRINTING.replace('ENDING', ending), name, PASSWORD);
      const seen: string[] = [];
      const report = await deploy(await planOf(files), files, (growing) =>
        seen.push(JSON.stringify(growing)),
      );
      expect(report.hosts[0]?.outcome).toBe(ending === 'true' ? 'done' : 'failed');
      const output = report.hosts[0]?.changes.find(({ ref }) => ref === 'command/print')?.output ?? '';
      expect(output).toMatch(/^\[secret db\/password\]eG\[secret db\/password\]\nQ=\n\[secret shop\/key\]/);
      for (const text of [...seen, inspect(report, { depth: null })]) expectClean(text);
    }
  });

  it('a run that is killed leaves no value behind', async () => {
    const host = fleet.lab.host(name);
    const slow = STACK.replaceAll('trial-shop', 'killed') + '  - command: wait\n    run: [sleep, "60"]\n';
    const files = await configure(slow, name, PASSWORD);
    const deploying = deploy(await planOf(files), files);
    const directory = await sh(
      host,
      'for i in $(seq 100); do pgrep -x sleep >/dev/null && break; sleep 0.1; done; echo /run/ashore/*/*/secrets/*; stat -fc %T /run/ashore/*/*/secrets; stat -c %a /run/ashore/*/*/secrets/*',
    );
    expect(directory).toMatch(
      /^(\/run\/ashore\/[0-9a-f]{12}\/secrets-[0-9-]+\/secrets\/[0-9a-f]{64} ?){2}\ntmpfs\n600\n600\n$/,
    );
    await sh(host, 'kill -9 $(systemctl show -P MainPID "ashore-secrets-*")');
    expect((await deploying).hosts[0]).toMatchObject({ outcome: 'unknown' });
    // systemd cleans up when nobody of the run is left; whoever follows it may hear of its end before.
    const emptied =
      'for i in $(seq 100); do [ -n "$(find /run/ashore -mindepth 2)" ] || break; sleep 0.1; done; find /run/ashore -mindepth 2';
    expect(await sh(host, emptied)).toBe('');
  });

  it('another value than the one that was planned is another plan', async () => {
    const directory = mkdtempSync(join(folder, 'own-'));
    writeFileSync(join(directory, 'later'), 'first value', { mode: 0o600 });
    const keys = [{ name: 'lab', privateKey: fleet.lab.clientKey.privateKey }];
    const own = createLiveDeployer({
      keys,
      secrets: openKeeper({ agePath: join(folder, 'age.txt'), directory }),
    });
    const files = fleet.files({
      'later.yml': `on: ${name}\nresources:\n  - file: /etc/later\n    secret: later\n`,
    });
    const planned = await own.plan({ files, base: undefined, commit: 'test', all: true });
    if (planned.is !== 'plan') throw new Error(JSON.stringify(planned));
    writeFileSync(join(directory, 'later'), 'second value', { mode: 0o600 });
    const deployed = await own.deploy({
      plan: planned.plan,
      files,
      run: `later-${process.pid}-${++runs}`,
      by: 'tester',
    });
    expect(deployed).toMatchObject({
      report: { hosts: [{ outcome: 'refused', reason: { code: 'PLAN_STALE' } }] },
    });
    expect((await fleet.lab.host(name).exec(['test', '-e', '/etc/later'])).status).toBe(1);
  });
});

async function configure(stack: string, host: string, password: string): Promise<ConfigFiles> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const encrypted = {
    'secrets/shop/key.age': await encrypter.encrypt(KEY),
    'secrets/db/password.age': armor.encode(await encrypter.encrypt(`${password}\n`)),
  };
  const files = fleet.files({ 'trial-secrets.yml': stack.replace('HOST', host) });
  return new Map([...files, ...filesOf(encrypted)]);
}

async function planOf(files: ConfigFiles): Promise<Plan> {
  const planned = await deployer.plan({ files, base: undefined, commit: 'test', all: true });
  if (planned.is !== 'plan') throw new Error(JSON.stringify(planned));
  return planned.plan;
}

async function deploy(plan: Plan, files: ConfigFiles, report?: (report: Report) => void): Promise<Report> {
  runs += 1;
  const run = `secrets-${process.pid}-${runs}`;
  const deployed = await deployer.deploy({ plan, files, run, by: 'tester', ...(report ? { report } : {}) });
  if (deployed.is !== 'report') throw new Error(JSON.stringify(deployed));
  return deployed.report;
}

/** No value in any form, nor a sum of one that somebody could try guesses on. */
function expectClean(text: string): void {
  const squeezed = text.replaceAll(/\\n|\s/g, '');
  for (const value of [PASSWORD, ROTATED, KEY, KEY.split('\n')[1] ?? '']) {
    const forms = [value, JSON.stringify(value).slice(1, -1), quoteCommand([value])];
    expect(forms.filter((form) => text.includes(form))).toEqual([]);
    const encoded = [0, 1, 2].map((before) =>
      Buffer.from('x'.repeat(before) + value)
        .toString('base64')
        .slice(before * 2, -6),
    );
    expect(encoded.filter((form) => squeezed.includes(form))).toEqual([]);
  }
}

async function sh(host: LabHost, text: string): Promise<string> {
  const { stdout, status, stderr } = await host.exec(['sh', '-c', `{ ${text}; } || true`]);
  expect(status, stderr).toBe(0);
  return stdout;
}

/** Every program that starts on the host, with its words and its environment. */
async function startTrace(host: LabHost): Promise<() => Promise<string>> {
  const installed = await host.exec(['apt-get', 'install', '-y', '-q', 'strace']);
  expect(installed.status, installed.stderr).toBe(0);
  const options = '-f -qq -v -s 100000 -e trace=execve -o /root/secrets.trace -p 1';
  const started = await sh(host, `setsid strace ${options} </dev/null >/dev/null 2>&1 & echo $!; sleep 0.5`);
  return async () => {
    await sh(
      host,
      `kill -INT ${started.trim()}; while kill -0 ${started.trim()} 2>/dev/null; do sleep 0.1; done`,
    );
    return sh(host, 'cat /root/secrets.trace');
  };
}
