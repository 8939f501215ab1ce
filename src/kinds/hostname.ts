// The name of the host: /etc/hostname, from which it is set at boot, and the name that the kernel has now.
import { z } from 'zod';
import type { Reader } from '../core/host.ts';
import { ASIDE, defineKind } from '../core/kind.ts';
import type { Blocked, ChangeRequest, KindChange } from '../core/kind.ts';
import { readText } from '../core/look.ts';
import { changeFile } from './files/change.ts';
import { followFile, noteOn } from './files/follow.ts';
import type { FileState } from './files/read.ts';
import { readWhole, rootFile } from './files/whole.ts';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';

const Spec = z.strictObject({
  name: z
    .string()
    // HOST_NAME_MAX of Linux is 64.
    .max(64)
    .regex(
      new RegExp(`^${LABEL}(?:\\.${LABEL})*$`),
      'a name of a host: lower-case letters, digits, - and dots',
    )
    .describe('The name; short, as Debian has it, or with its domain'),
});
type Spec = z.infer<typeof Spec>;

interface State {
  readonly file: FileState;
  /** As the kernel has it. */
  readonly live: string;
  /** Whether /etc/hosts names it. */
  readonly [ASIDE]: { readonly known: readonly string[] };
}

const FILE = '/etc/hostname';

export const hostname = defineKind<Spec, State>({
  name: 'hostname',
  about: 'The name of the host, now and from the next boot on.',
  id: z.literal('static').describe('Always `static`: a host has one such name.'),
  spec: Spec,
  read,
  change,
  owns: () => [FILE],
});

async function read(host: Reader, wanted: ReadonlyMap<string, Spec | undefined>) {
  const files = new Map([...wanted].map(([id, want]) => [id, want && { file: fileWant(want) }]));
  const [found, live, hosts] = await Promise.all([
    readWhole(host, files, () => FILE),
    readText(host, ['uname', '-n']),
    readText(host, ['sh', '-c', 'if [ -r /etc/hosts ]; then cat /etc/hosts; fi']),
  ]);
  const known = hosts.replaceAll(/#.*/g, '').split(/\s+/);
  return new Map(
    [...found].map(([id, file]): [string, State] => [id, { file, live: live.trim(), [ASIDE]: { known } }]),
  );
}

function fileWant({ name }: Spec) {
  return rootFile({ text: `${name}\n` });
}

function change(request: ChangeRequest<Spec, State>): KindChange | Blocked | undefined {
  const { want, have } = request;
  if (!have) return undefined;
  if (!want) return { verb: 'forget', reason: OMITTED, fields: [], steps: [], data: 'kept' };
  const file = changeFile({ ...request, id: FILE, want: fileWant(want), have: have.file, last: undefined });
  const differs = have.live !== want.name;
  const live = {
    steps: [{ do: 'run' as const, argv: ['hostname', '--', want.name] }],
    fields: [{ name: 'live', before: have.live, after: want.name }],
    because: [`it is called ${have.live}, wanted ${want.name}`],
  };
  const changed = followFile(file, differs ? live : undefined);
  const known = have[ASIDE].known.includes(want.name);
  return noteOn(
    changed,
    known ? [] : [`/etc/hosts does not name ${want.name}; sudo and others look for it there`],
  );
}

const OMITTED = 'no longer declared; a host needs a name, so it keeps this one';
