// `ashore validate`: the configuration alone; no host is asked and no secret opened.
import { EXIT } from '../command-line.ts';
import type { Exit } from '../command-line.ts';
import { readWorkingTree } from '../checkout.ts';
import type { Checkout } from '../checkout.ts';
import { validateConfig } from '../validate.ts';
import { kinds } from '../kinds/index.ts';
import { count } from '../render/words.ts';
import { print, showProblems } from './say.ts';

export async function validate(checkout: Checkout): Promise<Exit> {
  const files = await readWorkingTree(checkout);
  const parsed = validateConfig(files, kinds);
  if ('problems' in parsed) return showProblems(parsed.problems, files);
  const { resources, targets, stacks, secrets } = parsed.config;
  const where = `${count(stacks.length, 'stack')} on ${count(targets.size, 'host')}`;
  print(`valid: ${count(resources.length, 'resource')} in ${where}`);
  const absent = secrets.filter((name) => !files.has(`deploy-configs/secrets/${name}.age`));
  if (secrets.length > 0) print(`not opened: ${count(secrets.length, 'secret')}`);
  if (absent.length > 0)
    print(`not in deploy-configs/secrets/, so they must be on the server: ${absent.join(', ')}`);
  return EXIT.done;
}
