// A checkout as git knows it: the files of the working tree and of a commit, what a plan is compared with, and kept plans.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  openCheckout,
  putPlan,
  readBaseCommit,
  readCommit,
  readCommitName,
  readPlans,
  readUser,
  readWorkingTree,
} from '../src/checkout.ts';
import type { Checkout } from '../src/checkout.ts';
import { digestOf } from '../src/core/plan.ts';
import type { Plan } from '../src/core/plan.ts';
import type { ConfigFiles } from '../src/deploy.ts';
import { createCheckout } from './support/terminal.ts';
import type { Checkout as Repository } from './support/terminal.ts';

const FILES = {
  'deploy-configs/hosts.yml': 'hosts: {}\n',
  'deploy-configs/empty': '',
  'deploy-configs/newlines': '\n\n\n',
  'deploy-configs/deep/er/é 漢 🎉': 'x',
  'deploy-configs/a\nb\t"c"\\d': 'odd',
  'deploy-configs/bytes': Uint8Array.from([0, 255, 10, 13, 0]),
  'deploy-configs/run': '#!/bin/sh\n',
  'deploy-configs.yml': 'beside it',
  'src/deploy-configs/x.yml': 'elsewhere',
};

let repository: Repository;
beforeEach(() => {
  repository = createCheckout(FILES);
});
afterEach(() => repository.remove());

async function open(directory = repository.top): Promise<Checkout> {
  const checkout = await openCheckout(directory);
  if (!checkout) throw new Error(`no directory ${directory}`);
  return checkout;
}

const shown = (files: ConfigFiles | undefined) =>
  files &&
  Object.fromEntries([...files].map(([path, bytes]) => [path, Buffer.from(bytes).toString('latin1')]));

const EXPECTED = Object.fromEntries(
  Object.entries(FILES)
    .filter(([path]) => path.startsWith('deploy-configs/'))
    .map(([path, content]) => [path, Buffer.from(content).toString('latin1')]),
);

describe('the files below deploy-configs/', () => {
  it('are the same in the working tree and at its commit, whatever their names and bytes', async () => {
    const checkout = await open();
    expect(shown(await readWorkingTree(checkout))).toEqual(EXPECTED);
    expect(shown(await readCommit(checkout, 'HEAD'))).toEqual(EXPECTED);
  });

  it('are the same from a folder below, and without git', async () => {
    const below = await open(join(repository.top, 'deploy-configs/deep'));
    expect(shown(await readWorkingTree(below))).toEqual(EXPECTED);
    expect(shown(await readCommit(below, 'HEAD'))).toEqual(EXPECTED);
    const bare = createCheckout(FILES, { git: false });
    expect(shown(await readWorkingTree(await open(bare.top)))).toEqual(EXPECTED);
    bare.remove();
  });

  it('are regular files only, in a commit as in the working tree', async () => {
    chmodSync(join(repository.top, 'deploy-configs/run'), 0o755);
    symlinkSync('hosts.yml', join(repository.top, 'deploy-configs/link.yml'));
    symlinkSync('/etc', join(repository.top, 'deploy-configs/etc'));
    mkdirSync(join(repository.top, 'deploy-configs/none'));
    repository.commit();
    const checkout = await open();
    expect(shown(await readWorkingTree(checkout))).toEqual(EXPECTED);
    expect(shown(await readCommit(checkout, 'HEAD'))).toEqual(EXPECTED);
    rmSync(join(repository.top, '.git'), { recursive: true });
    expect(shown(await readWorkingTree(await open()))).toEqual(EXPECTED);
  });

  it('are those of the moment: new, changed and deleted ones, staged or not', async () => {
    repository.write({
      'deploy-configs/new': 'new',
      'deploy-configs/empty': 'changed',
      'deploy-configs/bytes': null,
      'deploy-configs/staged': 'staged',
    });
    repository.git('add', 'deploy-configs/staged');
    repository.git('rm', '--quiet', '--cached', 'deploy-configs/newlines');
    const { 'deploy-configs/bytes': _gone, ...rest } = EXPECTED;
    expect(shown(await readWorkingTree(await open()))).toEqual({
      ...rest,
      'deploy-configs/new': 'new',
      'deploy-configs/empty': 'changed',
      'deploy-configs/staged': 'staged',
    });
    expect(shown(await readCommit(await open(), 'HEAD'))).toEqual(EXPECTED);
  });

  it('are read in the middle of a merge', async () => {
    repository.git('checkout', '--quiet', '-b', 'topic');
    repository.write({ 'deploy-configs/empty': 'theirs' });
    repository.commit();
    repository.git('checkout', '--quiet', 'main');
    repository.write({ 'deploy-configs/empty': 'ours' });
    repository.commit();
    expect(() => repository.git('merge', '--quiet', 'topic')).toThrow();
    const files = shown(await readWorkingTree(await open()));
    expect(Object.keys(files ?? {}).toSorted()).toEqual(Object.keys(EXPECTED).toSorted());
    expect(files?.['deploy-configs/empty']).toContain('<<<<<<<');
  });

  it('are none where git ignores them', async () => {
    repository.write({ '.gitignore': 'ignored\n', 'deploy-configs/ignored': 'x' });
    const checkout = await open();
    expect(shown(await readWorkingTree(checkout))).toEqual(EXPECTED);
    expect(shown(await readWorkingTree({ ...checkout, gitDir: null }))).toHaveProperty(
      'deploy-configs/ignored',
    );
  });

  it('are none where there is no such folder', async () => {
    rmSync(join(repository.top, 'deploy-configs'), { recursive: true });
    repository.commit();
    const checkout = await open();
    for (const one of [checkout, { ...checkout, gitDir: null }])
      expect((await readWorkingTree(one)).size).toBe(0);
    expect(shown(await readCommit(checkout, 'HEAD'))).toEqual({});
    expect(shown(await readCommit(checkout, 'HEAD~1'))).toEqual(EXPECTED);
  });
});

describe('a commit', () => {
  it.each(['nowhere', '', '--', '-h', '--name-only', '0'.repeat(40), 'HEAD~7', 'HEAD:src'])(
    '%j is not known',
    async (commit) => {
      expect(shown(await readCommit(await open(), commit))).toBeUndefined();
    },
  );

  it('whose objects are not all there is not known', async () => {
    const blob = repository.git('rev-parse', 'HEAD:deploy-configs/bytes');
    rmSync(join(repository.top, '.git/objects', blob.slice(0, 2), blob.slice(2)));
    expect(await readCommit(await open(), 'HEAD')).toBeUndefined();
  });

  it('has its name only where the configuration is as it was committed', async () => {
    const head = repository.git('rev-parse', 'HEAD');
    const name = async () => readCommitName(await open());
    expect(await name()).toBe(head);
    repository.write({ 'README.md': 'x' });
    expect(await name()).toBe(head);
    repository.write({ 'deploy-configs/new': 'x' });
    expect(await name()).toBe('working-tree');
    repository.write({ 'deploy-configs/new': null, 'deploy-configs/empty': 'x' });
    expect(await name()).toBe('working-tree');
  });

  it('has none before the first, and none without git', async () => {
    const fresh = createCheckout({}, { git: false });
    expect(await readCommitName(await open(fresh.top))).toBe('working-tree');
    fresh.git('init', '--quiet');
    expect(await readCommitName(await open(fresh.top))).toBe('working-tree');
    expect(await readBaseCommit(await open(fresh.top))).toBeUndefined();
    fresh.remove();
  });
});

describe('the base', () => {
  it('is unknown without a remote, else where the branch left its default branch', async () => {
    const first = repository.git('rev-parse', 'HEAD');
    const base = async () => readBaseCommit(await open());
    expect(await base()).toBeUndefined();
    repository.git('remote', 'add', 'origin', repository.top);
    repository.git('fetch', '--quiet', 'origin');
    expect(await base()).toBeUndefined();
    repository.git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main');
    expect(await base()).toBe(first);
    repository.git('checkout', '--quiet', '-b', 'topic');
    repository.commit();
    expect(await base()).toBe(first);
  });
});

describe('a directory', () => {
  it('is one, or nothing is opened', async () => {
    expect(await openCheckout(join(repository.top, 'nowhere'))).toBeUndefined();
    expect(await openCheckout(join(repository.top, 'deploy-configs/hosts.yml'))).toBeUndefined();
  });
});

describe('who works on it', () => {
  it('is the login', () => {
    expect(readUser()).toBe(userInfo().username);
  });

  it('is a number where the machine has no name for it', (context) => {
    const [unshare, ...flags] = ['unshare', '--user', '--map-user=4242'] as const;
    const nameless = (...argv: readonly string[]) => {
      return spawnSync(unshare, [...flags, ...argv], { encoding: 'utf8' });
    };
    context.skip(nameless('true').status !== 0, 'user namespaces are not to be had here');
    const script = `import { readUser } from ${JSON.stringify(resolve('src/checkout.ts'))}; console.log(readUser())`;
    const { status, stdout } = nameless(process.execPath, '--input-type=module', '--eval', script);
    expect([status, stdout]).toEqual([0, 'uid 4242\n']);
  });
});

describe('kept plans', () => {
  const planOf = (stack: string): Plan => {
    const draft = { stacks: [stack], hosts: [] };
    return { format: 1, digest: digestOf(draft), commit: 'c', config: 'f', at: 'now', ...draft };
  };

  it.each([true, false])('are found by the beginning of their digest (git: %s)', async (git) => {
    const bare = createCheckout({}, { git });
    const checkout = await open(bare.top);
    expect(await readPlans(checkout, '')).toEqual([]);
    const [one, two] = [planOf('one'), planOf('two')];
    for (const plan of [one, two, two]) await putPlan(checkout, plan);
    expect(await readPlans(checkout, one.digest.slice(0, 12))).toEqual([one]);
    expect(await readPlans(checkout, two.digest)).toEqual([two]);
    expect(await readPlans(checkout, `${one.digest}0`)).toEqual([]);
    expect((await readPlans(checkout, '')).length).toBe(2);
    bare.remove();
  });

  it.each<readonly [string, (text: string) => string]>([
    ['cut off', (text) => text.slice(0, -10)],
    ['empty', () => ''],
    ['no plan', () => '{}'],
    ['of another format', (text) => text.replace('"format":1', '"format":2')],
    ['with other words than its digest covers', (text) => text.replace('"one"', '"two"')],
    ['another plan', () => JSON.stringify(planOf('two'))],
  ])('in a file that is %s are none', async (_name, damage) => {
    const checkout = await open();
    const plan = planOf('one');
    const path = await putPlan(checkout, plan);
    expect(readdirSync(join(path, '..'))).toEqual([`${plan.digest}.json`]);
    writeFileSync(path, damage(readFileSync(path, 'utf8')));
    expect(await readPlans(checkout, plan.digest)).toEqual([]);
  });
});
