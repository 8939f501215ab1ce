// Row 4: commands count only when a person with the right wrote them, as a command, on a pull request.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connections, has } from '../arena.ts';
import { expectUntouched, openSite, wish } from '../site.ts';
import type { Site, Wish } from '../site.ts';

/** How Markdown shows the words of a command without anybody meaning it as one. */
const HIDDEN: readonly (readonly [string, (command: string) => string])[] = [
  ['in a fence', (command) => `look:\n\`\`\`\n${command}\n\`\`\`\n`],
  ['in a fence of tildes', (command) => `~~~sh\n${command}\n~~~`],
  ['in a fence that is never closed', (command) => `\`\`\`\n${command}\n`],
  ['in a fence that holds a shorter one', (command) => `\`\`\`\`\n\`\`\`\n${command}\n\`\`\`\n\`\`\`\``],
  ['in a fence of a list', (command) => `- so:\n  \`\`\`\n${command}\n  \`\`\`\n`],
  ['in a quote', (command) => `> ${command}`],
  ['in a quote of a quote', (command) => `> > ${command}`],
  ['in an HTML comment', (command) => `fine\n<!--\n${command}\n-->`],
  ['in an HTML comment that is never closed', (command) => `fine <!--\n${command}`],
  ['in pre', (command) => `<pre>\n${command}\n</pre>`],
  ['in code', (command) => `\`${command}\``],
  ['as indented code', (command) => `so:\n\n    ${command}`],
  ['as code by a tab', (command) => `so:\n\n\t${command}`],
  ['within a sentence', (command) => `please do not ${command}`],
  ['as a link', (command) => `[${command}](https://example.com)`],
  ['behind an invisible character', (command) => `\u200b${command}`],
  ['behind a direction mark', (command) => `\u202e${command}`],
  ['in code over several lines', (command) => `so \`\n${command}\n\` it goes`],
  ['in code of HTML', (command) => `<details><summary>x</summary><code>\n${command}\n</code></details>`],
];

describe('4 who commented', () => {
  let site: Site;
  let quiet: Wish;

  beforeAll(async () => {
    site = await openSite();
    quiet = await wish(site);
  });
  afterAll(async () => {
    await site.stop();
  });

  it.each(HIDDEN)('a command %s is none', async (_, hide) => {
    const comment = await site.comment(quiet.pull, hide(`/deploy ${quiet.digest}`));
    expect(comment.reactions).toEqual([]);
    await expectUntouched(site, quiet);
  });

  it('a command with letters that only look alike is asked back', async () => {
    await site.comment(quiet.pull, `/d\u0435ploy ${quiet.digest}`);
    expect(site.said(quiet.pull)).toMatch(/COMMAND_UNKNOWN/);
    await expectUntouched(site, quiet);
  });

  it.each(['/deploy', '/deploy DIGEST', '/plan', '/plan web1', '/deploy --only web1'])(
    '%s of a reader is not done, and no host hears of it',
    async (command) => {
      const wanted = await wish(site);
      const before = await connections();
      await site.comment(wanted.pull, command.replace('DIGEST', wanted.digest), 'mallory');
      await expectUntouched(site, wanted);
      expect(await connections()).toEqual(before);
      expect(site.said(wanted.pull)).toMatch(/NOT_ALLOWED/);
    },
  );

  it('a stranger who is no collaborator at all', async () => {
    const wanted = await wish(site);
    site.github.createUser('stranger');
    await site.comment(wanted.pull, `/deploy ${wanted.digest}`, 'stranger');
    expect(site.said(wanted.pull)).toMatch(/NOT_ALLOWED/);
    await expectUntouched(site, wanted);
  });

  it('somebody whose right was taken away a moment ago', async () => {
    const wanted = await wish(site);
    site.repo.collaborator('linus', 'read');
    await site.comment(wanted.pull, `/deploy ${wanted.digest}`, 'linus');
    site.repo.collaborator('linus', 'write');
    expect(site.said(wanted.pull)).toMatch(/NOT_ALLOWED/);
    await expectUntouched(site, wanted);
  });

  it('somebody whose right is taken away between the word and the beginning of the run', async () => {
    const wanted = await wish(site);
    const asked = (id: string): number => site.github.calls().get(id) ?? 0;
    const [looks, pulls] = ['repos/get-collaborator-permission-level', 'pulls/get'];
    const before = asked(looks);
    site.github.setLatency(300);
    await site.repo.comment(wanted.pull, `/deploy ${wanted.digest}`, 'linus');
    await site.github.waitFor(() => asked(looks) > before, { what: 'a look at the right' });
    // The next look at the pull request is that of the run which was accepted by then, and has not begun.
    const accepted = asked(pulls);
    await site.github.waitFor(() => asked(pulls) > accepted, { what: 'a run' });
    site.repo.collaborator('linus', 'read');
    site.github.setLatency(0);
    await site.settled();
    site.repo.collaborator('linus', 'write');
    expect(site.said(wanted.pull)).toMatch(/NOT_ALLOWED/);
    expect(await has('web1', wanted.file), site.said(wanted.pull)).toBe(false);
  });

  const TEAMS = "deploy: { on: both, by: ['@acme/ops'] }\nconfirm: []\n";

  it('of no team, of one of that name elsewhere, of one that the policy does not name', async () => {
    const teams = await openSite({ policy: TEAMS, permissions: { members: 'read' } });
    teams.github.setTeam('acme', 'ops', ['mallory']);
    teams.github.setTeam('evil', 'ops', ['ada']);
    teams.github.setTeam('acme', 'devops', ['linus']);
    const wanted = await wish(teams);
    for (const login of ['ada', 'linus', 'grace']) {
      await teams.comment(wanted.pull, `/deploy ${wanted.digest}`, login);
    }
    await expectUntouched(teams, wanted);
    await teams.comment(wanted.pull, `/deploy ${wanted.digest}`, 'mallory');
    expect(await has('web1', wanted.file), teams.said(wanted.pull)).toBe(true);
    await teams.stop();
  });

  it('of a team that nobody may look at: it counts for nothing', async () => {
    const teams = await openSite({ policy: TEAMS });
    teams.github.setTeam('acme', 'ops', ['ada']);
    const wanted = await wish(teams);
    await teams.comment(wanted.pull, `/deploy ${wanted.digest}`, 'ada');
    await expectUntouched(teams, wanted);
    await teams.stop();
  });

  it('a bot, though it may write', async () => {
    const wanted = await wish(site);
    const { bot } = site.github.createApp('helpful');
    site.repo.collaborator(bot.login, 'admin');
    await site.comment(wanted.pull, `/deploy ${wanted.digest}`, bot.login);
    await expectUntouched(site, wanted);
  });

  it('a comment that became a command by an edit', async () => {
    const wanted = await wish(site);
    const comment = await site.comment(wanted.pull, 'looks good to me');
    await site.repo.editComment(comment.id, `/deploy ${wanted.digest}`, 'mallory');
    await site.settled();
    await expectUntouched(site, wanted);
  });

  it.each([
    ['was taken back', (id: number) => site.repo.deleteComment(id, 'grace')],
    ['was changed', (id: number) => site.repo.editComment(id, 'Not yet!', 'grace')],
  ])('a command that %s before it was heard', async (_, change) => {
    const wanted = await wish(site);
    site.github.loseDeliveries((event) => event === 'issue_comment.created');
    const comment = await site.comment(wanted.pull, `/deploy ${wanted.digest}`);
    const lost = site.delivery('issue_comment', 'created');
    site.github.loseDeliveries(() => false);
    await change(comment.id);
    site.github.redeliver(lost.id);
    await site.settled();
    await expectUntouched(site, wanted);
  });

  it('a command on an issue that is no pull request', async () => {
    const wanted = await wish(site);
    const issue = await site.repo.openIssue('Deploy', `/deploy ${wanted.digest}`, 'grace');
    await site.comment(issue, `/deploy ${wanted.digest}`);
    await expectUntouched(site, wanted);
  });

  it('a command in the text of the pull request, or of a review', async () => {
    const wanted = await wish(site);
    const body = `/deploy ${wanted.digest}`;
    await site.repo.editPull(wanted.pull, { body }, 'grace');
    await site.repo.review(wanted.pull, { by: 'grace', state: 'COMMENT', body });
    await site.settled();
    await expectUntouched(site, wanted);
  });

  it('the plan of another pull request', async () => {
    const [wanted, other] = [await wish(site), await wish(site)];
    await site.comment(other.pull, `/deploy ${wanted.digest}`);
    expect(site.said(other.pull)).toMatch(/PLAN_UNKNOWN/);
    await expectUntouched(site, wanted);
    await expectUntouched(site, other);
  });

  it('while the same words of somebody who may are carried out', async () => {
    const wanted = await wish(site);
    await site.comment(wanted.pull, `Now.\n\n/deploy ${wanted.digest}`);
    expect(await has('web1', wanted.file), site.said(wanted.pull)).toBe(true);
  });
});
