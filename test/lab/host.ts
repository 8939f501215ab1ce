// One host of the lab: an overlay over a base, a network namespace, and systemd-nspawn with systemd as PID 1.
// Everything it makes carries its name, so `removeLab` can take it away whoever started it.

import { type ChildProcess } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { type Suite } from './base.ts';
import { initOf, launch, plugIn, sshReady } from './boot.ts';
import { type Outcome, must, run } from './machine.ts';
import { type Place, addressOf, hostDirectory, machineName, cableName } from './place.ts';
import { allEnded, killAll, unmountBelow } from './removal.ts';

export interface LabHost {
  readonly name: string;
  readonly suite: Suite;
  readonly address: string;
  readonly port: 22;
  /** 'ssh-ed25519 AAAA…', as in known_hosts. Changes with `rekey`. */
  readonly hostKey: string;
  /** Its root tree on this machine, also while stopped. What the host mounts itself, as /run and /proc, is not in it. */
  readonly root: string;
  /** Its PID 1 as this machine sees it. Throws while stopped. */
  readonly pid: number;
  /** Runs a command on the host as root, without ssh. */
  exec(argv: readonly string[], options?: { readonly stdin?: string | Uint8Array }): Promise<Outcome>;
  /** Back to the base, running; address and host key stay. */
  reset(): Promise<void>;
  /** A new host key, as if the machine had been replaced. */
  rekey(): Promise<void>;
  /** A clean shutdown. The address answers no more; the disk stays. */
  stop(): Promise<void>;
  /** Power loss: all processes end at once. */
  kill(): Promise<void>;
  /** Boots a host that was stopped, killed, or went down by itself. */
  start(): Promise<void>;
  /** Pulls the network cable, or puts it back; connections stay open on both ends and hang. */
  cable(state: 'in' | 'out'): Promise<void>;
}

export class Host implements LabHost {
  readonly name: string;
  readonly suite: Suite;
  readonly address: string;
  readonly port = 22;
  readonly root: string;
  readonly #place: Place;
  readonly #base: string;
  readonly #neighbours: string;
  readonly #directory: string;
  #hostKey = '';
  #running: { readonly supervisor: ChildProcess; readonly pid: number } | undefined;

  constructor(place: Place, suite: Suite, base: string, neighbours: string) {
    this.name = place.name;
    this.suite = suite;
    this.address = addressOf(place);
    this.#place = place;
    this.#base = base;
    this.#neighbours = neighbours;
    this.#directory = hostDirectory(place.lab, place.name);
    this.root = path.join(this.#directory, 'root');
  }

  get hostKey(): string {
    return this.#hostKey;
  }

  get pid(): number {
    const running = this.#alive();
    if (running === undefined) throw new Error(`lab: ${this.name} is not running`);
    return running.pid;
  }

  async create(): Promise<void> {
    await mkdir(this.root, { recursive: true });
    await this.#newKey();
    await plugIn(this.#place, this.address);
    await this.#mount();
    await this.#startWhole();
  }

  async exec(
    argv: readonly string[],
    options: { readonly stdin?: string | Uint8Array } = {},
  ): Promise<Outcome> {
    const environment = [
      'env',
      '-i',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'HOME=/root',
      'LC_ALL=C.UTF-8',
    ];
    return run(
      ['nsenter', '-t', String(this.pid), '-m', '-u', '-i', '-n', '-p', '-C', '--', ...environment, ...argv],
      options,
    );
  }

  async reset(): Promise<void> {
    await this.kill();
    await unmountBelow(this.root);
    await this.#mount();
    await this.#startWhole();
  }

  async rekey(): Promise<void> {
    await this.#newKey();
    await this.#installKey();
    if (this.#alive() === undefined) return;
    const restarted = await this.exec(['systemctl', 'restart', 'ssh.service']);
    if (restarted.status !== 0)
      throw new Error(`lab: ${this.name}: ssh did not restart: ${restarted.stderr}`);
    await sshReady(this.address);
  }

  async stop(): Promise<void> {
    this.#alive()?.supervisor.kill('SIGTERM'); // systemd-nspawn(1): asks PID 1 for an orderly power-off
    await allEnded(this.#place.lab, this.name, 30);
    await this.kill();
  }

  async kill(): Promise<void> {
    await this.cable('out');
    await killAll(this.#place.lab, this.name);
    this.#running = undefined;
  }

  async start(): Promise<void> {
    if (this.#alive() !== undefined) return;
    await this.kill(); // what a power-off from inside leaves: an empty cgroup
    await this.cable('in');
    const supervisor = await launch(this.#place, this.#directory);
    try {
      await sshReady(this.address, supervisor);
      this.#running = { supervisor, pid: await initOf(supervisor.pid) };
      // ssh answers before logins are allowed (pam_nologin); wait until systemd has nothing left to do.
      await this.exec(['systemctl', 'is-system-running', '--wait']);
    } catch (error) {
      const output = await readFile(path.join(this.#directory, 'console.log'), 'utf8');
      throw new Error(
        `lab: ${this.name} did not come up: ${error instanceof Error ? error.message : String(error)}\n${output.slice(-2000)}`,
        { cause: error },
      );
    }
  }

  async cable(state: 'in' | 'out'): Promise<void> {
    await must('ip', 'link', 'set', cableName(this.#place), state === 'in' ? 'up' : 'down');
  }

  /** Fresh from the base no unit may fail; later that is the test's own affair. */
  async #startWhole(): Promise<void> {
    await this.start();
    const failed = await this.exec(['systemctl', 'list-units', '--failed', '--no-legend']);
    if (failed.stdout !== '')
      throw new Error(`lab: ${this.name} came up with failed units:\n${failed.stdout}`);
  }

  /** A fresh overlay on the base, with what has to be the host's own. */
  async #mount(): Promise<void> {
    const changes = path.join(this.#directory, 'changes');
    await rm(changes, { recursive: true, force: true });
    await Promise.all(['upper', 'work'].map((name) => mkdir(path.join(changes, name), { recursive: true })));
    // volatile: a lab's disk need not outlive the machine, so no write waits for the real disk.
    const options = `lowerdir=${this.#base},upperdir=${changes}/upper,workdir=${changes}/work,volatile`;
    await must('mount', '-t', 'overlay', machineName(this.#place.lab, this.name), '-o', options, this.root);
    const id = (await readFile('/proc/sys/kernel/random/uuid', 'utf8')).replaceAll('-', '');
    await Promise.all([
      writeFile(path.join(this.root, 'etc/hostname'), `${this.name}\n`),
      writeFile(path.join(this.root, 'etc/machine-id'), id),
      writeFile(
        path.join(this.root, 'etc/hosts'),
        `127.0.0.1 localhost\n127.0.1.1 ${this.name}\n${this.#neighbours}`,
      ),
      this.#installKey(),
    ]);
  }

  /** Undefined also when the host went down by itself, so that its pid is never used after that. */
  #alive(): { readonly supervisor: ChildProcess; readonly pid: number } | undefined {
    const { supervisor } = this.#running ?? {};
    return supervisor?.exitCode === null && supervisor.signalCode === null ? this.#running : undefined;
  }

  async #newKey(): Promise<void> {
    const file = path.join(this.#directory, 'host_key');
    await Promise.all([rm(file, { force: true }), rm(`${file}.pub`, { force: true })]);
    await must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', this.name, '-f', file);
    this.#hostKey = (await readFile(`${file}.pub`, 'utf8')).split(' ', 2).join(' ');
  }

  async #installKey(): Promise<void> {
    const file = path.join(this.#directory, 'host_key');
    await must('install', '-m', '600', file, path.join(this.root, 'etc/ssh/ssh_host_ed25519_key'));
    await must(
      'install',
      '-m',
      '644',
      `${file}.pub`,
      path.join(this.root, 'etc/ssh/ssh_host_ed25519_key.pub'),
    );
  }
}
