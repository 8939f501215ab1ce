// The verb plan: a configuration against its live hosts, a look each, and all changes as one document.
import pLimit from 'p-limit';
import { formatRef } from '../core/address.ts';
import type { Session } from '../core/host.ts';
import { sha256 } from '../core/json.ts';
import type { AnyKind } from '../core/kind.ts';
import { digestOf } from '../core/plan.ts';
import type { HostPlan, Plan } from '../core/plan.ts';
import { HostFailure } from '../core/reason.ts';
import type { Reason } from '../core/reason.ts';
import type { Config, ParsedConfig } from '../core/resource.ts';
import { parseConfig } from '../config/parse.ts';
import { observe } from '../engine/observe.ts';
import { orderResources } from '../engine/order.ts';
import { planHost } from '../engine/plan.ts';
import type { HostQuestion } from '../engine/plan.ts';
import { stackHosts, touchedStacks, wantsOn } from '../engine/touched.ts';
import { HOSTS_AT_ONCE } from './contract.ts';
import type { ConfigFiles, DeployWorld, PlanInput, Planned } from './contract.ts';

/** The configuration with its resources in the order in which they are done; all problems otherwise. No host is asked. */
export function validateConfig(files: ConfigFiles, kinds: readonly AnyKind[]): ParsedConfig {
  const parsed = parseConfig(files, kinds);
  if ('problems' in parsed) return parsed;
  const ordered = orderResources(parsed.config.resources, kinds);
  if ('problems' in ordered) return ordered;
  return { config: { ...parsed.config, resources: ordered.resources } };
}

export async function planConfig(world: DeployWorld, input: PlanInput): Promise<Planned> {
  const parsed = validateConfig(input.files, world.kinds);
  if ('problems' in parsed) return { is: 'problems', problems: parsed.problems };
  const { config } = parsed;
  const unknown = input.hosts?.find((host) => !config.targets.has(host));
  if (unknown !== undefined) {
    return { is: 'refused', reason: { code: 'HOST_UNKNOWN', message: `hosts.yml has no host ${unknown}` } };
  }
  const base = parseBase(input.base, world.kinds);
  const stacks = input.all
    ? config.stacks.map((stack) => stack.name)
    : touchedStacks(config, base, changedFiles(input));
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

function changedFiles({ files, base }: PlanInput): ReadonlySet<string> {
  const changed = [...files].filter(
    ([path, bytes]) => fingerprintOf(base?.get(path)) !== fingerprintOf(bytes),
  );
  return new Set(changed.map(([path]) => path));
}

function fingerprintOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && sha256(bytes);
}

/** A base that is not valid says nothing about what was wanted. */
function parseBase(files: ConfigFiles | undefined, kinds: readonly AnyKind[]): Config | undefined {
  if (!files) return undefined;
  const parsed = validateConfig(files, kinds);
  return 'config' in parsed ? parsed.config : undefined;
}

export function questionOf(
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
    session = await world.connectToLook(target);
    const found = await observe(world.createReader(session), { target, ...question }, world.kinds);
    return planHost(question, found, world.kinds);
  } catch (error) {
    if (error instanceof HostFailure) return failed(error.reason);
    throw error;
  } finally {
    session?.close();
  }
}
