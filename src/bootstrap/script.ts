// The shell script that sets a host up for Ashore, for a person to read and to run there as root. Pure but for its own
// texts: nothing here reaches a host. Running it again changes nothing more.
import { readFileSync } from 'node:fs';
import type { Target } from '../core/host.ts';
import { quote } from '../core/shell.ts';

const LOOK = readFileSync(new URL('look.sh', import.meta.url), 'utf8');
const SETUP = readFileSync(new URL('setup.sh', import.meta.url), 'utf8');

export interface Setup {
  readonly target: Target;
  /** Hosts that are reached through this one: their forwarding is let through, and no other. */
  readonly behind: readonly Target[];
  /** As parsePublicKey gives them; undefined: that key is left as it is on the host. */
  readonly deployKey: string | undefined;
  readonly planKey: string | undefined;
}

/** The script, or why there is none for this host. */
export function formatBootstrap(setup: Setup): { readonly script: string } | { readonly refused: string } {
  const { target, deployKey, planKey } = setup;
  const planUser = target.planUser ?? target.user;
  const refused = refuseLogin(target) ?? [target.user, planUser].map(refuseUser).find(Boolean);
  if (refused !== undefined) return { refused };
  const restrict = ['restrict', ...forwarding(setup.behind)].join(',');
  const values = {
    deploy_user: target.user,
    deploy_options: restrict,
    deploy_key: deployKey ?? '',
    plan_user: planUser,
    plan_options: `${restrict},command="${LOOK_PATH}"`,
    plan_key: planKey ?? '',
    state: target.state,
  };
  const lines = Object.entries(values).map(([name, value]) => `${name}=${quote(value)}`);
  const program = `look_program() { cat <<'ASHORE_LOOK'\n${LOOK}ASHORE_LOOK\n}`;
  return { script: [HEAD, `# The host: ${target.host}`, 'set -eu', ...lines, '', program, SETUP].join('\n') };
}

/** Type and key of the first line of a public key's file; undefined when it is none. The comment is left out. */
export function parsePublicKey(text: string): string | undefined {
  const line = text.split('\n')[0] ?? '';
  return /^((?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp\d+|sk-[a-z0-9@.-]+) [A-Za-z0-9+/]{40,}=*)(?:\s|$)/.exec(
    line,
  )?.[1];
}

const LOOK_PATH = '/usr/local/lib/ashore/look';

const HEAD = `#!/bin/sh
# Sets up this host for Ashore: the login that deploys, the key that can only look, and what sudo lets them do.
# Printed by \`ashore bootstrap\`, which ran nothing. Read it, then run it on the host as root; it may be run again.`;

/** Without sudo the plan's identity could read more than the login that deploys, and no deploy would find what was planned. */
function refuseLogin({ host, sudo, user }: Target): string | undefined {
  if (sudo || user === 'root') return undefined;
  return `${host} has \`sudo: false\`; its login is yours to set up, and it plans with the key that deploys`;
}

/** sudoers(5) takes a name of capitals for an alias, and `ALL` for everybody. */
function refuseUser(name: string): string | undefined {
  return /^[a-z_][a-z0-9_-]{0,31}$/.test(name) ? undefined : `${name} is no name that sudoers can hold`;
}

/** Port 1 can be listened on by root alone: sshd(8) has no way to allow one direction only. */
function forwarding(behind: readonly Target[]): readonly string[] {
  if (behind.length === 0) return [];
  const open = behind.map(({ address, port }) => {
    return `permitopen="${address.includes(':') ? `[${address}]` : address}:${port}"`;
  });
  return ['port-forwarding', ...open, 'permitlisten="localhost:1"'];
}
