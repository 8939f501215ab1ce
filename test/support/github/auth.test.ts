import { generateKeyPairSync } from 'node:crypto';
import { App, Octokit } from 'octokit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Fixture, PERMISSIONS, openChange, refusal, startFixture } from './fixture.ts';

let f: Fixture;
beforeEach(async () => void (f = await startFixture()));
afterEach(() => f.github.stop());

describe('the App', () => {
  it('is known by its JWT', async () => {
    const { data } = await f.app.rest.apps.getAuthenticated();
    expect(data).toMatchObject({
      id: f.github.appId,
      slug: 'ashore',
      events: expect.arrayContaining(['push']),
    });
    const found = await f.app.rest.apps.getRepoInstallation(f.at);
    expect(found.data.account).toMatchObject({ login: 'acme' });
  });

  it('is refused with a key that is not its own', async () => {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const Base = Octokit.defaults({ baseUrl: f.github.apiUrl, retry: { enabled: false } });
    const forged = new App({ appId: f.github.appId, privateKey, Octokit: Base });
    expect(await refusal(forged.octokit.rest.apps.getAuthenticated())).toBe(
      '401 A JSON web token could not be decoded',
    );
  });

  it('sees the repositories it is installed on, and no others', async () => {
    await f.github.createRepo('acme', 'secret', { installed: false });
    const { data } = await f.bot.rest.apps.listReposAccessibleToInstallation();
    expect(data.repositories.map(({ full_name }) => full_name)).toEqual(['acme/shop']);
    expect(await refusal(f.bot.rest.repos.get({ owner: 'acme', repo: 'secret' }))).toBe('404 Not Found');
  });

  it('may do what it has permission for, and nothing else', async () => {
    const number = await openChange(f.repo);
    expect(await refusal(f.bot.rest.repos.getBranchProtection({ ...f.at, branch: 'main' }))).toBe(
      '403 Resource not accessible by integration',
    );
    const sha = f.repo.pull(number).head.sha;
    const status = f.bot.rest.repos.createCommitStatus({ ...f.at, sha, state: 'success' });
    expect(await refusal(status)).toBe('403 Resource not accessible by integration');
  });

  it('can narrow a token but not widen it', async () => {
    const installation_id = f.github.world.installationOf(f.repo.repository)?.id ?? 0;
    const narrow = await f.app.rest.apps.createInstallationAccessToken({
      installation_id,
      permissions: { contents: 'read' },
    });
    const bot = new Octokit({ baseUrl: f.github.apiUrl, auth: narrow.data.token, retry: { enabled: false } });
    await bot.rest.git.getRef({ ...f.at, ref: 'heads/main' });
    expect(await refusal(bot.rest.pulls.list(f.at))).toBe('403 Resource not accessible by integration');
    const wide = f.app.rest.apps.createInstallationAccessToken({
      installation_id,
      permissions: { administration: 'write' },
    });
    expect(await refusal(wide)).toContain('422 The permissions requested are not granted');
  });
});

describe('people', () => {
  it('see what their role lets them see', async () => {
    const number = await openChange(f.repo);
    expect((await f.as('ada').rest.pulls.get({ ...f.at, pull_number: number })).data.title).toBe(
      'Add a host',
    );
    expect(await refusal(f.as('bob').rest.repos.get(f.at))).toBe('404 Not Found');
    f.repo.collaborator('bob', 'read');
    await f.as('bob').rest.issues.createComment({ ...f.at, issue_number: number, body: 'Nice' });
    const merge = f.as('bob').rest.pulls.merge({ ...f.at, pull_number: number });
    expect(await refusal(merge)).toBe('403 Must have push access to repository.');
  });

  it('may not write check runs, whoever they are', async () => {
    const head_sha = await f.repo.sha('main');
    const check = f.as('ada').rest.checks.create({ ...f.at, name: 'plan', head_sha });
    expect(await refusal(check)).toBe('403 You must authenticate via a GitHub App.');
  });

  it('are refused with a token that nobody issued', async () => {
    const stranger = new Octokit({
      baseUrl: f.github.apiUrl,
      auth: 'ghp_made_up',
      retry: { enabled: false },
    });
    expect(await refusal(stranger.rest.repos.get(f.at))).toBe('401 Bad credentials');
    const nobody = new Octokit({ baseUrl: f.github.apiUrl, retry: { enabled: false } });
    expect(await refusal(nobody.rest.repos.get(f.at))).toBe('404 Not Found');
  });

  it('have the permission that GitHub has two words for', async () => {
    f.repo.collaborator('bob', 'maintain');
    const level = async (username: string): Promise<unknown> =>
      (await f.bot.rest.repos.getCollaboratorPermissionLevel({ ...f.at, username })).data;
    expect(await level('bob')).toMatchObject({
      permission: 'write',
      role_name: 'maintain',
      user: { login: 'bob' },
    });
    expect(await level('ada')).toMatchObject({ permission: 'write', role_name: 'write' });
    f.repo.dismissCollaborator('ada');
    expect(await level('ada')).toMatchObject({ permission: 'none' });
  });

  it('are in teams, which only an App that may read members sees', async () => {
    f.github.setTeam('acme', 'ops', ['ada']);
    const ask = (username: string): Promise<unknown> =>
      f.bot.rest.teams.getMembershipForUserInOrg({ org: 'acme', team_slug: 'ops', username });
    expect(await refusal(ask('ada'))).toBe('403 Resource not accessible by integration');
    const other = await startFixture({ permissions: { ...PERMISSIONS, members: 'read' } });
    other.github.setTeam('acme', 'ops', ['ada']);
    const at = { org: 'acme', team_slug: 'ops' };
    expect(
      (await other.bot.rest.teams.getMembershipForUserInOrg({ ...at, username: 'ada' })).data,
    ).toMatchObject({ state: 'active' });
    expect(await refusal(other.bot.rest.teams.getMembershipForUserInOrg({ ...at, username: 'bob' }))).toBe(
      '404 Not Found',
    );
    await other.github.stop();
  });
});
