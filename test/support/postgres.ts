// A PostgreSQL of Debian's package for one test file: an ordinary user's own cluster on loopback, without fsync, gone at
// the end. A machine that lacks the package gets it, without the system cluster that it would start.
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { freePort } from './embedded-host.ts';

const run = promisify(execFile);

export interface Postgres {
  /** The URL of a database with nothing in it: a schema of its own. */
  fresh(): Promise<string>;
  /** Ends it, in order or as when it crashes, leaves it away for so many milliseconds, and starts it anew at the same address. */
  restart(how: 'fast' | 'immediate', away?: number): Promise<void>;
  /** Cuts the connections that servers have to it. */
  cut(): Promise<void>;
  stop(): Promise<void>;
}

export async function startPostgres(): Promise<Postgres> {
  const programs = (await findPrograms()) ?? (await install());
  const root = mkdtempSync(join(tmpdir(), 'ashore-postgres-'));
  const data = join(root, 'data');
  const user = await ordinaryUser();
  if (user) chownSync(root, user.uid, user.gid);
  const as = user
    ? ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--pdeathsig=INT']
    : ['setpriv', '--pdeathsig=INT'];
  const [program = '', ...before] = as;
  const initdb = [join(programs, 'initdb'), '-D', data, '-U', 'ashore', '-A', 'trust', '--no-sync'];
  await run(program, [...before, ...initdb, '--encoding=UTF8', '--locale=C.UTF-8'], { cwd: root });
  const port = await freePort();
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: root, fsync: 'off' };
  const given = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const url = `postgres://ashore@127.0.0.1:${port}/postgres`;
  const start = async (): Promise<ChildProcess> => {
    const argv = [...before, join(programs, 'postgres'), '-D', data, ...given];
    const started = spawn(program, argv, { cwd: root, stdio: 'ignore' });
    await answering(url, started);
    return started;
  };
  let server = await start();
  return {
    fresh: async () => {
      const schema = `t${randomUUID().replaceAll('-', '')}`;
      await ask(url, `create schema ${schema}`);
      return `${url}?options=${encodeURIComponent(`-c search_path=${schema}`)}`;
    },
    restart: async (how, away = 0) => {
      await end(server, how);
      await wait(away);
      server = await start();
    },
    cut: async () => {
      await ask(url, CUT);
    },
    stop: async () => {
      await end(server, 'immediate');
      rmSync(root, { recursive: true, force: true });
    },
  };
}

const CUT = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ashore'`;

/** https://www.postgresql.org/docs/current/server-shutdown.html */
async function end(server: ChildProcess, how: 'fast' | 'immediate'): Promise<void> {
  const ended = once(server, 'exit');
  server.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT');
  await ended;
}

/** One statement on a connection of its own. */
export async function ask(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

const PACKAGED = '/usr/lib/postgresql';

/** The newest version's directory of programs. */
async function findPrograms(): Promise<string | undefined> {
  if (!existsSync(PACKAGED)) return undefined;
  const versions = readdirSync(PACKAGED).toSorted((a, b) => Number(b) - Number(a));
  const found = versions.map((version) => join(PACKAGED, version, 'bin'));
  return found.find((programs) => existsSync(join(programs, 'initdb')));
}

const NO_CLUSTER = '/etc/postgresql-common/createcluster.conf';

async function install(): Promise<string> {
  if (process.getuid?.() !== 0) throw new Error('these tests need PostgreSQL: apt-get install postgresql');
  if (!existsSync(NO_CLUSTER)) {
    mkdirSync('/etc/postgresql-common', { recursive: true });
    writeFileSync(NO_CLUSTER, 'create_main_cluster = false\n');
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '--quiet'], { env });
  const keep = ['-o', 'Dpkg::Options::=--force-confold'];
  await run('apt-get', ['install', '--yes', '--no-install-recommends', ...keep, 'postgresql'], { env });
  const programs = await findPrograms();
  if (programs === undefined) throw new Error(`the package postgresql has no initdb below ${PACKAGED}`);
  return programs;
}

/** PostgreSQL refuses to run as root. */
async function ordinaryUser(): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const { stdout } = await run('getent', ['passwd', 'postgres']);
  const [, , uid, gid] = stdout.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

async function answering(url: string, server: ChildProcess): Promise<void> {
  for (;;) {
    try {
      await ask(url, 'select 1');
      return;
    } catch (error) {
      if (server.exitCode !== null) throw error;
      await wait(50);
    }
  }
}
