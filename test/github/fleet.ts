// A Deployer over two hosts that exist only here: one file on each, whose bytes are those of deploy-configs/shop.yml.
// It plans and deploys by the contract of src/deploy.ts, so that the workflows above it meet plans that age as real ones do.
import { parsePolicy } from '../../src/config/parse.ts';
import { digestOf } from '../../src/core/plan.ts';
import type { Cause, Change, HostPlan, Plan } from '../../src/core/plan.ts';
import { fingerprint, sha256 } from '../../src/core/json.ts';
import type { Problem } from '../../src/core/problem.ts';
import type { Reason } from '../../src/core/reason.ts';
import type { HostReport, Report } from '../../src/core/report.ts';
import type { Recorded, RecordedOn } from '../../src/core/status.ts';
import type { ConfigFiles, DeployInput, Deployed, Deployer, PlanInput, Planned } from '../../src/deploy.ts';

export const STACK = 'deploy-configs/shop.yml';
const REF = 'file/etc/shop';

export interface Fleet extends Deployer {
  /** What each host has now; absent is not there. */
  readonly live: Map<string, string>;
  /** Hosts that cannot be reached. */
  readonly down: Set<string>;
  /** Hosts whose next deploy fails. */
  readonly failing: Set<string>;
  /** Why a deploy is refused before any host is asked. */
  refused: Reason | undefined;
  /** Hosts that nobody can look at after a deploy. */
  readonly unseen: Set<string>;
  /** Why a host differs, where it is for another reason than what the double can see. */
  readonly causes: Map<string, Cause>;
  /** What each host remembers. */
  readonly recorded: Map<string, readonly Recorded[]>;
  readonly planned: PlanInput[];
  readonly deployed: DeployInput[];
  /** Called between the start and the end of a deploy. */
  during: (input: DeployInput) => Promise<void>;
  /** Called after each host of a deploy. */
  between: (input: DeployInput) => Promise<void>;
}

export function createFleet(hosts: readonly string[] = ['web1', 'web2']): Fleet {
  const fleet: Fleet = {
    live: new Map(),
    down: new Set(),
    failing: new Set(),
    refused: undefined,
    unseen: new Set(),
    causes: new Map(),
    recorded: new Map(),
    planned: [],
    deployed: [],
    during: async () => undefined,
    between: async () => undefined,
    plan: async (input) => {
      fleet.planned.push(input);
      return planFleet(fleet, hosts, input);
    },
    deploy: async (input) => {
      fleet.deployed.push(input);
      if (fleet.refused) return { is: 'refused', reason: fleet.refused };
      return deployFleet(fleet, input);
    },
  };
  return fleet;
}

function planFleet(
  fleet: Fleet,
  hosts: readonly string[],
  { files, base, commit, hosts: only, progress }: PlanInput,
): Planned {
  const want = wanted(files);
  if (want?.includes('BROKEN') ?? true) return { is: 'problems', problems: problemsOf(want ?? '') };
  const stranger = only?.find((host) => !hosts.includes(host));
  if (stranger !== undefined) {
    return { is: 'refused', reason: { code: 'HOST_UNKNOWN', message: `hosts.yml has no host ${stranger}` } };
  }
  const asked = hosts.filter((host) => only?.includes(host) ?? true);
  const cause = base && wanted(base) === want ? 'drift' : 'this-change';
  const plans = asked.map((host) => planHost(fleet, host, want ?? '', cause));
  const draft = { stacks: ['shop'], hosts: plans };
  asked.forEach((host, index) => progress?.(index + 1, asked.length, host));
  const plan: Plan = {
    format: 1,
    digest: digestOf(draft),
    commit,
    config: sha256(want ?? ''),
    at: '2026-11-22T12:00:00.000Z',
    ...draft,
  };
  const where = { file: STACK, line: 1, column: 1 };
  const parsed = parsePolicy(files);
  const policy = 'policy' in parsed ? parsed.policy : NO_CONFIG.policy;
  const config = { ...NO_CONFIG, stacks: [{ name: 'shop', hosts, where }], policy };
  return { is: 'plan', plan, config, base: undefined, recorded: recordedOn(fleet, asked) };
}

/** What the deploys of this fleet left in the ledgers of its hosts. */
function recordedOn(fleet: Fleet, hosts: readonly string[]): RecordedOn {
  const up = hosts.filter((host) => !fleet.down.has(host));
  return new Map(up.map((host) => [host, fleet.recorded.get(host) ?? []]));
}

/** `BROKEN 3` has three problems. */
function problemsOf(want: string): readonly Problem[] {
  const many = Number(/BROKEN (\d+)/.exec(want)?.[1] ?? 1);
  return Array.from({ length: many }, (_, index) => {
    const where = { file: STACK, line: index + 1, column: 1 };
    return { code: 'KEY_UNKNOWN', message: 'there is no key BROKEN', where };
  });
}

/** The workflows take little from it. */
const NO_CONFIG = {
  digest: '',
  targets: new Map(),
  stacks: [],
  resources: [],
  secrets: [],
  policy: {
    on: 'merge',
    by: ['write'],
    approvals: 0,
    confirm: [],
    freeze: [],
    checks: 'required',
    upToDate: false,
    codeowners: false,
    stacks: {},
    verbs: {},
    driftEvery: null,
  },
} as const;

function wanted(files: ConfigFiles): string | undefined {
  const bytes = files.get(STACK);
  return bytes && new TextDecoder().decode(bytes);
}

function planHost(fleet: Fleet, host: string, want: string, cause: Cause): HostPlan {
  const login = `deploy@${host}:22`;
  const failure: Reason = { code: 'HOST_UNREACHABLE', message: `${host} did not answer` };
  if (fleet.down.has(host)) return { host, login, changes: [], blocked: [], unchanged: 0, failure };
  const have = fleet.live.get(host);
  const changes =
    have === want ? [] : [{ ...changeOf(have, want), causes: [fleet.causes.get(host) ?? cause] }];
  return { host, login, changes, blocked: [], unchanged: 1 - changes.length, failure: null };
}

function changeOf(have: string | undefined, want: string): Change {
  return {
    ref: REF,
    stack: 'shop',
    verb: want.includes('DELETE') ? 'delete' : have === undefined ? 'create' : 'update',
    causes: ['this-change'],
    reason: 'content differs',
    fields: [{ name: 'content', before: have ?? null, after: want, as: 'text' }],
    steps: [{ do: 'put', path: '/etc/shop', owner: null, group: null, mode: null, content: { text: want } }],
    before: fingerprint(have),
    want: fingerprint(want),
    origin: 'created',
    interrupts: [],
    notes: [],
    where: { file: STACK, line: 1, column: 1 },
  };
}

async function deployFleet(fleet: Fleet, input: DeployInput): Promise<Deployed> {
  const { plan, only, skip, held = [] } = input;
  const chosen = plan.hosts
    .filter((host) => host.changes.length > 0)
    .filter(({ host }) => (only?.includes(host) ?? true) && !skip?.includes(host))
    .filter(({ host }) => held.every((each) => each.host !== host));
  const reports = new Map(chosen.map(({ host }) => [host, queued(host)]));
  for (const { host, reason } of held) reports.set(host, { ...queued(host), outcome: 'held', reason });
  const growing = (endedAt: string | null): Report => ({
    format: 1,
    run: input.run,
    plan: plan.digest,
    commit: plan.commit,
    by: input.by,
    startedAt: '2026-11-22T12:01:00.000Z',
    endedAt,
    hosts: [...reports.values()],
  });
  input.report?.(growing(null));
  await fleet.during(input);
  for (const host of chosen) {
    if (input.cancel?.aborted) {
      const message = `cancelled by ${String(input.cancel.reason)}`;
      const reason = { code: 'RUN_CANCELLED', message } as const;
      reports.set(host.host, { ...queued(host.host), outcome: 'not-started', reason });
      continue;
    }
    reports.set(host.host, deployHost(fleet, host));
    if (reports.get(host.host)?.outcome === 'done') record(fleet, host.host, input);
    input.report?.(growing(null));
    await fleet.between(input);
  }
  return { is: 'report', report: growing('2026-11-22T12:02:00.000Z') };
}

function record(fleet: Fleet, host: string, { plan, run, by }: DeployInput): void {
  const at = '2026-11-22T12:01:30.000Z';
  const { commit, digest } = plan;
  fleet.recorded.set(host, [{ stack: 'shop', commit, plan: digest, run, by, at, resources: 1 }]);
}

function queued(host: string): HostReport {
  const changes = [{ ref: REF, outcome: 'not-started' as const, seconds: null, output: '', reason: null }];
  return { host, outcome: 'queued', changes, reason: null, remaining: null };
}

function deployHost(fleet: Fleet, { host, changes }: HostPlan): HostReport {
  const [change] = changes;
  const have = fingerprint(fleet.live.get(host));
  const already = change?.want === have;
  const moved = !already && change?.before !== have;
  const reason: Reason | null = moved
    ? { code: 'PLAN_STALE', message: `${host} has moved` }
    : fleet.failing.delete(host)
      ? {
          code: 'STEP_FAILED',
          message: 'a command failed',
          evidence: { command: 'install /etc/shop', status: 1, output: 'No space left' },
        }
      : null;
  if (reason === null && change) fleet.live.set(host, change.fields[0]?.after ?? '');
  const failed = reason?.code === 'STEP_FAILED';
  const done = already ? 'skipped' : 'applied';
  const outcome = reason === null ? done : failed ? 'failed' : 'not-started';
  const unseen: Reason = { code: 'HOST_UNREACHABLE', message: `${host} did not answer afterwards` };
  const looked = reason === null && !fleet.unseen.has(host);
  return {
    host,
    outcome: reason === null ? 'done' : failed ? 'failed' : 'refused',
    changes: [{ ref: REF, outcome, seconds: 0.1, output: '', reason }],
    reason: reason ?? (looked ? null : unseen),
    remaining: looked ? [] : null,
  };
}
