// A few lab hosts with the configuration that reaches them, and the product's own verbs over real ssh.
import { expect } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import type { Report } from '../../src/core/report.ts';
import type { ConfigFiles, Deployer } from '../../src/deploy.ts';
import { createLiveDeployer } from '../../src/world.ts';
import type { LiveOptions } from '../../src/world.ts';
import { startLab } from '../lab/lab.ts';
import type { HostSpec, Lab } from '../lab/lab.ts';

/** The product's own verbs on hosts of a lab. */
export interface Verbs {
  readonly deployer: Deployer;
  /** `hosts.yml` with every lab host, and one stack file per name. */
  files(stacks: Record<string, string | Uint8Array>): ConfigFiles;
  /** Plans all stacks; fails the test on problems or refusals. */
  plan(files: ConfigFiles, base?: ConfigFiles): Promise<Plan>;
  /** Deploys a plan; fails the test when it is refused. */
  deploy(plan: Plan, files: ConfigFiles): Promise<Report>;
}

export interface Fleet extends Verbs {
  readonly lab: Lab;
  stop(): Promise<void>;
}

/** How the hosts are logged in to, once they are prepared for it; `ssh` stands so in hosts.yml. */
export interface FleetLogin {
  readonly ssh: string;
  prepare(lab: Lab): Promise<LiveOptions>;
}

const LAB_LOGIN: FleetLogin = {
  ssh: '{}',
  prepare: (lab) => Promise.resolve({ keys: [{ name: 'lab', privateKey: lab.clientKey.privateKey }] }),
};

export async function startFleet(specs: readonly HostSpec[], login = LAB_LOGIN): Promise<Fleet> {
  const lab = await startLab(specs);
  const verbs = verbsOn(() => hostsFile(lab, login.ssh), await login.prepare(lab));
  return { ...verbs, lab, stop: () => lab.stop() };
}

export function verbsOn(hosts: () => string, options: LiveOptions): Verbs {
  const deployer = createLiveDeployer(options);
  let runs = 0;
  return {
    deployer,
    files: (stacks) => filesOf({ 'hosts.yml': hosts(), ...stacks }),
    plan: async (files, base) => {
      const planned = await deployer.plan({ files, base, commit: 'test', all: base === undefined });
      if (planned.is !== 'plan') throw new Error(JSON.stringify(planned, null, 2));
      return planned.plan;
    },
    deploy: async (plan, files) => {
      runs += 1;
      const deployed = await deployer.deploy({
        plan,
        files,
        run: `test-${process.pid}-${runs}`,
        by: 'tester',
      });
      if (deployed.is !== 'report') throw new Error(JSON.stringify(deployed, null, 2));
      return deployed.report;
    },
  };
}

interface Listed {
  readonly name: string;
  readonly address: string;
  readonly hostKey: string;
}

export function hostsFile(lab: { readonly hosts: ReadonlyMap<string, Listed> }, ssh: string): string {
  const hosts = [...lab.hosts.values()].map((host) => {
    return `  ${host.name}: { address: ${host.address}, host_key: "${host.hostKey}" }\n`;
  });
  return `ssh: ${ssh}\nhosts:\n${hosts.join('')}`;
}

/** Files below deploy-configs/, by their path from there. */
export function filesOf(files: Record<string, string | Uint8Array>): ConfigFiles {
  const entries = Object.entries(files).map(([path, content]) => {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    return [`deploy-configs/${path}`, bytes] as const;
  });
  return new Map(entries);
}

/** What a plan would do, a line each: `host verb kind/id`, and what keeps it from being made. */
export function linesOf(plan: Plan): string[] {
  return plan.hosts.flatMap((host) => [
    ...(host.failure ? [`${host.host} ${host.failure.code} ${host.failure.message}`] : []),
    ...host.changes.map((change) => `${host.host} ${change.verb} ${change.ref}`),
    ...host.blocked.map((entry) => `${host.host} ${entry.reason.code} ${entry.ref} ${entry.reason.message}`),
  ]);
}

/** Every host is done and the plan made after it was empty; on failure the test shows why. */
export function expectDone(report: Report): void {
  const failures = report.hosts.filter((host) => host.outcome !== 'done');
  expect(failures, JSON.stringify(failures, null, 2)).toEqual([]);
  expect(report.hosts.map((host) => host.remaining)).toEqual(report.hosts.map(() => []));
}
