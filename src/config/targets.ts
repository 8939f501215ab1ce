// hosts.yml, checked → how each host is reached, with all defaults filled in. Pure.
import type { Target } from '../core/host.ts';
import { parseHostKey } from './host-key.ts';
import type { HostEntry, HostsFile, JumpEntry } from './hosts-file.ts';

const USER = 'deploy';
const PORT = 22;
const STATE = '/var/lib/ashore';

/** Jumps from us to a host at most. */
export const MOST_JUMPS = 8;

/** Unknown jumps, circles and chains that are too long must be told elsewhere; here they end the chain. */
export function targetsOf(file: HostsFile): ReadonlyMap<string, Target> {
  const names = Object.keys(file.hosts);
  return new Map(names.flatMap((name) => targetOf(file, name, []).map((target) => [name, target] as const)));
}

/** What a host is reached through: its own `jump`, or that of `ssh`, which the jump host itself goes without. */
export function jumpOf(file: HostsFile, name: string): JumpEntry {
  const own = file.hosts[name]?.jump;
  if (own !== undefined) return own;
  const common = file.ssh?.jump ?? null;
  return common === name ? null : common;
}

/** Names from a host through its jumps, until one is reached directly, comes a second time, or is one too many. */
export function jumpChain(file: HostsFile, name: string): readonly string[] {
  const chain = [name];
  while (chain.length <= MOST_JUMPS + 1) {
    const next = jumpOf(file, chain.at(-1) ?? name);
    if (typeof next !== 'string') break;
    chain.push(next);
    if (chain.indexOf(next) < chain.length - 1) break;
  }
  return chain;
}

function targetOf(file: HostsFile, name: string, seen: readonly string[]): readonly Target[] {
  const entry = file.hosts[name];
  if (!entry || seen.includes(name) || seen.length > MOST_JUMPS) return [];
  const { ssh } = file;
  const user = entry.user ?? ssh?.user ?? USER;
  const planUser = entry.plan_user ?? ssh?.plan_user;
  return [
    {
      host: name,
      address: entry.address,
      port: entry.port ?? ssh?.port ?? PORT,
      user,
      ...(planUser === undefined ? {} : { planUser }),
      hostKeys: hostKeysOf(entry.host_key),
      sudo: sudoOf(entry, file),
      state: entry.state ?? ssh?.state ?? STATE,
      jump: jumpTarget(file, jumpOf(file, name), [...seen, name]),
    },
  ];
}

/** What stands nearest decides; a host that names root as its user needs no sudo, whatever `ssh` says for the others. */
function sudoOf(entry: HostEntry, { ssh }: HostsFile): boolean {
  if (entry.sudo !== undefined) return entry.sudo;
  if (entry.user === 'root') return false;
  return ssh?.sudo ?? (entry.user ?? ssh?.user) !== 'root';
}

function jumpTarget(file: HostsFile, jump: JumpEntry, seen: readonly string[]): Target | null {
  if (jump === null) return null;
  if (typeof jump === 'string') return targetOf(file, jump, seen)[0] ?? null;
  return {
    host: jump.address,
    address: jump.address,
    port: jump.port ?? PORT,
    user: jump.user ?? file.ssh?.user ?? USER,
    hostKeys: hostKeysOf(jump.host_key),
    sudo: false,
    state: STATE,
    jump: null,
  };
}

function hostKeysOf(keys: string | readonly string[]): readonly string[] {
  return [keys].flat().flatMap((key) => parseHostKey(key) ?? []);
}
