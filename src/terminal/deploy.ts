// `ashore deploy`: carries out exactly the plan that is named, and shows what became of it.
import { randomBytes } from 'node:crypto';
import { readPlans, readUser, readWorkingTree } from '../checkout.ts';
import type { Checkout } from '../checkout.ts';
import { EXIT } from '../command-line.ts';
import type { Exit, Flags } from '../command-line.ts';
import { succeeded } from '../core/report.ts';
import { progressLines } from '../render/terminal-progress.ts';
import { renderProgressLine, renderReportTerminal } from '../render/terminal.ts';
import { openDeployer } from './live.ts';
import { look, print, refuse, showProgress, showReason } from './say.ts';

export async function deploy(checkout: Checkout, rest: readonly string[], flags: Flags): Promise<Exit> {
  const [digest = ''] = rest;
  if (!/^[0-9a-f]{6,64}$/.test(digest)) {
    return refuse('COMMAND_INVALID', 'name the plan by six or more characters of its digest', 'ashore plan');
  }
  const [chosen, ...others] = await readPlans(checkout, digest);
  if (!chosen) return refuse('PLAN_UNKNOWN', `no whole plan ${digest} is kept here`, 'ashore plan');
  if (others.length > 0) {
    const message = `${others.length + 1} plans begin with ${digest}`;
    return refuse('PLAN_AMBIGUOUS', message, 'ashore deploy with more characters of the digest');
  }
  const deployer = openDeployer();
  if (!deployer) return EXIT.failed;
  const run = `cli-${Date.now().toString(36)}-${randomBytes(4).toString('hex')}`;
  process.once('SIGINT', () => {
    showProgress('');
    process.exit(refuse('CONNECTION_LOST', `left alone; the hosts end what they have begun of run ${run}`));
  });
  const deployed = await deployer.deploy({
    plan: chosen,
    files: await readWorkingTree(checkout),
    run,
    by: readUser(),
    ...(flags.only ? { only: flags.only } : {}),
    ...(flags.skip ? { skip: flags.skip } : {}),
    report: (report) => showProgress(renderProgressLine(report, chosen), progressLines(report)),
  });
  showProgress('');
  if (deployed.is === 'refused') return showReason(deployed.reason);
  const { report } = deployed;
  print(flags.json ? JSON.stringify(report, null, 2) : renderReportTerminal(report, chosen, look(flags)));
  return succeeded(report) ? EXIT.done : EXIT.failed;
}
