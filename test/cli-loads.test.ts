// What each command of the terminal loads: a short one must not pay for what only others need.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Tells each module that is loaded, on stderr. */
const TELL = `import { registerHooks } from 'node:module';
registerHooks({ load(url, context, next) { process.stderr.write('LOADED ' + url + '\\n'); return next(url, context); } });`;

function loadedBy(...words: readonly string[]): {
  readonly packages: readonly string[];
  readonly own: readonly string[];
} {
  const hook = `data:text/javascript,${encodeURIComponent(TELL)}`;
  const argv = ['--import', hook, resolve('src/cli.ts'), ...words];
  const { stderr } = spawnSync(process.execPath, argv, {
    encoding: 'utf8',
    env: { ...process.env, HOME: '/nonexistent' },
  });
  const urls = [...stderr.matchAll(/^LOADED (.*)$/gm)].map((match) => match[1] ?? '');
  const packages = urls.flatMap((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
  const own = urls.flatMap((url) => /\/src\/(.*)$/.exec(url)?.[1] ?? []);
  return { packages: [...new Set(packages)], own };
}

const HEAVY = ['ssh2', 'kysely', 'probot', 'octokit', 'pg', 'pino', 'age-encryption'];

describe('a command loads what it needs', () => {
  it('--help: the words and no more', () => {
    const { packages, own } = loadedBy('--help');
    expect(own).toContain('command-line.ts');
    expect(packages).toEqual([]);
    expect(
      own.filter((path) => !/^(?:cli|command-line|terminal\/main|core\/problem)\.ts$/.test(path)),
    ).toEqual([]);
  });

  it('validate: the configuration and the kinds, and nothing that reaches a host', () => {
    const { packages, own } = loadedBy('validate');
    expect(packages).toContain('yaml');
    expect(packages.filter((name) => [...HEAVY, 'diff'].includes(name))).toEqual([]);
    expect(own.filter((path) => /^(?:ssh|run|store|github|secrets|render\/terminal)/.test(path))).toEqual([]);
    expect(own).not.toContain('deploy.ts');
    expect(own).not.toContain('engine/apply.ts');
  });

  it('while one that reaches hosts is seen to load ssh2', () => {
    expect(loadedBy('plan').packages).toContain('ssh2');
  });
});
