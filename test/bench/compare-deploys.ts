// Deploys of the 86 resources: on a fresh host, and where nothing is left to do. Each contestant begins from the same state.
import { createAnsible, ensureAnsible } from './by-ansible.ts';
import { configOf, createServer, timed } from './by-ashore.ts';
import { applyScript, runByHand } from './by-hand.ts';
import type { Ground, Outcome } from './ground.ts';
import { timeFirstDeploy } from './first-deploy.ts';
import { medianParts, medianSeconds, rounded, runRounds } from './numbers.ts';
import type { Contestant, Sample } from './numbers.ts';
import { work86 } from './work.ts';
import type { Work } from './work.ts';

/** A plan and its deploy together, against what does not plan first. */
export async function compareFirstDeploys(ground: Ground): Promise<Outcome> {
  const work = work86();
  const bench = await ground.host();
  const login = await ground.login();
  const server = createServer(configOf(work, { ...login, hostKey: bench.host.hostKey }), bench.privateKey);
  const fresh = (run: () => Promise<Sample>) => async (): Promise<Sample> => {
    await ground.bare(work);
    return run();
  };
  const ansible = await connectAnsible(ground, work);
  const apt = `DEBIAN_FRONTEND=noninteractive apt-get -y -q --no-install-recommends install ${work.packages.join(' ')}\n`;
  const contestants: Contestant[] = [
    { name: 'server', run: fresh(() => timeFirstDeploy(server)) },
    { name: 'floor', run: fresh(() => runByHand(login, applyScript(work, 'bench'))) },
    { name: 'apt', run: fresh(() => runByHand(login, apt)) },
    ...(ansible
      ? [
          { name: 'ansible_pipelined', rounds: 2, run: fresh(() => ansible.apply({ pipelining: true })) },
          { name: 'ansible', rounds: 1, run: fresh(() => ansible.apply({ pipelining: false })) },
        ]
      : []),
  ];
  const samples = await endingWith(ansible, runRounds(contestants, ground.quick ? 1 : 3, ground.tell));
  const of = (name: string): number => medianSeconds(samples, name);
  const numbers = {
    seconds: of('server'),
    ...medianParts(samples, 'server'),
    floor_seconds: of('floor'),
    apt_seconds: of('apt'),
    ratio_to_floor: of('server') / of('floor'),
    ansible_pipelined_seconds: of('ansible_pipelined'),
    ansible_pipelined_over_ours: of('ansible_pipelined') / of('server'),
    ansible_seconds: of('ansible'),
    ansible_over_ours: of('ansible') / of('server'),
  };
  return { numbers: roundAll(numbers), samples };
}

/** Nothing to do: a plan, and a deploy of that plan, which asks no host again; against Ansible without `--check`. */
export async function compareNothingToDo(ground: Ground): Promise<Outcome> {
  const work = work86();
  const server = await ground.converge(work);
  const ansible = await connectAnsible(ground, work);
  const contestants = [
    { name: 'server', run: () => timed(async () => server.deploy(await server.plan())) },
    ...(ansible
      ? [{ name: 'ansible_pipelined', rounds: 1, run: () => ansible.apply({ pipelining: true }) }]
      : []),
  ];
  const samples = await endingWith(ansible, runRounds(contestants, ground.quick ? 1 : 5, ground.tell));
  const [seconds, other] = [medianSeconds(samples, 'server'), medianSeconds(samples, 'ansible_pipelined')];
  const numbers = { seconds, ansible_pipelined_seconds: other, ansible_pipelined_over_ours: other / seconds };
  return { numbers: roundAll(numbers), samples };
}

/** Undefined where it does not take part. Its first connection is made before any clock runs, and kept. */
async function connectAnsible(ground: Ground, work: Work) {
  if (ground.quick) return undefined;
  ground.tell(`  ${await ensureAnsible()}`);
  const ansible = createAnsible(work, { logins: [await ground.login()] });
  await ansible.connect();
  const end = async (): Promise<void> => {
    await ansible.disconnect();
    ansible.remove();
  };
  const apply = (options: { readonly pipelining: boolean }) => ansible.apply(options);
  return { apply, end };
}

async function endingWith<T>(ansible: { end(): Promise<void> } | undefined, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } finally {
    await ansible?.end();
  }
}

/** Who took no part has no number. */
function roundAll(numbers: Readonly<Record<string, number>>): Record<string, number> {
  const known = Object.entries(numbers).filter(([, value]) => !Number.isNaN(value));
  return Object.fromEntries(known.map(([name, value]) => [name, rounded(value)]));
}
