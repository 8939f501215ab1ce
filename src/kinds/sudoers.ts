// Rules of sudo in a file of their own below /etc/sudoers.d. visudo is asked about exactly these bytes before anything is written:
// a file that sudo cannot read takes sudo away from everybody.
import { z } from 'zod';
import type { Reader } from '../core/host.ts';
import { ASIDE, defineKind } from '../core/kind.ts';
import type { Blocked, ChangeRequest, KindChange, Unresolved } from '../core/kind.ts';
import type { Content, Step } from '../core/step.ts';
import { resolveAlone } from './absent.ts';
import { changeFile } from './files/change.ts';
import { followFile, noteOn } from './files/follow.ts';
import type { FileState } from './files/read.ts';
import { apartFile } from './files/shown.ts';
import type { Want as FileWant } from './files/spec.ts';
import { fileNeeds, readWhole, rememberFile, rootFile } from './files/whole.ts';
import { guardPath } from './lifelines.ts';
import { Absent } from './paths/path.ts';
import { judgeProgram, readPrograms } from './programs.ts';

const Spec = z.strictObject({
  rules: z
    .array(z.string().regex(/^[^\r\n\0]+$/, 'one line each'))
    .min(1)
    .optional()
    .describe('Lines of sudoers(5), such as `deploy ALL=(root) NOPASSWD: /usr/bin/systemctl restart shop`'),
  absent: Absent.optional().describe('The file is deleted'),
});
type Spec = z.infer<typeof Spec>;

interface Want {
  readonly file: FileWant;
}

interface State {
  readonly file: FileState;
  readonly [ASIDE]: { readonly visudo: boolean };
}

export const sudoers = defineKind<Spec, State, Want>({
  name: 'sudoers',
  about:
    'Rules of sudo, in a file of their own below /etc/sudoers.d, checked by visudo before they are written.',
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, 'letters, digits, _ and -: sudo passes over files with a dot or ~')
    .max(200)
    .describe('Name of the file; letters, digits, `_` and `-`.'),
  spec: Spec,
  resolve,
  read,
  change: guardPath(change, ({ id }) => fileOf(id)),
  apart: (have) => apartFile(have?.file),
  owns: (id) => [fileOf(id)],
  needs: (id, { file }) => [...fileNeeds(fileOf(id), file), { kind: 'package', id: 'sudo' }],
  remember: ({ file }) => rememberFile(file),
});

function fileOf(id: string): string {
  return `/etc/sudoers.d/${id}`;
}

function resolve(spec: Spec): { want: Want } | { unresolved: Unresolved } {
  if (spec.absent) {
    const alone = resolveAlone(spec);
    return 'want' in alone ? { want: { file: { absent: true } } } : alone;
  }
  if (!spec.rules) return { unresolved: { path: [], message: 'rules are needed, or absent: true' } };
  return { want: { file: rootFile({ text: `${spec.rules.join('\n')}\n` }, '0440') } };
}

async function read(host: Reader, wanted: ReadonlyMap<string, Want | undefined>) {
  const [files, programs] = await Promise.all([
    readWhole(host, wanted, fileOf),
    readPrograms(host, ['visudo']),
  ]);
  const visudo = programs.has('visudo');
  return new Map([...files].map(([id, file]): [string, State] => [id, { file, [ASIDE]: { visudo } }]));
}

function change(request: ChangeRequest<Want, State>): KindChange | Blocked | undefined {
  const { id, want, have, world } = request;
  const file = changeFile({ ...request, id: fileOf(id), want: want?.file, have: have?.file });
  if (!have || !want || 'absent' in want.file) return file;
  const program = judgeProgram({ program: 'visudo', from: 'sudo', there: have[ASIDE].visudo }, world);
  if ('blocked' in program) return program;
  const { content } = want.file;
  const checked = have.file[ASIDE].verdict?.is === 'taken' || 'seal' in content;
  return noteOn(followFile(file, undefined, checked ? [] : [checkStep(content)]), program.notes);
}

/** Where nobody could be asked before the deploy, the deploy asks before it writes. */
function checkStep(content: Content): Step {
  return { do: 'run', argv: ['visudo', '-c', '-f', '-'], stdin: content };
}
