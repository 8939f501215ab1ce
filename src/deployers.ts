// One deployer a repository: each reaches what it may reach, with its own key. All keys are read at the start.
import { readFileSync } from 'node:fs';
import type { Deployer } from './deploy.ts';
import { parseRepositories } from './repositories.ts';
import type { Repositories, RepositoryEntry } from './repositories.ts';
import { formatSettingProblem } from './settings.ts';
import type { SettingProblem, Settings, SshSettings } from './settings.ts';
import { createLiveDeployer, openKeys } from './world.ts';
import type { KeyNames, LiveOptions } from './world.ts';

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
  settings: Pick<Settings, 'ssh' | 'repositories'>,
  ensure: () => Promise<void>,
): (repo: Named) => Deployer {
  const opened = openAll(settings);
  if ('problems' in opened) throw new Error(opened.problems.map(formatSettingProblem).join(' '));
  if ('keys' in opened) {
    const deployer = createLiveDeployer({ ...opened.keys, ensure });
    return () => deployer;
  }
  const { repositories, keysOf } = opened;
  const open = (repo: string, hosts: readonly string[], why?: string): Deployer => {
    const permit = { repo, hosts, ...(why === undefined ? {} : { why }) };
    return createLiveDeployer({ ...(keysOf.get(repo) ?? NO_KEYS), permit, ensure });
  };
  const deployers = new Map([...repositories].map(([repo, { hosts }]) => [repo, open(repo, hosts)] as const));
  return (named) => {
    const repo = `${named.owner}/${named.name}`;
    const why = refuseNamed(named, repositories.get(repo.toLowerCase()));
    const known = why === undefined ? deployers.get(repo.toLowerCase()) : undefined;
    return known ?? open(repo, [], why);
  };
}

/** All that is wrong with the file of repositories and with the keys that it and the environment name. */
export function findKeyProblems(settings: Pick<Settings, 'ssh' | 'repositories'>): readonly SettingProblem[] {
  const opened = openAll(settings);
  return 'problems' in opened ? opened.problems : [];
}

/** For a repository that may reach nothing. */
const NO_KEYS: LiveOptions = { keys: [] };

type Opened =
  | { readonly keys: LiveOptions }
  | { readonly repositories: Repositories; readonly keysOf: ReadonlyMap<string, LiveOptions> }
  | { readonly problems: readonly SettingProblem[] };

function openAll({ ssh, repositories: path }: Pick<Settings, 'ssh' | 'repositories'>): Opened {
  if (path === undefined) return openKeys(ssh);
  const parsed = readRepositories(path);
  if ('problem' in parsed) {
    const opened = openKeys(ssh);
    return { problems: [parsed.problem, ...('problems' in opened ? opened.problems : [])] };
  }
  const problems = new Map<string, SettingProblem>();
  const keysOf = new Map<string, LiveOptions>();
  for (const [repo, entry] of parsed.repositories) {
    const opened = openKeys(settingsOf(ssh, entry), namesOf(repo, entry));
    if ('keys' in opened) keysOf.set(repo, opened.keys);
    // What is shared by entries is said once.
    else for (const problem of opened.problems) problems.set(formatSettingProblem(problem), problem);
  }
  if (problems.size > 0) return { problems: [...problems.values()] };
  return { repositories: parsed.repositories, keysOf };
}

function readRepositories(
  path: string,
): { readonly repositories: Repositories } | { readonly problem: SettingProblem } {
  try {
    return { repositories: parseRepositories(readFileSync(path, 'utf8')) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const hint = 'docs/security.md says what stands in it';
    return {
      problem: { name: 'ASHORE_REPOSITORIES', message: `names ${path}, which cannot be used: ${why}`, hint },
    };
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

function settingsOf(ssh: SshSettings, entry: RepositoryEntry): SshSettings {
  const { key, plan_key: planKey, age_key: ageKeyPath, secrets: secretsPath } = entry;
  const secrets = { ageKeyPath, secretsPath };
  if (key === undefined) return { ...ssh, planKeyPath: planKey ?? ssh.planKeyPath, ...secrets };
  // No agent beside a key of its own: it would offer the keys of others.
  return { keyPath: key, agentSocket: undefined, planKeyPath: planKey, ...secrets };
}

/** Where the keys of an entry are named. */
function namesOf(repo: string, { key, plan_key: planKey }: RepositoryEntry): KeyNames {
  const there = `of ${repo} in the file of ASHORE_REPOSITORIES`;
  return {
    key: key === undefined ? 'ASHORE_SSH_KEY_PATH' : `key ${there}`,
    planKey: planKey === undefined ? 'ASHORE_PLAN_KEY_PATH' : `plan_key ${there}`,
    ageKey: `age_key ${there}`,
  };
}
