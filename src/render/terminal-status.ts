// What runs where, for a terminal: a table a stack, a line a host; then the windows of the policy in which nothing is deployed.
import { shortDigest } from '../core/plan.ts';
import type { Freeze } from '../core/resource.ts';
import { isInOrder } from '../core/status.ts';
import type { GoneStack, HostStatus, StackStatus } from '../core/status.ts';
import { paintWith } from './ansi.ts';
import type { Paint } from './ansi.ts';
import { oneLine } from './escape.ts';
import { standingWords } from './status.ts';
import type { Look } from './terminal.ts';
import { count, list, shortCommit, time } from './words.ts';

const SHOWN_HOSTS = 8;

/** Of the windows, those that have not ended. */
export function renderStatusTerminal(
  stacks: readonly StackStatus[],
  { color }: Look,
  windows: readonly Freeze[] = [],
): string {
  const paint = paintWith(color);
  const none = 'no stack is declared, and the hosts that were looked at remember none';
  const shown = stacks.length === 0 ? [none] : stacks.map((stack) => renderStack(stack, paint));
  const frozen = windows.map(({ from, until, reason }) => {
    const words = `frozen by policy.yml from ${time(from)} until ${time(until)}: ${reason}`;
    return paint('yellow', oneLine(words));
  });
  return [...shown, ...(frozen.length === 0 ? [] : [frozen.join('\n')])].join('\n\n');
}

/** What hosts remember and no file declares any more; empty where there is none. */
export function renderGoneTerminal(gone: readonly GoneStack[], { color }: Look): string {
  const paint = paintWith(color);
  return gone
    .flatMap(({ stack, hosts, resources, commit }) => {
      const still = `${count(resources, 'resource')} of it ${resources === 1 ? 'is' : 'are'} still on ${list(hosts, SHOWN_HOSTS)}`;
      const base = /^[0-9a-f]{40}$/.test(commit) ? shortCommit(commit) : '<a commit that has it>';
      return [
        paint('yellow', oneLine(`${stack} is declared no more; ${still}`)),
        `plan its removal: ashore plan --base ${base}`,
      ];
    })
    .join('\n');
}

function renderStack({ stack, declared, hosts }: StackStatus, paint: Paint): string {
  const note = declared ? '' : ' on these hosts, and declared no more';
  const width = Math.max(0, ...hosts.map(({ host }) => oneLine(host).length));
  const lines = hosts.map((status) => {
    const name = paint('bold', oneLine(status.host).padEnd(width));
    return `  ${name}  ${recordedWords(status)}  ${nowWords(status, declared, paint)}`;
  });
  const title = paint('bold', oneLine(stack));
  return [`${title}:${note}`, ...(lines.length === 0 ? ['  no host of it was looked at'] : lines)].join('\n');
}

function recordedWords({ recorded, failure }: HostStatus): string {
  if (recorded === null) return failure === null ? 'nothing deployed yet' : 'not known';
  const { commit, plan, by, at, run } = recorded;
  const words = `commit ${shortCommit(commit)}, plan ${shortDigest(plan)}, by ${by} ${time(at)}, run ${run}`;
  return oneLine(words);
}

function nowWords(status: HostStatus, declared: boolean, paint: Paint): string {
  const { failure } = status;
  if (failure !== null) return paint('red', `${failure.code}: ${oneLine(failure.message)}`);
  if (!declared) return paint('yellow', 'not looked at');
  return paint(isInOrder(status) ? 'green' : 'yellow', oneLine(standingWords(status)));
}
