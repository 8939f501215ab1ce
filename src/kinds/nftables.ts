// The firewall: /etc/nftables.conf as Debian's nftables.service loads it, at boot and now. What somebody loads by hand beside it is not
// seen: the ruleset in the kernel cannot be compared with a text, and a look with the plan's key has a network of its own.
import { z } from 'zod';
import type { Reader } from '../core/host.ts';
import { ASIDE, defineKind } from '../core/kind.ts';
import type { Blocked, ChangeRequest, KindChange, SourceFiles, Unresolved } from '../core/kind.ts';
import { contentOf } from '../core/step.ts';
import type { Step } from '../core/step.ts';
import { changeFile } from './files/change.ts';
import { followFile, noteOn } from './files/follow.ts';
import type { Following } from './files/follow.ts';
import type { FileState } from './files/read.ts';
import type { Want as FileWant } from './files/spec.ts';
import { readWhole, rememberFile, rootFile } from './files/whole.ts';
import { guardPath } from './lifelines.ts';
import { judgeProgram, readPrograms } from './programs.ts';
import { changeUnit } from './systemd/change.ts';
import { readUnitStates } from './systemd/read.ts';
import { unitToken } from './systemd/state.ts';
import type { State as UnitState, Want as UnitWant } from './systemd/state.ts';

const Spec = z.strictObject({
  content: z
    .string()
    .min(1)
    .optional()
    .describe('The ruleset, as nft(8) reads it; it should begin with `flush ruleset`'),
  source: z
    .string()
    .min(1)
    .optional()
    .describe('In its place: a file of the repository, by its path below deploy-configs/'),
});
type Spec = z.infer<typeof Spec>;

interface Want {
  readonly file: FileWant;
  readonly text: string;
}

interface State {
  readonly file: FileState;
  readonly unit: UnitState | null;
  readonly [ASIDE]: { readonly nft: boolean };
}

const FILE = '/etc/nftables.conf';
const UNIT = 'nftables.service';

export const nftables = defineKind<Spec, State, Want>({
  name: 'nftables',
  about: 'The firewall of the host: /etc/nftables.conf, loaded now and at every boot.',
  id: z.literal('ruleset').describe('Always `ruleset`: a host has one.'),
  spec: Spec,
  resolve,
  read,
  change: guardPath(change, () => FILE),
  owns: () => [FILE, unitToken(UNIT)],
  needs: () => [{ kind: 'package', id: 'nftables' }],
  remember: ({ file }) => rememberFile(file),
});

function resolve(
  { content, source }: Spec,
  sources: SourceFiles,
): { want: Want } | { unresolved: Unresolved } {
  if ((content === undefined) === (source === undefined))
    return { unresolved: { path: [], message: 'one of content and source is needed' } };
  if (content !== undefined) return { want: wantOf(content) };
  const bytes = sources.read(source ?? '');
  const text = bytes && contentOf(bytes);
  if (text && 'text' in text) return { want: wantOf(text.text) };
  const message = `deploy-configs/${source} is ${text ? 'no text in UTF-8' : 'not in the repository'}`;
  return { unresolved: { path: ['source'], message, ...(text ? {} : { code: 'SOURCE_MISSING' as const }) } };
}

function wantOf(text: string): Want {
  return { file: rootFile({ text }, '0755'), text };
}

/** Its unit comes with the package; it is loaded anew after the file has changed. */
const LOADED: UnitWant = {
  unit: null,
  dropIn: null,
  enabled: true,
  running: true,
  restartOn: [],
  reloadOn: [FILE],
  settle: 2,
  user: null,
};

async function read(host: Reader, wanted: ReadonlyMap<string, Want | undefined>) {
  const leaving = [...wanted.values()].every((want) => want === undefined);
  const [files, units, programs] = await Promise.all([
    readWhole(host, wanted, () => FILE),
    readUnitStates(host, new Map([[UNIT, leaving ? undefined : LOADED]])),
    readPrograms(host, ['nft']),
  ]);
  const unit = units.get(UNIT) ?? null;
  return new Map(
    [...files].map(([id, file]): [string, State] => [
      id,
      { file, unit, [ASIDE]: { nft: programs.has('nft') } },
    ]),
  );
}

function change(request: ChangeRequest<Want, State>): KindChange | Blocked | undefined {
  const { want, have, world } = request;
  if (!have) return undefined;
  if (!want) return { verb: 'forget', reason: OMITTED, fields: [], steps: [], data: 'kept' };
  const program = judgeProgram({ program: 'nft', from: 'nftables', there: have[ASIDE].nft }, world);
  if ('blocked' in program) return program;
  const file = changeFile({ ...request, id: FILE, want: want.file, have: have.file });
  if (file && 'blocked' in file) return file;
  const changing = file?.steps.some((step) => step.do === 'put') ?? false;
  const unit = changeUnit({
    ...request,
    id: UNIT,
    want: LOADED,
    have: have.unit ?? undefined,
    last: undefined,
    world: changing ? withFile(world) : world,
  });
  if (unit && 'blocked' in unit) return unit;
  const following: Following | undefined = unit && { ...unit, because: [unit.reason] };
  const flushes = /^\s*flush\s+ruleset\b/m.test(want.text);
  const notes = flushes
    ? []
    : ['it does not flush the ruleset, so each load adds its rules to those that are there'];
  const changed = followFile(file, following, changing ? [checkStep(want)] : []);
  return noteOn(changed, [...program.notes, ...notes]);
}

const OMITTED =
  'no longer declared; the firewall stays as it is, because without it everything would be open';

/** In this plan the file changes, though no resource of the kind `file` says so. */
function withFile(world: ChangeRequest<Want, State>['world']): ChangeRequest<Want, State>['world'] {
  return {
    ...world,
    plannedIds: (kind, verbs) => [...world.plannedIds(kind, verbs), ...(kind === 'file' ? [FILE] : [])],
  };
}

/** All of it, as root and against the kernel of the host, before anything is written. */
function checkStep({ text }: Want): Step {
  return { do: 'run', argv: ['nft', '-c', '-f', '-'], stdin: { text } };
}
