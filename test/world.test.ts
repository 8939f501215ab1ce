// Which key and which user go to a host: planning with its own identity, its own user on the way there too, and never an agent.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLiveDeployer, readKeys } from '../src/world.ts';
import { startSshd, sshdUnavailable } from './support/sshd.ts';

const directory = mkdtempSync(join(tmpdir(), 'ashore-world-'));
const [deploy, plan] = ['deploy', 'plan'].map((name) => {
  const path = join(directory, name);
  writeFileSync(path, `key of ${name}`);
  return path;
});

describe('the identities', () => {
  it('planning has its key alone, and no agent', () => {
    const keys = readKeys({ keyPath: deploy, agentSocket: '/run/agent', planKeyPath: plan });
    expect(keys).toEqual({
      keys: [{ name: deploy, privateKey: 'key of deploy' }],
      agent: '/run/agent',
      plan: { keys: [{ name: plan, privateKey: 'key of plan' }] },
    });
  });

  it('planning logs in as deploying does where it has no key of its own', () => {
    expect(readKeys({ keyPath: deploy, agentSocket: undefined })).toEqual({
      keys: [{ name: deploy, privateKey: 'key of deploy' }],
    });
  });

  it.each([
    ['ASHORE_SSH_KEY_PATH', { keyPath: join(directory, 'none'), agentSocket: undefined }],
    [
      'ASHORE_PLAN_KEY_PATH',
      { keyPath: deploy, agentSocket: undefined, planKeyPath: join(directory, 'none') },
    ],
  ])('%s that cannot be read is named, without what it was set to', (setting, settings) => {
    expect(() => readKeys(settings)).toThrow(`${setting} cannot be read: ENOENT`);
    expect(() => readKeys(settings)).not.toThrow(directory);
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
