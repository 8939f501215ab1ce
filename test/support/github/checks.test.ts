import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Fixture, openChange, refusal, startFixture } from './fixture.ts';

let f: Fixture;
let head_sha: string;
beforeEach(async () => {
  f = await startFixture();
  await openChange(f.repo);
  head_sha = await f.repo.sha('change');
});
afterEach(() => f.github.stop());

function annotations(
  count: number,
): { path: string; start_line: number; end_line: number; annotation_level: 'notice'; message: string }[] {
  return Array.from({ length: count }, (_, at) => ({
    path: 'deploy-configs/hosts.yml',
    start_line: at + 1,
    end_line: at + 1,
    annotation_level: 'notice',
    message: `line ${at + 1}`,
  }));
}

const output = { title: '1 host changes', summary: 'web1' };

describe('a check run', () => {
  it('gathers annotations fifty at a time', async () => {
    const { data: run } = await f.bot.rest.checks.create({
      ...f.at,
      name: 'plan',
      head_sha,
      output: { ...output, annotations: annotations(50) },
    });
    const id = { ...f.at, check_run_id: run.id };
    await f.bot.rest.checks.update({ ...id, output: { ...output, annotations: annotations(20) } });
    const all = await f.bot.paginate(f.bot.rest.checks.listAnnotations, { ...id, per_page: 25 });
    expect(all).toHaveLength(70);
    expect(
      await refusal(f.bot.rest.checks.update({ ...id, output: { ...output, annotations: annotations(51) } })),
    ).toMatch(/^422 Invalid request/);
    expect((await f.bot.rest.checks.get(id)).data.output.annotations_count).toBe(70);
  });

  it('keeps to the limits on text and buttons', async () => {
    const at = { ...f.at, name: 'plan', head_sha };
    const button = { label: 'Deploy', description: 'Deploy plan 7f3a9c to 3 hosts', identifier: 'deploy' };
    const wrong = [
      { ...at, output: { ...output, summary: 'x'.repeat(65_536) } },
      { ...at, output: { ...output, text: 'x'.repeat(65_536) } },
      { ...at, actions: Array.from({ length: 4 }, () => button) },
      { ...at, actions: [{ ...button, label: 'x'.repeat(21) }] },
      { ...at, actions: [{ ...button, description: 'x'.repeat(41) }] },
      { ...at, actions: [{ ...button, identifier: 'x'.repeat(21) }] },
      { ...at, head_sha: '0'.repeat(40) },
    ];
    for (const body of wrong) expect(await refusal(f.bot.rest.checks.create(body))).toMatch(/^422 /);
    expect(f.repo.checkRuns()).toEqual([]);
    await f.bot.rest.checks.create({
      ...at,
      output: { ...output, text: 'x'.repeat(65_535) },
      actions: [button],
    });
  });

  it('is completed by a conclusion, and by nothing else', async () => {
    const { data: run } = await f.bot.rest.checks.create({
      ...f.at,
      name: 'plan',
      head_sha,
      status: 'in_progress',
    });
    const id = { ...f.at, check_run_id: run.id };
    expect(await refusal(f.bot.rest.checks.update({ ...id, status: 'completed' }))).toMatch(/^422 /);
    const { data: done } = await f.bot.rest.checks.update({ ...id, conclusion: 'neutral' });
    expect(done).toMatchObject({
      status: 'completed',
      conclusion: 'neutral',
      completed_at: expect.any(String),
    });
  });

  it('hides behind a newer one of the same name', async () => {
    for (const conclusion of ['failure', 'success'] as const)
      await f.bot.rest.checks.create({ ...f.at, name: 'plan', head_sha, conclusion });
    const { data } = await f.bot.rest.checks.listForRef({ ...f.at, ref: 'change' });
    expect(data.check_runs.map(({ conclusion }) => conclusion)).toEqual(['success']);
    const all = await f.bot.rest.checks.listForRef({ ...f.at, ref: head_sha, filter: 'all' });
    expect(all.data.total_count).toBe(2);
  });

  it('tells of its buttons and of a re-run, once it has completed', async () => {
    f.github.setWebhookUrl('http://127.0.0.1:9/nobody');
    const actions = [{ label: 'Deploy', description: 'Deploy this plan', identifier: 'deploy' }];
    const { data: run } = await f.bot.rest.checks.create({
      ...f.at,
      name: 'plan',
      head_sha,
      status: 'in_progress',
      actions,
    });
    await expect(f.repo.clickAction(run.id, 'deploy', 'ada')).rejects.toThrow('shows no button');
    await f.bot.rest.checks.update({
      ...f.at,
      check_run_id: run.id,
      conclusion: 'success',
      external_id: '7f3a9c',
    });
    await f.repo.clickAction(run.id, 'deploy', 'ada');
    await f.repo.rerequest(run.id, 'ada');
    await f.github.settled();
    const told = f.github
      .deliveries()
      .filter(({ event }) => event === 'check_run')
      .toReversed();
    expect(told.map(({ action }) => action)).toEqual([
      'created',
      'completed',
      'requested_action',
      'rerequested',
    ]);
    expect(told[2]?.request.payload).toMatchObject({
      requested_action: { identifier: 'deploy' },
      sender: { login: 'ada' },
      check_run: { external_id: '7f3a9c', pull_requests: [{ number: 1 }] },
    });
  });

  it('belongs to its App', async () => {
    const ci = f.github.createApp('ci');
    const run = await f.repo.foreignCheck({ app: ci, sha: head_sha, name: 'tests' });
    const update = f.bot.rest.checks.update({ ...f.at, check_run_id: run.id, conclusion: 'success' });
    expect(await refusal(update)).toMatch(/^403 Invalid app_id/);
    await f.repo.foreignCheck({ app: ci, sha: head_sha, name: 'tests', conclusion: 'success' });
    expect(f.repo.checkRuns(head_sha)).toMatchObject([{ name: 'tests', conclusion: 'success' }]);
  });
});

describe('a check suite', () => {
  it('comes with every push, and can be asked for again', async () => {
    f.github.setWebhookUrl('http://127.0.0.1:9/nobody');
    const { data } = await f.bot.rest.checks.listSuitesForRef({ ...f.at, ref: head_sha });
    expect(data.check_suites).toMatchObject([{ head_branch: 'change', app: { slug: 'ashore' } }]);
    await f.bot.rest.checks.rerequestSuite({ ...f.at, check_suite_id: data.check_suites[0]?.id ?? 0 });
    await f.github.settled();
    expect(f.github.deliveries()[0]).toMatchObject({ event: 'check_suite', action: 'rerequested' });
  });
});
