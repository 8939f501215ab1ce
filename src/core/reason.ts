// The catalogue of reasons: a stable code for every failure, refusal and wait, its class, and who can fix it.
// docs/reasons.md is generated from here; codes are never renamed or given a second meaning.
import { z } from 'zod';
import { CAUSE_REASONS } from './reasons/cause.ts';
import { CONFIG_REASONS } from './reasons/config.ts';
import type { ReasonEntry } from './reasons/entry.ts';
import { HOST_REASONS } from './reasons/host.ts';
import { REQUEST_REASONS } from './reasons/request.ts';
import { RESOURCE_REASONS } from './reasons/resource.ts';

export type { Fixer, ReasonClass } from './reasons/entry.ts';

export const REASONS = {
  ...CONFIG_REASONS,
  ...RESOURCE_REASONS,
  ...HOST_REASONS,
  ...CAUSE_REASONS,
  ...REQUEST_REASONS,
};

export type ReasonCode = keyof typeof REASONS;
export const REASON_CODES: readonly ReasonCode[] = Object.keys(REASONS).filter(isReasonCode);

export function isReasonCode(text: string): text is ReasonCode {
  return Object.hasOwn(REASONS, text);
}

/** What a reason rests on: a command with its exit status and own words, a journal, or other text. */
export const Evidence = z.object({
  command: z.string().optional(),
  status: z.number().nullable().optional(),
  /** stderr or all output, its last part; the tool's own words. */
  output: z.string().optional(),
  journal: z.string().optional(),
});
export type Evidence = z.infer<typeof Evidence>;

/** Why something ended as it did. `next` is the exact next command where it differs from the catalogue's. */
export const Reason = z.object({
  code: z.custom<ReasonCode>((value) => typeof value === 'string' && isReasonCode(value)),
  message: z.string(),
  evidence: Evidence.optional(),
  next: z.string().optional(),
});
export type Reason = z.infer<typeof Reason>;

export function describeReason(reason: Reason): ReasonEntry & { readonly next: string } {
  const entry = REASONS[reason.code];
  return { ...entry, next: reason.next ?? entry.next };
}

/** The world failed at a host: it could not be reached, asked, or it broke off. Carries its reason. */
export class HostFailure extends Error {
  override readonly name = 'HostFailure';
  readonly reason: Reason;
  constructor(reason: Reason) {
    super(`${reason.code}: ${reason.message}`);
    this.reason = reason;
  }
}
