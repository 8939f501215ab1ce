// The walls of the house: which folder may import what, how large a thing may be, and that every kind is whole.
import { readFileSync, readdirSync, existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kinds } from '../src/kinds/index.ts';

const NODE = /^node:/;

/** What each room of src/ may import: other rooms by name, packages by name or pattern. */
const LAYERS: Record<string, readonly (string | RegExp)[]> = {
  core: ['zod', 'node:crypto'],
  formats: ['core', 'yaml', 'smol-toml', 'ini'],
  kinds: ['core', 'formats', 'zod'],
  config: ['core', 'yaml', 'zod'],
  engine: ['core'],
  render: ['core', 'diff'],
  secrets: ['core', 'age-encryption', NODE],
  ssh: ['core', 'ssh2', NODE],
  run: ['core', 'ssh2', NODE],
  store: ['core', 'kysely', 'pg', 'zod', NODE],
  deploy: ['config', 'engine', 'core', 'p-limit'],
  'deploy.ts': ['deploy'],
  'validate.ts': ['deploy'],
  'world.ts': ['deploy.ts', 'kinds', 'ssh', 'run', 'core', NODE, 'secrets'],
  bootstrap: ['core', NODE],
  'bootstrap.ts': ['bootstrap', 'validate.ts', 'deploy.ts', 'kinds', 'core', NODE],
  'command-line.ts': [NODE],
  'settings.ts': ['zod', 'core', NODE],
  'repositories.ts': ['ssh', 'yaml', 'zod'],
  'log.ts': ['pino', 'core'],
  'checkout.ts': ['core', 'deploy.ts', NODE],
  github: [
    'core',
    'render',
    'store',
    'deploy.ts',
    'log.ts',
    'probot',
    'octokit',
    '@octokit/webhooks-methods',
    'p-limit',
    'pino',
    'zod',
    NODE,
  ],
  terminal: [
    'command-line.ts',
    'bootstrap.ts',
    'validate.ts',
    'deploy.ts',
    'world.ts',
    'checkout.ts',
    'render',
    'settings.ts',
    'kinds',
    'core',
    NODE,
  ],
  'cli.ts': ['terminal', NODE],
  'upkeep.ts': ['github', 'store', 'pino'],
  'listen.ts': [NODE],
  metrics: ['store', 'deploy.ts', 'core', 'pino', NODE],
  'deployers.ts': ['repositories.ts', 'settings.ts', 'world.ts', 'deploy.ts', NODE],
  'server.ts': [
    'deployers.ts',
    'upkeep.ts',
    'listen.ts',
    'metrics',
    'config',
    'validate.ts',
    'deploy.ts',
    'world.ts',
    'github',
    'store',
    'settings.ts',
    'log.ts',
    'kinds',
    'core',
    'probot',
    'pino',
    NODE,
  ],
  'main.ts': ['server.ts', 'deployers.ts', 'settings.ts', 'log.ts', 'world.ts', 'core', NODE],
};

const MAX_FILE = 300;
const MAX_KIND = 250;
const MAX_FUNCTION = 50;

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, room: file.split('/')[0] ?? file, text: readFileSync(join('src', file), 'utf8') }));

function importsOf(text: string): string[] {
  return [...text.matchAll(/^(?:import|export)\s[^'"]*?from\s+['"]([^'"]+)['"]/gms)].map(
    (match) => match[1] ?? '',
  );
}

function roomOf(file: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  return normalize(join(dirname(file), specifier)).split('/')[0] ?? specifier;
}

/** Functions declared at the top level with their number of lines; the formatter puts their ends at column one. */
function longFunctions(text: string): string[] {
  return [...text.matchAll(/^(?:export )?(?:async )?function\*? (\w+)[^]*?^}/gm)]
    .filter((match) => match[0].split('\n').length > MAX_FUNCTION)
    .map((match) => match[1] ?? '');
}

describe('layers', () => {
  it('every file imports only what its room may', () => {
    const strangers = files.flatMap(({ file, room, text }) => {
      const allowed = LAYERS[room];
      if (!allowed) return [`src/${room} is not a room of the layer table`];
      return importsOf(text)
        .map((specifier) => roomOf(file, specifier))
        .filter((target) => target !== room)
        .filter(
          (target) => !allowed.some((rule) => (rule instanceof RegExp ? rule.test(target) : rule === target)),
        )
        .map((target) => `${file} imports ${target}`);
    });
    expect(strangers).toEqual([]);
  });

  it('sees a forbidden import when there is one', () => {
    expect(importsOf("import { file } from '../kinds/file.ts';")).toEqual(['../kinds/file.ts']);
    expect(roomOf('engine/plan.ts', '../kinds/file.ts')).toBe('kinds');
  });

  it('keeps kinds apart from each other', () => {
    const crossing = files
      .filter(({ room, file }) => room === 'kinds' && file !== 'kinds/index.ts')
      .flatMap(({ file, text }) => importsOf(text).map((specifier) => `${file} imports ${specifier}`))
      .filter((line) => kinds.some((kind) => line.endsWith(` ./${kind.name}.ts`)));
    expect(crossing).toEqual([]);
  });
});

describe('sizes', () => {
  it('files and kinds', () => {
    const limitOf = (room: string): number => (room === 'kinds' ? MAX_KIND : MAX_FILE);
    const large = files
      .map(({ file, room, text }) => ({ file, lines: text.split('\n').length - 1, limit: limitOf(room) }))
      .filter(({ lines, limit }) => lines > limit);
    expect(large).toEqual([]);
  });

  it('functions', () => {
    expect(files.flatMap(({ file, text }) => longFunctions(text).map((name) => `${file}: ${name}`))).toEqual(
      [],
    );
  });
});

describe('habits', () => {
  it('every file says first what it owns', () => {
    expect(files.filter(({ text }) => !/^(#!.*\n)?\/\/ /.test(text)).map(({ file }) => file)).toEqual([]);
  });

  it('reads the environment in one place', () => {
    const readers = files.filter(({ text }) => /process\.env/.test(text)).map(({ file }) => file);
    expect(readers).toEqual(['settings.ts']);
  });

  it('has no dry run', () => {
    expect(files.filter(({ text }) => /dry.?run/i.test(text)).map(({ file }) => file)).toEqual([]);
  });
});

describe('kinds', () => {
  const names = kinds.map((kind) => kind.name);

  it('are all listed, each in its own file', () => {
    const inFolder = files
      .filter(({ file, text }) => /^kinds\/[a-z-]+\.ts$/.test(file) && /= defineKind[(<]/.test(text))
      .map(({ file }) => file.slice('kinds/'.length, -'.ts'.length));
    expect(inFolder.toSorted()).toEqual(names.toSorted());
  });

  it('have each their test and their scenario', () => {
    const wanted = names.flatMap((name) => [`test/kinds/${name}.test.ts`, `test/e2e/scenarios/${name}.ts`]);
    expect(wanted.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('are named nowhere else', () => {
    const named = files
      .filter(({ room }) => room !== 'kinds')
      .map(({ file, text }) => ({ file, code: text.replace(/\/\/.*$|\/\*[^]*?\*\//gm, '') }))
      .filter(({ code }) =>
        names.some((name) => new RegExp(`kind(\\.name)?\\s*[!=]==?\\s*['"]${name}['"]`).test(code)),
      );
    expect(named.map(({ file }) => file)).toEqual([]);
  });
});
