// One deployer a repository: each reaches what it may reach, with its own key. All keys are read at the start.
import { readFileSync } from 'node:fs';
import type { Deployer } from './deploy.ts';
import { parseRepositories } from './repositories.ts';
import type { RepositoryEntry } from './repositories.ts';
import type { Settings, SshSettings } from './settings.ts';
import { createLiveDeployer, readKeys } from './world.ts';

/** Throws with a sentence for people where a key cannot be used. `ensure` is asked before each connection to a host. */
export function openDeployers(
  { ssh, repositories: path }: Settings,
  ensure: () => Promise<void>,
): (repo: string) => Deployer {
  try {
    if (path === undefined) {
      const deployer = createLiveDeployer({ ...readKeys(ssh), ensure });
      return () => deployer;
    }
    const open = (repo: string, entry: RepositoryEntry): Deployer =>
      createLiveDeployer({ ...readKeys(keysOf(ssh, entry)), permit: { repo, hosts: entry.hosts }, ensure });
    const repositories = parseRepositories(readFileSync(path, 'utf8'));
    const deployers = new Map([...repositories].map(([repo, entry]) => [repo, open(repo, entry)] as const));
    return (repo) => deployers.get(repo.toLowerCase()) ?? open(repo, { hosts: [] });
  } catch (error) {
    const what = path === undefined ? 'the SSH key' : `the SSH key or ${path}`;
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${what} cannot be used: ${why}`, { cause: error });
  }
}

function keysOf(ssh: SshSettings, entry: RepositoryEntry): SshSettings {
  const { key, plan_key: planKey, age_key: ageKeyPath, secrets: secretsPath } = entry;
  const secrets = { ageKeyPath, secretsPath };
  if (key === undefined) return { ...ssh, planKeyPath: planKey ?? ssh.planKeyPath, ...secrets };
  // No agent beside a key of its own: it would offer the keys of others.
  return { keyPath: key, agentSocket: undefined, planKeyPath: planKey, ...secrets };
}
