// Where a host of the lab is and what everything that belongs to it is called. The names alone tell whose a thing is.

import path from 'node:path';

import { stateRoot } from './machine.ts';

export interface Place {
  readonly lab: number;
  /** The place among the lab's hosts, from 0. */
  readonly index: number;
  readonly name: string;
}

/** The lab's addresses without their last number. */
export function subnet(lab: number): string {
  return `10.77.${lab}`;
}

export function addressOf(place: Place): string {
  return `${subnet(place.lab)}.${10 + place.index}`;
}

/** Also the name of the cgroup that holds the cgroups of the lab's hosts. */
export function bridgeName(lab: number): string {
  return `ashore-lab${lab}`;
}

/** systemd-nspawn's name for the host, and that of its network namespace. */
export function machineName(lab: number, name: string): string {
  return `ashore-lab${lab}-${name}`;
}

/** The bridge's end of the host's cable. Linux allows 15 characters, so the host's name cannot be in it. */
export function cableName(place: Place): string {
  return `alab${place.lab}h${place.index}`;
}

export function labDirectory(lab: number): string {
  return path.join(stateRoot, String(lab));
}

export function hostDirectory(lab: number, name: string): string {
  return path.join(labDirectory(lab), 'hosts', name);
}
