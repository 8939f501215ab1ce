// One road of a kind on a real host: plan, deploy, plan is empty; changed; disturbed by hand; and out of the configuration.

/** A command on the host and what it must say. */
export interface Check {
  readonly run: readonly string[];
  /** 0 unless given. */
  readonly status?: number;
  readonly stdout?: RegExp;
}

/** The road of one kind. Texts are YAML lists of resources. */
export interface Scenario {
  readonly kind: string;
  /** Shell text run on the host before anything is planned. */
  readonly before?: string;
  readonly create: string;
  /** Lines of the first plan: `verb kind/id`. */
  readonly plan: readonly string[];
  readonly created: readonly Check[];
  readonly update: string;
  readonly updatePlan: readonly string[];
  readonly updated: readonly Check[];
  /** Shell text that changes the host by hand; the next plan must say drift and bring it back. */
  readonly drift: string;
  readonly driftPlan: readonly string[];
  /** Lines of the plan once nothing of it is declared any more, and what must be true after that. */
  readonly removePlan: readonly string[];
  readonly removed: readonly Check[];
}
