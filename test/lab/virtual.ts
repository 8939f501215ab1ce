// One host of the lab that is a machine of its own, by QEMU: its own kernel, memory, swap and clock, which containers share with this machine.
// It hangs on the lab's bridge and lives in a cgroup as containers do, so it goes with the lab, whoever started it.

import { type ChildProcess } from 'node:child_process';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { quoteCommand } from '../../src/core/shell.ts';
import { type Suite } from './base.ts';
import { caged, sshReady } from './boot.ts';
import { ensureImage } from './image.ts';
import { type Lab } from './lab.ts';
import { type Outcome, ensureTools, exists, labUnavailable, must, run, start } from './machine.ts';
import { type Place, addressOf, bridgeName, cableName, hostDirectory } from './place.ts';

export interface VirtualHost {
  readonly name: string;
  readonly suite: Suite;
  readonly address: string;
  /** 'ssh-ed25519 AAAA…', as in known_hosts. */
  readonly hostKey: string;
  /** Runs a command on the host as root, by ssh. */
  exec(argv: readonly string[], options?: { readonly stdin?: string | Uint8Array }): Promise<Outcome>;
  /** Reboots as by its button: nothing is ended or written first. Done when it takes logins again; the disk stays, the clock is this machine's again. */
  reboot(): Promise<void>;
}

const QEMU = 'qemu-system-x86_64';
const tools: Readonly<Record<string, string>> = {
  [QEMU]: 'qemu-system-x86',
  mke2fs: 'e2fsprogs',
  xz: 'xz-utils',
};

/** Far behind the containers' places. */
const INDEX = 230;

/** Seconds that a boot may take where the processor is emulated and others want this machine as well; mostly it takes a tenth. */
const BOOT = 600;

/** Why no virtual machine can run here, in words; undefined when it can. */
export async function virtualUnavailable(): Promise<string | undefined> {
  const reason = await labUnavailable();
  if (reason !== undefined) return reason;
  if (process.arch !== 'x64') return 'the virtual machine needs an x86 with 64 bits';
  if (!(await exists('/dev/net/tun'))) return 'the virtual machine needs /dev/net/tun';
  const known = await run(['sh', '-c', `command -v ${QEMU} || apt-cache show qemu-system-x86`]);
  return known.status === 0 ? undefined : `the virtual machine needs QEMU, and apt has no qemu-system-x86`;
}

/** Boots a machine in a lab that is up; it ends with the lab. A lab has one at the most. */
export async function startVirtual(lab: Lab, name: string, suite: Suite): Promise<VirtualHost> {
  await ensureTools(tools);
  const image = await ensureImage(suite, (line) => console.error(`lab: ${line}`));
  const host = new Virtual({ lab: lab.id, index: INDEX, name }, suite, image, lab.clientKey.path);
  await host.create();
  return host;
}

class Virtual implements VirtualHost {
  readonly name: string;
  readonly suite: Suite;
  readonly address: string;
  readonly #place: Place;
  readonly #image: string;
  readonly #login: string;
  readonly #directory: string;
  #hostKey = '';

  constructor(place: Place, suite: Suite, image: string, login: string) {
    this.name = place.name;
    this.suite = suite;
    this.address = addressOf(place);
    this.#place = place;
    this.#image = image;
    this.#login = login;
    this.#directory = hostDirectory(place.lab, place.name);
  }

  get hostKey(): string {
    return this.#hostKey;
  }

  async create(): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const key = this.#file('host_key');
    await must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', this.name, '-f', key);
    this.#hostKey = (await readFile(`${key}.pub`, 'utf8')).split(' ', 2).join(' ');
    await must('cp', '--sparse=always', '--reflink=auto', path.join(this.#image, 'disk'), this.#file('disk'));
    await this.#mark();
    await this.#start();
    const failed = await this.exec(['systemctl', 'list-units', '--failed', '--no-legend']);
    if (failed.stdout !== '')
      throw new Error(`lab: ${this.name} came up with failed units:\n${failed.stdout}`);
  }

  async exec(
    argv: readonly string[],
    options: { readonly stdin?: string | Uint8Array } = {},
  ): Promise<Outcome> {
    // One connection for all: an emulated processor works on a login for a second. It ends with the host's cgroup.
    const shared = ['ControlMaster=auto', `ControlPath=${this.#file('ssh')}`, 'ControlPersist=yes'];
    const pinned = [
      'IdentitiesOnly=yes',
      'LogLevel=ERROR',
      `UserKnownHostsFile=${this.#file('known_hosts')}`,
    ];
    const patient = ['BatchMode=yes', 'ConnectTimeout=60', 'ServerAliveInterval=20', 'ServerAliveCountMax=6'];
    const settings = [...shared, ...pinned, ...patient].flatMap((setting) => ['-o', setting]);
    const ssh = ['ssh', '-F', 'none', '-i', this.#login, ...settings, `root@${this.address}`];
    const command = quoteCommand(['env', 'LC_ALL=C.UTF-8', ...argv]);
    return run([...(await caged(this.#place)), ...ssh, command], options);
  }

  async reboot(): Promise<void> {
    const before = await this.#bootId();
    await this.exec(['sh', '-c', '(sleep 1; exec systemctl reboot -ff) </dev/null >/dev/null 2>&1 &']);
    // Nobody tells the connection that its other end is gone.
    await run(['ssh', '-F', 'none', '-O', 'exit', '-o', `ControlPath=${this.#file('ssh')}`, this.address]);
    await until(async () => ![before, ''].includes(await this.#bootId()), 'another boot');
    await this.#settled();
  }

  async #start(): Promise<void> {
    const output = await open(this.#file('console.log'), 'w');
    const argv = [...(await caged(this.#place)), ...(await this.#command())];
    const supervisor = start(argv, ['ignore', output.fd, output.fd]);
    await output.close();
    supervisor.unref();
    try {
      await this.#plugIn(supervisor);
      await sshReady(this.address, supervisor, BOOT);
      await this.#settled();
    } catch (error) {
      const said = await readFile(this.#file('console.log'), 'latin1');
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`lab: ${this.name} did not come up: ${why}\n${said.slice(-2000)}`, { cause: error });
    }
  }

  /** Until systemd has nothing left to do. */
  async #settled(): Promise<void> {
    const settled = async (): Promise<boolean> =>
      (await this.exec(['systemctl', 'is-system-running', '--wait'])).stdout !== '';
    await until(settled, 'systemd to have nothing left to do');
  }

  async #bootId(): Promise<string> {
    return (await this.exec(['cat', '/proc/sys/kernel/random/boot_id'])).stdout;
  }

  async #command(): Promise<readonly string[]> {
    const accelerated = await hasKvm();
    const kernel = `root=/dev/vda console=ttyS0 quiet net.ifnames=0 mitigations=off lab.address=${this.address}/24`;
    const parts = [
      [QEMU, '-nodefaults', '-no-user-config', '-display', 'none', '-machine', 'q35', '-m', '512'],
      // One processor: two that are emulated wait for each other where this machine has no two to spare.
      accelerated
        ? ['-accel', 'kvm', '-cpu', 'host', '-smp', '2']
        : ['-accel', 'tcg', '-cpu', 'max,la57=off'],
      ['-kernel', path.join(this.#image, 'kernel'), '-initrd', path.join(this.#image, 'initrd')],
      ['-append', kernel, '-serial', 'stdio'],
      ['-drive', `file=${this.#file('disk')},if=virtio,format=raw,cache=unsafe`],
      // The tap is QEMU's own and goes with it.
      ['-netdev', `tap,id=cable,ifname=${cableName(this.#place)},script=no,downscript=no`],
      ['-device', 'virtio-net-pci,netdev=cable'],
    ];
    return parts.flat();
  }

  async #plugIn(supervisor: ChildProcess): Promise<void> {
    const plug = ['ip', 'link', 'set', cableName(this.#place), 'master', bridgeName(this.#place.lab), 'up'];
    const plugged = async (): Promise<boolean> => {
      if (supervisor.exitCode !== null) throw new Error(`QEMU ended with ${supervisor.exitCode}`);
      return (await run(plug)).status === 0;
    };
    await until(plugged, 'its cable');
  }

  /** What has to be its own goes into the disk before it boots. */
  async #mark(): Promise<void> {
    const key = 'ssh_host_ed25519_key';
    const id = (await readFile('/proc/sys/kernel/random/uuid', 'utf8')).replaceAll('-', '');
    const files: Readonly<Record<string, string>> = {
      '/etc/hostname': `${this.name}\n`,
      '/etc/machine-id': id,
      '/etc/hosts': `127.0.0.1 localhost\n127.0.1.1 ${this.name}\n`,
      [`/etc/ssh/${key}`]: await readFile(this.#file('host_key'), 'utf8'),
      [`/etc/ssh/${key}.pub`]: `${this.#hostKey}\n`,
    };
    const own = this.#file('own');
    await mkdir(own);
    const commands: string[] = [];
    for (const [to, text] of Object.entries(files)) {
      const from = path.join(own, path.basename(to));
      await writeFile(from, text, { mode: to.endsWith(key) ? 0o600 : 0o644 });
      commands.push(`rm ${to}`, `cd ${path.dirname(to)}`, `write ${from} ${path.basename(to)}`);
    }
    const marked = await run(['debugfs', '-w', '-f', '-', this.#file('disk')], {
      stdin: `${commands.join('\n')}\n`,
    });
    if (marked.status !== 0) throw new Error(`lab: debugfs: ${marked.stderr}`);
    await writeFile(this.#file('known_hosts'), `${this.address} ${this.#hostKey}\n`);
  }

  #file(name: string): string {
    return path.join(this.#directory, name);
  }
}

/** A device without the processor's own help is of no use: what is behind it then emulates, and not all that a kernel does. */
async function hasKvm(): Promise<boolean> {
  return (
    (await exists('/dev/kvm')) && /^flags\b.*\b(?:vmx|svm)\b/m.test(await readFile('/proc/cpuinfo', 'utf8'))
  );
}

async function until(done: () => Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + BOOT * 1000;
  while (!(await done())) {
    if (Date.now() > end) throw new Error(`waited ${BOOT} s for ${what}`);
    await sleep(100);
  }
}
