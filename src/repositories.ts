// The server's own file of repositories: which of them may reach which hosts, and with which key. It is the word of
// whoever runs the server; nothing in a repository can widen it. A repository that is not in it reaches no host.
import { parse } from 'yaml';
import { z } from 'zod';
import { isPermitEntry } from './ssh/permit.ts';

const Entry = z.strictObject({
  /** GitHub's id of it: needed where another repository had the name before. */
  id: z.int().positive().optional(),
  hosts: z.array(z.string().refine(isPermitEntry, 'is no address, network or host name')),
  /** Path of a private key of its own. */
  key: z.string().min(1).optional(),
  /** Path of the key that planning uses in its place. */
  plan_key: z.string().min(1).optional(),
  /** Path of the age identity that opens its secrets, and of its directory of secrets on the server. Those of others are not opened. */
  age_key: z.string().min(1).optional(),
  secrets: z.string().min(1).optional(),
});
export type RepositoryEntry = z.infer<typeof Entry>;

/** By `owner/name` in lower case: GitHub does not tell upper from lower either. */
export type Repositories = ReadonlyMap<string, RepositoryEntry>;

const File = z.record(z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'is not owner/name'), Entry);

/** Throws an Error that says all that is wrong with the file. */
export function parseRepositories(text: string): Repositories {
  const parsed = File.safeParse(parseYaml(text) ?? {}, { reportInput: true });
  if (parsed.success)
    return new Map(Object.entries(parsed.data).map(([name, entry]) => [name.toLowerCase(), entry]));
  throw new Error(parsed.error.issues.map(wordsOf).join('; '));
}

/** The first line of what is wrong; those after it draw it. */
function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    const [line] = error instanceof Error ? error.message.split('\n') : [];
    throw new Error(`it is no YAML: ${line?.replace(/:$/, '')}`, { cause: error });
  }
}

/** The checker's own words would speak of records and of what it received. */
function wordsOf(issue: z.core.$ZodIssue): string {
  const at = issue.path.join(' → ');
  const of = at === '' ? 'it ' : `${at}: `;
  if (issue.code === 'unrecognized_keys') {
    return `${of}there is no key ${issue.keys.join(', ')}; there are ${Object.keys(Entry.shape).join(', ')}`;
  }
  if (issue.code === 'invalid_key') return `${of}is not owner/name`;
  if (issue.code !== 'invalid_type') return `${of}${issue.message}`;
  return `${of}${issue.input === undefined ? 'is missing' : `is no ${NOUNS[issue.expected] ?? issue.expected}`}`;
}

const NOUNS: Readonly<Record<string, string>> = {
  array: 'list',
  object: 'mapping',
  record: 'mapping',
  string: 'text',
};
