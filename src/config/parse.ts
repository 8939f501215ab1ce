// deploy-configs/ at one commit → resources, or everything that is wrong with it. Pure: the files come in as bytes.
import { canonical, sha256 } from '../core/json.ts';
import type { AnyKind } from '../core/kind.ts';
import type { Problem, Where } from '../core/problem.ts';
import type { Config, ParsedConfig, Policy } from '../core/resource.ts';
import type { SecretSources } from '../core/secret.ts';
import { readTree } from './document.ts';
import { createBudget, LARGEST_TOTAL } from './bounds.ts';
import type { Budget } from './bounds.ts';
import { collect } from './tell.ts';
import type { Tell } from './tell.ts';
import { tellDuplicates } from './duplicates.ts';
import { NAME } from './hosts-file.ts';
import { EMPTY, parseHosts } from './hosts.ts';
import type { Inventory } from './hosts.ts';
import { DEFAULT_POLICY, parsePolicyTree } from './policy.ts';
import { ROOT, sourcesOf } from './sources.ts';
import { tellAfters } from './rollout.ts';
import { parseStack } from './stack.ts';

/** Files by their path from the root of the repository; whatever is not below deploy-configs/ is left alone. */
export type Files = ReadonlyMap<string, Uint8Array>;

export type ParsedPolicy = { readonly policy: Policy } | { readonly problems: readonly Problem[] };

const HOSTS = `${ROOT}hosts.yml`;
const POLICY = `${ROOT}policy.yml`;

/** Without `secrets` none is opened, and what is made from them is not known. */
export function parseConfig(files: Files, kinds: readonly AnyKind[], secrets?: SecretSources): ParsedConfig {
  const { made, problems } = collect((tell) => readAll({ files, kinds, secrets }, tell));
  const { policy, ...config } = made;
  return problems.length > 0 || !policy
    ? { problems }
    : { config: { digest: digestOf(files), ...config, policy } };
}

/** policy.yml alone: it holds even where the rest of the configuration has problems. */
export function parsePolicy(files: Files): ParsedPolicy {
  const { made, problems } = collect((tell) => policyOf(files, tell));
  return made && problems.length === 0 ? { policy: made } : { problems };
}

type Reading = Omit<Config, 'digest' | 'policy'> & { readonly policy: Policy | undefined };

interface Given {
  readonly files: Files;
  readonly kinds: readonly AnyKind[];
  readonly secrets: SecretSources | undefined;
}

function readAll({ files, kinds, secrets }: Given, tell: Tell): Reading {
  const budget = createBudget();
  const policy = policyOf(files, tell);
  const inventory = inventoryOf(files, budget, tell);
  const sources = sourcesOf(files, budget, secrets);
  const common = { inventory, kinds, budget, sources };
  const stacks = stackFiles(files, tell).flatMap(({ name, path, bytes }) => {
    const tree = readTree(path, bytes, tell);
    return tree ? [parseStack({ name, tree, ...common }, tell)] : [];
  });
  const resources = stacks.flatMap((stack) => stack.resources);
  tellDuplicates(resources, kinds, tell);
  tellAfters(stacks, tell);
  const used = [...sources.used].toSorted();
  const { targets, meant } = inventory;
  const duties = stacks.flatMap((stack) => stack.duties);
  const declared = { resources, ...(duties.length > 0 ? { duties } : {}) };
  return { policy, targets, meant, stacks: stacks.map(({ stack }) => stack), ...declared, secrets: used };
}

function policyOf(files: Files, tell: Tell): Policy | undefined {
  tellMisnamed(files, POLICY, tell);
  const bytes = files.get(POLICY);
  if (!bytes) return DEFAULT_POLICY;
  const tree = readTree(POLICY, bytes, tell);
  return tree && parsePolicyTree(tree, tell);
}

function inventoryOf(files: Files, budget: Budget, tell: Tell): Inventory {
  tellMisnamed(files, HOSTS, tell);
  const bytes = files.get(HOSTS);
  if (!bytes) {
    const any = [...files.keys()].some((path) => path.startsWith(ROOT));
    const message = any ? `${ROOT} has no hosts.yml` : `there is no ${ROOT} here`;
    tell({ code: 'CONFIG_MISSING', message, where: startOf(HOSTS) });
  }
  const tree = bytes && readTree(HOSTS, bytes, tell);
  return tree ? parseHosts(tree, budget, tell) : EMPTY;
}

/** A policy under another name would silently not hold. */
function tellMisnamed(files: Files, path: string, tell: Tell): void {
  const name = path.slice(ROOT.length);
  for (const other of files.keys()) {
    if (other === path || other.toLowerCase().replace(/\.yaml$/, '.yml') !== path) continue;
    tell({ code: 'CONFIG_INVALID', message: `this file must be named ${name}`, where: startOf(other) });
  }
}

interface StackBytes {
  readonly name: string;
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** In the order of their names. Files in directories below are sources. */
function stackFiles(files: Files, tell: Tell): readonly StackBytes[] {
  const stacks = [...files].flatMap(([path, bytes]) => {
    const name = /^deploy-configs\/([^/]*)\.ya?ml$/i.exec(path)?.[1];
    return name === undefined || /^(hosts|policy)$/i.test(name) ? [] : [{ name, path, bytes }];
  });
  stacks.sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const same of Map.groupBy(stacks, (stack) => stack.name).values()) tellName(same, tell);
  let total = 0;
  const within = stacks.filter(({ bytes }) => (total += bytes.length) <= LARGEST_TOTAL);
  const [beyond] = stacks.slice(within.length);
  if (beyond) {
    const message = `the stacks are larger than ${LARGEST_TOTAL} bytes together`;
    tell({ code: 'CONFIG_TOO_LARGE', message, where: startOf(beyond.path) });
  }
  return within;
}

function tellName([first, ...others]: readonly StackBytes[], tell: Tell): void {
  if (!first) return;
  for (const { path } of others) {
    tell({ code: 'CONFIG_INVALID', message: `${first.path} is the same stack`, where: startOf(path) });
  }
  if (NAME.test(first.name) && /\.ya?ml$/.test(first.path)) return;
  const message = `a stack is named by its file: lower-case letters, digits, \`.\`, \`_\` and \`-\`, then .yml`;
  tell({ code: 'CONFIG_INVALID', message, where: startOf(first.path) });
}

function startOf(file: string): Where {
  return { file, line: 1, column: 1 };
}

/** Over the paths and bytes of everything below deploy-configs/. */
function digestOf(files: Files): string {
  const entries = [...files]
    .filter(([path]) => path.startsWith(ROOT))
    .map(([path, bytes]) => [path, sha256(bytes)]);
  return sha256(canonical(entries.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1))));
}
