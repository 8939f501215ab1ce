// What goes wrong, each as one function that also mends it again; and the dice that say what, where and when.
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from '../lab/lab.ts';
import type { Postgres } from '../support/postgres.ts';
import { fillDisk } from './disks.ts';
import { LEASE } from './site.ts';
import type { Site } from './site.ts';

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export type Dice = () => number;

export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A fault that was drawn: what it hits, and doing it until it is mended. */
export interface Drawn {
  readonly name: string;
  /** Only one at a time hits the same. */
  readonly target: string;
  readonly strike: () => Promise<void>;
}

/** What is deployed while it strikes. */
export interface Meant {
  readonly pull: number;
  readonly digest: string;
}

export function drawFault(site: Site, dice: Dice, meant: Meant): Drawn {
  const seconds = (most: number): number => dice() * most * 1000;
  const hosts = [...site.lab.hosts.values()];
  const host = hosts[Math.floor(dice() * hosts.length)];
  if (!host) throw new Error('no host');
  const all = [
    ...onHost(host, seconds),
    ...onServer(site, dice, seconds),
    ...onDatabase(site.postgres, seconds),
    ...onGitHub(site, seconds),
    ...onPull(site, meant, dice() < RARE),
  ];
  const drawn = all[Math.floor(dice() * all.length)];
  if (!drawn) throw new Error('no fault');
  return drawn;
}

type Seconds = (most: number) => number;

function onHost(host: LabHost, seconds: Seconds): readonly Drawn[] {
  const on = (name: string, strike: () => Promise<unknown>): Drawn => ({
    name,
    target: host.name,
    strike: async () => void (await strike()),
  });
  const [short, long] = [seconds(2), seconds(5)];
  return [
    on('host: cable pulled', async () => {
      await host.cable('out');
      await sleep(long);
      await host.cable('in');
    }),
    on('host: connections cut', () => host.exec(['sh', '-c', CUT])),
    on('host: sshd restarted', () => host.exec(['systemctl', 'restart', 'ssh.service'])),
    on('host: power lost', async () => {
      await host.kill();
      await sleep(short);
      await host.start();
    }),
    on('host: rebooted', async () => {
      await host.stop();
      await host.start();
    }),
    on("host: apt's lock held", () => host.exec(['perl', '-e', HOLD, String(1 + Math.ceil(long / 1000))])),
    on('host: /opt full, to which a file is deployed', () => fillDisk(host, '/opt', long)),
    on('host: /run shrunk to what is in it', () =>
      host.exec(['sh', '-c', FILL, 'fill', (long / 1000).toFixed(1)]),
    ),
  ];
}

/** The processes of logins, and not the one that listens; by whatever name their release gives them. */
const CUT = `for pid in $(pgrep -x sshd-session || pgrep -f '^sshd: .*(@|\\[priv\\])'); do kill -9 "$pid"; done; true`;

/** dpkg's lock is one of fcntl(2), which flock(1) does not take. */
const HOLD = `use Fcntl; open(my $f, '>>', '/var/lib/dpkg/lock-frontend') or die;
my $lock = pack('s s x4 q q i x4', F_WRLCK, 0, 0, 0, 0); fcntl($f, F_SETLKW, $lock) or die; sleep $ARGV[0];`;

/** A tmpfs can be made as small as what is in it; no byte of memory is used for that. */
const FILL = `used=$(df --output=used -k /run | tail -n 1); size=$(df --output=size -k /run | tail -n 1)
mount -o "remount,size=\${used}k" /run; sleep "$1"; mount -o "remount,size=\${size}k" /run`;

function onServer(site: Site, dice: Dice, seconds: Seconds): readonly Drawn[] {
  const { servers } = site;
  const slot = Math.floor(dice() * servers.count);
  const [early, late] = [seconds(1), seconds(4)];
  const on = (name: string, strike: () => Promise<void>): Drawn => ({
    name: `server: ${name}`,
    target: `server ${slot}`,
    strike,
  });
  const killed = (name: string, pause: number): Drawn =>
    on(name, async () => {
      await servers.kill(slot);
      await sleep(pause);
      await servers.start(slot);
    });
  return [
    killed('killed', early),
    killed('killed, back at once', 0),
    killed('killed, back later', late),
    on('stopped for longer than its lease', () => pauseServer(site, slot, LEASE * 1400 + late)),
  ];
}

/** Others take over from one that is stopped, and then it must find out by itself. */
async function pauseServer({ servers, readBooks, tally }: Site, slot: number, time: number): Promise<void> {
  const pid = servers.pause(slot);
  await sleep(time);
  const { servers: there } = await readBooks();
  const struckOff = pid !== undefined && !there.some((who) => who.startsWith(`process ${pid} `));
  const goesOn = await servers.goOn(slot, struckOff ? 60_000 : 0);
  if (!struckOff) return;
  const lie = goesOn ? `server process ${pid} was struck off and goes on` : undefined;
  tally.check('servers that were struck off ended', pid, lie);
}

function onDatabase(postgres: Postgres | undefined, seconds: Seconds): readonly Drawn[] {
  if (!postgres) return [];
  const away = seconds(4);
  const on = (name: string, strike: () => Promise<void>): Drawn => ({
    name: `database: ${name}`,
    target: 'database',
    strike,
  });
  return [
    on('connections cut', () => postgres.cut()),
    on('restarted', () => postgres.restart('fast', away)),
    on('crashed', () => postgres.restart('immediate', away)),
  ];
}

/** A deploy that was cancelled early meets none of the other faults. */
const RARE = 0.2;

/** Who works on the pull request gets in the way of their own deploy. */
function onPull({ repo, readBooks }: Site, { pull, digest }: Meant, rarely: boolean): readonly Drawn[] {
  const on = (name: string, strike: () => Promise<unknown>): Drawn => ({
    name: `people: ${name}`,
    target: 'pull request',
    strike: async () => void (await strike()),
  });
  return [
    ...(rarely ? [on('/cancel', () => repo.comment(pull, '/cancel', 'ada'))] : []),
    on('a second /deploy', () => repo.comment(pull, `/deploy ${digest}`, 'ada')),
    on("the plan's comment deleted", async () => {
      const comment = (await readBooks()).comments.get(pull);
      const there = repo.comments(pull).some(({ id }) => id === comment);
      if (there && comment !== undefined) await repo.deleteComment(comment, 'ada');
    }),
  ];
}

function onGitHub({ github }: Site, seconds: Seconds): readonly Drawn[] {
  const pause = seconds(3);
  const failing = (name: string, fault: Omit<Parameters<typeof github.failNext>[0], 'path'>): Drawn => ({
    name,
    target: name,
    strike: async () => {
      github.failNext({ ...fault, path: /./ });
      await sleep(pause);
    },
  });
  const limited = { message: 'You have exceeded a secondary rate limit. Please wait a few minutes.' };
  return [
    failing('GitHub: 502', { status: 502, times: 2 }),
    failing('GitHub: 500 after doing it', { status: 500, afterwards: true }),
    failing('GitHub: secondary rate limit', { status: 403, body: limited, headers: { 'retry-after': '1' } }),
    failing('GitHub: connection cut', { status: 0 }),
    {
      name: 'GitHub: slow',
      target: 'GitHub: slow',
      strike: async () => {
        github.setLatency(700);
        await sleep(pause);
        github.setLatency(0);
      },
    },
    {
      name: 'GitHub: webhooks lost',
      target: 'GitHub: webhooks lost',
      strike: async () => {
        github.loseDeliveries(() => true);
        await sleep(pause);
        github.loseDeliveries(() => false);
      },
    },
  ];
}
