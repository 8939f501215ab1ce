// The report: what became of each change of a deploy. Unknown is said as such, never guessed.
import { z } from 'zod';
import { Change, DUTY_TIMES } from './plan.ts';
import { Reason } from './reason.ts';

export const OUTCOMES = ['applied', 'skipped', 'failed', 'put-back', 'unknown', 'not-started'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const ChangeReport = z.strictObject({
  ref: z.string(),
  /** A hook or a check, after all changes of its host. */
  duty: z.enum(DUTY_TIMES).exactOptional(),
  outcome: z.enum(OUTCOMES),
  /** Wall time on the host, in seconds; null when it did not run to its end. */
  seconds: z.number().nullable(),
  /** What the commands printed, its last 16 KiB. */
  output: z.string(),
  reason: Reason.nullable(),
});
export type ChangeReport = z.infer<typeof ChangeReport>;

/** queued and running are only seen in a report that is still growing. held: left out, for somebody had said so by /hold. */
export const HOST_OUTCOMES = [
  'queued',
  'running',
  'done',
  'failed',
  /** A change that could have cut us off was undone by the host. */
  'put-back',
  'unknown',
  'refused',
  'cancelled',
  'held',
  'not-started',
] as const;
export type HostOutcome = (typeof HOST_OUTCOMES)[number];

export const HostReport = z.strictObject({
  host: z.string(),
  /** From 1; left out where the plan has no waves. */
  wave: z.int().positive().exactOptional(),
  outcome: z.enum(HOST_OUTCOMES),
  changes: z.array(ChangeReport),
  /** Why the host ended as it did, where it is not done. */
  reason: Reason.nullable(),
  /** What the plan made after the deploy still holds; null when nobody could look. Empty is the proof. */
  remaining: z.array(Change).nullable(),
});
export type HostReport = z.infer<typeof HostReport>;

export const Report = z.strictObject({
  format: z.literal(1),
  run: z.string(),
  /** Digest of the plan that was carried out. */
  plan: z.string(),
  commit: z.string(),
  by: z.string(),
  /** ISO 8601. */
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  hosts: z.array(HostReport),
});
export type Report = z.infer<typeof Report>;

/** Every host that was not held is done. */
export function succeeded(report: Report): boolean {
  return takenHosts(report).every((host) => host.outcome === 'done');
}

/** Those that the deploy was for. */
export function takenHosts({ hosts }: Report): readonly HostReport[] {
  return hosts.filter((host) => host.outcome !== 'held');
}
