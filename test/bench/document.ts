// Puts the numbers of a run into docs/performance.md, between its two marks, and draws docs/images/performance.svg.
import { cpus, release, totalmem } from 'node:os';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Outcome } from './ground.ts';
import { drawPanels } from './picture.ts';
import type { Series } from './picture.ts';

const PAGE = 'docs/performance.md';
const PICTURE = 'docs/images/performance.svg';
const SHOWN =
  '![Seconds of a plan by hosts and by files, with both axes logarithmic](images/performance.svg)';
const [BEGIN, END] = ['<!-- numbers: npm run bench -- --write-docs -->', '<!-- end of numbers -->'];

export type Numbers = Readonly<Record<string, Outcome['numbers']>>;

/** What failed is named, because a page with half of the numbers would look like all of them. */
export function writeDocs(numbers: Numbers, failed: readonly string[], at: Date): void {
  const page = readFileSync(PAGE, 'utf8');
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${PAGE} has lost its marks`);
  const missing = failed.map((name) => `\`${name}\``).join(', ');
  const made = [
    describeMachine(at),
    ...(failed.length === 0 ? [] : [`Broke off in this run, so without numbers: ${missing}.`]),
    SHOWN,
    formatTable(numbers),
  ].join('\n\n');
  writeFileSync(PAGE, `${page.slice(0, begin)}${BEGIN}\n\n${made}\n\n${page.slice(end)}`);
  writeFileSync(PICTURE, drawPicture(numbers));
}

function describeMachine(at: Date): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  const system = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Debian';
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${memory} GiB, Linux ${release()}, ${system}`;
  return `Measured on ${at.toISOString().slice(0, 10)}: ${machine}, Node ${process.version}. Client and hosts share the machine.`;
}

/** A row a number, in the order in which they were measured. */
export function formatTable(numbers: Numbers): string {
  const rows = Object.entries(numbers).flatMap(([name, values]) =>
    Object.entries(values).map(
      ([key, value]) => `| \`${name}.${key}\` | ${value} |${formatGoal(name, key, value)} |`,
    ),
  );
  return ['| key | value | goal |', '|---|---:|---|', ...rows].join('\n');
}

interface Goal {
  readonly least?: number;
  readonly most?: number;
}

const GOALS: Readonly<Record<string, Goal>> = {
  'plan_1_host.ratio_to_floor': { most: 1.3 },
  'plan_1_host.ansible_pipelined_over_ours': { least: 30 },
  'plan_1000_files.ratio_to_floor': { most: 1.5 },
  'plan_rtt50.ratio_to_floor': { most: 1.3 },
  'apply_86.ansible_pipelined_over_ours': { least: 10 },
  'hosts_1000.rss_mb': { most: 200 },
  'webhook_to_comment.over_floor_ms': { most: 500 },
  'start.help_cpu_seconds': { most: 0.4 },
  'start.validate_cpu_seconds': { most: 0.4 },
  'render.alike_seconds': { most: 1 },
  'render.each_its_own_seconds': { most: 1 },
};

function formatGoal(name: string, key: string, value: number): string {
  const goal = GOALS[`${name}.${key}`];
  if (!goal) return '';
  const { least = -Infinity, most = Infinity } = goal;
  const wanted = goal.most === undefined ? `≥ ${least}` : `≤ ${most}`;
  return ` ${wanted}${value >= least && value <= most ? '' : ', **missed**'}`;
}

function drawPicture(numbers: Numbers): string {
  const hosts = [1, 10, 100, 1000].map((count) => [count, numbers[`hosts_${count}`]] as const);
  const files = [10, 100, 300].map(
    (count) => [count, pick(numbers['plan_sizes'], `files_${count}_`)] as const,
  );
  const sizes = [...files, [1000, numbers['plan_1000_files']] as const];
  return drawPanels([
    {
      title: 'Seconds of a plan by hosts (30 files each)',
      series: [
        line('Ashore', hosts, 'seconds'),
        line('by hand', hosts, 'floor_seconds'),
        line('Ansible', hosts, 'ansible_pipelined_seconds'),
      ],
    },
    {
      title: 'Seconds of a plan by files (one host)',
      series: [
        line('Ashore', sizes, 'server_seconds'),
        line('by hand', sizes, 'floor_seconds'),
        line('Ansible', sizes, 'ansible_pipelined_seconds'),
      ],
    },
  ]);
}

const COLOURS: Readonly<Record<string, string>> = {
  Ashore: '#1f6feb',
  'by hand': '#57606a',
  Ansible: '#cf222e',
};

function line(
  name: string,
  taken: readonly (readonly [number, Outcome['numbers'] | undefined])[],
  key: string,
): Series {
  const points = taken.flatMap(([count, values]) => {
    const seconds = values?.[key];
    return seconds === undefined ? [] : [[count, seconds] as const];
  });
  return { name, colour: COLOURS[name] ?? '#000000', points };
}

function pick(values: Outcome['numbers'] | undefined, prefix: string): Outcome['numbers'] {
  const own = Object.entries(values ?? {}).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value]));
}
