// One look at what a checkout declares against itself, so that what differs is the hosts' doing: for drift and for status.
import { EXIT } from '../command-line.ts';
import type { Exit } from '../command-line.ts';
import { readCommitName, readWorkingTree } from '../checkout.ts';
import type { Checkout } from '../checkout.ts';
import type { Planned } from '../deploy.ts';
import { count } from '../render/words.ts';
import { openDeployer } from './live.ts';
import { showProblems, showProgress, showReason } from './say.ts';

/** At these hosts, or at all for none. The exit status where nothing could be looked at, which was said then. */
export async function lookAtDeclared(
  checkout: Checkout,
  hosts: readonly string[],
): Promise<Extract<Planned, { is: 'plan' }> | Exit> {
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
  return planned;
}
