// A configuration by itself: read, checked and put in order. No host is asked and no secret opened.
import { parseConfig } from '../config/parse.ts';
import type { AnyKind } from '../core/kind.ts';
import type { ParsedConfig } from '../core/resource.ts';
import type { SecretSources } from '../core/secret.ts';
import { orderResources } from '../engine/order.ts';
import type { ConfigFiles } from './contract.ts';

/** The configuration with its resources in the order in which they are done; all problems otherwise. No host is asked. */
export function validateConfig(
  files: ConfigFiles,
  kinds: readonly AnyKind[],
  secrets?: SecretSources,
): ParsedConfig {
  const parsed = parseConfig(files, kinds, secrets);
  if ('problems' in parsed) return parsed;
  const ordered = orderResources(parsed.config.resources, kinds, parsed.config.stacks);
  if ('problems' in ordered) return ordered;
  return { config: { ...parsed.config, resources: ordered.resources } };
}
