// What a reader of a plan must not overlook: that the pull request changes policy, and which hosts it brings or moves.
import { canonical } from '../core/json.ts';
import type { Target } from '../core/host.ts';
import type { ConfigFiles } from '../deploy.ts';
import { readFiles } from './contents.ts';
import type { GithubWorld, Repo } from './repo.ts';
import { filesOf } from './survey.ts';
import type { Survey } from './survey.ts';

/** Markdown-free sentences; names stand between backticks. */
export async function readNotices(
  { validate }: GithubWorld,
  repo: Repo,
  { commit, base }: Survey,
): Promise<readonly string[]> {
  const [after, before] = await Promise.all([readFiles(repo, commit), readFiles(repo, base)]);
  if (after.is === 'refused' || before.is === 'refused') return [];
  const [now, then] = [filesOf(after), filesOf(before)];
  const targets = (files: ConfigFiles): ReadonlyMap<string, Target> => {
    const parsed = validate(files);
    return 'config' in parsed ? parsed.config.targets : new Map();
  };
  return [
    ...(textOf(now) === textOf(then) ? [] : [POLICY_CHANGED]),
    ...describeTargets(targets(now), targets(then)),
  ];
}

const POLICY = 'deploy-configs/policy.yml';
const POLICY_CHANGED =
  'This pull request changes policy: the policy of the base branch applies to it, and what it says applies only after it.';

function textOf(files: ConfigFiles): string | undefined {
  const bytes = files.get(POLICY);
  return bytes && new TextDecoder().decode(bytes);
}

/** How the hosts of a commit are reached; none where its configuration is not valid. */
export async function readTargets(
  { validate }: Pick<GithubWorld, 'validate'>,
  repo: Repo,
  commit: string,
): Promise<ReadonlyMap<string, Target>> {
  const read = await readFiles(repo, commit);
  if (read.is === 'refused') return new Map();
  const parsed = validate(filesOf(read));
  return 'config' in parsed ? parsed.config.targets : new Map();
}

/** One sentence for each host that is new, or is reached at another address or known by another key. */
export function describeTargets(
  now: ReadonlyMap<string, Target>,
  then: ReadonlyMap<string, Target>,
): readonly string[] {
  return [...now.values()].flatMap((target) => {
    const old = then.get(target.host);
    const way = `\`${target.user}@${target.address}:${target.port}\``;
    if (!old) return [`Host \`${target.host}\` is new: ${way}.`];
    const was = `\`${old.user}@${old.address}:${old.port}\``;
    const keys = canonical(old.hostKeys) !== canonical(target.hostKeys);
    return [
      ...(was === way ? [] : [`Host \`${target.host}\` is reached elsewhere: ${was} becomes ${way}.`]),
      ...(keys ? [`Host \`${target.host}\` gets another host key.`] : []),
      ...(canonical(old.jump) === canonical(target.jump)
        ? []
        : [`Host \`${target.host}\` is reached by another way through jump hosts.`]),
    ];
  });
}
