// `ashore drift`: what the hosts left of what this checkout declares, and what they never got. Hosts are only read.
import type { Checkout } from '../checkout.ts';
import { EXIT } from '../command-line.ts';
import type { Exit, Flags } from '../command-line.ts';
import { driftOf, isAsApplied } from '../core/drift.ts';
import { renderDriftTerminal } from '../render/terminal-drift.ts';
import { lookAtDeclared } from './look.ts';
import { look, print, showGone } from './say.ts';

export async function drift(checkout: Checkout, hosts: readonly string[], flags: Flags): Promise<Exit> {
  const planned = await lookAtDeclared(checkout, hosts);
  if (typeof planned === 'number') return planned;
  const { plan, config, recorded } = planned;
  const drifts = driftOf(plan, (name) => config.stacks.find((stack) => stack.name === name)?.hosts ?? []);
  print(flags.json ? JSON.stringify(drifts, null, 2) : renderDriftTerminal(drifts, look(flags)));
  await showGone(
    recorded,
    config.stacks.map(({ name }) => name),
    flags,
  );
  if (drifts.some(({ unread }) => unread.length > 0)) return EXIT.failed;
  return drifts.every(isAsApplied) ? EXIT.done : EXIT.changes;
}
