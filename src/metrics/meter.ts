// What the server counts since it started, and how Prometheus reads it. Labels come from closed sets: no name of a
// repository, a host or a person is ever among them.
import type { Counts } from '../store/counts.ts';

export interface Meter {
  count(counter: Counter, label: string, by?: number): void;
  /** How often, by label. */
  read(counter: Counter): ReadonlyMap<string, number>;
}

const COUNTERS = {
  plans: { name: 'ashore_plans_total', label: 'result', help: 'Plans asked for, by what came of them.' },
  runs: {
    name: 'ashore_runs_total',
    label: 'outcome',
    help: 'Deploys followed to their end, by worst host.',
  },
  unreached: {
    name: 'ashore_hosts_unreached_total',
    label: 'reason',
    help: 'Hosts that a plan or a deploy could not reach, each time anew.',
  },
  github: {
    name: 'ashore_github_failures_total',
    label: 'status',
    help: 'Requests to GitHub that failed, by status; none: no answer. A 404 is often an answer like any other.',
  },
} as const;
export type Counter = keyof typeof COUNTERS;
const NAMES = ['plans', 'runs', 'unreached', 'github'] as const satisfies readonly Counter[];

export function createMeter(): Meter {
  const counted = new Map<Counter, Map<string, number>>(NAMES.map((name) => [name, new Map()]));
  return {
    count: (counter, label, by = 1) => {
      const labels = counted.get(counter);
      labels?.set(label, (labels.get(label) ?? 0) + by);
    },
    read: (counter) => counted.get(counter) ?? new Map(),
  };
}

/** https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function formatMetrics(meter: Meter, { deliveries, openRuns }: Counts): string {
  const lines = [
    ...header('ashore_deliveries', 'gauge', 'Webhook deliveries that the store keeps, by state.'),
    ...[...deliveries].map(([state, n]) => `ashore_deliveries{state="${state}"} ${n}`),
    ...header('ashore_open_runs', 'gauge', 'Deploys that have not ended.'),
    `ashore_open_runs ${openRuns}`,
    ...NAMES.flatMap((counter) => formatCounter(meter, counter)),
  ];
  return `${lines.join('\n')}\n`;
}

function formatCounter(meter: Meter, counter: Counter): readonly string[] {
  const { name, label, help } = COUNTERS[counter];
  const samples = [...meter.read(counter)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...header(name, 'counter', help),
    ...samples.map(([value, n]) => `${name}{${label}="${value}"} ${n}`),
  ];
}

function header(name: string, type: 'counter' | 'gauge', help: string): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}
