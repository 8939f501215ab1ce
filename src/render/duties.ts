// Hooks and checks in words: what is done around the changes, in the commands that the hosts run.
import type { Duty, DutyTime, Plan } from '../core/plan.ts';
import { commandsOf, formatCommand } from '../core/step.ts';
import { code } from './escape.ts';
import { groupBy } from './group.ts';
import type { Some } from './group.ts';
import { hostWords } from './host-table.ts';
import { count } from './words.ts';

const SHOWN = 20;

export const TIMES = {
  before: 'before',
  check: 'check',
  after: 'after',
  'on-failure': 'on failure',
  always: 'at the end, however it ends',
} as const satisfies Record<DutyTime, string>;

/** Hooks and checks that read the same, with their hosts. */
export interface DutyGroup {
  readonly duty: Duty;
  readonly hosts: readonly string[];
}

export function groupDuties(plan: Plan): readonly DutyGroup[] {
  const all = plan.hosts.flatMap(({ host, duties = [] }) => duties.map((duty) => ({ host, duty })));
  const groups: readonly Some<(typeof all)[number]>[] = groupBy(
    all,
    ({ duty: { ref, stack, when, steps } }) => JSON.stringify([ref, stack, when, steps]),
  );
  return groups.map((group) => ({ duty: group[0].duty, hosts: group.map(({ host }) => host) }));
}

/** What a check or hook does, as a person could type it; a check that the run makes itself in words. */
export function dutyWords({ steps }: Duty): readonly string[] {
  return steps.flatMap(commandsOf).map((command) => formatCommand(command).replace(/^# then /, ''));
}

/** Empty where the plan has none. */
export function renderDuties(plan: Plan): string {
  const groups = groupDuties(plan);
  if (groups.length === 0) return '';
  const lines = groups.slice(0, SHOWN).map(({ duty, hosts }) => {
    const what = dutyWords(duty).map((words) => code(words, 500));
    return `- ${TIMES[duty.when]}: ${what.join(', ')} on ${hostWords(hosts)}`;
  });
  const more = groups.length - lines.length;
  return [
    '**Around the changes of each host**\n',
    ...lines,
    ...(more > 0 ? [`- … and ${count(more, 'more')}`] : []),
  ].join('\n');
}
