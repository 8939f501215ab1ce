// Plans of 1, 10, 100 and 1,000 hosts: time, processor, memory, how many connections stand at once, and when each host is done.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { run } from '../lab/machine.ts';
import { createAnsible, ensureAnsible } from './by-ansible.ts';
import { FAST_KEX, sshTo } from './by-hand.ts';
import { addressAt, FLEET_PORT, startFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';
import type { FleetPlanned } from './fleet-plan.ts';
import type { Ground, Outcome } from './ground.ts';
import { median, percentile, rounded } from './numbers.ts';
import type { Sample } from './numbers.ts';
import { runTimed } from './processes.ts';

export function compareFleet(hosts: number): (ground: Ground) => Promise<Outcome> {
  return async ({ quick, tell }) => {
    const fleet = await startFleet();
    try {
      const rounds = quick || hosts >= 1000 ? 1 : 3;
      const taken: (FleetPlanned & { readonly most: number })[] = [];
      const floor: Sample[] = [];
      for (let round = 0; round < rounds; round++) {
        taken.push(await planFleet(fleet, hosts));
        tell(`  ${hosts} hosts: ${taken.at(-1)?.seconds.toFixed(2)} s`);
        if (hosts <= 100) floor.push(await lookByHand(fleet, hosts));
      }
      const ansible = quick || hosts > MOST_BY_ANSIBLE ? [] : [await checkByAnsible(fleet, hosts)];
      for (const one of ansible) tell(`  ${hosts} hosts by Ansible: ${one.seconds.toFixed(2)} s`);
      const of = (value: (one: (typeof taken)[number]) => number): number =>
        rounded(median(taken.map(value)));
      const seconds = of((one) => one.seconds);
      const numbers = {
        seconds,
        seconds_per_host: rounded(seconds / hosts),
        cpu_seconds: of((one) => one.cpu),
        rss_mb: of((one) => one.rssMb),
        most_connections: of((one) => one.most),
        first_host_seconds: of(({ done }) => done[0] ?? Number.NaN),
        longest_pause_seconds: of(({ done }) => longestPause(done)),
        p95_done_seconds: of(({ done }) => percentile(done, 0.95)),
        ...Object.fromEntries(ansible.map((one) => ['ansible_pipelined_seconds', rounded(one.seconds)])),
        ...(floor.length === 0 ? {} : { floor_seconds: rounded(median(floor.map((one) => one.seconds))) }),
      };
      const samples = {
        server: taken.map(({ seconds: each, cpu }) => ({ seconds: each, cpu })),
        floor,
        ansible,
      };
      return { numbers, samples };
    } finally {
      await fleet.stop();
    }
  };
}

const Planned = z.object({
  seconds: z.number(),
  cpu: z.number(),
  rssMb: z.number(),
  hosts: z.number(),
  failed: z.number(),
  changes: z.number(),
  done: z.array(z.number()),
});

async function planFleet(fleet: Fleet, hosts: number): Promise<FleetPlanned & { readonly most: number }> {
  const directory = join(fleet.directory, 'checkout');
  rmSync(directory, { recursive: true, force: true });
  for (const [path, bytes] of fleet.config(hosts)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), bytes);
  }
  const profile = process.env['BENCH_CPU_PROF'];
  const flags = [
    ...startFlags(),
    ...(profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile]),
  ];
  const planner = resolve('test/bench/fleet-plan.ts');
  const argv = [...fleet.inside, process.execPath, ...flags, planner, directory, fleet.keyPath];
  const counting = countConnections(fleet);
  try {
    const { stdout } = await runTimed(argv);
    return { ...Planned.parse(JSON.parse(stdout)), most: await counting.end() };
  } finally {
    await counting.end();
  }
}

/** How `npm start` starts a server. */
function startFlags(): readonly string[] {
  const { scripts } = z
    .object({ scripts: z.object({ start: z.string() }) })
    .parse(JSON.parse(readFileSync('package.json', 'utf8')));
  return scripts.start.split(' ').filter((word) => word.startsWith('--'));
}

/** Looks again and again how many connections stand on the port of sshd; the most that were seen. */
function countConnections({ inside }: Fleet): { end(): Promise<number> } {
  let most = 0;
  const ended = new AbortController();
  const count = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      const argv = [...inside, 'ss', '-Htn', 'state', 'established', 'dport', '=', `:${FLEET_PORT}`];
      const { stdout } = await run(argv);
      most = Math.max(most, stdout.split('\n').filter(Boolean).length);
      await sleep(200);
    }
  };
  const counting = count();
  return {
    end: async () => {
      ended.abort();
      await counting;
      return most;
    },
  };
}

/** Beyond it, it takes longer than the rest of the bench. */
const MOST_BY_ANSIBLE = 10;

/** Once: it takes a hundred times as long, and its share of chance is small. */
async function checkByAnsible(fleet: Fleet, hosts: number): Promise<Sample> {
  await ensureAnsible();
  const { keyPath, knownHosts, inside } = fleet;
  const logins = Array.from({ length: hosts }, (_, index) => {
    return { address: addressAt(index), port: FLEET_PORT, user: 'root', keyPath, knownHosts };
  });
  const ansible = createAnsible(fleet.work, { logins, inside });
  try {
    await ansible.connect();
    return await ansible.check({ pipelining: true });
  } finally {
    await ansible.disconnect();
    ansible.remove();
  }
}

/** The same state by a script over OpenSSH, ten at a time. */
async function lookByHand(fleet: Fleet, hosts: number): Promise<Sample> {
  const addresses = Array.from({ length: hosts }, (_, index) => addressAt(index)).join('\n');
  const files = join(fleet.directory, 'files');
  const look = `sha256sum ${files}/*.conf; stat -c '%n %F %U %G %a %h' ${files}/*.conf`;
  const { keyPath, knownHosts } = fleet;
  const ssh = [...sshTo({ port: FLEET_PORT, keyPath, knownHosts }), ...FAST_KEX];
  const each = `printf '%s' "$LOOK" | "$@" >/dev/null`;
  const argv = [
    ...fleet.inside,
    'xargs',
    '-P',
    '10',
    '-I',
    '{}',
    'sh',
    '-c',
    each,
    'sh',
    ...ssh,
    'root@{}',
    'sh -s',
  ];
  return runTimed(argv, { stdin: addresses, env: { LOOK: look } });
}

/** Between one host and the next that was done: nothing may seem to hang. */
function longestPause(done: readonly number[]): number {
  return Math.max(...done.map((at, index) => at - (done[index - 1] ?? 0)));
}
