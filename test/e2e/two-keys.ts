// Hosts set up by the script that `ashore bootstrap` prints: one key that deploys, and one that plans and can only look.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printBootstrap } from '../../src/bootstrap.ts';
import type { Lab } from '../lab/lab.ts';
import { must } from '../lab/machine.ts';
import { filesOf, hostsFile } from './fleet.ts';
import type { FleetLogin } from './fleet.ts';

export interface TwoKeys extends FleetLogin {
  /** Paths of the private keys; the public ones are beside them as `.pub`. */
  readonly plan: string;
  readonly deploy: string;
}

const SSH = '{ plan_user: ashore-plan }';

/** The lab's own login of the name `deploy` makes room first. */
export async function makeTwoKeys(): Promise<TwoKeys> {
  const directory = mkdtempSync(join(tmpdir(), 'ashore-keys-'));
  const [plan, deploy] = [join(directory, 'plan'), join(directory, 'deploy')];
  for (const file of [plan, deploy])
    await must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file);
  const keyOf = (file: string) => ({ name: file, privateKey: readFileSync(file, 'utf8') });
  const prepare = async (lab: Lab) => {
    for (const name of lab.hosts.keys()) {
      await runOn(lab, name, 'userdel -r deploy 2>/dev/null; rm /etc/sudoers.d/deploy');
      const script = scriptFor(lab, name, { plan, deploy });
      await runOn(lab, name, script);
      await runOn(lab, name, script);
    }
    return { keys: [keyOf(deploy)], plan: { keys: [keyOf(plan)] } };
  };
  return { ssh: SSH, plan, deploy, prepare };
}

function scriptFor(lab: Lab, name: string, keys: { readonly plan: string; readonly deploy: string }): string {
  const files = filesOf({ 'hosts.yml': hostsFile(lab, SSH) });
  const printed = printBootstrap(files, name, { plan: `${keys.plan}.pub`, deploy: `${keys.deploy}.pub` });
  if (!('script' in printed)) throw new Error(JSON.stringify(printed));
  return printed.script;
}

async function runOn(lab: Lab, name: string, script: string): Promise<void> {
  const { status, stdout, stderr } = await lab.host(name).exec(['sh', '-s'], { stdin: script });
  if (status !== 0) throw new Error(`${name}: ${stdout}${stderr}`);
}
