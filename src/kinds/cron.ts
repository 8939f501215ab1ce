// A command that cron runs: one file below /etc/cron.d with one line, as cron reads it.
// cron hands the command to a shell, after it has made something else of `%` and of backslashes; so these are refused.
import { z } from 'zod';
import type { Reader } from '../core/host.ts';
import { ASIDE, defineKind } from '../core/kind.ts';
import type { Blocked, ChangeRequest, KindChange, Unresolved } from '../core/kind.ts';
import { quoteCommand } from '../core/shell.ts';
import { resolveAlone } from './absent.ts';
import { changeFile } from './files/change.ts';
import { checkSchedule } from './files/crontab.ts';
import { noteOn } from './files/follow.ts';
import type { FileState } from './files/read.ts';
import { apartFile } from './files/shown.ts';
import type { Want as FileWant } from './files/spec.ts';
import { fileNeeds, readWhole, rememberFile, rootFile } from './files/whole.ts';
import { judgeAround, readAround } from './paths/around.ts';
import type { Around } from './paths/around.ts';
import { Absent, Account } from './paths/path.ts';
import { judgeProgram, readPrograms } from './programs.ts';

const WORD = /^[^\\%\p{Cc}]*$/u;
const REFUSED =
  'text without backslashes, percent signs and line breaks, which cron changes; put those into a script';

const Spec = z.strictObject({
  schedule: z
    .string()
    .regex(/^[^\p{Cc}]+$/u)
    .optional()
    .describe('When: the five fields of crontab(5), or a name such as `@daily`'),
  run: z
    .tuple([z.string().min(1).regex(WORD, REFUSED)], z.string().regex(WORD, REFUSED))
    .optional()
    .describe('The program and its arguments, one each'),
  user: Account.optional().describe('User to run it as; root when left out'),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().regex(/^[^"\p{Cc}]*$/u))
    .optional()
    .describe('Variables, such as MAILTO or PATH'),
  absent: Absent.optional().describe('The file is deleted'),
});
type Spec = z.infer<typeof Spec>;

interface Want {
  readonly file: FileWant;
  readonly user: string | null;
}

interface State {
  readonly file: FileState;
  readonly [ASIDE]: { readonly account: Around | null; readonly cron: boolean };
}

export const cron = defineKind<Spec, State, Want>({
  name: 'cron',
  about: 'A command that cron runs at given times, in a file of its own below /etc/cron.d.',
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, 'letters, digits, _ and -: cron passes over files with other names')
    .max(200)
    .describe('Name of the file; letters, digits, `_` and `-`.'),
  spec: Spec,
  resolve,
  read,
  change,
  apart: (have) => apartFile(have?.file),
  owns: (id) => [fileOf(id)],
  needs: (id, { file, user }) => [
    ...fileNeeds(fileOf(id), file),
    ...(user === null ? [] : [{ kind: 'user', id: user }]),
    { kind: 'package', id: 'cron' },
  ],
  remember: ({ file }) => rememberFile(file),
});

function fileOf(id: string): string {
  return `/etc/cron.d/${id}`;
}

function resolve(spec: Spec): { want: Want } | { unresolved: Unresolved } {
  if (spec.absent) {
    const alone = resolveAlone(spec);
    return 'want' in alone ? { want: { file: { absent: true }, user: null } } : alone;
  }
  const { schedule, run, user = 'root', env = {} } = spec;
  if (schedule === undefined || run === undefined)
    return { unresolved: { path: [], message: 'schedule and run are needed, or absent: true' } };
  const problem = checkSchedule(schedule.trim());
  if (problem !== undefined) return { unresolved: { path: ['schedule'], message: problem } };
  const line = `${schedule.trim()} ${user} ${quoteCommand(run)}\n`;
  // cron's MAX_COMMAND; what is longer is cut off.
  if (line.length > 998)
    return { unresolved: { path: ['run'], message: 'cron takes 998 characters a line' } };
  const variables = Object.entries(env).map(([name, value]) => `${name}="${value}"\n`);
  return { want: { file: rootFile({ text: [...variables, line].join('') }), user } };
}

async function read(host: Reader, wanted: ReadonlyMap<string, Want | undefined>) {
  const accounts = [...wanted].flatMap(([id, want]) => {
    return want?.user == null ? [] : [[id, { directory: null, owner: want.user, group: null }] as const];
  });
  const [files, arounds, programs] = await Promise.all([
    readWhole(host, wanted, fileOf),
    readAround(host, new Map(accounts)),
    readPrograms(host, ['cron']),
  ]);
  const states = [...files].map(([id, file]): [string, State] => {
    return [id, { file, [ASIDE]: { account: arounds.get(id) ?? null, cron: programs.has('cron') } }];
  });
  return new Map(states);
}

function change(request: ChangeRequest<Want, State>): KindChange | Blocked | undefined {
  const { id, want, have, world } = request;
  const file = changeFile({ ...request, id: fileOf(id), want: want?.file, have: have?.file });
  if (!have || !want || 'absent' in want.file) return file;
  const { account, cron: there } = have[ASIDE];
  const program = judgeProgram({ program: 'cron', from: 'cron', there }, world);
  if ('blocked' in program) return program;
  const user = account ? judgeAround(account, world) : { notes: [] };
  if ('blocked' in user) return user;
  return noteOn(file, [...program.notes, ...user.notes]);
}
