// What one host is asked to do in one deploy, and what it says while doing it.
import type { Guard } from './guard.ts';
import type { Session } from './host.ts';
import type { LedgerLine } from './ledger.ts';
import type { DutyTime } from './plan.ts';
import type { Reason } from './reason.ts';
import type { Secret } from './secret.ts';
import type { Step } from './step.ts';

export interface RunChange {
  readonly ref: string;
  readonly steps: readonly Step[];
  /** Appended to the ledger, synced, when the steps have succeeded. */
  readonly ledger: LedgerLine;
  /** From the first guarded change on, nothing counts before it is confirmed. */
  readonly guard?: Guard;
  /** Its unit is watched together with that of the change before it. */
  readonly together?: true;
}

/** A hook or a check: done around the changes, and not recorded. */
export interface RunDuty {
  readonly ref: string;
  readonly when: DutyTime;
  readonly steps: readonly Step[];
  /** Appended to the ledger when it succeeds: what is put back is recorded as it was. */
  readonly ledger?: readonly LedgerLine[];
  /** Appended to the ledger when it fails. */
  readonly failed?: LedgerLine;
}

/** A stack whose checks are due from the first change of a run on: what the ledger says before it, and when all of them held. */
export interface RunProof {
  readonly due: LedgerLine;
  readonly held: LedgerLine;
  /** The stack, where an earlier run has left them due: what runs there now may have failed them. */
  readonly overdue?: string;
}

/** One deploy on one host: compiled to one script, started as a transient unit, followed by its journal. */
export interface HostRun {
  /** `[a-z0-9-]{1,40}`, unique; names the unit and the directories on the host. */
  readonly run: string;
  readonly plan: string;
  readonly commit: string;
  readonly by: string;
  /** SHA-256 of the ledger that was observed; the host refuses the run when it reads another one. */
  readonly ledger: string;
  readonly changes: readonly RunChange[];
  readonly duties?: readonly RunDuty[];
  readonly proofs?: readonly RunProof[];
  /** Values for the steps that need one; they travel apart from the script. */
  readonly secrets?: readonly Secret[];
}

/**
 * What the host's journal says, in its order. `index` counts the changes of the run from 0, then its duties. A change that is
 * watched together with the one before it begins before that one ends.
 */
export type RunEvent =
  | { readonly is: 'begin'; readonly index: number }
  | { readonly is: 'command'; readonly index: number; readonly command: string }
  | { readonly is: 'output'; readonly index: number; readonly text: string }
  /** `reason` where it failed: of changes that are watched together several may. */
  | {
      readonly is: 'end';
      readonly index: number;
      readonly status: number;
      readonly seconds: number;
      readonly reason?: Reason;
    }
  /** The guarded changes are done; the host undoes them after so many seconds unless somebody confirms. */
  | { readonly is: 'awaiting'; readonly seconds: number }
  /** Somebody did: from here on they count. */
  | { readonly is: 'confirmed' }
  /** The whole run ended; `refused` before the first write, `broken` when it stopped without saying its end. */
  | {
      readonly is: 'finished';
      readonly outcome: 'done' | 'failed' | 'put-back' | 'refused' | 'cancelled' | 'broken';
      readonly reason: Reason | null;
    };

/**
 * Starts a run, or picks it up again when the host already has one of that name, and follows it to its end. `begun`: the
 * host must have it, and one that is gone is lost, never begun a second time.
 * The run goes on when the connection breaks; following then rejects with a HostFailure, and may be tried again.
 */
export type CarryOut = (session: Session, run: HostRun, begun?: boolean) => AsyncIterable<RunEvent>;

/**
 * Says on a session that was opened for it that the host can still be reached. `put-back`: too late, or there was
 * nothing to confirm any more.
 */
export type Confirm = (session: Session, run: string) => Promise<'kept' | 'not-yet' | 'put-back'>;

/** Asks a run on a host to stop before its next change; false when the host has no such run. */
export type Cancel = (session: Session, run: string, by: string) => Promise<boolean>;

/**
 * Sees to it that a run that has not begun on a host cannot begin there any more, whoever is still on the way with it.
 * `begun`: it has, and goes on or has ended.
 */
export type GiveUp = (session: Session, run: string) => Promise<'given-up' | 'begun'>;

/** Adds lines to the ledger while no run is going on there, or puts them in the place of all that it has. */
export type AppendLedger = (
  session: Session,
  lines: readonly LedgerLine[],
  expected: string,
  how?: 'after' | 'instead',
) => Promise<void>;
