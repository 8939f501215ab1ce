// /freeze, /hold and their ends: who may deploy may also stop deploys. Kept in the store, and asked for at every door.
import type { Reason } from '../core/reason.ts';
import { parseAddress } from '../core/address.ts';
import type { Config } from '../core/resource.ts';
import { EVERY_STACK } from '../core/stop.ts';
import type { Stop } from '../core/stop.ts';
import { renderStopped } from '../render/stop.ts';
import { outcomeOf } from './answer.ts';
import type { Outcome } from './answer.ts';
import type { LiftCommand, StopCommand } from './command.ts';
import { readFiles } from './contents.ts';
import type { Account } from './permissions.ts';
import { readDefaultBranch, readTip } from './pulls.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { refuseAlone } from './request-plan.ts';
import { reason } from './rules/request.ts';
import { filesOf } from './survey.ts';
import { endOf } from './until.ts';

interface Asked {
  readonly world: GithubWorld;
  readonly repo: Repo;
  readonly comment: { readonly pull: number; readonly account: Account; readonly at: string };
}

export async function stopDeploys(asked: Asked, command: StopCommand | LiftCommand): Promise<Outcome> {
  const { world, repo, comment } = asked;
  const tip = await readTip(repo, await readDefaultBranch(repo));
  const refused = await refuseAlone(world, repo, { account: comment.account, wants: 'stop', tip });
  if (refused.length > 0) return outcomeOf(refused);
  switch (command.is) {
    case 'freeze':
    case 'hold':
      return stop(asked, command, tip);
    case 'unfreeze':
    case 'release': {
      const is = command.is === 'unfreeze' ? 'freeze' : 'hold';
      const wish = { by: comment.account.login, asked: new Date(comment.at) };
      const lifted = await world.store.stops.lift(repo.key, { is, subject: command.subject }, wish);
      if (!lifted) return outcomeOf([reason('COMMAND_INVALID', `there is no ${is} of ${command.subject}`)]);
      return say(asked);
    }
    default:
      return command satisfies never;
  }
}

async function stop(
  asked: Asked,
  { is, subject, reason: why, until }: StopCommand,
  tip: string,
): Promise<Outcome> {
  const { world, repo, comment } = asked;
  const unknown = await refuseSubject(asked, is, subject, tip);
  if (unknown.length > 0) return outcomeOf(unknown);
  const now = world.now();
  const end = endOf(until, now);
  if (Date.parse(end) <= now.getTime())
    return outcomeOf([reason('COMMAND_INVALID', `${end} is over already`)]);
  const since = now.toISOString();
  const { login: by } = comment.account;
  await world.store.stops.put(repo.key, {
    is,
    subject,
    reason: why,
    by,
    pull: comment.pull,
    since,
    until: end,
  });
  return say(asked);
}

async function say({ world, repo }: Asked): Promise<Outcome> {
  return { is: 'reply', body: renderStopped(await world.store.stops.active(repo.key)) };
}

/** Names exist in the configuration of the default branch, so that a slip of the pen stops nothing by another name. */
async function refuseSubject(
  { world, repo }: Asked,
  is: Stop['is'],
  subject: string,
  tip: string,
): Promise<readonly Reason[]> {
  if (is === 'freeze' && subject === EVERY_STACK) return [];
  const read = await readFiles(repo, tip);
  if (read.is === 'refused') return [read.reason];
  const parsed = world.validate(filesOf(read));
  if ('problems' in parsed) {
    const message = 'the configuration of the default branch is not valid, so its names are not known';
    return [reason('CONFIG_INVALID', message, 'Mend it, or `/freeze all`.')];
  }
  if (is === 'freeze') return refuseStack(parsed.config, subject);
  const host = parseAddress(subject)?.host ?? subject;
  return parsed.config.targets.has(host) ? [] : [reason('HOST_UNKNOWN', `hosts.yml has no host ${host}`)];
}

function refuseStack({ stacks }: Config, subject: string): readonly Reason[] {
  if (stacks.some(({ name }) => name === subject)) return [];
  return [reason('COMMAND_INVALID', `there is no stack ${subject}`, `Name a stack, or \`${EVERY_STACK}\`.`)];
}
