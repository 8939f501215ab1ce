// The waves of a plan in words: which hosts go at once, in which order, and what stops them.
import type { Gate, Plan, Rollout } from '../core/plan.ts';
import { hostWords } from './host-table.ts';
import { count } from './words.ts';

const SHOWN_WAVES = 12;

/** Empty where the plan has no waves of its own. */
export function renderWaves({ rollout }: Plan): string {
  if (!rollout || rollout.waves.length === 0) return '';
  const waves = rollout.waves.map((wave, index) => `${index + 1}. ${hostWords(wave)}`);
  const more = waves.length - SHOWN_WAVES;
  return [
    `**Waves**: each begins when the one before is through; ${stopWords(rollout)}\n`,
    ...waves.slice(0, SHOWN_WAVES),
    ...(more > 0 ? [`\n… and ${count(more, 'more wave')}`] : []),
  ].join('\n');
}

/** `after 1 failed host no further one is started`, and how many go at the same time where that is said. */
export function stopWords({ stopAfter, atOnce = {}, gates = [] }: Rollout): string {
  const groups = [...Map.groupBy(Object.entries(stopAfter), ([, hosts]) => hosts)];
  const words = groups.map(([hosts, stacks]) => {
    const of = groups.length === 1 ? '' : ` of ${stacks.map(([stack]) => stack).join(' or ')}`;
    return `${count(hosts, 'failed host')}${of}`;
  });
  const most = Object.entries(atOnce).map(([stack, hosts]) => `; of ${stack} ${hosts} at a time`);
  const firm = [...new Set(gates.map(gateWords))];
  const whatever = firm.length === 0 ? '' : `; whatever may fail, ${firm.join(', and ')}`;
  return `after ${words.join(', or ')} no further one is started${most.join('')}${whatever}`;
}

function gateWords({ of, stack }: Gate): string {
  return of === stack
    ? `${of} keeps to the order of what it does once`
    : `${of} begins only when ${stack} is done`;
}
