// The verbs that the server and the terminal share: plan a configuration against its hosts, deploy a plan.
// Everything from outside comes in as an argument; nothing here knows GitHub.
import pLimit from 'p-limit';
import { formatRef } from './core/address.ts';
import type { Connect, Reader, Session, Target } from './core/host.ts';
import type { AnyKind } from './core/kind.ts';
import { digestOf } from './core/plan.ts';
import type { HostPlan, Plan } from './core/plan.ts';
import type { Problem } from './core/problem.ts';
import { HostFailure } from './core/reason.ts';
import type { Reason } from './core/reason.ts';
import type { HostReport, Report } from './core/report.ts';
import type { Config, ParsedConfig } from './core/resource.ts';
import type { AppendLedger, CarryOut } from './core/run.ts';
import { parseConfig } from './config/parse.ts';
import { applyHost } from './engine/apply.ts';
import { observe } from './engine/observe.ts';
import { orderResources } from './engine/order.ts';
import { planHost } from './engine/plan.ts';
import type { HostQuestion } from './engine/plan.ts';
import { startReport } from './engine/progress.ts';
import { stackHosts, touchedStacks, wantsOn } from './engine/touched.ts';

/** Files of the repository at one commit, by their path from its root: all that is below deploy-configs/. */
export type ConfigFiles = ReadonlyMap<string, Uint8Array>;

export interface PlanInput {
  readonly files: ConfigFiles;
  /** The configuration that is compared with: which stacks are touched, and what is not this change's doing. */
  readonly base: ConfigFiles | undefined;
  readonly commit: string;
  /** Plans every stack, touched or not. */
  readonly all?: boolean;
  /** Only these hosts; all when left out. */
  readonly hosts?: readonly string[];
  /** Called as each host has been looked at. */
  readonly progress?: (done: number, of: number, host: string) => void;
}

export type Planned =
  | { readonly is: 'plan'; readonly plan: Plan; readonly config: Config; readonly base: Config | undefined }
  | { readonly is: 'problems'; readonly problems: readonly Problem[] }
  | { readonly is: 'refused'; readonly reason: Reason };

export interface DeployInput {
  readonly plan: Plan;
  readonly files: ConfigFiles;
  /** `[a-z0-9-]{1,40}`, unique. */
  readonly run: string;
  /** Who asked: a GitHub login, or the local user. */
  readonly by: string;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  /** Called with the growing report whenever something happened on a host. */
  readonly report?: (report: Report) => void;
}

export type Deployed =
  | { readonly is: 'report'; readonly report: Report }
  | { readonly is: 'refused'; readonly reason: Reason };

/** The two verbs over real hosts. */
export interface Deployer {
  plan(input: PlanInput): Promise<Planned>;
  deploy(input: DeployInput): Promise<Deployed>;
}

/** What the verbs stand on. `wait` takes milliseconds. */
export interface DeployWorld {
  readonly kinds: readonly AnyKind[];
  readonly connect: Connect;
  readonly createReader: (session: Session) => Reader;
  readonly carryOut: CarryOut;
  readonly appendLedger: AppendLedger;
  readonly now: () => Date;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** Hosts at once, for looking and for deploying; more only adds waiting (measured on two cores). */
const HOSTS_AT_ONCE = 10;

export function createDeployer(world: DeployWorld): Deployer {
  return {
    plan: (input) => planConfig(world, input),
    deploy: (input) => deployPlan(world, input),
  };
}

/** The configuration with its resources in the order in which they are done; all problems otherwise. No host is asked. */
export function validateConfig(files: ConfigFiles, kinds: readonly AnyKind[]): ParsedConfig {
  const parsed = parseConfig(files, kinds);
  if ('problems' in parsed) return parsed;
  const ordered = orderResources(parsed.config.resources, kinds);
  if ('problems' in ordered) return ordered;
  return { config: { ...parsed.config, resources: ordered.resources } };
}

async function planConfig(world: DeployWorld, input: PlanInput): Promise<Planned> {
  const parsed = validateConfig(input.files, world.kinds);
  if ('problems' in parsed) return { is: 'problems', problems: parsed.problems };
  const { config } = parsed;
  const unknown = input.hosts?.find((host) => !config.targets.has(host));
  if (unknown !== undefined) {
    return { is: 'refused', reason: { code: 'HOST_UNKNOWN', message: `hosts.yml has no host ${unknown}` } };
  }
  const base = parseBase(input.base, world.kinds);
  const stacks = input.all ? config.stacks.map((stack) => stack.name) : touchedStacks(config, base);
  const hosts = stackHosts(stacks, config, base).filter((host) => input.hosts?.includes(host) ?? true);
  let done = 0;
  const limit = pLimit(HOSTS_AT_ONCE);
  const plans = await Promise.all(
    hosts.map((host) =>
      limit(async () => {
        const plan = await lookAndPlan(world, questionOf(host, stacks, config, base), config);
        input.progress?.(++done, hosts.length, host);
        return plan;
      }),
    ),
  );
  const draft = { stacks: [...stacks], hosts: plans };
  const at = world.now().toISOString();
  const plan: Plan = {
    format: 1,
    digest: digestOf(draft),
    commit: input.commit,
    config: config.digest,
    at,
    ...draft,
  };
  return { is: 'plan', plan, config, base };
}

/** A base that is not valid says nothing about what was wanted. */
function parseBase(files: ConfigFiles | undefined, kinds: readonly AnyKind[]): Config | undefined {
  if (!files) return undefined;
  const parsed = validateConfig(files, kinds);
  return 'config' in parsed ? parsed.config : undefined;
}

function questionOf(
  host: string,
  stacks: readonly string[],
  config: Config,
  base: Config | undefined,
): HostQuestion {
  const onHost = config.resources.filter((resource) => resource.address.host === host);
  const target = config.targets.get(host);
  return {
    host,
    login: target ? `${target.user}@${target.address}:${target.port}` : host,
    resources: onHost.filter((resource) => stacks.includes(resource.stack)),
    declared: new Set(onHost.map((resource) => formatRef(resource.address))),
    stacks,
    base: base ? wantsOn(host, base.resources) : undefined,
    stackWhere: (name) => config.stacks.find((stack) => stack.name === name)?.where ?? null,
  };
}

async function lookAndPlan(world: DeployWorld, question: HostQuestion, config: Config): Promise<HostPlan> {
  const failed = (failure: Reason): HostPlan => {
    return { host: question.host, login: question.login, changes: [], blocked: [], unchanged: 0, failure };
  };
  const target = config.targets.get(question.host);
  if (!target) return failed({ code: 'HOST_UNKNOWN', message: `hosts.yml has no host ${question.host}` });
  let session: Session | undefined;
  try {
    session = await world.connect(target);
    const found = await observe(world.createReader(session), { target, ...question }, world.kinds);
    return planHost(question, found, world.kinds);
  } catch (error) {
    if (error instanceof HostFailure) return failed(error.reason);
    throw error;
  } finally {
    session?.close();
  }
}

async function deployPlan(world: DeployWorld, input: DeployInput): Promise<Deployed> {
  const { plan } = input;
  const parsed = validateConfig(input.files, world.kinds);
  if ('problems' in parsed)
    return refused('CONFIG_INVALID', parsed.problems[0]?.message ?? 'the configuration is not valid');
  const { config } = parsed;
  if (config.digest !== plan.config) return refused('CONFIG_MOVED', `the plan was made at ${plan.commit}`);
  const selected = selectHosts(plan, input);
  if ('reason' in selected) return { is: 'refused', reason: selected.reason };
  const startedAt = world.now().toISOString();
  const reports = new Map(selected.hosts.map((host) => [host.host, startReport(host)]));
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
  await rollOut(selected.hosts, async (hostPlan) => {
    const question = questionOf(hostPlan.host, plan.stacks, config, undefined);
    const order = { run: input.run, plan: plan.digest, commit: plan.commit, by: input.by, at: startedAt };
    const emit = (report: HostReport): void => {
      reports.set(hostPlan.host, report);
      input.report?.(growing(null));
    };
    const report = await applyHost(hostPlan, order, applyHostOf(world, config, question), emit);
    emit(report);
    return report.outcome === 'done';
  });
  for (const [host, report] of reports) {
    if (report.outcome === 'queued') reports.set(host, { ...report, outcome: 'not-started' });
  }
  return { is: 'report', report: growing(world.now().toISOString()) };
}

function refused(code: Reason['code'], message: string): Deployed {
  return { is: 'refused', reason: { code, message } };
}

/** Hosts of the plan with something to do. A host that could not be planned must be left out by name. */
function selectHosts(
  plan: Plan,
  input: DeployInput,
): { readonly hosts: readonly HostPlan[] } | { readonly reason: Reason } {
  const names = plan.hosts.map((host) => host.host);
  const stranger = [...(input.only ?? []), ...(input.skip ?? [])].find((host) => !names.includes(host));
  if (stranger !== undefined) {
    return {
      reason: {
        code: 'HOST_NOT_IN_PLAN',
        message: `the plan has no host ${stranger}; it has ${names.join(', ')}`,
      },
    };
  }
  const chosen = plan.hosts
    .filter((host) => input.only?.includes(host.host) ?? true)
    .filter((host) => !(input.skip?.includes(host.host) ?? false));
  const incomplete = chosen.filter((host) => host.failure !== null || host.blocked.length > 0);
  if (incomplete.length > 0) {
    const which = incomplete.map((host) => host.host).join(', ');
    return { reason: { code: 'PLAN_INCOMPLETE', message: `${which} could not be planned as a whole` } };
  }
  return { hosts: chosen.filter((host) => host.changes.length > 0) };
}

/** The first host goes alone; when it is done the rest follow, and none is started after one has failed. */
async function rollOut(
  hosts: readonly HostPlan[],
  deployHost: (host: HostPlan) => Promise<boolean>,
): Promise<void> {
  const [first, ...rest] = hosts;
  let failed = first !== undefined && !(await deployHost(first));
  const limit = pLimit(HOSTS_AT_ONCE);
  await Promise.all(
    rest.map((host) =>
      limit(async () => {
        if (failed) return;
        if (!(await deployHost(host))) failed = true;
      }),
    ),
  );
}

function applyHostOf(world: DeployWorld, config: Config, question: HostQuestion) {
  const target = targetOf(config, question.host);
  return {
    connect: () => world.connect(target),
    reader: world.createReader,
    observe: (reader: Reader) => observe(reader, { target, ...question }, world.kinds),
    planAgain: (found: Parameters<typeof planHost>[1]) => planHost(question, found, world.kinds),
    carryOut: world.carryOut,
    appendLedger: world.appendLedger,
    wait: world.wait,
  };
}

/** The plan's hosts come from the same configuration, by its digest. */
function targetOf(config: Config, host: string): Target {
  const target = config.targets.get(host);
  if (!target) throw new Error(`no target for ${host} in the configuration of its own plan`);
  return target;
}
