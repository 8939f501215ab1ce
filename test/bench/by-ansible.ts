// Ansible on the same work, from Debian's own package, as its manual says it is done fast: one task for all packages,
// loops over the rest, facts not gathered, and with `pipelining` where that is asked for.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { must, run } from '../lab/machine.ts';
import type { Login } from './by-hand.ts';
import type { Sample } from './numbers.ts';
import { runTimed } from './processes.ts';
import { countResources } from './work.ts';
import type { Work } from './work.ts';

/** Installs ansible-core when there is none; what `ansible --version` says first. */
export async function ensureAnsible(): Promise<string> {
  const there = await run(['sh', '-c', 'command -v ansible-playbook']);
  const install = [
    'apt-get',
    '-y',
    '-q',
    '-o',
    'DPkg::Lock::Timeout=300',
    'install',
    '--no-install-recommends',
  ];
  if (there.status !== 0) await must('env', 'DEBIAN_FRONTEND=noninteractive', ...install, 'ansible-core');
  return (await must('ansible', '--version')).split('\n')[0] ?? '';
}

export interface Ansible {
  /** `--check --diff`. */
  check(options: { readonly pipelining: boolean }): Promise<Sample>;
  apply(options: { readonly pipelining: boolean }): Promise<Sample>;
  /** Opens the connection that is kept (ControlPersist), so that no run has to. */
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  remove(): void;
}

/** Where it goes, and how. */
export interface Inventory {
  readonly logins: readonly Login[];
  /** Put before each command, so that it sees the addresses. */
  readonly inside?: readonly string[];
}

/** Hosts at once, as Ashore's. */
const FORKS = 10;

export function createAnsible(work: Work, { logins, inside = [] }: Inventory): Ansible {
  const top = mkdtempSync(join(tmpdir(), 'ashore-bench-ansible-'));
  for (const { path, content } of work.files) put(join(top, 'files', path), content);
  put(
    join(top, 'template.j2'),
    '# {{ inventory_hostname }}\nlisten = 8080\nname = {{ inventory_hostname }}\n',
  );
  put(
    join(top, 'play.yml'),
    stringify([
      {
        hosts: 'all',
        gather_facts: false,
        become: logins.every(({ user }) => user !== 'root'),
        tasks: tasksOf(work),
      },
    ]),
  );
  put(join(top, 'inventory'), logins.map(inventoryOf).join(''));
  const play = async (flags: readonly string[], pipelining: boolean): Promise<Sample> => {
    const env = { ...environment(top), ANSIBLE_PIPELINING: pipelining ? 'True' : 'False' };
    const argv = [
      ...inside,
      'ansible-playbook',
      '-i',
      'inventory',
      '-f',
      String(FORKS),
      ...flags,
      'play.yml',
    ];
    const ran = await runTimed(argv, { cwd: top, env });
    const well = ran.stdout.match(/ unreachable=0 +failed=0 /g) ?? [];
    if (well.length !== logins.length) throw new Error(ran.stdout.slice(-3000));
    return ran;
  };
  return {
    check: ({ pipelining }) => play(['--check', '--diff'], pipelining),
    apply: ({ pipelining }) => play([], pipelining),
    connect: async () => {
      const argv = [...inside, 'ansible', '-i', 'inventory', '-m', 'raw', '-a', 'true', 'all'];
      await runTimed(argv, { cwd: top, env: environment(top) });
    },
    disconnect: async () => {
      const each =
        'for path in "$1"/*; do [ ! -S "$path" ] || ssh -O exit -o ControlPath="$path" bench; done';
      await run(['sh', '-c', each, 'sh', join(top, 'cp')]);
    },
    remove: () => rmSync(top, { recursive: true, force: true }),
  };
}

function environment(top: string): Record<string, string> {
  return {
    ANSIBLE_NOCOWS: '1',
    ANSIBLE_LOCAL_TEMP: join(top, 'tmp'),
    ANSIBLE_SSH_CONTROL_PATH_DIR: join(top, 'cp'),
    ANSIBLE_SSH_ARGS: '-C -o ControlMaster=auto -o ControlPersist=900s',
    ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
  };
}

function inventoryOf({ address, port, user, keyPath, knownHosts }: Login, index: number): string {
  const ssh = `-F none -o UserKnownHostsFile=${knownHosts} -o HostKeyAlias=bench -o IdentitiesOnly=yes`;
  const name = index === 0 ? 'bench' : `bench-${index}`;
  return `${name} ansible_host=${address} ansible_port=${port} ansible_user=${user} ansible_ssh_private_key_file=${keyPath} ansible_ssh_common_args='${ssh}'\n`;
}

function tasksOf(work: Work): readonly object[] {
  const { files, packages, services, users, template } = work;
  if (countResources(work) === 0) throw new Error('nothing to do');
  const named = (name: string, body: object): object => ({ name, ...body });
  const src = '{{ item.src }}';
  const item = { src, dest: '{{ item.dest }}', owner: '{{ item.owner }}', mode: '{{ item.mode }}' };
  const loop = files.map(({ path, owner, mode }) => ({ src: `files${path}`, dest: path, owner, mode }));
  return [
    ...(users.length === 0
      ? []
      : [
          named('users', {
            user: { name: '{{ item }}', system: true, shell: '/usr/sbin/nologin', create_home: false },
            loop: users,
          }),
        ]),
    ...(packages.length === 0
      ? []
      : [named('packages', { apt: { name: packages, state: 'present', install_recommends: false } })]),
    ...(files.length === 0 ? [] : [named('files', { copy: item, loop })]),
    ...(template
      ? [named('template', { template: { src: 'template.j2', dest: template.path, mode: template.mode } })]
      : []),
    ...(services.length === 0
      ? []
      : [
          named('services', {
            systemd: { name: '{{ item }}', enabled: true, state: 'started', daemon_reload: true },
            loop: services,
          }),
        ]),
  ];
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
