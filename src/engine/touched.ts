// Which stacks a change of the configuration touches, and on which hosts they have to be looked at. Pure.
import { formatAddress, formatRef } from '../core/address.ts';
import { canonical } from '../core/json.ts';
import { resourcesOn, wantPrint } from '../core/resource.ts';
import type { Config, Resource } from '../core/resource.ts';

/**
 * Names of the stacks whose hosts or resources differ, those that are gone included, sorted. A stack whose own file is
 * among `changedFiles` counts even when it says the same: who edits it wants to see it.
 */
export function touchedStacks(
  head: Config,
  base: Config | undefined,
  changedFiles: ReadonlySet<string>,
): readonly string[] {
  const now = describeStacks(head);
  const before = base ? describeStacks(base) : new Map<string, string>();
  const edited = head.stacks.filter((stack) => changedFiles.has(stack.where.file)).map((stack) => stack.name);
  const names = [...new Set([...now.keys(), ...before.keys()])].toSorted();
  return names.filter((name) => now.get(name) !== before.get(name) || edited.includes(name));
}

/** Hosts on which these stacks are or were, as far as they are still in the inventory, in its order. */
export function stackHosts(
  stacks: readonly string[],
  head: Config,
  base: Config | undefined,
): readonly string[] {
  const members = [...head.stacks, ...(base?.stacks ?? [])].filter((stack) => stacks.includes(stack.name));
  const hosts = new Set(members.flatMap((stack) => stack.hosts));
  return [...head.targets.keys()].filter((host) => hosts.has(host));
}

/** Fingerprints of what a configuration wants on one host, by `kind/id`. */
export function wantsOn(host: string, resources: readonly Resource[]): ReadonlyMap<string, string> {
  const onHost = resourcesOn(host, resources);
  return new Map(onHost.map((resource) => [formatRef(resource.address), wantPrint(resource.want)]));
}

function describeStacks(config: Config): Map<string, string> {
  const resources = Map.groupBy(config.resources, (resource) => resource.stack);
  return new Map(
    config.stacks.map(({ name, hosts }) => {
      const wants = (resources.get(name) ?? []).map(({ address, want }) => [
        formatAddress(address),
        wantPrint(want),
      ]);
      const targets = hosts.map((host) => config.targets.get(host));
      return [name, canonical({ hosts, targets, wants })];
    }),
  );
}
