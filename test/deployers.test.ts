// Which repository reaches what by the server's own file, when names change hands.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findKeyProblems, openDeployers } from '../src/deployers.ts';
import type { Settings } from '../src/settings.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB4HRlE6NQJn4Gw3VfZtPuA4BQ+3S2KDyC1qfAyjw0wc';
const files = new Map(
  Object.entries({
    // Nobody listens at port 1.
    'deploy-configs/hosts.yml': `ssh: { user: deploy }\nhosts:\n  web1: { address: 127.0.0.1, port: 1, host_key: ${KEY} }\n`,
    'deploy-configs/shop.yml': 'on: web1\nresources:\n  - file: /etc/shop\n    content: v1\n',
  }).map(([path, text]) => [path, new TextEncoder().encode(text)] as const),
);

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'ashore-deployers-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const infra = { owner: 'Acme', name: 'Infra', id: 7, taken: false };

async function failureOf(text: string, repo: typeof infra): Promise<string> {
  const repositories = join(directory, 'repositories.yml');
  writeFileSync(repositories, text);
  const settings: Settings = {
    appId: 1,
    privateKey: '',
    webhookSecret: '',
    webhookPath: '/',
    apiUrl: undefined,
    ssh: { keyPath: undefined, agentSocket: '/nowhere' },
    repositories,
    data: directory,
    host: '127.0.0.1',
    port: 0,
    logLevel: 'silent',
  };
  const deployer = openDeployers(settings, async () => undefined)(repo);
  const planned = await deployer.plan({ files, base: undefined, commit: 'c1' });
  if (planned.is !== 'plan') throw new Error(JSON.stringify(planned));
  const { code, message } = planned.plan.hosts[0]?.failure ?? { code: '', message: '' };
  return `${code} ${message}`;
}

it('says all that is wrong with the keys of the entries, each where it is named', () => {
  const repositories = join(directory, 'broken.yml');
  const text =
    'a/b: { hosts: [], key: /nowhere/b, age_key: /nowhere/age }\nc/d: { hosts: [] }\ne/f: { hosts: [] }\n';
  writeFileSync(repositories, text);
  const ssh = { keyPath: '/nowhere/own', agentSocket: undefined };
  const said = findKeyProblems({ ssh, repositories }).map(({ name, message }) => `${name} ${message}`);
  expect(said.map((line) => line.split(', which')[0])).toEqual([
    'key of a/b in the file of ASHORE_REPOSITORIES names /nowhere/b',
    'age_key of a/b in the file of ASHORE_REPOSITORIES names /nowhere/age',
    'ASHORE_SSH_KEY_PATH names /nowhere/own',
  ]);
  expect(() => openDeployers({ ssh, repositories }, async () => undefined)).toThrow('/nowhere/b');
  const lost = findKeyProblems({ ssh, repositories: '/nowhere/file' });
  expect(lost.map(({ name }) => name)).toEqual(['ASHORE_REPOSITORIES', 'ASHORE_SSH_KEY_PATH']);
});

const ENTRY = 'acme/infra: { hosts: [127.0.0.1] }\n';

describe('an entry of the file of repositories', () => {
  it.each([
    ['is for who has the name', ENTRY, infra, /^HOST_UNREACHABLE/],
    [
      'is missing for who had another name before',
      ENTRY,
      { ...infra, name: 'fleet' },
      /^HOST_NOT_PERMITTED .*no entry .* the name that it has now/,
    ],
    [
      'is not for who took the name after another',
      ENTRY,
      { ...infra, taken: true },
      /^HOST_NOT_PERMITTED .*another repository had this name before.*write id: 7/,
    ],
    [
      'is for who took the name when it says so',
      'acme/infra: { id: 7, hosts: [127.0.0.1] }\n',
      { ...infra, taken: true },
      /^HOST_UNREACHABLE/,
    ],
    [
      'is for its id alone',
      'acme/infra: { id: 8, hosts: [127.0.0.1] }\n',
      infra,
      /^HOST_NOT_PERMITTED .*is for id 8, and it has id 7/,
    ],
  ])('%s', async (_, text, repo, message) => {
    expect(await failureOf(text, repo)).toMatch(message);
  });
});
