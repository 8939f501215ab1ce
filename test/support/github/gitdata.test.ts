import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Fixture, HOSTS, openChange, refusal, startFixture } from './fixture.ts';

let f: Fixture;
beforeEach(async () => void (f = await startFixture()));
afterEach(() => f.github.stop());

it('reads a tree and its blobs as they are in git', async () => {
  const bytes = Buffer.from([0, 255, 10, 200]);
  await f.repo.commit({
    branch: 'main',
    message: 'Bytes',
    files: { 'a/b/c.bin': bytes, 'naïve name.yml': 'x' },
  });
  const { data: tree } = await f.bot.rest.git.getTree({
    ...f.at,
    tree_sha: await f.repo.sha('main'),
    recursive: 'true',
  });
  expect(tree.tree.map(({ path }) => path)).toEqual([
    'a',
    'a/b',
    'a/b/c.bin',
    'deploy-configs',
    HOSTS,
    'naïve name.yml',
  ]);
  const file_sha = tree.tree.find(({ path }) => path === 'a/b/c.bin')?.sha ?? '';
  const { data: blob } = await f.bot.rest.git.getBlob({ ...f.at, file_sha });
  expect(Buffer.from(blob.content, 'base64')).toEqual(bytes);
});

it('builds a commit out of blobs and trees, and moves a branch to it', async () => {
  f.github.setWebhookUrl('http://127.0.0.1:9/nobody');
  const parent = await f.repo.sha('main');
  const { data: blob } = await f.bot.rest.git.createBlob({ ...f.at, content: 'new\n' });
  const tree = [
    { path: 'new.yml', mode: '100644' as const, type: 'blob' as const, sha: blob.sha },
    { path: HOSTS, mode: '100644' as const, type: 'blob' as const, sha: null },
  ];
  const { data: made } = await f.bot.rest.git.createTree({ ...f.at, base_tree: parent, tree });
  expect(made.tree.map(({ path }) => path)).toEqual(['new.yml']);
  const { data: commit } = await f.bot.rest.git.createCommit({
    ...f.at,
    message: 'By hand',
    tree: made.sha,
    parents: [parent],
  });
  await f.bot.rest.git.createRef({ ...f.at, ref: 'refs/heads/by/hand', sha: commit.sha });
  expect((await f.bot.rest.git.getRef({ ...f.at, ref: 'heads/by/hand' })).data.object.sha).toBe(commit.sha);
  expect(
    await refusal(f.bot.rest.git.createRef({ ...f.at, ref: 'refs/heads/by/hand', sha: commit.sha })),
  ).toBe('422 Reference already exists');
  await f.bot.rest.git.updateRef({ ...f.at, ref: 'heads/main', sha: commit.sha });
  expect(await refusal(f.bot.rest.git.updateRef({ ...f.at, ref: 'heads/main', sha: parent }))).toBe(
    '422 Update is not a fast forward',
  );
  await f.bot.rest.git.deleteRef({ ...f.at, ref: 'heads/by/hand' });
  await f.github.settled();
  const pushes = f.github
    .deliveries()
    .filter(({ event }) => event === 'push')
    .toReversed();
  expect(
    pushes.map(({ request: { payload } }) => [payload['ref'], payload['created'], payload['deleted']]),
  ).toEqual([
    ['refs/heads/by/hand', true, false],
    ['refs/heads/main', false, false],
    ['refs/heads/by/hand', false, true],
  ]);
});

it('compares commits from where they part', async () => {
  const fork = await f.repo.sha('main');
  await openChange(f.repo);
  await f.repo.commit({ branch: 'main', message: 'Elsewhere', files: { 'else.yml': 'x\n' } });
  const { data } = await f.bot.rest.repos.compareCommitsWithBasehead({ ...f.at, basehead: 'main...change' });
  expect(data).toMatchObject({
    status: 'diverged',
    ahead_by: 1,
    behind_by: 1,
    merge_base_commit: { sha: fork },
  });
  expect(data.files?.map(({ filename }) => filename)).toEqual([HOSTS]);
});

it('reads and writes contents', async () => {
  const { data } = await f.bot.rest.repos.getContent({ ...f.at, path: HOSTS });
  if (Array.isArray(data) || data.type !== 'file') throw new Error('not a file');
  expect(Buffer.from(data.content, 'base64').toString()).toBe('hosts: {}\n');
  const raw = await f.bot.rest.repos.getContent({ ...f.at, path: HOSTS, mediaType: { format: 'raw' } });
  expect(raw.data).toBe('hosts: {}\n');
  const put = {
    ...f.at,
    path: HOSTS,
    message: 'Edit',
    content: Buffer.from('hosts: { a: {} }\n').toString('base64'),
  };
  expect(await refusal(f.bot.rest.repos.createOrUpdateFileContents(put))).toContain('422');
  await f.bot.rest.repos.createOrUpdateFileContents({ ...put, sha: data.sha });
  expect(await f.repo.readFile('main', HOSTS)).toBe('hosts: { a: {} }\n');
  const { data: dir } = await f.bot.rest.repos.getContent({ ...f.at, path: 'deploy-configs' });
  expect(dir).toMatchObject([{ name: 'hosts.yml', type: 'file' }]);
  expect(await refusal(f.bot.rest.repos.getContent({ ...f.at, path: 'nothing' }))).toBe('404 Not Found');
});

it('lists renames, removals and binary files', async () => {
  await f.repo.commit({
    branch: 'main',
    message: 'Seed',
    files: { 'old.txt': 'a\nb\nc\nd\ne\n', 'gone.txt': 'x\n' },
  });
  await f.repo.commit({
    branch: 'move',
    message: 'Move',
    files: {
      'old.txt': null,
      'new.txt': 'a\nb\nc\nd\nE\n',
      'gone.txt': null,
      'b.bin': Buffer.from([0, 1, 2]),
    },
  });
  const { data } = await f.bot.rest.repos.compareCommitsWithBasehead({ ...f.at, basehead: 'main...move' });
  const files = data.files?.map(({ filename, status, previous_filename, patch }) => [
    filename,
    status,
    previous_filename,
    patch?.includes('+E') ?? null,
  ]);
  expect(files).toEqual([
    ['b.bin', 'added', undefined, null],
    ['gone.txt', 'removed', undefined, false],
    ['new.txt', 'renamed', 'old.txt', true],
  ]);
});
