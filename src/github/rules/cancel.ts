// Who may stop a run: whoever may deploy its plan, and always the person who started it.
import { reason } from './request.ts';
import type { CancelAsk, Request, Requirement } from './request.ts';
import { belongs, circlesOf, requirePerson } from './who.ts';

export function requireCanceller({ actor, policy }: Request, cancel: CancelAsk): readonly Requirement[] {
  if (actor.bot) return [requirePerson(actor)];
  const own = actor.login.toLowerCase() === cancel.startedBy.toLowerCase();
  return circlesOf(policy, cancel.plan).map(({ by, of }) => {
    const required = `${cancel.startedBy}, or ${by.join(' or ')}`;
    const message = `${actor.login} has the role ${actor.role} here; to stop this run needs ${required}`;
    return {
      what: `who, by ${of}`,
      required,
      found: [actor.role, ...actor.teams].join(', '),
      changer: 'an admin of the repository',
      unmet: own || belongs(actor, by) ? [] : [reason('NOT_ALLOWED', message)],
    };
  });
}
