// Which key and which user go to a host: planning with its own identity, its own user on the way there too, and never an agent.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLiveDeployer, openKeys, readKeys } from '../src/world.ts';
import { startSshd, sshdUnavailable } from './support/sshd.ts';

const directory = mkdtempSync(join(tmpdir(), 'ashore-world-'));
const [deploy = '', plan = ''] = ['deploy', 'plan'].map((name) => {
  const path = join(directory, name);
  writeFileSync(path, newKey());
  return path;
});
const KEY = (path: string) => ({ name: path, privateKey: readFileSync(path, 'utf8') });

function newKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
}

describe('the identities', () => {
  it('planning has its key alone, and no agent', () => {
    const keys = readKeys({ keyPath: deploy, agentSocket: '/run/agent', planKeyPath: plan });
    expect(keys).toEqual({
      keys: [KEY(deploy)],
      agent: '/run/agent',
      plan: { keys: [KEY(plan)] },
    });
  });

  it('planning logs in as deploying does where it has no key of its own', () => {
    expect(readKeys({ keyPath: deploy, agentSocket: undefined })).toEqual({
      keys: [KEY(deploy)],
    });
  });

  it('all that is wrong with them is said at once, with setting, path and what to do', () => {
    const [lost, broken] = [join(directory, 'lost'), join(directory, 'broken')];
    writeFileSync(broken, 'hunter2');
    const opened = openKeys({
      keyPath: lost,
      agentSocket: undefined,
      planKeyPath: broken,
      ageKeyPath: directory,
    });
    const said = 'problems' in opened ? opened.problems : [];
    expect(said.map(({ name, message }) => `${name} ${message}`)).toEqual([
      `ASHORE_SSH_KEY_PATH names ${lost}, which cannot be used: it cannot be read: ENOENT`,
      `ASHORE_PLAN_KEY_PATH names ${broken}, which cannot be used: Unsupported key format`,
      `ASHORE_AGE_KEY_PATH names ${directory}, which cannot be used: the file of the age identity cannot be read: EISDIR`,
    ]);
    expect(said.map(({ hint }) => hint)).toEqual([
      'Name the private key that the hosts let in',
      'Name the private key that may only look, or none',
      'Name the file of the age identity, as age-keygen writes it',
    ]);
  });

  it.each([
    '-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2',
    `AGE-SECRET-KEY-1hunter2`,
    `hunter2${'A'.repeat(300)}`,
  ])('a key that was pasted in place of its path is not repeated: %j', (pasted) => {
    const opened = openKeys({ keyPath: pasted, agentSocket: undefined, ageKeyPath: pasted });
    expect('problems' in opened && opened.problems).toHaveLength(2);
    expect(JSON.stringify(opened)).not.toContain('hunter2');
  });
});

const unavailable = sshdUnavailable();

describe.skipIf(unavailable !== undefined)('a plan with its own key', () => {
  it('is let in by that key, and the key that deploys is not offered', async () => {
    const sshd = await startSshd();
    try {
      const other = sshd.newKey();
      const hosts = `ssh: { sudo: false, user: ${sshd.target().user} }\nhosts:\n  web1: { address: 127.0.0.1, port: ${sshd.port}, host_key: ${sshd.hostKeys[0]}, state: ${sshd.dir}/state }\n`;
      const stack = 'on: all\nresources:\n  - directory: /etc\n    mode: "0755"\n';
      const files = new Map(
        Object.entries({ 'hosts.yml': hosts, 'a.yml': stack }).map(([name, text]) => {
          return [`deploy-configs/${name}`, new TextEncoder().encode(text)] as const;
        }),
      );
      const planWith = async (keyPath: string, planKeyPath: string) => {
        const deployer = createLiveDeployer(readKeys({ keyPath, agentSocket: undefined, planKeyPath }));
        const planned = await deployer.plan({ files, base: undefined, commit: 'test', all: true });
        if (planned.is !== 'plan') throw new Error(JSON.stringify(planned));
        return planned.plan.hosts[0]?.failure;
      };
      expect(await planWith(other.path, sshd.clientKey.path)).toBeNull();
      const refused = await planWith(sshd.clientKey.path, other.path);
      expect(refused).toMatchObject({ code: 'HOST_AUTH' });
      expect(refused?.message).toContain(other.path);
      expect(refused?.message).not.toContain(sshd.clientKey.path);
    } finally {
      await sshd.stop();
    }
  });
});
