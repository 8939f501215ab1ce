// The plan: one versioned JSON document that says all that a deploy may do, and its digest.
// The digest covers what would be done and to which hosts, and leaves out when, for which commit and why.
import { z } from 'zod';
import { Guard } from './guard.ts';
import { VERBS } from './kind.ts';
import { fingerprint } from './json.ts';
import { Reason } from './reason.ts';
import { Step } from './step.ts';

/** this-change: the pull request (or working tree) asks for it · drift: the host left what was applied · undeployed: merged, and never deployed · rollback: an earlier commit is brought back. */
export const CAUSES = ['this-change', 'drift', 'undeployed', 'rollback'] as const;
export type Cause = (typeof CAUSES)[number];

/** A deploy as the ledger of a host remembers it: the commit, a GitHub login or local user, a run, an ISO 8601 time. */
export const Applied = z.strictObject({
  commit: z.string(),
  by: z.string(),
  run: z.string(),
  at: z.string(),
});
export type Applied = z.infer<typeof Applied>;

/** When what was found came about, by the host's clock; who and how only where the host wrote that down. */
export const Sighted = z.strictObject({
  at: z.string(),
  by: z.string().exactOptional(),
  how: z.string().exactOptional(),
});
export type Sighted = z.infer<typeof Sighted>;

const WhereSchema = z.strictObject({ file: z.string(), line: z.int(), column: z.int() });

export const Change = z.strictObject({
  /** `kind/id` on the plan's host. */
  ref: z.string(),
  stack: z.string(),
  verb: z.enum(VERBS),
  causes: z.array(z.enum(CAUSES)),
  reason: z.string(),
  fields: z.array(
    z.strictObject({
      name: z.string(),
      before: z.string().nullable(),
      after: z.string().nullable(),
      as: z.literal('text').optional(),
    }),
  ),
  steps: z.array(Step),
  /** Fingerprint of the state that this was planned from. */
  before: z.string(),
  /** Fingerprint of what is wanted; null when the resource is no longer declared. */
  want: z.string().nullable(),
  /** What the ledger will remember. */
  last: z.json().optional(),
  origin: z.enum(['created', 'adopted']),
  /** By what the ledger says that it was last applied; absent when it never was. Not in the digest. */
  applied: Applied.optional(),
  /** Of drift, where the host knows it. Not in the digest. */
  sighted: Sighted.exactOptional(),
  data: z.enum(['kept', 'lost']).optional(),
  interrupts: z.array(z.strictObject({ what: z.string(), how: z.enum(['restart', 'reload', 'stop']) })),
  notes: z.array(z.string()),
  /** It may cut off our way to the host: done last there, and undone unless a fresh connection confirms. */
  guard: Guard.optional(),
  /** Begun while the unit of the change before it is still watched; both are watched together to their ends. */
  together: z.literal(true).exactOptional(),
  /** The line that declares it; for what is no longer declared, its stack's file. */
  where: WhereSchema.nullable(),
});
export type Change = z.infer<typeof Change>;

/** A resource that could not be planned. */
export const BlockedResource = z.strictObject({
  ref: z.string(),
  stack: z.string(),
  reason: Reason,
  where: WhereSchema.nullable(),
});
export type BlockedResource = z.infer<typeof BlockedResource>;

export const DUTY_TIMES = ['before', 'check', 'after', 'on-failure', 'always'] as const;
export type DutyTime = (typeof DUTY_TIMES)[number];

/** What a run does around the changes of a stack: a hook or a check. It is no resource and leaves no record. */
export const Duty = z.strictObject({
  /** `hook/…` or `check/…`, unique on its host. */
  ref: z.string(),
  stack: z.string(),
  when: z.enum(DUTY_TIMES),
  steps: z.array(Step),
  where: WhereSchema.nullable(),
});
export type Duty = z.infer<typeof Duty>;

export const HostPlan = z.strictObject({
  host: z.string(),
  /** `user@address:port`, as it is reached. */
  login: z.string(),
  changes: z.array(Change),
  blocked: z.array(BlockedResource),
  /** Resources that are as declared. */
  unchanged: z.int(),
  /** Why this host could not be planned at all. */
  failure: Reason.nullable(),
  /** Left out where there are none. */
  duties: z.array(Duty).exactOptional(),
  /** The run that was begun there last and never ended, when this was looked at after it. */
  torn: z.string().optional(),
});
export type HostPlan = z.infer<typeof HostPlan>;

/** Hosts that begin only when others are done with their part of a stack, however many may fail. `of`: the stack that says so. */
export const Gate = z.strictObject({
  of: z.string(),
  /** Another than `of` where that comes after it; the same where something is done once. */
  stack: z.string(),
  first: z.array(z.string()),
  later: z.array(z.string()),
});
export type Gate = z.infer<typeof Gate>;

/** The waves in order, and how many hosts of a stack may fail before no further one is started. */
export const Rollout = z.strictObject({
  waves: z.array(z.array(z.string())),
  stopAfter: z.record(z.string(), z.int().positive()),
  /** Hosts of a stack that go at the same time in a wave, where the stack says so. */
  atOnce: z.record(z.string(), z.int().positive()).exactOptional(),
  gates: z.array(Gate).exactOptional(),
});
export type Rollout = z.infer<typeof Rollout>;

export const Plan = z.strictObject({
  format: z.literal(1),
  /** SHA-256 in hex over what would be done; people use its first twelve characters. */
  digest: z.string(),
  /** The commit whose configuration this is, or `working-tree`. */
  commit: z.string(),
  /** SHA-256 over the configuration files that it was made from. */
  config: z.string(),
  /** ISO 8601. */
  at: z.string(),
  stacks: z.array(z.string()),
  hosts: z.array(HostPlan),
  /** Left out where no stack says anything of it: then the first host goes alone, and when it is done all others. */
  rollout: Rollout.exactOptional(),
});
export type Plan = z.infer<typeof Plan>;

/** Characters of the digest that are shown and typed. */
const SHORT = 12;

export function shortDigest(digest: string): string {
  return digest.slice(0, SHORT);
}

export function digestOf(plan: Pick<Plan, 'hosts' | 'stacks' | 'rollout'>): string {
  const hosts = plan.hosts.map((host) => ({
    host: host.host,
    login: host.login,
    changes: host.changes.map(
      ({ ref, stack, verb, fields, steps, before, want, origin, last, guard, together }) => {
        return { ref, stack, verb, fields, steps, before, want, origin, last, guard, together };
      },
    ),
    blocked: host.blocked.map((entry) => ({ ref: entry.ref, code: entry.reason.code })),
    failure: host.failure?.code ?? null,
    duties: host.duties?.map(({ ref, stack, when, steps }) => ({ ref, stack, when, steps })),
    torn: host.torn,
  }));
  return fingerprint({ format: 1, stacks: plan.stacks, hosts, rollout: plan.rollout });
}

/** A hook, or a check that is a command: to those who watch over the verb `run` it is one. */
export function runsCommand({ steps }: Duty): boolean {
  return steps.some((step) => step.do === 'run' || (step.do === 'check' && step.probe.is === 'command'));
}

/** Gone is gone, whatever policy says: such a change is confirmed by a token. */
export function mayLose({ verb, data }: Change): boolean {
  return data === 'lost' || verb === 'delete' || verb === 'replace';
}

export function countChanges(plan: Plan): number {
  return plan.hosts.reduce((sum, host) => sum + host.changes.length, 0);
}

/** Nothing to do, and nothing that could not be planned. */
export function isEmpty(plan: Plan): boolean {
  return countChanges(plan) === 0 && isComplete(plan);
}

/** Every host could be read and every resource planned. */
export function isComplete(plan: Plan): boolean {
  return plan.hosts.every((host) => host.failure === null && host.blocked.length === 0);
}

/** The number of a host's wave, from 1; undefined where the plan has none. */
export function waveOf({ rollout }: Pick<Plan, 'rollout'>, host: string): number | undefined {
  const index = rollout?.waves.findIndex((wave) => wave.includes(host)) ?? -1;
  return index < 0 ? undefined : index + 1;
}
