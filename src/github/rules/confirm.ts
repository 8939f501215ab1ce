// What has to be said in so many words: verbs of the policy want the plan named, and what loses data wants its token.
import { mayLose, runsCommand, shortDigest } from '../../core/plan.ts';
import type { Change, HostPlan } from '../../core/plan.ts';
import { reason } from './request.ts';
import type { DeployAsk, PlanState, Requirement, Standing } from './request.ts';

/** `ask` undefined: before anybody asked. */
export function requireConfirmed(
  standing: Standing,
  state: PlanState,
  hosts: readonly HostPlan[],
  ask: Pick<DeployAsk, 'named' | 'confirm'> | undefined,
): readonly Requirement[] {
  const changes = hosts.flatMap((host) => host.changes.map((change) => ({ host: host.host, change })));
  const losing = changes.filter(({ change }) => mayLose(change));
  const wanted = [...changes, ...commandsOf(hosts)].filter(({ change }) => wantsName(standing, change));
  if (losing.length > 0) return [requireToken(standing, state, losing, ask)];
  return wanted.length > 0 ? [requireName(standing, state, wanted, ask)] : [];
}

/** What a person confirms: a change, or a command around the changes. */
type Named = Pick<Change, 'ref' | 'stack' | 'verb' | 'interrupts'>;

interface OnHost {
  readonly host: string;
  readonly change: Named;
}

function commandsOf(hosts: readonly HostPlan[]): readonly OnHost[] {
  return hosts.flatMap(({ host, duties = [] }) =>
    duties.filter(runsCommand).map(({ ref, stack }) => {
      return { host, change: { ref, stack, verb: 'run' as const, interrupts: [] } };
    }),
  );
}

/** An update that restarts what runs is a restart to those who asked to confirm restarts. */
function wantsName({ policy }: Standing, { stack, verb, interrupts }: Named): boolean {
  const own = Object.hasOwn(policy.stacks, stack) ? policy.stacks[stack]?.confirm : undefined;
  const verbs = own ?? policy.confirm;
  return [verb, ...interrupts.map(({ how }) => how)].some((doing) => verbs.includes(doing));
}

function requireToken(
  standing: Standing,
  { plan, token }: PlanState,
  losing: readonly OnHost[],
  ask: Pick<DeployAsk, 'named' | 'confirm'> | undefined,
): Requirement {
  const command = `/deploy ${shortDigest(plan.digest)} --confirm ${token}`;
  const next = token === null ? '`/plan`, then confirm the new plan.' : commandWords(standing, command);
  const met = token !== null && ask?.named === true && ask.confirm === token;
  const typed = ask?.confirm !== undefined && ask.confirm !== token;
  const over = token === null ? '; the time to confirm this plan is over' : '';
  const wrong = typed && token !== null ? `; ${ask.confirm} is not the token of this plan` : '';
  const message = `this may lose data and has to be confirmed by its token: ${namesOf(losing)}${over}${wrong}`;
  return {
    what: 'confirmation',
    required: 'the token of this plan',
    found: met ? 'given' : typed ? 'another one' : 'not given',
    changer: 'whoever asks',
    unmet: met ? [] : [reason('CONFIRMATION_NEEDED', message, next)],
  };
}

function requireName(
  standing: Standing,
  { plan }: PlanState,
  wanted: readonly OnHost[],
  ask: Pick<DeployAsk, 'named' | 'confirm'> | undefined,
): Requirement {
  const next = commandWords(standing, `/deploy ${shortDigest(plan.digest)}`);
  const message = `to be confirmed by name: ${namesOf(wanted)}`;
  return {
    what: 'confirmation',
    required: 'the plan by its name',
    found: ask?.named === true ? 'named' : 'not named',
    changer: 'whoever asks',
    unmet: ask?.named === true ? [] : [reason('CONFIRMATION_NEEDED', message, next)],
  };
}

function commandWords({ policy, pull }: Standing, command: string): string {
  return policy.on === 'merge' && pull.state === 'open' ? `Merge, then \`${command}\`` : `\`${command}\``;
}

const SHOWN = 3;

function namesOf(changes: readonly OnHost[]): string {
  const shown = changes
    .slice(0, SHOWN)
    .map(({ host, change }) => `${change.verb} ${host}/${change.ref}`)
    .join(', ');
  return changes.length > SHOWN ? `${shown} and ${changes.length - SHOWN} more` : shown;
}
