// What the lab asks of the machine it runs on: run a command, hold a lock, say why no lab can run here.

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';

export const stateRoot = '/var/lib/ashore-lab';
export const cacheRoot = process.env['ASHORE_LAB_CACHE'] ?? '/var/cache/ashore-lab';

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. A death by signal is status 128, as no host of the lab tells them apart. */
export async function run(
  argv: readonly string[],
  options: { readonly stdin?: string | Uint8Array } = {},
): Promise<Outcome> {
  const child = start(argv, ['pipe', 'pipe', 'pipe']);
  child.stdin?.on('error', () => {}); // EPIPE: a command need not read what it is given
  child.stdin?.end(options.stdin ?? '');
  const [stdout, stderr, [code]] = await Promise.all([
    streamText(child.stdout),
    streamText(child.stderr),
    once(child, 'close'),
  ]);
  return { status: typeof code === 'number' ? code : 128, stdout, stderr };
}

/** Runs a command that has to succeed; its output. */
export async function must(...argv: string[]): Promise<string> {
  const outcome = await run(argv);
  if (outcome.status !== 0)
    throw new Error(`lab: ${argv.join(' ')}: status ${outcome.status}\n${outcome.stdout}${outcome.stderr}`);
  return outcome.stdout;
}

export function start(argv: readonly string[], stdio: StdioOptions, env?: NodeJS.ProcessEnv): ChildProcess {
  const [command = '', ...rest] = argv;
  return spawn(command, rest, { stdio, detached: true, env: { ...process.env, ...env } });
}

async function streamText(stream: NodeJS.ReadableStream | null): Promise<string> {
  return stream === null ? '' : text(stream);
}

/** Holds a lock between processes while `work` runs. flock(1) holds it until its stdin ends, so also our death frees it. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  await mkdir(path.dirname(file), { recursive: true });
  const holder = start(['flock', file, 'sh', '-c', 'echo; exec cat'], ['pipe', 'pipe', 'inherit']);
  const ended = once(holder, 'close');
  const locked = holder.stdout === null ? ended : Promise.race([once(holder.stdout, 'data'), ended]);
  await locked;
  try {
    return await work();
  } finally {
    holder.stdin?.end();
    await ended;
  }
}

/** A process and the clock tick it began at: together they are never reused. Undefined when there is no such process. */
export async function processIdentity(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // proc(5): the name may hold blanks and brackets; state is the first field behind it, start time the twentieth.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields === undefined || fields[0] === 'Z' ? undefined : `${pid} ${fields[19]}`;
}

export interface Mount {
  readonly target: string;
  readonly type: string;
  readonly options: string;
}

/** proc(5), mountinfo: fixed fields, optional ones, a dash, then type, source and the file system's own options. */
export async function mounts(): Promise<Mount[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).trimEnd().split('\n');
  return lines.map((line) => {
    const [head = '', tail = ''] = line.split(' - ');
    const [type = '', , options = ''] = tail.split(' ');
    return { target: head.split(' ')[4] ?? '', type, options };
  });
}

/** The v2 tree, and on a hybrid machine systemd's own v1 tree too, because systemd-nspawn mirrors one in the other. */
export async function cgroupTrees(): Promise<
  { readonly unified: string; readonly all: readonly string[] } | undefined
> {
  const all = await mounts();
  const unified = all.find((mount) => mount.type === 'cgroup2')?.target;
  if (unified === undefined) return undefined;
  const named = all.find(
    (mount) => mount.type === 'cgroup' && mount.options.split(',').includes('name=systemd'),
  )?.target;
  return { unified, all: named === undefined ? [unified] : [unified, named] };
}

/** Why no lab can run here, in words; undefined when it can. */
export async function labUnavailable(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'the lab needs Linux';
  if (process.getuid?.() !== 0) return 'the lab needs root';
  if (!(await exists('/usr/bin/apt-get'))) return 'the lab needs Debian with apt-get';
  if ((await cgroupTrees()) === undefined) return 'the lab needs a cgroup v2 tree';
  const overlay = await tryOverlay();
  return overlay === undefined ? undefined : `the lab needs overlay mounts: ${overlay}`;
}

async function tryOverlay(): Promise<string | undefined> {
  await mkdir(stateRoot, { recursive: true });
  const dir = await mkdtemp(path.join(stateRoot, 'try-'));
  try {
    await Promise.all(['low', 'up', 'work', 'root'].map((name) => mkdir(path.join(dir, name))));
    const options = `lowerdir=${dir}/low,upperdir=${dir}/up,workdir=${dir}/work`;
    const mounted = await run(['mount', '-t', 'overlay', 'ashore-lab', '-o', options, `${dir}/root`]);
    if (mounted.status === 0) await must('umount', `${dir}/root`);
    return mounted.status === 0 ? undefined : mounted.stderr.trim();
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

export async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

const tools: Readonly<Record<string, string>> = {
  mmdebstrap: 'mmdebstrap',
  'systemd-nspawn': 'systemd-container',
  ip: 'iproute2',
  ssh: 'openssh-client',
  nsenter: 'util-linux',
};

/** Installs what is missing of the lab's tools, or of others. Debian only: the names are its packages'. */
export async function ensureTools(wanted: Readonly<Record<string, string>> = tools): Promise<void> {
  const found = await run([
    'sh',
    '-c',
    'for tool; do command -v "$tool" >/dev/null || echo "$tool"; done',
    'sh',
    ...Object.keys(wanted),
  ]);
  const missing = found.stdout.split('\n').flatMap((tool) => wanted[tool] ?? []);
  if (!(await exists('/usr/share/keyrings/debian-archive-keyring.gpg')))
    missing.push('debian-archive-keyring');
  if (missing.length === 0) return;
  const apt = [
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '-y',
    '-q',
    '-o',
    'DPkg::Lock::Timeout=300',
  ];
  const install = [...apt, 'install', '--no-install-recommends', ...missing];
  if ((await run(install)).status === 0) return;
  await must(...apt, 'update');
  await must(...install);
}

/** All of root's processes share 128 by default, which is too few from about the tenth systemd on. */
export async function raiseInotifyLimit(): Promise<void> {
  const file = '/proc/sys/fs/inotify/max_user_instances';
  if (Number(await readFile(file, 'utf8')) < 1024) await writeFile(file, '1024');
}

export async function directories(parent: string): Promise<string[]> {
  const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
