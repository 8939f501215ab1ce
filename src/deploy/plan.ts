// The verb plan: a configuration against its live hosts, a look each, and all changes as one document.
import pLimit from 'p-limit';
import { formatRef } from '../core/address.ts';
import type { Session, Target } from '../core/host.ts';
import { canonical, sha256 } from '../core/json.ts';
import type { Json } from '../core/json.ts';
import { digestOf } from '../core/plan.ts';
import type { HostPlan, Plan } from '../core/plan.ts';
import { HostFailure } from '../core/reason.ts';
import type { Reason } from '../core/reason.ts';
import { resourcesOn } from '../core/resource.ts';
import type { Config } from '../core/resource.ts';
import { createRedactor } from '../core/redact.ts';
import type { Redactor } from '../core/redact.ts';
import { recordedIn } from '../core/status.ts';
import type { Recorded } from '../core/status.ts';
import { observe } from '../engine/observe.ts';
import { planHost } from '../engine/plan.ts';
import type { HostQuestion } from '../engine/plan.ts';
import { planWaves } from '../engine/waves.ts';
import { stackHosts, touchedStacks, wantsOn } from '../engine/touched.ts';
import { HOSTS_AT_ONCE } from './contract.ts';
import type { ConfigFiles, DeployWorld, PlanInput, Planned } from './contract.ts';
import { redactError, redactPlan, redactRecorded } from './redacted.ts';
import { validateConfig } from './validate.ts';
import { openConfig } from './vault.ts';
import type { Vault } from './vault.ts';

export async function planConfig(world: DeployWorld, input: PlanInput): Promise<Planned> {
  const opened = await openConfig(world, input.files);
  if ('problems' in opened) return { is: 'problems', problems: opened.problems };
  const { config } = opened;
  const unknown = input.hosts?.find((name) => hostsMeant(config, name).length === 0);
  if (unknown !== undefined) {
    const message = `hosts.yml has no host and no group with hosts that is called ${unknown}`;
    return { is: 'refused', reason: { code: 'HOST_UNKNOWN', message } };
  }
  const asked = input.hosts?.flatMap((name) => hostsMeant(config, name));
  const { base, vault: baseVault } = await openBase(world, input.base);
  const redactor = createRedactor([...opened.vault.secrets, ...(baseVault?.secrets ?? [])]);
  const meant = input.all ? allStacks(config, base) : touchedStacks(config, base, changedFiles(input));
  const stacks = meant.filter((stack) => input.stacks?.includes(stack) ?? true);
  const hosts = stackHosts(stacks, config, base).filter((host) => asked?.includes(host) ?? true);
  const questions = hosts.map((host) => questionOf(host, stacks, config, base));
  const looked = await lookAtAll(world, input, questions, { config, base, redactor });
  const plans = looked.map(({ plan }) => plan);
  const recorded = new Map(
    looked.flatMap(({ plan, recorded: all }) => (all ? [[plan.host, all] as const] : [])),
  );
  const waves = planWaves(config, { stacks: [...stacks], hosts: plans });
  if ('conflict' in waves) return { is: 'refused', reason: waves.conflict };
  const { rollout } = waves;
  const draft = { stacks: [...stacks], hosts: plans, ...(rollout ? { rollout } : {}) };
  const at = world.now().toISOString();
  const plan: Plan = {
    format: 1,
    digest: digestOf(draft),
    commit: input.commit,
    config: config.digest,
    at,
    ...draft,
  };
  return { is: 'plan', plan, config, base, recorded };
}

/** The host of that name, or those of the group; none where nothing is called so. */
export function hostsMeant({ targets, meant }: Config, name: string): readonly string[] {
  return (meant?.get(name) ?? [name]).filter((host) => targets.has(host));
}

interface Against {
  readonly config: Config;
  readonly base: Config | undefined;
  readonly redactor: Redactor;
}

async function lookAtAll(
  world: DeployWorld,
  { commit, cautious, progress }: PlanInput,
  questions: readonly HostQuestion[],
  against: Against,
): Promise<readonly Looked[]> {
  let done = 0;
  const limit = pLimit(HOSTS_AT_ONCE);
  const look = async (question: HostQuestion): Promise<Looked> => {
    const { host } = question;
    const stranger = cautious && !world.bounded ? refuseStranger(host, commit, against) : undefined;
    const looked = stranger
      ? { plan: unplanned(question, stranger) }
      : await lookAndPlan(world, question, against);
    progress?.(++done, questions.length, host);
    return looked;
  };
  return Promise.all(questions.map((question) => limit(() => look(question))));
}

/** A stack that is gone is planned, too: what it left on its hosts is shown. */
function allStacks(config: Config, base: Config | undefined): readonly string[] {
  const names = [...config.stacks, ...(base?.stacks ?? [])].map((stack) => stack.name);
  return [...new Set(names)].toSorted();
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

interface Base {
  readonly base: Config | undefined;
  readonly vault?: Vault;
}

/** A base that is not valid says nothing about what was wanted; secrets that cannot be opened any more are left closed. */
async function openBase(world: DeployWorld, files: ConfigFiles | undefined): Promise<Base> {
  if (!files) return { base: undefined };
  const opened = await openConfig(world, files);
  if ('config' in opened) return { base: opened.config, vault: opened.vault };
  const parsed = validateConfig(files, world.kinds);
  return { base: 'config' in parsed ? parsed.config : undefined };
}

export function questionOf(
  host: string,
  stacks: readonly string[],
  config: Config,
  base: Config | undefined,
): HostQuestion {
  const onHost = resourcesOn(host, config.resources);
  const target = config.targets.get(host);
  return {
    host,
    login: target ? `${target.user}@${target.address}:${target.port}` : host,
    resources: onHost.filter((resource) => stacks.includes(resource.stack)),
    declared: new Set(onHost.map((resource) => formatRef(resource.address))),
    stacks,
    duties: (config.duties ?? [])
      .filter((entry) => entry.host === host && stacks.includes(entry.duty.stack))
      .map(({ duty }) => duty),
    logins: target ? [...new Set([target.user, target.planUser ?? target.user])] : [],
    base: base ? wantsOn(host, base.resources) : undefined,
    stackWhere: (name) => config.stacks.find((stack) => stack.name === name)?.where ?? null,
  };
}

function unplanned({ host, login }: HostQuestion, failure: Reason): HostPlan {
  return { host, login, changes: [], blocked: [], unchanged: 0, failure };
}

/** A host that is new, or reached in another way than the base does. */
function refuseStranger(
  host: string,
  commit: string,
  { config, base }: { readonly config: Config; readonly base: Config | undefined },
): Reason | undefined {
  const known = base?.targets.get(host);
  if (known && canonical(wayTo(known)) === canonical(wayTo(config.targets.get(host)))) return undefined;
  const some = base && base.targets.size > 0;
  const fresh = some ? 'is not on the base branch' : 'is new, as the base branch has no hosts yet';
  const why = known ? 'is reached in another way than on the base branch' : fresh;
  return {
    code: 'HOST_UNCONFIRMED',
    message: `${host} ${why}; it was not contacted`,
    next: `Read where the hosts of this change are; then somebody with write comments \`/plan ${commit.slice(0, 12)}\`.`,
  };
}

/** What decides which machine is spoken to, and as whom. */
function wayTo(target: Target | null | undefined): Json {
  if (!target) return null;
  const { address, port, user, planUser = null, hostKeys, jump } = target;
  return { address, port, user, planUser, hostKeys: [...hostKeys], jump: wayTo(jump) };
}

interface Looked {
  readonly plan: HostPlan;
  /** Left out where the host was not read. */
  readonly recorded?: readonly Recorded[];
}

async function lookAndPlan(
  world: DeployWorld,
  question: HostQuestion,
  { config, redactor }: Pick<Against, 'config' | 'redactor'>,
): Promise<Looked> {
  const failed = (failure: Reason): Looked => ({
    plan: redactPlan(redactor, unplanned(question, failure)),
  });
  const target = config.targets.get(question.host);
  if (!target) return failed({ code: 'HOST_UNKNOWN', message: `hosts.yml has no host ${question.host}` });
  let session: Session | undefined;
  try {
    session = await world.connectToLook(target);
    const wanted = { target, ...question, seal: world.secrets?.seal };
    const found = await observe(world.createReader(session), wanted, world.kinds);
    return {
      plan: redactPlan(redactor, planHost(question, found, world.kinds)),
      recorded: redactRecorded(redactor, recordedIn(found.ledger)),
    };
  } catch (error) {
    if (error instanceof HostFailure) return failed(error.reason);
    throw redactError(redactor, error);
  } finally {
    session?.close();
  }
}
