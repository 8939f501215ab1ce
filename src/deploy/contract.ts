// What the verbs are asked, what they answer, and what they stand on.
import type { Connect, Reader, Session } from '../core/host.ts';
import type { AnyKind } from '../core/kind.ts';
import type { Plan } from '../core/plan.ts';
import type { Problem } from '../core/problem.ts';
import type { Reason } from '../core/reason.ts';
import type { Report } from '../core/report.ts';
import type { Config } from '../core/resource.ts';
import type { AppendLedger, Cancel, CarryOut, Confirm, GiveUp } from '../core/run.ts';
import type { SecretKeeper } from '../core/secret.ts';
import type { RecordedOn } from '../core/status.ts';

/** Files of the repository at one commit, by their path from its root: all that is below deploy-configs/. */
export type ConfigFiles = ReadonlyMap<string, Uint8Array>;

export interface PlanInput {
  readonly files: ConfigFiles;
  /** The configuration that is compared with: which stacks are touched, and what is not this change's doing. */
  readonly base: ConfigFiles | undefined;
  readonly commit: string;
  /** Of what would be planned, only these stacks; all when left out. */
  readonly stacks?: readonly string[];
  /** Plans every stack, touched or not. */
  readonly all?: boolean;
  /**
   * Hosts that the base does not reach in the very same way are not contacted, unless the world bounds what may be reached:
   * who they are is the word of this configuration alone.
   */
  readonly cautious?: boolean;
  /** Only these hosts; all when left out. */
  readonly hosts?: readonly string[];
  /** Called as each host has been looked at. */
  readonly progress?: (done: number, of: number, host: string) => void;
}

export type Planned =
  | {
      readonly is: 'plan';
      readonly plan: Plan;
      readonly config: Config;
      readonly base: Config | undefined;
      /** What the hosts remember of what was applied to them; part of no plan and of no digest. */
      readonly recorded: RecordedOn;
    }
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
  /** Hosts that are left out because somebody holds them, and told as that. */
  readonly held?: readonly { readonly host: string; readonly reason: Reason }[];
  /**
   * Aborted, with the login of who asked as its reason, to stop at the next safe point: on each host that is at work
   * when its change or hook has ended, or in the middle of a check, and before any further host.
   */
  readonly cancel?: AbortSignal;
  /** The run may have begun on its hosts before: they are asked before they are taken for untouched. */
  readonly resumed?: boolean;
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
  /** For planning: may have an identity of its own, which cannot write. */
  readonly connectToLook: Connect;
  /** Whether somebody else than the configuration says what may be reached. */
  readonly bounded?: boolean;
  readonly createReader: (session: Session) => Reader;
  readonly carryOut: CarryOut;
  readonly cancel: Cancel;
  readonly giveUp: GiveUp;
  readonly confirm: Confirm;
  readonly appendLedger: AppendLedger;
  /** Left out where there is no age identity: then no configuration that uses secrets can be planned. */
  readonly secrets?: SecretKeeper;
  readonly now: () => Date;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Seconds for a host that does not answer in the middle of a run. */
  readonly patience?: number | undefined;
}

/** Hosts at once, for looking and for deploying; more only adds waiting (measured on two cores). */
export const HOSTS_AT_ONCE = 10;
