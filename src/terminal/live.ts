// The verbs on real hosts, with the keys that the environment names.
import type { Deployer } from '../deploy.ts';
import { createLiveDeployer, readKeys } from '../world.ts';
import { formatSettingProblem, readSshSettings } from '../settings.ts';
import { complain } from './say.ts';

/** Undefined when the settings do not do; that is said then. */
export function openDeployer(): Deployer | undefined {
  const parsed = readSshSettings();
  if ('problems' in parsed) {
    complain(parsed.problems.map(formatSettingProblem).join('\n'));
    return undefined;
  }
  try {
    return createLiveDeployer(readKeys(parsed.settings));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    complain(`${error.message}. Name the private key that the hosts let in.`);
    return undefined;
  }
}
