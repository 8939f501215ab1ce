// One deployer a repository: each reaches what it may reach, with its own key. All keys are read at the start.
import { readFileSync } from 'node:fs';
import type { Deployer } from './deploy.ts';
import { parseRepositories } from './repositories.ts';
import type { RepositoryEntry } from './repositories.ts';
import type { Settings, SshSettings } from './settings.ts';
import { createLiveDeployer, readKeys } from './world.ts';

/** A repository as GitHub knows it. */
interface Named {
  readonly owner: string;
  readonly name: string;
  readonly id: number;
  /** Another repository had its name before. */
  readonly taken: boolean;
}

/** Throws with a sentence for people where a key cannot be used. `ensure` is asked before each connection to a host. */
export function openDeployers(
  { ssh, repositories: path }: Settings,
  ensure: () => Promise<void>,
): (repo: Named) => Deployer {
  try {
    if (path === undefined) {
      const deployer = createLiveDeployer({ ...readKeys(ssh), ensure });
      return () => deployer;
    }
    const open = (repo: string, entry: RepositoryEntry, why?: string): Deployer => {
      const permit = { repo, hosts: entry.hosts, ...(why === undefined ? {} : { why }) };
      return createLiveDeployer({ ...readKeys(keysOf(ssh, entry)), permit, ensure });
    };
    const repositories = parseRepositories(readFileSync(path, 'utf8'));
    const deployers = new Map([...repositories].map(([repo, entry]) => [repo, open(repo, entry)] as const));
    return (named) => {
      const repo = `${named.owner}/${named.name}`;
      const why = refuseNamed(named, repositories.get(repo.toLowerCase()));
      const known = why === undefined ? deployers.get(repo.toLowerCase()) : undefined;
      return known ?? open(repo, { hosts: [] }, why);
    };
  } catch (error) {
    const what = path === undefined ? 'the SSH key' : `the SSH key or ${path}`;
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${what} cannot be used: ${why}`, { cause: error });
  }
}

/** Why an entry is not the repository's. Names can be taken over, so one that has been another's needs more than the name. */
function refuseNamed({ id, taken }: Named, entry: RepositoryEntry | undefined): string | undefined {
  if (!entry)
    return 'it has no entry in the file of ASHORE_REPOSITORIES, where a repository goes by the name that it has now';
  if (entry.id === undefined ? !taken : entry.id === id) return undefined;
  if (entry.id !== undefined)
    return `its entry in the file of ASHORE_REPOSITORIES is for id ${entry.id}, and it has id ${id}`;
  return `another repository had this name before; where its entry in the file of ASHORE_REPOSITORIES is meant for it, write id: ${id} into that`;
}

function keysOf(ssh: SshSettings, entry: RepositoryEntry): SshSettings {
  const { key, plan_key: planKey, age_key: ageKeyPath, secrets: secretsPath } = entry;
  const secrets = { ageKeyPath, secretsPath };
  if (key === undefined) return { ...ssh, planKeyPath: planKey ?? ssh.planKeyPath, ...secrets };
  // No agent beside a key of its own: it would offer the keys of others.
  return { keyPath: key, agentSocket: undefined, planKeyPath: planKey, ...secrets };
}
