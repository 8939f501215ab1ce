// Random declarations of every kind, all of them hostile; whether they are valid is for the product to say.
import type { Random } from '../core/random.ts';
import { hostileName, hostileText, TRAP } from './hostile.ts';

export const PLACE = '/srv/fuzz';

export type Declared = Readonly<Record<string, unknown>>;

/** `index` keeps apart what chance makes equal. */
export function randomResource(random: Random, index: number): Declared {
  const text = (): string => hostileText(random);
  const path = (): string => `${PLACE}/${index}${hostileName(random)}`;
  const makers: readonly (() => Declared)[] = [
    () => ({ file: path(), content: text() }),
    () => ({ file: path(), json: { [text()]: text() }, mode: random.pick(['0600', '0644', text()]) }),
    () => ({ file: path(), env: { [random.pick(['KEY', text()])]: text() } }),
    () => ({ file: path(), ini: { [random.pick(['part', text()])]: { key: text() } } }),
    () => ({ file: path(), content: text(), owner: random.pick(['root', text()]) }),
    () => ({ directory: path() }),
    () => ({ symlink: path(), to: random.pick([text(), path()]) }),
    () => ({ user: random.pick([text(), `fuzz${index}`, `-${TRAP}`]), comment: text() }),
    () => ({ user: `fuzz${index}`, home: path(), shell: random.pick(['/bin/sh', path()]) }),
    () => ({ group: random.pick([text(), `fuzz${index}`, `--${TRAP}`]) }),
    () => ({ package: random.pick([text(), 'tre.', 'sudo-', 'tree+', 'lab-hello/stable', 'a', '^task']) }),
    () => ({ package: 'tree', version: text() }),
    () => ({ service: `fuzz${index}`, unit: unitOf(random) }),
    () => ({ service: random.pick([text(), `fuzz@${TRAP}`, `-${TRAP}`]), unit: unitOf(random) }),
    () => containerOf(random, index, path()),
    () => ({ command: `fuzz ${index}`, run: ['true', text(), text()] }),
    () => createsOf(`fuzz ${index}`, path()),
    () => ({ command: random.pick([text(), `fuzz ${index}`]), run: ['true', path()], directory: PLACE }),
    () => ({ command: `fuzz ${index}`, run: ['true'], stdin: text() }),
    ...laterMakers(random, index, { text, path }),
  ];
  return random.pick(makers)();
}

type Maker = () => Declared;

/** Kinds that write text which another program reads: a line, a unit, a list. */
function laterMakers(
  random: Random,
  index: number,
  { text, path }: { text: () => string; path: () => string },
): Maker[] {
  const name = (): string => random.pick([text(), `fuzz${index}`, `-${TRAP}`, `fuzz${index}/${TRAP}`]);
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
  return [
    // The kernel takes no text here, and what is refused ends the round: a setting that is there gets a value that suits it.
    () =>
      random.pick([
        { sysctl: text(), value: text() },
        { sysctl: 'net.ipv4.ip_default_ttl', value: '64' },
      ]),
    () => ({ timer: name(), run: ['/bin/true', text(), text()], calendar: random.pick(['yearly', text()]) }),
    () => ({
      cron: name(),
      schedule: random.pick(['@yearly', text()]),
      run: ['/bin/true', text()],
      user: 'nobody',
    }),
    () => ({ sudoers: name(), rules: [random.pick([`# ${text()}`, text()])] }),
    () => ({
      'authorized-key': random.pick([`games/${text()}`, `nobody/fuzz${index}`]),
      key,
      options: [text()],
    }),
    () => ({ mount: path().replace(PLACE, '/mnt'), what: random.pick(['tmpfs', text()]), type: 'tmpfs' }),
    () => ({ swap: random.pick([path(), text()]), size: random.pick(['1M', text()]) }),
    () => ({ hostname: 'static', name: random.pick([text(), TRAP]) }),
    () => ({ nftables: 'ruleset', content: `flush ruleset\n# ${text()}\n` }),
    () => ({
      'apt-repository': name(),
      uris: [random.pick([text(), 'file:/srv/pool'])],
      suites: ['./'],
      unsigned: true,
    }),
    () => ({ release: path(), url: `http://127.0.0.1:9/${text()}`, sha256: text() }),
  ];
}

/** No host of the fuzz has podman, so such plans end where the program is missing; the texts are made all the same. */
function containerOf(random: Random, index: number, path: string): Declared {
  const image = `registry.example/fuzz@sha256:${'0'.repeat(64)}`;
  const text = (): string => hostileText(random);
  return {
    container: random.pick([`fuzz${index}`, `-${TRAP}`, text()]),
    image: random.pick([image, text()]),
    command: [text(), text()],
    env: { [random.pick(['KEY', text()])]: text() },
    volumes: [{ at: '/x', path: random.pick([path, '/srv']) }],
  };
}

function createsOf(name: string, path: string): Declared {
  return { command: name, run: ['touch', '--', path], creates: path };
}

/** Systemd has a grammar of its own in these values; a trap in it must stay a text. */
function unitOf(random: Random): Declared {
  return {
    Unit: {
      Description: hostileText(random),
      [random.pick(['Documentation', 'X-Fuzz'])]: hostileText(random),
    },
    Service: { ExecStart: '/bin/true', 'X-Fuzz': hostileText(random) },
  };
}

/** A comment: words of the grammar, hosts, and traps, in any order. */
export function randomComment(random: Random): string {
  const words = [
    '/plan',
    '/deploy',
    '/help',
    '--only',
    '--skip',
    'new',
    'abcdef0',
    '0123456789ab',
    '\n',
    '```',
    '> ',
    '<!--',
    '-->',
  ];
  const parts = Array.from({ length: 1 + random.number(8) }, () =>
    random.number(2) === 0 ? random.pick(words) : hostileText(random),
  );
  return parts.join(random.pick([' ', '', '\n', '\t']));
}
