// The lab by hand: builds the bases, or keeps hosts up in the foreground until Ctrl-C.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { type Suite, ensureBase, ensureClientKey } from './base.ts';
import { type Lab, startLab, sweep } from './lab.ts';
import { ensureTools } from './machine.ts';
import { labDirectory } from './place.ts';
import { type VirtualHost, startVirtual } from './virtual.ts';

type Reached = Pick<VirtualHost, 'name' | 'suite' | 'address' | 'hostKey'>;

const usage = `usage: node test/lab/cli.ts build                    build the bases of all suites
       node test/lab/cli.ts up [N | SUITE...]        start N hosts (default 2), or one of each named suite; Ctrl-C ends them
       node test/lab/cli.ts virtual [SUITE]          start one virtual machine (default trixie); Ctrl-C ends it
       node test/lab/cli.ts sweep                    remove what labs of dead processes left
suites: bookworm, trixie`;

const suites: readonly Suite[] = ['bookworm', 'trixie'];

async function main(command: string | undefined, args: readonly string[]): Promise<void> {
  if (command === 'build') {
    await ensureTools();
    await ensureClientKey();
    for (const suite of suites) console.log(await ensureBase(suite, console.error));
  } else if (command === 'up') {
    await up(wanted(args));
  } else if (command === 'virtual') {
    await virtual(wanted(args.length === 0 ? ['trixie'] : args)[0]);
  } else if (command === 'sweep') {
    console.log(`removed labs: ${(await sweep()).join(' ') || 'none'}`);
  } else {
    throw new Error(usage);
  }
}

function wanted(args: readonly string[]): Suite[] {
  const count = args.length === 0 ? 2 : Number(args[0]);
  if (Number.isInteger(count))
    return Array.from({ length: count }, (_, index) => (index % 2 === 0 ? 'trixie' : 'bookworm'));
  return args.map((arg) => {
    const suite = suites.find((known) => known === arg);
    if (suite === undefined) throw new Error(usage);
    return suite;
  });
}

async function up(list: readonly Suite[]): Promise<void> {
  const lab = await startLab(list.map((suite, index) => ({ name: `h${index + 1}`, suite })));
  await keepUp(lab, [...lab.hosts.values()]);
}

async function virtual(suite: Suite | undefined): Promise<void> {
  const lab = await startLab([]);
  await keepUp(lab, [await startVirtual(lab, 'v1', suite ?? 'trixie')]);
}

async function keepUp(lab: Lab, hosts: readonly Reached[]): Promise<void> {
  const config = await sshConfig(lab, hosts);
  for (const host of hosts) console.log(`${host.name}  ${host.suite}  ${host.address}  ${host.hostKey}`);
  console.log(
    `\nssh -F ${config} ${hosts[0]?.name}    (or root@${hosts[0]?.name})\nCtrl-C removes the hosts`,
  );
  const alive = setInterval(() => {}, 60_000);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      clearInterval(alive);
      void lab.stop();
    });
  }
}

async function sshConfig(lab: Lab, hosts: readonly Reached[]): Promise<string> {
  const directory = labDirectory(lab.id);
  const known = path.join(directory, 'known_hosts');
  await writeFile(known, hosts.map((host) => `${host.address} ${host.hostKey}\n`).join(''));
  const common = `User deploy\nIdentityFile ${lab.clientKey.path}\nIdentitiesOnly yes\nUserKnownHostsFile ${known}\n`;
  const config = path.join(directory, 'ssh_config');
  await writeFile(
    config,
    `${hosts.map((host) => `Host ${host.name}\nHostName ${host.address}\n`).join('')}Host *\n${common}`,
  );
  return config;
}

await main(process.argv[2], process.argv.slice(3)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
