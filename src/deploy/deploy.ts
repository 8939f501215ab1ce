// The verb deploy: exactly the plan that is named, host after host, with a report that grows.
import type { Target } from '../core/host.ts';
import { digestOf, waveOf } from '../core/plan.ts';
import type { HostPlan, Plan } from '../core/plan.ts';
import type { Problem } from '../core/problem.ts';
import type { Reason } from '../core/reason.ts';
import type { HostReport, Report } from '../core/report.ts';
import type { Config } from '../core/resource.ts';
import { applyHost } from '../engine/apply.ts';
import type { ApplyHost } from '../engine/apply.ts';
import { notBegun } from '../engine/cancel.ts';
import { observe } from '../engine/observe.ts';
import { planHost } from '../engine/plan.ts';
import type { HostQuestion } from '../engine/plan.ts';
import { startReport } from '../engine/progress.ts';
import type { Deployed, DeployInput, DeployWorld } from './contract.ts';
import { behindReason, lookWhetherDone } from './behind.ts';
import { hostsMeant, questionOf } from './plan.ts';
import { rollOut } from './roll-out.ts';
import type { Rolling } from './roll-out.ts';
import { redactPlan, redactReport, redactRun } from './redacted.ts';
import { openConfig } from './vault.ts';
import type { Vault } from './vault.ts';

export async function deployPlan(world: DeployWorld, input: DeployInput): Promise<Deployed> {
  const { plan } = input;
  if (digestOf(plan) !== plan.digest) return refused('PLAN_UNKNOWN', 'the plan is not what its digest says');
  const opened = await openConfig(world, input.files);
  if ('problems' in opened) return refuseProblem(opened.problems[0]);
  const { config, vault } = opened;
  if (config.digest !== plan.config) return refused('CONFIG_MOVED', `the plan was made at ${plan.commit}`);
  const selected = selectHosts(plan, input, config);
  if ('reason' in selected) return { is: 'refused', reason: selected.reason };
  const startedAt = world.now().toISOString();
  const reports = startReports(selected.hosts, input);
  const growing = (endedAt: string | null): Report => {
    const hosts = [...reports.values()];
    return {
      format: 1,
      run: input.run,
      plan: plan.digest,
      commit: plan.commit,
      by: input.by,
      startedAt,
      endedAt,
      hosts,
    };
  };
  const show = (report: HostReport): void => {
    reports.set(report.host, withWave(redactReport(vault.redactor, report), plan));
    input.report?.(growing(null));
  };
  const taken = selected.hosts.map(({ host }) => host);
  await rollOut(selected.hosts, plan, {
    deployHost: hostDeployer(world, { input, opened, startedAt, taken, show }),
    isDone: lookWhetherDone(world, plan.stacks, config),
  });
  for (const [host, report] of reports) {
    if (report.outcome !== 'queued') continue;
    const reason = input.cancel?.aborted ? notBegun(host, input.cancel) : null;
    reports.set(host, { ...report, outcome: 'not-started', reason });
  }
  return { is: 'report', report: growing(world.now().toISOString()) };
}

interface Course {
  readonly input: DeployInput;
  readonly opened: OpenedConfig;
  readonly startedAt: string;
  /** The hosts that the deploy is for. */
  readonly taken: readonly string[];
  readonly show: (report: HostReport) => void;
}

function hostDeployer(
  world: DeployWorld,
  { input, opened, startedAt, taken, show }: Course,
): Rolling['deployHost'] {
  const { plan, run, by, resumed = false, cancel } = input;
  const order = { run, plan: plan.digest, commit: plan.commit, by, at: startedAt, resumed };
  return async (hostPlan, halt) => {
    if (cancel?.aborted && !resumed) return false;
    const reason = halt?.is === 'behind' ? behindReason(hostPlan.host, halt, taken, input) : null;
    // What was resumed may have begun there already: only the host can say that it has not.
    if (halt && !resumed) {
      show({ ...startReport(hostPlan), outcome: 'not-started', reason });
      return false;
    }
    const question = questionOf(hostPlan.host, plan.stacks, opened.config, undefined);
    const report = await applyHost(
      hostPlan,
      { ...order, later: halt && { reason } },
      applyHostOf(world, opened, question, cancel),
      show,
    );
    show(report);
    return report.outcome === 'done';
  };
}

/** Of all that take part and all that are held, in the order of the plan. */
function startReports(
  selected: readonly HostPlan[],
  { plan, held = [] }: DeployInput,
): Map<string, HostReport> {
  const reasons = new Map(held.map(({ host, reason }) => [host, reason]));
  const told = plan.hosts.filter((host) => selected.includes(host) || reasons.has(host.host));
  const reports = told.map((host): HostReport => {
    const reason = reasons.get(host.host);
    const report = withWave(startReport(host), plan);
    return reason ? { ...report, outcome: 'held', reason } : report;
  });
  return new Map(reports.map((report) => [report.host, report]));
}

function withWave(report: HostReport, plan: Plan): HostReport {
  const wave = waveOf(plan, report.host);
  return wave === undefined ? report : { ...report, wave };
}

/** A secret that cannot be opened is not the fault of the configuration. */
function refuseProblem(problem: Problem | undefined): Deployed {
  const code = problem?.code === 'SECRET_UNREADABLE' ? problem.code : 'CONFIG_INVALID';
  return refused(code, problem?.message ?? 'the configuration is not valid');
}

function refused(code: Reason['code'], message: string): Deployed {
  return { is: 'refused', reason: { code, message } };
}

/** Hosts of the plan with something to do. A host that could not be planned must be left out by name. */
function selectHosts(
  plan: Plan,
  input: DeployInput,
  config: Config,
): { readonly hosts: readonly HostPlan[] } | { readonly reason: Reason } {
  const names = plan.hosts.map((host) => host.host);
  // Of a group, those that the plan has.
  const inPlan = (name: string) => hostsMeant(config, name).filter((host) => names.includes(host));
  const [only, skip] = [input.only?.flatMap(inPlan), input.skip?.flatMap(inPlan)];
  const stranger = [...(input.only ?? []), ...(input.skip ?? [])].find((name) => inPlan(name).length === 0);
  if (stranger !== undefined) {
    return {
      reason: {
        code: 'HOST_NOT_IN_PLAN',
        message: `the plan has no host ${stranger}; it has ${names.join(', ')}`,
      },
    };
  }
  const chosen = plan.hosts
    .filter((host) => only?.includes(host.host) ?? true)
    .filter((host) => !(skip?.includes(host.host) ?? false))
    .filter(({ host }) => !(input.held?.some((entry) => entry.host === host) ?? false));
  const incomplete = chosen.filter((host) => host.failure !== null || host.blocked.length > 0);
  if (incomplete.length > 0) {
    const which = incomplete.map((host) => host.host).join(', ');
    return { reason: { code: 'PLAN_INCOMPLETE', message: `${which} could not be planned as a whole` } };
  }
  return { hosts: chosen.filter((host) => host.changes.length > 0) };
}

interface OpenedConfig {
  readonly config: Config;
  readonly vault: Vault;
}

function applyHostOf(
  world: DeployWorld,
  { config, vault }: OpenedConfig,
  question: HostQuestion,
  wish: AbortSignal | undefined,
): ApplyHost {
  const target = targetOf(config, question.host);
  const wanted = { target, ...question, seal: world.secrets?.seal };
  return {
    connect: () => world.connect(target),
    reader: world.createReader,
    observe: (reader) => observe(reader, wanted, world.kinds),
    kinds: world.kinds,
    planAgain: (found) => redactPlan(vault.redactor, planHost(question, found, world.kinds)),
    carryOut: redactRun(vault.redactor, world.carryOut),
    confirm: world.confirm,
    appendLedger: world.appendLedger,
    secret: (seal) => vault.find(seal),
    wish,
    cancel: world.cancel,
    giveUp: world.giveUp,
    wait: world.wait,
    patience: world.patience,
  };
}

/** The plan's hosts come from the same configuration, by its digest. */
function targetOf(config: Config, host: string): Target {
  const target = config.targets.get(host);
  if (!target) throw new Error(`no target for ${host} in the configuration of its own plan`);
  return target;
}
