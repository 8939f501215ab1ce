// The verbs on real hosts, with the keys that the environment names.
import type { Deployer } from '../deploy.ts';
import { createLiveDeployer, openKeys } from '../world.ts';
import { formatSettingProblem, readSshSettings } from '../settings.ts';
import { complain } from './say.ts';

/** Undefined when the settings do not do; all that is wrong with them is said then. */
export function openDeployer(): Deployer | undefined {
  const parsed = readSshSettings();
  const opened = openKeys('problems' in parsed ? parsed.rest.ssh : parsed.settings);
  if ('settings' in parsed && 'keys' in opened) return createLiveDeployer(opened.keys);
  const problems = [
    ...('problems' in parsed ? parsed.problems : []),
    ...('problems' in opened ? opened.problems : []),
  ];
  complain(problems.map(formatSettingProblem).join('\n'));
  return undefined;
}
