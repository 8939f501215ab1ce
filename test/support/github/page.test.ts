import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Fixture, HOSTS, openChange, startFixture } from './fixture.ts';

let f: Fixture;
let at: string;
beforeEach(async () => {
  f = await startFixture();
  at = `${f.github.url}/acme/shop/pull/${await openChange(f.repo)}`;
});
afterEach(() => f.github.stop());

async function look(url: string): Promise<string> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return response.text();
}

function send(fields: Record<string, string>, cookie = 'as=ada'): Promise<Response> {
  return fetch(at, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers: { cookie },
    redirect: 'manual',
  });
}

it('shows what was said, checked and changed', async () => {
  await f.repo.comment(
    1,
    '## Plan\n\n| Host | Verb |\n|---|---|\n| web1 | **create** |\n\n<script>alert(1)</script>',
    'ada',
  );
  const head_sha = await f.repo.sha('change');
  const annotations = [
    { path: HOSTS, start_line: 1, end_line: 1, annotation_level: 'notice' as const, message: 'creates web1' },
  ];
  const { data: run } = await f.bot.rest.checks.create({
    ...f.at,
    name: 'ashore/plan',
    head_sha,
    conclusion: 'success',
    output: { title: '1 host changes', summary: 'web1', annotations },
  });
  const page = await look(at);
  expect(page).toContain('<td align="left"><strong>create</strong></td>');
  expect(page).toContain('1 host changes');
  expect(page).not.toContain('<script>alert');
  expect(await look(`${at}/files`)).toMatch(/creates web1[^]*class="add">\+hosts: \{ web1/);
  for (const path of [
    '',
    `acme/shop`,
    `acme/shop/runs/${run.id}`,
    `acme/shop/commit/${head_sha}`,
    'deliveries',
  ])
    await look(`${f.github.url}/${path}`);
});

it('does what its buttons say, as whoever is chosen', async () => {
  f.github.setWebhookUrl('http://127.0.0.1:9/nobody');
  await send({ do: 'comment', body: '/plan' });
  expect(f.repo.comments(1)).toMatchObject([{ body: '/plan', author: { login: 'ada' } }]);
  f.repo.collaborator('bob', 'write');
  await send({ do: 'comment', body: 'Fine', verdict: 'APPROVE' }, 'as=bob');
  expect(f.repo.pull(1).reviews).toMatchObject([{ state: 'APPROVED', user: { login: 'bob' } }]);
  const actions = [{ label: 'Deploy', description: 'Deploy this plan', identifier: 'deploy' }];
  const { data: run } = await f.bot.rest.checks.create({
    ...f.at,
    name: 'plan',
    head_sha: await f.repo.sha('change'),
    conclusion: 'success',
    actions,
  });
  expect(await look(at)).toContain('<button title="Deploy this plan">Deploy</button>');
  await send({ do: 'press', run: String(run.id), identifier: 'deploy' });
  await send({ do: 'merge', method: 'squash' });
  expect(f.repo.pull(1).merged?.by.login).toBe('ada');
  await f.github.settled();
  expect(f.github.deliveries().map(({ action }) => action)).toEqual(
    expect.arrayContaining(['requested_action', 'closed']),
  );
});

it('says what cannot be done', async () => {
  f.repo.protect('main', { requiredChecks: ['tests'] });
  const refused = await send({ do: 'merge' });
  expect(refused.status).toBe(422);
  expect(await refused.text()).toContain('Required status check &quot;tests&quot; is expected.');
});
