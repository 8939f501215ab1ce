// What needs no host: how much the terminal costs before it does anything, and how long a large plan takes to be written.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { digestOf } from '../../src/core/plan.ts';
import type { HostPlan, Plan } from '../../src/core/plan.ts';
import { renderPlanComment } from '../../src/render/comment.ts';
import { timed } from './by-ashore.ts';
import type { Ground, Outcome } from './ground.ts';
import { medianCpu, medianSeconds, rounded, runRounds } from './numbers.ts';
import type { Sample } from './numbers.ts';
import { runTimed } from './processes.ts';
import { numbered } from './work.ts';

/** Processor time of a whole process, with what Node keeps of an earlier start (its compile cache), and `first` without. */
export async function compareStart(ground: Ground): Promise<Outcome> {
  const argv = (word: string) => [resolve('bin/ashore'), word];
  const ashore = (word: string) => () => runTimed(argv(word));
  const first = async (): Promise<Sample> => {
    const home = mkdtempSync(join(tmpdir(), 'ashore-bench-home-'));
    try {
      return await runTimed(argv('validate'), { env: { HOME: home } });
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  };
  const contestants = [
    { name: 'node', run: () => runTimed([process.execPath, '-e', '0']) },
    { name: 'help', run: ashore('--help') },
    { name: 'validate', run: ashore('validate') },
    { name: 'validate_first', rounds: 3, run: first },
  ];
  const samples = await runRounds(contestants, ground.quick ? 1 : 7, ground.tell);
  const numbers = Object.fromEntries(
    contestants.map(({ name }) => [`${name}_cpu_seconds`, rounded(medianCpu(samples, name))]),
  );
  return { numbers, samples };
}

/** 200 hosts with 500 changes each, first all alike and then each its own. */
export async function compareRender(ground: Ground): Promise<Outcome> {
  const numbers: Record<string, number> = {};
  const contestants = [true, false].map((alike) => {
    const plan = largePlan(200, 500, alike);
    const name = alike ? 'alike' : 'each_its_own';
    const render = async (): Promise<void> => {
      const link = (): string => 'https://example.org';
      const base = '1'.repeat(40);
      const shared = { plan, commit: plan.commit, base, merged: false, link, notices: [], blockers: [] };
      numbers[`${name}_characters`] = renderPlanComment({ ...shared, mode: 'merge', history: [] }).length;
    };
    return { name, run: () => timed(render) };
  });
  const samples = await runRounds(contestants, ground.quick ? 1 : 5, ground.tell);
  for (const { name } of contestants) numbers[`${name}_seconds`] = rounded(medianSeconds(samples, name));
  return { numbers, samples };
}

export function largePlan(hosts: number, changes: number, alike: boolean): Plan {
  const plans = numbered(hosts).map((n) => hostPlan(`web${n}`, changes, alike ? 'all' : `web${n}`));
  const draft = { stacks: ['shop'], hosts: plans };
  const commit = '2'.repeat(40);
  return {
    format: 1,
    digest: digestOf(draft),
    commit,
    config: '3'.repeat(64),
    at: '2026-11-22T12:00:00.000Z',
    ...draft,
  };
}

function hostPlan(host: string, count: number, whose: string): HostPlan {
  const changes = numbered(count).map((n) => {
    const [before, after] = [`value ${n} of ${whose}\nkept\n`, `value ${n + 1} of ${whose}\nkept\n`];
    return {
      ref: `file//etc/shop/${n}.conf`,
      stack: 'shop',
      verb: 'update' as const,
      causes: ['this-change' as const],
      reason: 'content differs',
      fields: [{ name: 'content', before, after, as: 'text' as const }],
      steps: [],
      before: '4'.repeat(64),
      want: '5'.repeat(64),
      origin: 'created' as const,
      interrupts: [],
      notes: [],
      where: { file: 'deploy-configs/shop.yml', line: n, column: 5 },
    };
  });
  return { host, login: `deploy@${host}:22`, changes, blocked: [], unchanged: 0, failure: null };
}
