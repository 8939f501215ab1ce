import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Fixture, HOSTS, openChange, refusal, startFixture } from './fixture.ts';

let f: Fixture;
beforeEach(async () => void (f = await startFixture()));
afterEach(() => f.github.stop());

const plain = { auto_merge: false, required_contexts: [], environment: 'shop' };

async function deploy(ref: string): Promise<number> {
  const { data } = await f.bot.rest.repos.createDeployment({
    ...f.at,
    ...plain,
    ref,
    payload: { plan: '7f3a9c' },
  });
  if (!('id' in data)) throw new Error('no deployment');
  return data.id;
}

it('keeps a history, in which success retires what came before', async () => {
  const ids = [await deploy('main'), await deploy('main')];
  for (const deployment_id of ids) {
    for (const state of ['in_progress', 'success'] as const)
      await f.bot.rest.repos.createDeploymentStatus({
        ...f.at,
        deployment_id,
        state,
        log_url: 'https://example.com/log',
      });
  }
  expect(f.repo.deployments().map(({ statuses }) => statuses.map(({ state }) => state))).toEqual([
    ['in_progress', 'success', 'inactive'],
    ['in_progress', 'success'],
  ]);
  const { data } = await f.bot.rest.repos.listDeployments({ ...f.at, environment: 'shop' });
  expect(data.map(({ id }) => id)).toEqual(ids.toReversed());
  const { data: statuses } = await f.bot.rest.repos.listDeploymentStatuses({
    ...f.at,
    deployment_id: ids[0] ?? 0,
  });
  expect(statuses.map(({ state }) => state)).toEqual(['inactive', 'success', 'in_progress']);
});

it('waits for every check unless told otherwise', async () => {
  const head_sha = await f.repo.sha('main');
  await f.bot.rest.checks.create({ ...f.at, name: 'deploy', head_sha, status: 'in_progress' });
  const asked = { ...f.at, ref: 'main', auto_merge: false };
  expect(await refusal(f.bot.rest.repos.createDeployment(asked))).toMatch(
    /^409 Conflict: Commit status checks failed for main/,
  );
  await f.bot.rest.repos.createDeployment({ ...asked, required_contexts: [] });
});

it('merges the default branch into one that is behind, instead of deploying it', async () => {
  await openChange(f.repo);
  await f.repo.commit({ branch: 'main', message: 'Elsewhere', files: { 'else.yml': 'x\n' } });
  const asked = { ...f.at, ref: 'change', required_contexts: [] };
  expect((await f.bot.rest.repos.createDeployment(asked)).status).toBe(202);
  expect(f.repo.deployments()).toEqual([]);
  expect(await f.repo.readFile('change', 'else.yml')).toBe('x\n');
  await f.repo.commit({ branch: 'main', message: 'Clash', files: { [HOSTS]: 'hosts: { z: {} }\n' } });
  expect(await refusal(f.bot.rest.repos.createDeployment(asked))).toBe(
    '409 Conflict merging main into change.',
  );
});
