// Configurations as text for the tests of this folder, small kinds to check them with, and problems as one line each.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { defineKind } from '../../src/core/kind.ts';
import type { AnyKind } from '../../src/core/kind.ts';
import { formatWhere } from '../../src/core/problem.ts';
import type { Problem } from '../../src/core/problem.ts';
import type { Config } from '../../src/core/resource.ts';
import { parseConfig } from '../../src/config/parse.ts';

export const KEY_A = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMHZvKRYqx3Z90BAjJVaFA6qoCTxRxbW1/2EE7DmufC0';
export const KEY_B = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHvudTQ5vCMm9QAUnQNlkG1AnYGnXUyv1vu6ObWs9SGW';

const nothing = { read: async () => new Map<string, never>(), change: () => undefined };

const FileSpec = z.strictObject({
  content: z.string().optional().describe('The text.'),
  source: z.string().optional().describe('A file below deploy-configs/.'),
  json: z.json().optional().describe('Data.'),
  owner: z.string().optional().describe('Login name.'),
  mode: z
    .string()
    .regex(/^0[0-7]{3}$/, 'four octal digits, such as "0644"')
    .optional()
    .describe('Octal.'),
});

const file = defineKind<z.infer<typeof FileSpec>, never, { readonly text: string }>({
  ...nothing,
  name: 'file',
  about: 'A file.',
  id: z.string().regex(/^\//, 'an absolute path'),
  spec: FileSpec,
  resolve: ({ content, source, json }, sources) => {
    if (source === undefined) return { want: { text: content ?? JSON.stringify(json) } };
    const bytes = sources.read(source);
    if (bytes) return { want: { text: new TextDecoder().decode(bytes) } };
    return { unresolved: { path: ['source'], message: `no file ${source}`, code: 'SOURCE_MISSING' } };
  },
});

const group = defineKind({
  ...nothing,
  name: 'group',
  about: 'A group.',
  id: z.string(),
  spec: z.strictObject({ system: z.boolean().optional(), gid: z.int().min(1).max(9).optional() }),
});

const odd = defineKind({
  ...nothing,
  name: 'odd',
  about: 'Every form that a spec may have.',
  id: z.string(),
  spec: z
    .strictObject({
      when: z.enum(['never', 'always']).optional(),
      only: z.literal('x').optional(),
      word: z.string().min(2).max(3).optional(),
      words: z.array(z.string()).min(2).max(3).optional(),
      one: z.array(z.string()).max(1).optional(),
      even: z.number().multipleOf(2).optional(),
      shape: z.string().regex(/^a/).optional(),
      base: z.base64().optional(),
      either: z
        .union([z.string(), z.array(z.string().min(1)), z.strictObject({ deep: z.number() })])
        .optional(),
      named: z.record(z.string().regex(/^[a-z]$/), z.number()).optional(),
      limit: z.number().min(1).max(5).optional(),
      need: z.union([z.string(), z.number()]).optional(),
    })
    .refine((spec) => spec.word !== 'bad', 'must not be bad'),
});

const strictly = defineKind({
  ...nothing,
  name: 'strictly',
  about: 'A kind that needs its keys.',
  id: z.string(),
  spec: z.strictObject({
    to: z.string(),
    how: z.enum(['a', 'b']),
    either: z.union([z.string(), z.number()]),
  }),
});

export const kinds: readonly AnyKind[] = [file, group, odd, strictly];

/** Two web hosts and a database host. */
export const HOSTS = `
groups:
  web: { vars: { port: 8080 } }
hosts:
  web1: { address: 10.0.0.1, host_key: ${KEY_A}, groups: [web] }
  web2: { address: 10.0.0.2, host_key: ${KEY_A}, groups: [web] }
  db1: { address: 10.0.0.3, host_key: ${KEY_B} }
`.trimStart();

/** Files below deploy-configs/; hosts.yml is the one above unless another is given, or null for none. */
export function filesOf(
  files: Readonly<Record<string, string | Uint8Array | null>>,
): ReadonlyMap<string, Uint8Array> {
  const all = Object.entries({ 'hosts.yml': HOSTS, ...files });
  return new Map(
    all.flatMap(([name, content]) => {
      if (content === null) return [];
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
      return [[`deploy-configs/${name}`, bytes] as const];
    }),
  );
}

/** One line a problem: place, code, message, and the suggestion after an arrow. */
export function problemsOf(files: Readonly<Record<string, string | Uint8Array | null>>): readonly string[] {
  const parsed = parseConfig(filesOf(files), kinds);
  return 'problems' in parsed ? parsed.problems.map(formatProblem) : [];
}

export function formatProblem({ code, message, where, suggestion }: Problem): string {
  const place = formatWhere(where).replace('deploy-configs/', '');
  return `${place} ${code} ${message}${suggestion === undefined ? '' : ` → ${suggestion}`}`;
}

export function configOf(files: Readonly<Record<string, string | Uint8Array | null>>): Config {
  const parsed = parseConfig(filesOf(files), kinds);
  if ('problems' in parsed) throw new Error(parsed.problems.map(formatProblem).join('\n'));
  return parsed.config;
}

/** `host/kind/id` and what is wanted, in order. */
export function wantsOf(config: Config): readonly (readonly [string, unknown])[] {
  return config.resources.map(({ address, want }) => [`${address.host}/${address.kind}/${address.id}`, want]);
}

/** The example fleet of this repository. */
export function exampleFiles(): ReadonlyMap<string, Uint8Array> {
  const found = readdirSync('deploy-configs', { recursive: true, withFileTypes: true });
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [path, new Uint8Array(readFileSync(path))]));
}
