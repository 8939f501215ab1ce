// `ashore drift`: what the hosts left of what this checkout declares, and what they never got. Hosts are only read.
import { readCommitName, readWorkingTree } from '../checkout.ts';
import type { Checkout } from '../checkout.ts';
import type { Flags } from '../command-line.ts';
import { driftOf, isAsApplied } from '../core/drift.ts';
import { renderDriftTerminal } from '../render/terminal-drift.ts';
import { count } from '../render/words.ts';
import { openDeployer } from './live.ts';
import { EXIT, look, print, showProblems, showProgress, showReason } from './say.ts';
import type { Exit } from './say.ts';

export async function drift(checkout: Checkout, hosts: readonly string[], flags: Flags): Promise<Exit> {
  const deployer = openDeployer();
  if (!deployer) return EXIT.failed;
  const files = await readWorkingTree(checkout);
  const planned = await deployer.plan({
    files,
    base: files,
    all: true,
    commit: await readCommitName(checkout),
    ...(hosts.length > 0 ? { hosts } : {}),
    progress: (done, of, host) => showProgress(`looked at ${done} of ${count(of, 'host')}: ${host}`),
  });
  showProgress('');
  if (planned.is === 'problems') return showProblems(planned.problems, files);
  if (planned.is === 'refused') return showReason(planned.reason);
  const { plan, config } = planned;
  const drifts = driftOf(plan, (name) => config.stacks.find((stack) => stack.name === name)?.hosts ?? []);
  print(flags.json ? JSON.stringify(drifts, null, 2) : renderDriftTerminal(drifts, look(flags)));
  if (drifts.some(({ unread }) => unread.length > 0)) return EXIT.failed;
  return drifts.every(isAsApplied) ? EXIT.done : EXIT.changes;
}
