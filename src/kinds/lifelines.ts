// What our own way to a host hangs on: sshd, the firewall, the network, sudo, and the users as whom we log in. Pure.
// Kinds pass their change through here; what may cut us off comes out guarded, and what nothing could undo is blocked.
import type { Guard } from '../core/guard.ts';
import type { Blocked, ChangeRequest, KindChange } from '../core/kind.ts';
import type { Step } from '../core/step.ts';
import { dropInDirectory, dropInPath, unitPath } from './systemd/state.ts';

type ChangeOf<Want, State> = (request: ChangeRequest<Want, State>) => KindChange | Blocked | undefined;

/** For kinds that write one path; it is the id unless said otherwise. */
export function guardPath<Want, State>(
  change: ChangeOf<Want, State>,
  pathOf: (request: ChangeRequest<Want, State>) => string = ({ id }) => id,
): ChangeOf<Want, State> {
  return (request) => {
    const path = pathOf(request);
    const line = lifelineOf(path, request.world.logins);
    if (!line) return change(request);
    const { why, units = [], firewall, check } = line;
    const guard = { why, paths: [path], units: [...units], ...(firewall ? { firewall } : {}) };
    return protect(change(request), guard, check === undefined ? [] : [{ do: 'run', argv: [...check] }]);
  };
}

/** For kinds whose id is a unit of systemd; `unitOf` gives its whole name. */
export function guardUnit<Want, State>(
  change: ChangeOf<Want, State>,
  unitOf: (id: string) => string,
): ChangeOf<Want, State> {
  return (request) => {
    const unit = unitOf(request.id);
    const line = LIFELINES.find(({ units = [] }) => units.includes(unit));
    if (!line) return change(request);
    const { why, firewall } = line;
    const paths = [unitPath(unit), dropInDirectory(unit), dropInPath(unit)];
    return protect(change(request), { why, paths, units: [unit], ...(firewall ? { firewall } : {}) });
  };
}

/** For users: our own are changed under guard, and never removed. */
export function guardUser<Want, State>(change: ChangeOf<Want, State>): ChangeOf<Want, State> {
  return (request) => {
    const decided = change(request);
    if (!request.world.logins.includes(request.id)) return decided;
    if (decided && 'verb' in decided && decided.verb === 'delete')
      return cutsOff(`${request.id} is the user as whom Ashore logs in here`);
    return protect(decided, ACCOUNTS);
  };
}

/** For groups: one that our own users are in may be what lets them in, or makes them root. */
export function guardGroup<Want, State>(
  change: ChangeOf<Want, State>,
  membersOf: (have: State | undefined) => readonly string[],
): ChangeOf<Want, State> {
  return (request) => {
    const ours = membersOf(request.have).some((name) => request.world.logins.includes(name));
    return ours ? protect(change(request), ACCOUNTS) : change(request);
  };
}

/** For packages: a removal cannot be put back over a connection that it ended. */
export function keepPackages<Want, State>(change: ChangeOf<Want, State>): ChangeOf<Want, State> {
  return (request) => {
    const decided = change(request);
    if (!decided || 'blocked' in decided) return decided;
    const needed = request.world.logins.every((login) => login === 'root') ? [SSHD] : [SSHD, 'sudo'];
    const lost = needed.find((name) => decided.steps.some((step) => removes(step, name)));
    return lost === undefined ? decided : cutsOff(`it removes ${lost}, which Ashore itself needs here`);
  };
}

interface Lifeline {
  readonly why: string;
  /** Paths, and all that is below them. */
  readonly under: readonly string[];
  readonly units?: readonly string[];
  readonly firewall?: true;
  readonly checks?: Readonly<Record<string, readonly string[]>>;
}

const SSHD = 'openssh-server';

const ACCOUNTS: Guard = {
  why: 'our login stands in these accounts',
  paths: ['/etc/passwd', '/etc/shadow', '/etc/group', '/etc/gshadow', '/etc/subuid', '/etc/subgid'],
  units: [],
};

/** A file that is only read at the next start must not wait until then to show that it is broken. */
const LIFELINES: readonly Lifeline[] = [
  {
    why: 'sshd lets us in by it',
    under: ['/etc/ssh', '/etc/hosts.allow', '/etc/hosts.deny'],
    units: ['ssh.service', 'sshd.service', 'ssh.socket'],
    checks: { '/etc/ssh/sshd_config': ['sshd', '-t'], '/etc/ssh/sshd_config.d': ['sshd', '-t'] },
  },
  {
    why: 'sudo lets us become root by it',
    under: ['/etc/sudoers', '/etc/sudoers.d', '/etc/sudo.conf'],
    checks: { '/etc/sudoers': ['visudo', '-c'], '/etc/sudoers.d': ['visudo', '-c'] },
  },
  {
    why: 'the firewall lets us through by it',
    under: [
      '/etc/nftables.conf',
      '/etc/nftables.d',
      '/etc/nftables',
      '/etc/iptables',
      '/etc/ufw',
      '/etc/firewalld',
    ],
    units: ['nftables.service', 'netfilter-persistent.service', 'ufw.service', 'firewalld.service'],
    firewall: true,
    checks: { '/etc/nftables.conf': ['nft', '-c', '-f', '/etc/nftables.conf'] },
  },
  {
    why: 'the network comes up by it',
    under: ['/etc/network', '/etc/systemd/network', '/etc/netplan', '/etc/NetworkManager'],
    units: ['networking.service', 'systemd-networkd.service', 'NetworkManager.service'],
  },
  {
    why: 'logins are judged by it',
    under: [
      ...ACCOUNTS.paths,
      '/etc/pam.d',
      '/etc/pam.conf',
      '/etc/security',
      '/etc/nsswitch.conf',
      '/etc/nologin',
      '/etc/environment',
      '/etc/bash.bashrc',
    ],
  },
];

interface Line {
  readonly why: string;
  readonly units?: readonly string[];
  readonly firewall?: true | undefined;
  readonly check?: readonly string[] | undefined;
}

function lifelineOf(path: string, logins: readonly string[]): Line | undefined {
  const unit = LIFELINES.find(({ units = [] }) => units.some((name) => isUnder(path, filesOf(name))));
  const line = unit ?? LIFELINES.find(({ under }) => isUnder(path, under));
  if (!line) return isOfLogin(path, logins) ? { why: 'our login needs it' } : undefined;
  const { why, units, firewall, checks = {} } = line;
  const [, check] = Object.entries(checks).find(([under]) => isUnder(path, [under])) ?? [];
  return { why, firewall, check, ...(units === undefined ? {} : { units }) };
}

function filesOf(unit: string): readonly string[] {
  return [unitPath(unit), dropInDirectory(unit)];
}

function isUnder(path: string, places: readonly string[]): boolean {
  return places.some((place) => path === place || path.startsWith(`${place}/`));
}

/** What sshd and the login shell read in a home, and the way there, whose owner and mode sshd looks at (StrictModes). */
function isOfLogin(path: string, logins: readonly string[]): boolean {
  if (/\/\.ssh(?:\/authorized_keys2?)?$/.test(path)) return true;
  const homes = logins.map((login) => (login === 'root' ? '/root' : `/home/${login}`));
  const inHome = (home: string): boolean =>
    path === home || (path.startsWith(home) && READ_AT_LOGIN.has(path.slice(home.length)));
  return path === '/home' || homes.some(inHome);
}

const READ_AT_LOGIN: ReadonlySet<string> = new Set(
  ['bashrc', 'profile', 'bash_profile', 'bash_login', 'zshenv', 'ssh/rc', 'ssh/environment'].map(
    (name) => `/.${name}`,
  ),
);

/** What does nothing to the host needs no guard. */
function protect(
  decided: KindChange | Blocked | undefined,
  guard: Guard,
  checks: readonly Step[] = [],
): KindChange | Blocked | undefined {
  if (!decided || 'blocked' in decided || decided.steps.length === 0) return decided;
  const judged = decided.verb === 'delete' ? [] : checks;
  return { ...decided, steps: [...decided.steps, ...judged], guard };
}

/** As the commands of apt name what goes: all of them after `remove`, or with a dash behind each. */
function removes(step: Step, name: string): boolean {
  if (step.do !== 'run') return false;
  return step.argv.includes(`${name}-`) || (step.argv.includes('remove') && step.argv.includes(name));
}

function cutsOff(message: string): Blocked {
  return { blocked: { code: 'CUTS_OFF', message } };
}
