// `ashore plan`: looks at the hosts, shows what would change and why, and keeps the plan for a deploy.
import { putPlan, readBaseCommit, readCommit, readCommitName, readWorkingTree } from '../checkout.ts';
import type { Checkout } from '../checkout.ts';
import { EXIT } from '../command-line.ts';
import type { Exit, Flags } from '../command-line.ts';
import { countChanges, isComplete } from '../core/plan.ts';
import type { Plan } from '../core/plan.ts';
import type { ConfigFiles } from '../deploy.ts';
import { renderPlanTerminal } from '../render/terminal.ts';
import { count } from '../render/words.ts';
import { openDeployer } from './live.ts';
import { look, print, refuse, showGone, showProblems, showProgress, showReason } from './say.ts';

export async function plan(checkout: Checkout, hosts: readonly string[], flags: Flags): Promise<Exit> {
  const deployer = openDeployer();
  if (!deployer) return EXIT.failed;
  const files = await readWorkingTree(checkout);
  const base = await readBase(checkout, flags);
  if (base === null) return refuse('COMMAND_INVALID', `git knows no commit ${flags.base}`);
  const input = {
    files,
    commit: await readCommitName(checkout),
    ...(hosts.length > 0 ? { hosts } : {}),
    progress: (done: number, of: number, host: string) =>
      showProgress(`looked at ${done} of ${count(of, 'host')}: ${host}`),
  };
  let planned = await deployer.plan({ ...input, base, all: base === undefined || flags.all === true });
  // Nothing differs from the base, as on the default branch itself: then everything is meant.
  if (planned.is === 'plan' && planned.plan.stacks.length === 0 && flags.base === undefined) {
    planned = await deployer.plan({ ...input, base, all: true });
  }
  showProgress('');
  if (planned.is === 'problems') return showProblems(planned.problems, files);
  if (planned.is === 'refused') return showReason(planned.reason);
  await putPlan(checkout, planned.plan);
  showPlan(planned.plan, flags);
  const declared = planned.config.stacks.map(({ name }) => name);
  await showGone(planned.recorded, [...declared, ...planned.plan.stacks], flags);
  if (!isComplete(planned.plan)) return EXIT.failed;
  return countChanges(planned.plan) > 0 ? EXIT.changes : EXIT.done;
}

/** Undefined: no base to compare with; null: the commit that was named is not known. */
async function readBase(checkout: Checkout, flags: Flags): Promise<ConfigFiles | undefined | null> {
  if (flags.base !== undefined) return (await readCommit(checkout, flags.base)) ?? null;
  const commit = await readBaseCommit(checkout);
  return commit === undefined ? undefined : readCommit(checkout, commit);
}

function showPlan(made: Plan, flags: Flags): void {
  print(flags.json ? JSON.stringify(made, null, 2) : renderPlanTerminal(made, look(flags)));
}
