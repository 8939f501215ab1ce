// Ashore on the work: its configuration, the terminal as a whole process, and the verbs of a server that is up already.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { countChanges, isComplete } from '../../src/core/plan.ts';
import type { Plan } from '../../src/core/plan.ts';
import { succeeded } from '../../src/core/report.ts';
import type { Report } from '../../src/core/report.ts';
import type { ConfigFiles, Deployer } from '../../src/deploy.ts';
import { createLiveDeployer } from '../../src/world.ts';
import type { Sample } from './numbers.ts';
import { runTimed } from './processes.ts';
import type { Work } from './work.ts';

export interface Where {
  readonly address: string;
  readonly port: number;
  readonly hostKey: string;
}

/** deploy-configs/ for one host called `bench`. */
export function configOf(work: Work, where: Where): ConfigFiles {
  const { address, port, hostKey } = where;
  const hosts = {
    ssh: { user: 'deploy' },
    hosts: { bench: { address, port, host_key: hostKey } },
  };
  const sources = work.files.map(({ path, content }) => [sourceOf(path), content] as const);
  const texts = new Map([
    ['hosts.yml', stringify(hosts)],
    ['bench.yml', stringify({ on: 'all', resources: resourcesOf(work) })],
    ...sources,
  ]);
  return new Map(
    [...texts].map(([path, text]) => [`deploy-configs/${path}`, new TextEncoder().encode(text)]),
  );
}

function resourcesOf({ files, packages, services, users, template }: Work): readonly object[] {
  return [
    ...users.map((user) => ({ user, system: true })),
    ...packages.map((name) => ({ package: name })),
    ...files.map(({ path, owner, mode }) => ({ file: path, source: sourceOf(path), owner, mode })),
    ...(template
      ? [{ file: template.path, content: '# ${host}\nlisten = 8080\nname = ${host}\n', mode: template.mode }]
      : []),
    ...services.map((name) => ({ service: name, enabled: true, running: true, settle: 2 })),
  ];
}

function sourceOf(path: string): string {
  return `files${path}`;
}

export interface Terminal {
  /** A whole `ashore plan`. */
  readonly plan: () => Promise<Sample>;
  readonly remove: () => void;
}

export function createTerminal(files: ConfigFiles, keyPath: string): Terminal {
  const top = mkdtempSync(join(tmpdir(), 'ashore-bench-'));
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), bytes);
  }
  const env = { ASHORE_SSH_KEY_PATH: keyPath };
  const argv = [resolve('bin/ashore'), 'plan', '--all', '-C', top];
  return {
    plan: () => runTimed(argv, { env, expected: [0, 2] }),
    remove: () => rmSync(top, { recursive: true, force: true }),
  };
}

export interface Server {
  readonly deployer: Deployer;
  readonly plan: () => Promise<Plan>;
  /** The same, with a clock. */
  readonly timePlan: () => Promise<Sample>;
  readonly deploy: (plan: Plan, report?: (report: Report) => void) => Promise<void>;
}

export function createServer(files: ConfigFiles, privateKey: string): Server {
  const deployer = createLiveDeployer({ keys: [{ name: 'bench', privateKey }] });
  const plan = async (): Promise<Plan> => {
    const planned = await deployer.plan({ files, base: undefined, commit: 'bench', all: true });
    if (planned.is !== 'plan') throw new Error(JSON.stringify(planned));
    if (!isComplete(planned.plan)) throw new Error(JSON.stringify(planned.plan.hosts[0]?.failure));
    return planned.plan;
  };
  return {
    deployer,
    plan,
    timePlan: () => timed(plan),
    deploy: async (confirmed, report) => {
      if (countChanges(confirmed) === 0) return;
      const run = `bench-${process.hrtime.bigint().toString(36)}`;
      const deployed = await deployer.deploy({
        plan: confirmed,
        files,
        run,
        by: 'bench',
        ...(report ? { report } : {}),
      });
      if (deployed.is !== 'report' || !succeeded(deployed.report))
        throw new Error(JSON.stringify(deployed).slice(-3000));
    },
  };
}

/** What this process did meanwhile counts as its processor time. */
export async function timed(work: () => Promise<unknown>): Promise<Sample> {
  const began = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - began) / 1000, cpu: (user + system) / 1e6 };
}
