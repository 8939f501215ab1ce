// A configuration with its secrets opened, for the time of one plan or one deploy.
// First it is checked without them; only the names that it uses are then opened, and it is read again with their values.
import { createRedactor } from '../core/redact.ts';
import type { Redactor } from '../core/redact.ts';
import type { Problem } from '../core/problem.ts';
import { createSecret, Secret } from '../core/secret.ts';
import type { SecretFound, SecretKeeper, SecretSources } from '../core/secret.ts';
import type { Config } from '../core/resource.ts';
import type { ConfigFiles, DeployWorld } from './contract.ts';
import { validateConfig } from './validate.ts';

export interface Vault {
  /** The bytes that a seal in a plan stands for; undefined when they are others now. */
  find(seal: string): Secret | undefined;
  /** The values that were opened; what was put together from them is not among them. */
  readonly secrets: readonly Secret[];
  readonly redactor: Redactor;
}

export type Opened =
  | { readonly config: Config; readonly vault: Vault }
  | { readonly problems: readonly Problem[] };

export async function openConfig(world: DeployWorld, files: ConfigFiles): Promise<Opened> {
  const closed = validateConfig(files, world.kinds);
  if ('problems' in closed) return closed;
  const { secrets: names } = closed.config;
  if (names.length === 0) return { config: closed.config, vault: vaultOf(new Map(), new Map()) };
  const found = new Map<string, SecretFound>();
  for (const name of names) found.set(name, await openSecret(world.secrets, files, name));
  const bySeal = new Map<string, Secret>();
  const parsed = validateConfig(files, world.kinds, sourcesOf(found, bySeal, world.secrets));
  return 'problems' in parsed ? parsed : { config: parsed.config, vault: vaultOf(found, bySeal) };
}

async function openSecret(
  keeper: SecretKeeper | undefined,
  files: ConfigFiles,
  name: string,
): Promise<SecretFound> {
  const path = `deploy-configs/secrets/${name}.age`;
  if (!keeper) {
    const why = `the secret ${name} cannot be opened here: there is no age identity; set ASHORE_AGE_KEY_PATH`;
    return { code: 'SECRET_UNREADABLE', why };
  }
  const opened = await keeper.open(name, files.get(path));
  switch (opened.is) {
    case 'value':
      return createSecret([name], opened.bytes, keeper.seal);
    case 'missing':
      return {
        code: 'SECRET_MISSING',
        why: `there is no secret ${name}: no ${path}, and none on the server`,
      };
    case 'unreadable':
      return { code: 'SECRET_UNREADABLE', why: `the secret ${name} cannot be used: ${opened.why}` };
    default:
      return opened satisfies never;
  }
}

/** What is found or put together is kept by its seal. */
function sourcesOf(
  found: ReadonlyMap<string, SecretFound>,
  bySeal: Map<string, Secret>,
  keeper: SecretKeeper | undefined,
): SecretSources {
  const keep = (secret: Secret): Secret => {
    bySeal.set(secret.seal, secret);
    return secret;
  };
  return {
    find: (name) => {
      const one = found.get(name) ?? 'unchecked';
      return one instanceof Secret ? keep(one) : one;
    },
    compose: (names, bytes) => {
      if (!keeper) throw new TypeError('nothing can be sealed without a key');
      return keep(createSecret(names, bytes, keeper.seal));
    },
  };
}

function vaultOf(found: ReadonlyMap<string, SecretFound>, bySeal: ReadonlyMap<string, Secret>): Vault {
  const secrets = [...found.values()].filter((one) => one instanceof Secret);
  return { find: (seal) => bySeal.get(seal), secrets, redactor: createRedactor(secrets) };
}
