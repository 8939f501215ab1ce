// Which addresses a repository may reach. The names and addresses of a configuration are its own claim: what decides is
// the address that would be connected to, and that of every host on the way, before anything is connected.
import { BlockList, isIP } from 'node:net';
import type { Connect, Target } from '../core/host.ts';
import { HostFailure } from '../core/reason.ts';

export interface Permit {
  /** `owner/name`, for the message. */
  readonly repo: string;
  /** Why it may reach nothing. */
  readonly why?: string;
  /** IP addresses, networks such as `10.0.0.0/8`, host names, and `*.example.com`. */
  readonly hosts: readonly string[];
}

export function permitConnect(connect: Connect, permit: Permit): Connect {
  const permits = compilePermit(permit.hosts);
  return async (target) => {
    for (let hop: Target | null = target; hop !== null; hop = hop.jump) {
      if (permits(hop.address)) continue;
      const why = permit.why === undefined ? '' : `: ${permit.why}`;
      const message = `${permit.repo} may not reach ${hop.address} (${hop.host})${why}; nothing was connected`;
      throw new HostFailure({ code: 'HOST_NOT_PERMITTED', message });
    }
    return connect(target);
  };
}

/** Whether an entry can mean anything at all. */
export function isPermitEntry(entry: string): boolean {
  const network = parseNetwork(entry);
  if (network) return network.bits >= 0 && network.bits <= (network.version === 6 ? 128 : 32);
  return isIP(entry) !== 0 || /^(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(entry);
}

function compilePermit(entries: readonly string[]): (address: string) => boolean {
  const addresses = new BlockList();
  const names = new Set<string>();
  for (const entry of entries) {
    const network = parseNetwork(entry);
    const version = isIP(entry);
    if (network) addresses.addSubnet(network.address, network.bits, familyOf(network.version));
    else if (version !== 0) addresses.addAddress(entry, familyOf(version));
    else names.add(entry.toLowerCase());
  }
  return (address) => {
    const version = isIP(address);
    if (version !== 0) return addresses.check(address, familyOf(version));
    const name = address.toLowerCase().replace(/\.$/, '');
    const suffixes = [...name.matchAll(/\./g)].map(({ index }) => `*${name.slice(index)}`);
    return [name, ...suffixes].some((each) => names.has(each));
  };
}

function parseNetwork(entry: string) {
  const [, address = '', bits = ''] = /^(.+)\/(\d{1,3})$/.exec(entry) ?? [];
  const version = isIP(address);
  return version === 0 ? undefined : { address, bits: Number(bits), version };
}

function familyOf(version: number): 'ipv4' | 'ipv6' {
  return version === 6 ? 'ipv6' : 'ipv4';
}
