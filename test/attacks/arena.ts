// The two real hosts that every attack has in reach, one lab for the whole run, and how a test sees what happened to them.
import { expect } from 'vitest';
import { startLab } from '../lab/lab.ts';
import type { Lab, LabHost } from '../lab/lab.ts';

export const HOSTS = ['web1', 'web2'] as const;
export type HostName = (typeof HOSTS)[number];

let lab: Lab | undefined;

export async function startArena(): Promise<void> {
  lab = await startLab([
    { name: 'web1', suite: 'bookworm' },
    { name: 'web2', suite: 'trixie' },
  ]);
}

export async function stopArena(): Promise<void> {
  await lab?.stop();
  lab = undefined;
}

export function theLab(): Lab {
  if (!lab) throw new Error('no lab is up');
  return lab;
}

export function host(name: HostName): LabHost {
  return theLab().host(name);
}

/** hosts.yml with both hosts as they are now; `more` are further lines below `hosts:`. */
export function hostsFile(more = ''): string {
  const lines = HOSTS.map((name) => {
    const { address, hostKey } = host(name);
    return `  ${name}: { address: ${address}, host_key: "${hostKey}" }\n`;
  });
  return `hosts:\n${lines.join('')}${more}`;
}

/** What a command says; it must succeed. */
export async function sh(name: HostName, text: string): Promise<string> {
  const { status, stdout, stderr } = await host(name).exec(['sh', '-c', text]);
  expect(status, `${text}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

export async function has(name: HostName, path: string): Promise<boolean> {
  return (await host(name).exec(['test', '-e', path])).status === 0;
}

/** How many connections the host has taken since it came up, whatever became of them: tcp(7)'s PassiveOpens. */
export async function connectionsTo(name: HostName): Promise<number> {
  const snmp = await sh(name, 'grep ^Tcp: /proc/net/snmp');
  const [names = '', values = ''] = snmp.split('\n');
  const at = names.split(' ').indexOf('PassiveOpens');
  return Number(values.split(' ')[at]);
}

export async function connections(): Promise<readonly number[]> {
  return Promise.all(HOSTS.map(connectionsTo));
}
