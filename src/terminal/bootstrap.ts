// `ashore bootstrap`: prints the script that sets a host up.
import { printBootstrap } from '../bootstrap.ts';
import { readWorkingTree } from '../checkout.ts';
import type { Checkout } from '../checkout.ts';
import { EXIT } from '../command-line.ts';
import type { Exit, Flags } from '../command-line.ts';
import { print, showProblems, showReason } from './say.ts';

export async function bootstrap(checkout: Checkout, rest: readonly string[], flags: Flags): Promise<Exit> {
  const files = await readWorkingTree(checkout);
  const printed = printBootstrap(files, rest[0], { plan: flags['plan-key'], deploy: flags['deploy-key'] });
  if ('problems' in printed) return showProblems(printed.problems, files);
  if ('refused' in printed) return showReason(printed.refused);
  print(printed.script);
  return EXIT.done;
}
