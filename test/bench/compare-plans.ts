// Plans of one host: by hand, by a server that is up, by a whole `ashore plan`, and by Ansible's check mode.
import { createAnsible, ensureAnsible } from './by-ansible.ts';
import type { Ansible } from './by-ansible.ts';
import { configOf, createServer, createTerminal } from './by-ashore.ts';
import { lookScript, runByHand } from './by-hand.ts';
import type { Login } from './by-hand.ts';
import { farAway } from './ground.ts';
import type { Ground, Outcome } from './ground.ts';
import { medianCpu, medianSeconds, rounded, runRounds } from './numbers.ts';
import type { Contestant, Samples } from './numbers.ts';
import { work86, workFiles } from './work.ts';
import type { Work } from './work.ts';

/** 86 resources, nothing to change. */
export async function comparePlan(ground: Ground): Promise<Outcome> {
  const work = work86();
  await ground.converge(work);
  return compare(ground, work, { login: await ground.login(), ansible: 2, plainAnsible: 1 });
}

/** The same with ten files that somebody changed. */
export async function compareDiffering(ground: Ground): Promise<Outcome> {
  const work = work86();
  const server = await ground.converge(work);
  const bench = await ground.host();
  const paths = work.files.slice(0, 10).map(({ path }) => path);
  await bench.sh(paths.map((path) => `echo 'changed by hand' >>${path}`).join('\n'));
  const outcome = await compare(ground, work, { login: await ground.login(), ansible: 1, plainAnsible: 1 });
  await server.deploy(await server.plan());
  return outcome;
}

/** 1,000 files, nothing to change. */
export async function compareManyFiles(ground: Ground): Promise<Outcome> {
  const work = workFiles(1000);
  await ground.converge(work);
  return compare(ground, work, { login: await ground.login(), ansible: 1, plainAnsible: 0 });
}

/** The 86 resources, 50 ms away. */
export async function compareFarAway(ground: Ground): Promise<Outcome> {
  const work = work86();
  await ground.converge(work);
  const far = await farAway(await ground.login(), 50);
  try {
    return await compare(ground, work, { login: far.login, ansible: 1, plainAnsible: 0 });
  } finally {
    far.stop();
  }
}

/** Seconds of a plan by number of files, for the picture. */
export async function compareSizes(ground: Ground): Promise<Outcome> {
  const numbers: Record<string, number> = {};
  const samples: Record<string, Samples[string]> = {};
  for (const count of ground.quick ? [10] : [10, 100, 300]) {
    const work = workFiles(count);
    await ground.converge(work);
    const one = await compare(ground, work, { login: await ground.login(), ansible: 1, plainAnsible: 0 });
    for (const [name, value] of Object.entries(one.numbers)) numbers[`files_${count}_${name}`] = value;
    for (const [name, taken] of Object.entries(one.samples)) samples[`files_${count}_${name}`] = taken;
  }
  return { numbers, samples };
}

interface Course {
  readonly login: Login;
  /** Rounds in which Ansible takes part, with pipelining and without. */
  readonly ansible: number;
  readonly plainAnsible: number;
}

async function compare(ground: Ground, work: Work, course: Course): Promise<Outcome> {
  const bench = await ground.host();
  const { login } = course;
  const files = configOf(work, { ...login, hostKey: bench.host.hostKey });
  const server = createServer(files, bench.privateKey);
  const terminal = createTerminal(files, bench.keyPath);
  const script = lookScript(work);
  const others = await ansibleOf(ground, work, course);
  try {
    const contestants: Contestant[] = [
      { name: 'floor', run: () => runByHand(login, script) },
      { name: 'server', run: () => server.timePlan() },
      { name: 'cli', run: () => terminal.plan() },
      { name: 'floor_default_kex', run: () => runByHand(login, script, []) },
      ...(others?.contestants ?? []),
    ];
    for (const { name, run } of contestants) if (!name.startsWith('ansible')) await run();
    const samples = await runRounds(contestants, ground.quick ? 2 : 9, ground.tell);
    return { numbers: numbersOf(samples), samples };
  } finally {
    terminal.remove();
    await others?.ansible.disconnect();
    others?.ansible.remove();
  }
}

interface Others {
  readonly ansible: Ansible;
  readonly contestants: readonly Contestant[];
}

/** Its first connection is made before any clock runs, and kept. */
async function ansibleOf(ground: Ground, work: Work, course: Course): Promise<Others | undefined> {
  if (ground.quick || course.ansible === 0) return undefined;
  ground.tell(`  ${await ensureAnsible()}`);
  const ansible = createAnsible(work, { logins: [course.login] });
  await ansible.connect();
  const { ansible: rounds, plainAnsible } = course;
  return {
    ansible,
    contestants: [
      { name: 'ansible_pipelined', rounds, run: () => ansible.check({ pipelining: true }) },
      { name: 'ansible', rounds: plainAnsible, run: () => ansible.check({ pipelining: false }) },
    ],
  };
}

function numbersOf(samples: Samples): Record<string, number> {
  const floor = medianSeconds(samples, 'floor');
  const server = medianSeconds(samples, 'server');
  const cli = medianSeconds(samples, 'cli');
  const pipelined = medianSeconds(samples, 'ansible_pipelined');
  const plain = medianSeconds(samples, 'ansible');
  const all = {
    floor_seconds: floor,
    floor_default_kex_seconds: medianSeconds(samples, 'floor_default_kex'),
    server_seconds: server,
    server_cpu_seconds: medianCpu(samples, 'server'),
    cli_seconds: cli,
    cli_cpu_seconds: medianCpu(samples, 'cli'),
    ratio_to_floor: server / floor,
    cli_ratio_to_floor: cli / floor,
    ansible_pipelined_seconds: pipelined,
    ansible_pipelined_over_ours: pipelined / server,
    ansible_seconds: plain,
    ansible_over_ours: plain / server,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (Number.isNaN(value) ? [] : [[name, rounded(value)]])),
  );
}
