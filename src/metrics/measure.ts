// Counts what passes through: the deployer's two verbs and requests to GitHub. What they do and answer stays as it is.
import type { Reason } from '../core/reason.ts';
import type { HostOutcome, Report } from '../core/report.ts';
import type { Deployed, Deployer } from '../deploy.ts';
import type { Meter } from './meter.ts';

export function measureDeployer(deployer: Deployer, meter: Meter): Deployer {
  return {
    plan: async (input) => {
      const planned = await deployer.plan(input);
      meter.count('plans', planned.is);
      if (planned.is === 'plan')
        countUnreached(
          meter,
          planned.plan.hosts.map(({ failure }) => failure),
        );
      return planned;
    },
    deploy: async (input) => {
      const deployed = await deployer.deploy(input).catch((error: unknown) => {
        meter.count('runs', 'lost');
        throw error;
      });
      meter.count('runs', outcomeOf(deployed));
      if (deployed.is === 'report')
        countUnreached(
          meter,
          deployed.report.hosts.map(({ reason }) => reason),
        );
      return deployed;
    },
  };
}

export function measureFetch(inner: typeof fetch, meter: Meter): typeof fetch {
  return async (input, init) => {
    const answer = await inner(input, init).catch((error: unknown) => {
      meter.count('github', 'none');
      throw error;
    });
    if (answer.status >= 400) meter.count('github', String(answer.status));
    return answer;
  };
}

/** No connection, or none that could be used. */
const UNREACHED: readonly string[] = [
  'HOST_UNREACHABLE',
  'HOST_KEY_MISMATCH',
  'HOST_AUTH',
  'HOST_NO_SHELL',
  'HOST_SUDO',
  'HOST_TIMEOUT',
  'CONNECTION_LOST',
] satisfies readonly Reason['code'][];

function countUnreached(meter: Meter, reasons: readonly (Reason | null)[]): void {
  for (const reason of reasons) {
    if (reason && UNREACHED.includes(reason.code)) meter.count('unreached', reason.code);
  }
}

function outcomeOf(deployed: Deployed): string {
  return deployed.is === 'report' ? worstOf(deployed.report) : deployed.is;
}

const WORST_FIRST: readonly HostOutcome[] = [
  'failed',
  'put-back',
  'unknown',
  'refused',
  'cancelled',
  'not-started',
];

function worstOf({ hosts }: Report): HostOutcome {
  return WORST_FIRST.find((outcome) => hosts.some((host) => host.outcome === outcome)) ?? 'done';
}
