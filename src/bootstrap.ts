// `ashore bootstrap`: the set-up of one host of the configuration, as a script that a person reads and runs. Asks no host.
import { readFileSync } from 'node:fs';
import { formatBootstrap, parsePublicKey } from './bootstrap/script.ts';
import { suggest } from './core/problem.ts';
import type { Problem } from './core/problem.ts';
import type { Reason } from './core/reason.ts';
import { validateConfig } from './validate.ts';
import type { ConfigFiles } from './deploy.ts';
import { kinds } from './kinds/index.ts';

export type Printed =
  | { readonly script: string }
  | { readonly problems: readonly Problem[] }
  | { readonly refused: Reason };

/** Paths of public keys; undefined: not given. */
interface KeyPaths {
  readonly plan: string | undefined;
  readonly deploy: string | undefined;
}

export function printBootstrap(files: ConfigFiles, host: string | undefined, paths: KeyPaths): Printed {
  const parsed = validateConfig(files, kinds);
  if ('problems' in parsed) return parsed;
  const { targets } = parsed.config;
  const target = targets.get(host ?? '');
  if (!target) return refuseHost(host, [...targets.keys()]);
  const plan = readPublicKey(paths.plan);
  const deploy = readPublicKey(paths.deploy);
  const unusable = [plan, deploy].find((key) => key !== undefined && 'unusable' in key);
  if (unusable && 'unusable' in unusable) return invalid(unusable.unusable);
  const made = formatBootstrap({
    target,
    behind: [...targets.values()].filter((other) => other.jump?.host === target.host),
    planKey: keyOf(plan),
    deployKey: keyOf(deploy),
  });
  return 'refused' in made ? invalid(made.refused) : made;
}

type PublicKey = { readonly key: string } | { readonly unusable: string } | undefined;

/** What a file holds that is no public key is never repeated: it may be the private one. */
function readPublicKey(path: string | undefined): PublicKey {
  if (path === undefined) return undefined;
  try {
    const key = parsePublicKey(readFileSync(path, 'utf8'));
    return key === undefined ? { unusable: `${path} holds no public key in OpenSSH's form` } : { key };
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'no reason given';
    return { unusable: `${path} cannot be read: ${why}` };
  }
}

function keyOf(found: PublicKey): string | undefined {
  return found && 'key' in found ? found.key : undefined;
}

function refuseHost(host: string | undefined, known: readonly string[]): Printed {
  if (host === undefined) return invalid('name the host that is to be set up');
  const near = suggest(host, known);
  const message = `hosts.yml has no host ${host}${near === undefined ? '' : `; did you mean ${near}?`}`;
  return { refused: { code: 'HOST_UNKNOWN', message } };
}

function invalid(message: string): Printed {
  return { refused: { code: 'COMMAND_INVALID', message } };
}
