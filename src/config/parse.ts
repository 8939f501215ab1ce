// deploy-configs/ at one commit → resources, or everything that is wrong with it. Pure: the files come in as bytes.
import { canonical, sha256 } from '../core/json.ts';
import type { AnyKind } from '../core/kind.ts';
import { formatAddress } from '../core/address.ts';
import { formatWhere, sortProblems } from '../core/problem.ts';
import type { Problem, Where } from '../core/problem.ts';
import type { ParsedConfig, Policy, Resource } from '../core/resource.ts';
import { readTree } from './document.ts';
import type { Tell } from './document.ts';
import { namesOf } from './entry.ts';
import { NAME } from './hosts-file.ts';
import { parseHosts } from './hosts.ts';
import type { Inventory } from './hosts.ts';
import { DEFAULT_POLICY, parsePolicyTree } from './policy.ts';
import { ROOT, sourcesOf } from './sources.ts';
import { parseStack } from './stack.ts';

/** Files by their path from the root of the repository; whatever is not below deploy-configs/ is left alone. */
export type Files = ReadonlyMap<string, Uint8Array>;

export type ParsedPolicy = { readonly policy: Policy } | { readonly problems: readonly Problem[] };

const HOSTS = `${ROOT}hosts.yml`;
const POLICY = `${ROOT}policy.yml`;

export function parseConfig(files: Files, kinds: readonly AnyKind[]): ParsedConfig {
  const problems: Problem[] = [];
  const tell: Tell = (problem) => void problems.push(problem);
  const policy = policyOf(files, tell);
  const inventory = inventoryOf(files, tell);
  const sources = sourcesOf(files);
  const stacks = stackFiles(files, tell).flatMap(({ name, path, bytes }) => {
    const tree = readTree(path, bytes, tell);
    return tree ? [parseStack({ name, tree, inventory, kinds, sources }, tell)] : [];
  });
  const resources = stacks.flatMap((stack) => stack.resources);
  tellDuplicates(resources, tell);
  if (problems.length > 0 || !policy) return { problems: tidy(problems) };
  return {
    config: {
      digest: digestOf(files),
      targets: inventory.targets,
      stacks: stacks.map(({ stack }) => stack),
      resources,
      policy,
    },
  };
}

/** policy.yml alone: it holds even where the rest of the configuration has problems. */
export function parsePolicy(files: Files): ParsedPolicy {
  const problems: Problem[] = [];
  const policy = policyOf(files, (problem) => void problems.push(problem));
  return policy && problems.length === 0 ? { policy } : { problems: tidy(problems) };
}

function policyOf(files: Files, tell: Tell): Policy | undefined {
  tellMisnamed(files, 'policy', tell);
  const bytes = files.get(POLICY);
  if (!bytes) return DEFAULT_POLICY;
  const tree = readTree(POLICY, bytes, tell);
  return tree && parsePolicyTree(tree, tell);
}

function inventoryOf(files: Files, tell: Tell): Inventory {
  tellMisnamed(files, 'hosts', tell);
  const bytes = files.get(HOSTS);
  if (!bytes) {
    const any = [...files.keys()].some((path) => path.startsWith(ROOT));
    const message = any ? `${ROOT} has no hosts.yml` : `there is no ${ROOT} here`;
    tell({ code: 'CONFIG_MISSING', message, where: startOf(HOSTS) });
  }
  const tree = bytes && readTree(HOSTS, bytes, tell);
  return tree ? parseHosts(tree, tell) : { hosts: [], groups: [], targets: new Map() };
}

/** A policy under another name would silently not hold. */
function tellMisnamed(files: Files, name: string, tell: Tell): void {
  const path = `${ROOT}${name}.yaml`;
  if (!files.has(path)) return;
  tell({ code: 'CONFIG_INVALID', message: `this file must be named ${name}.yml`, where: startOf(path) });
}

interface StackBytes {
  readonly name: string;
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** In the order of their names. Files in directories below are sources. */
function stackFiles(files: Files, tell: Tell): readonly StackBytes[] {
  const found = [...files].flatMap(([path, bytes]) => {
    const match = /^deploy-configs\/([^/]*)\.ya?ml$/i.exec(path);
    return match ? [{ name: match[1] ?? '', path, bytes }] : [];
  });
  const stacks = found
    .filter(({ name }) => name !== 'hosts' && name !== 'policy')
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  for (const [index, { name, path }] of stacks.entries()) {
    const twin = stacks.slice(0, index).find((other) => other.name === name);
    if (twin) {
      tell({ code: 'CONFIG_INVALID', message: `${twin.path} is the same stack`, where: startOf(path) });
    }
    if (NAME.test(name) && /\.ya?ml$/.test(path)) continue;
    const message = `a stack is named by its file: lower-case letters, digits, \`.\`, \`_\` and \`-\`, then .yml`;
    tell({ code: 'CONFIG_INVALID', message, where: startOf(path) });
  }
  return stacks;
}

function startOf(file: string): Where {
  return { file, line: 1, column: 1 };
}

function tellDuplicates(resources: readonly Resource[], tell: Tell): void {
  const first = new Map<string, Resource>();
  const twins: { readonly resource: Resource; readonly before: Resource }[] = [];
  for (const resource of resources) {
    const address = formatAddress(resource.address);
    const before = first.get(address);
    if (before) twins.push({ resource, before });
    else first.set(address, resource);
  }
  const same = Map.groupBy(twins, ({ resource: { address, where }, before }) =>
    JSON.stringify([address.kind, address.id, where, before.where]),
  );
  for (const group of same.values()) tellDuplicate(group, tell);
}

function tellDuplicate(
  twins: readonly { readonly resource: Resource; readonly before: Resource }[],
  tell: Tell,
): void {
  const [twin] = twins;
  if (!twin) return;
  const { address, where } = twin.resource;
  const hosts = namesOf(twins.map(({ resource }) => resource.address.host));
  const place = formatWhere(twin.before.where);
  const message = `${address.kind} ${address.id} is declared for ${hosts} already, in ${place}`;
  tell({ code: 'ADDRESS_DUPLICATE', message, where });
}

/** In reading order, each once: an alias brings its problems along to every place that uses it. */
function tidy(problems: readonly Problem[]): readonly Problem[] {
  const once = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return sortProblems([...once.values()]);
}

/** Over the paths and bytes of everything below deploy-configs/. */
function digestOf(files: Files): string {
  const entries = [...files]
    .filter(([path]) => path.startsWith(ROOT))
    .map(([path, bytes]) => [path, sha256(bytes)]);
  return sha256(canonical(entries.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1))));
}
