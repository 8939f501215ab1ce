// The hosts of the demo and what is deployed on them: real Debian ones where this machine can run the lab, else one host
// inside this process for the kinds that need no root. Both give the same story in three pull requests.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labUnavailable, startLab } from '../lab/lab.ts';
import { startEmbeddedHost } from '../support/embedded-host.ts';

type Files = Readonly<Record<string, string | Buffer>>;

export interface DemoHosts {
  /** What they are, in a sentence. */
  readonly about: string;
  readonly keyPath: string;
  readonly hostsFile: string;
  /** The first pull request; one that fails on a host; and its repair. */
  readonly first: Files;
  readonly broken: Files;
  readonly repaired: Files;
  /** The first one's files with a remark: nothing to do. */
  readonly remark: Files;
  stop(): Promise<void>;
}

export async function startDemoHosts(say: (line: string) => void): Promise<DemoHosts> {
  const reason = await labUnavailable();
  if (reason === undefined) return startLabHosts(say);
  say(`No real hosts on this machine: ${reason}`);
  return startEmbedded();
}

async function startLabHosts(say: (line: string) => void): Promise<DemoHosts> {
  const specs = [
    { name: 'web1', suite: 'bookworm' },
    { name: 'web2', suite: 'trixie' },
    { name: 'db1', suite: 'trixie' },
  ] as const;
  const lab = await startLab(specs, { log: say });
  const lines = [...lab.hosts.values()].map((host) => {
    const web = host.name.startsWith('web') ? ', groups: [web]' : '';
    return `  ${host.name}: { address: ${host.address}, host_key: "${host.hostKey}"${web} }\n`;
  });
  const stacks = exampleStacks();
  const program = 'deploy-configs/shop/shop.pl';
  const whole = String(stacks[program]);
  return {
    about:
      'three real Debian hosts on this machine: web1 (Debian 12), web2 and db1 (Debian 13), each with its own systemd and sshd',
    keyPath: lab.clientKey.path,
    hostsFile: `groups:\n  web: { vars: { port: 8080 } }\nhosts:\n${lines.join('')}`,
    first: stacks,
    broken: { [program]: whole.replace(/^#!.*$/m, '$&\ndie qq(the rope is not in stock\\n);') },
    repaired: { [program]: whole },
    remark: { 'deploy-configs/shop.yml': `# a remark\n${String(stacks['deploy-configs/shop.yml'])}` },
    stop: () => lab.stop(),
  };
}

async function startEmbedded(): Promise<DemoHosts> {
  const host = await startEmbeddedHost({ name: 'here' });
  const folder = mkdtempSync(join(tmpdir(), 'ashore-demo-'));
  const keyPath = join(folder, 'key');
  writeFileSync(keyPath, host.clientKey, { mode: 0o600 });
  const { address, port, user, hostKeys, state } = host.target;
  const stack = (command: string): string =>
    [
      'on: here',
      'resources:',
      `  - directory: ${host.root}/shop`,
      `  - file: ${host.root}/shop/config.json`,
      '    json: { greeting: Ahoy, products: [rope, anchor] }',
      `  - symlink: ${host.root}/current`,
      `    to: ${host.root}/shop`,
      `  - command: check-config`,
      `    run: [${command}, ${host.root}/shop/config.json]`,
      '',
    ].join('\n');
  const files = (text: string): Files => ({ 'deploy-configs/shop.yml': text });
  return {
    about: 'one host inside this process (the real sh in a scratch directory, no root, no systemd)',
    keyPath,
    hostsFile: `hosts:\n  here: { address: ${address}, port: ${port}, user: ${user}, sudo: false, state: "${state}", host_key: "${hostKeys[0]}" }\n`,
    first: files(stack('cat')),
    broken: files(stack('rmdir')),
    repaired: files(stack('cat')),
    remark: files(`# a remark\n${stack('cat')}`),
    stop: async () => {
      await host.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The stacks of the example fleet in this repository. */
export function exampleStacks(): Record<string, Buffer> {
  const entries = readdirSync('deploy-configs', { recursive: true, encoding: 'utf8', withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && !['hosts.yml', 'policy.yml'].includes(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.map((path) => [path, readFileSync(path)]));
}
