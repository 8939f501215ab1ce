// `ashore status`: what the hosts remember of what was deployed there, and how far they are from this checkout. Hosts are only read.
import type { Checkout } from '../checkout.ts';
import { EXIT } from '../command-line.ts';
import type { Exit, Flags } from '../command-line.ts';
import { driftOf } from '../core/drift.ts';
import { isInOrder, stackStatuses } from '../core/status.ts';
import { windowsAhead } from '../core/stop.ts';
import { renderStatusTerminal } from '../render/terminal-status.ts';
import { lookAtDeclared } from './look.ts';
import { look, print } from './say.ts';

export async function status(checkout: Checkout, hosts: readonly string[], flags: Flags): Promise<Exit> {
  const planned = await lookAtDeclared(checkout, hosts);
  if (typeof planned === 'number') return planned;
  const { plan, config, recorded } = planned;
  const hostsOf = (name: string): readonly string[] =>
    config.stacks.find((stack) => stack.name === name)?.hosts ?? [];
  const stacks = stackStatuses(plan, recorded, driftOf(plan, hostsOf), hostsOf);
  const windows = windowsAhead(config.policy.freeze, new Date());
  print(flags.json ? JSON.stringify(stacks, null, 2) : renderStatusTerminal(stacks, look(flags), windows));
  const all = stacks.flatMap((stack) => stack.hosts);
  if (all.some(({ failure, unread }) => failure !== null || unread > 0)) return EXIT.failed;
  return all.every(isInOrder) ? EXIT.done : EXIT.changes;
}
