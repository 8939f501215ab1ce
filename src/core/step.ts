// The closed set of things that a deploy can do to a host, as data, and the commands each one is.
// What a plan shows and what a run executes both come from commandsOf(), so they cannot differ.
import { z } from 'zod';
import { freshName } from './fresh-name.ts';
import { sha256 } from './json.ts';
import { formatProbe, Probe } from './probe.ts';
import { quote, quoteCommand } from './shell.ts';

/** Bytes of a file: as text where they are UTF-8, else in base64. */
export const Content = z.union([
  z.strictObject({ text: z.string() }),
  z.strictObject({ base64: z.base64() }),
]);
export type Content = z.infer<typeof Content>;

/** Bytes that are a secret: which ones are in them, and their keyed digest. The value travels apart. */
export const Sealed = z.strictObject({ secret: z.array(z.string()).min(1), seal: z.string() });
export type Sealed = z.infer<typeof Sealed>;

const Placed = {
  path: z.string(),
  /**
   * The directory that holds the path, free of symbolic links, where that is not how the path is spelled. Null: a link that the
   * same plan makes stands on the way, and where that leads is not known before.
   */
  at: z.string().nullable().optional(),
};

const Owned = {
  ...Placed,
  owner: z.string().nullable(),
  group: z.string().nullable(),
  /** Octal, four digits. */
  mode: z.string().nullable(),
};

export const Step = z.discriminatedUnion('do', [
  /** Runs a command as root (or the login user without sudo). `limit` in seconds; none means the run's own limit. */
  z.strictObject({
    do: z.literal('run'),
    argv: z.array(z.string()).min(1),
    stdin: Content.optional(),
    limit: z.int().positive().optional(),
    directory: z.string().optional(),
    /** The directory must be reached by exactly its name, over no symbolic link. */
    pinned: z.literal(true).optional(),
    user: z.string().optional(),
    /** It only adds what nothing uses yet, or takes away what nothing uses any more: to undo its change, leave it as it is. */
    beside: z.literal(true).optional(),
  }),
  /** Puts bytes at a path: a temporary file in the same directory, synced, renamed over the old one. */
  z.strictObject({ do: z.literal('put'), ...Owned, content: z.union([Content, Sealed]) }),
  z.strictObject({ do: z.literal('mkdir'), ...Owned }),
  /** Owner, group and mode of what is there. */
  z.strictObject({ do: z.literal('own'), ...Owned }),
  z.strictObject({ do: z.literal('link'), ...Placed, target: z.string() }),
  /** Removes one file or link; never a tree. */
  z.strictObject({ do: z.literal('remove'), ...Placed }),
  /** Removes one empty directory. */
  z.strictObject({ do: z.literal('rmdir'), ...Placed }),
  /** Looks at a systemd unit until it has stayed up for `seconds`; fails with its journal when it does not. */
  z.strictObject({ do: z.literal('settle'), unit: z.string(), seconds: z.int().positive() }),
  /** Looks until what is asked for is so, at most `within` seconds; a unit of `watch` that dies again and again ends it. */
  z.strictObject({
    do: z.literal('check'),
    probe: Probe,
    within: z.int().positive(),
    watch: z.array(z.string()),
  }),
  /** Sets aside a copy of what is at these paths and how these units stand; or, `back`, makes them so again. `as` names the copies. */
  z.strictObject({
    do: z.literal('keep'),
    as: z.string(),
    back: z.boolean(),
    paths: z.array(z.string()),
    units: z.array(z.string()),
  }),
]);
export type Step = z.infer<typeof Step>;

/**
 * One command of a step. `stdin` names a blob; `settle` and `check` are the run's own looks and change nothing. `pinned`: the
 * directory must be reached by exactly its name, over no symbolic link.
 */
export type Command =
  | {
      readonly run: readonly string[];
      readonly stdin?: string;
      readonly directory?: string;
      readonly pinned?: true;
    }
  | { readonly settle: string; readonly seconds: number }
  | { readonly check: Probe; readonly within: number; readonly watch: readonly string[] }
  | Keeping;

/** Copies that a run makes, and what it makes of them when it fails. */
interface Keeping {
  readonly keep: string;
  readonly back: boolean;
  readonly paths: readonly string[];
  readonly units: readonly string[];
}

export function bytesOf(content: Content): Uint8Array {
  return 'text' in content ? new TextEncoder().encode(content.text) : Buffer.from(content.base64, 'base64');
}

/** Content as text where the bytes are valid UTF-8, else base64. */
export function contentOf(bytes: Uint8Array): Content {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { text };
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') };
  }
}

/** Path of a blob, relative to the directory of the run on the host. */
export function blobPath(content: Content | Sealed): string {
  return 'seal' in content ? `secrets/${content.seal}` : `blobs/${sha256(bytesOf(content))}`;
}

/** What a step needs of secrets, if anything. */
export function sealedOf(step: Step): Sealed | undefined {
  return step.do === 'put' && 'seal' in step.content ? step.content : undefined;
}

/** The bytes that a step brings to the host from the plan itself, if any. */
export function blobOf(step: Step): Content | undefined {
  switch (step.do) {
    case 'put':
      return 'seal' in step.content ? undefined : step.content;
    case 'run':
      return step.stdin;
    case 'mkdir':
    case 'own':
    case 'link':
    case 'remove':
    case 'rmdir':
    case 'settle':
    case 'check':
    case 'keep':
      return undefined;
    default:
      return step satisfies never;
  }
}

/** The commands that a step is, in order; the working directory is the run's own unless a command names one. */
export function commandsOf(step: Step): readonly Command[] {
  switch (step.do) {
    case 'run':
      return [runCommand(step)];
    case 'settle':
      return [{ settle: step.unit, seconds: step.seconds }];
    case 'check':
      return [{ check: step.probe, within: step.within, watch: step.watch }];
    case 'keep':
      return [{ keep: step.as, back: step.back, paths: step.paths, units: step.units }];
    case 'put':
    case 'mkdir':
    case 'own':
    case 'link':
    case 'remove':
    case 'rmdir':
      return placedCommands(step);
    default:
      return step satisfies never;
  }
}

type PlacedStep = Extract<Step, { path: string }>;

/** The directory that was checked is the one that is written to: commands stand in it and name what lies there only. */
function placedCommands(step: PlacedStep): readonly Command[] {
  const { name, ...place } = placeOf(step);
  const argvs = namedArgvs(step, name);
  const stdin = step.do === 'put' ? blobPath(step.content) : undefined;
  return argvs.map((run, index) => {
    return { run, ...(stdin !== undefined && index === 0 ? { stdin } : {}), ...place };
  });
}

function placeOf({ path, at }: PlacedStep) {
  const slash = path.lastIndexOf('/') + 1;
  const directory = at ?? (path.slice(0, slash - 1) || '/');
  return { name: path.slice(slash), directory, ...(at === null ? {} : { pinned: true as const }) };
}

/** What removes the bytes that a step may have left under another name when it failed. */
export function cleanupOf(step: Step): Command | undefined {
  if (step.do !== 'put' && step.do !== 'link') return undefined;
  const { name, ...place } = placeOf(step);
  return { run: ['rm', '-f', '--', freshName(name)], ...place };
}

function namedArgvs(step: PlacedStep, name: string): readonly (readonly string[])[] {
  const fresh = freshName(name);
  switch (step.do) {
    case 'put':
      return [
        ['install', ...ownership(step), '-T', '--', '/dev/stdin', fresh],
        ['sync', '--', fresh],
        ['mv', '-f', '-T', '--', fresh, name],
      ];
    case 'mkdir':
      return [['install', '-d', ...ownership({ ...step, mode: exactMode(step.mode) }), '--', name]];
    case 'own':
      return ownArgvs(step, name);
    case 'link':
      return [
        ['ln', '-s', '-f', '-n', '-T', '--', step.target, fresh],
        ['mv', '-f', '-T', '--', fresh, name],
      ];
    case 'remove':
      return [['rm', '-f', '--', name]];
    case 'rmdir':
      return [['rmdir', '--', name]];
    default:
      return step satisfies never;
  }
}

/** A command as a person could type it, in the directory of the run. */
export function formatCommand(command: Command): string {
  if ('keep' in command) return `# then ${formatKeeping(command)}`;
  if ('check' in command) return `# then ${formatProbe(command.check)} ${checkTime(command)}`;
  if ('settle' in command) return `# then ${command.settle} must stay up for ${command.seconds} s`;
  const line = quoteCommand(command.run);
  const change = command.pinned ? 'cd -P' : 'cd';
  const placed =
    command.directory === undefined ? line : `(${change} ${quote(command.directory)} && ${line})`;
  // Outside of the parentheses: the blob lies in the directory of the run.
  return command.stdin === undefined ? placed : `${placed} < ${command.stdin}`;
}

function formatKeeping({ back, paths, units }: Keeping): string {
  const files = quoteCommand(paths);
  if (!back)
    return `set aside a copy of ${[...paths.map(quote), ...units.map((unit) => `how ${unit} stands`)].join(', ')}`;
  const parts = [
    ...(paths.length === 0 ? [] : [`put back ${files}`]),
    ...(units.length === 0 ? [] : [`have ${units.join(', ')} run as before`]),
  ];
  return parts.join(' and ');
}

/** A measure takes its time, everything else is waited for no longer than that. */
function checkTime({ check, within }: Extract<Command, { check: Probe }>): string {
  return check.is === 'measure' || check.is === 'bake' ? `for ${within} s` : `within ${within} s`;
}

function runCommand(step: Extract<Step, { do: 'run' }>): Command {
  const limited = step.limit === undefined ? [] : ['timeout', '-k', '10', String(step.limit)];
  const as = step.user === undefined ? [] : ['runuser', '-u', step.user, '--'];
  // The run's own directory is closed to everybody but root; another user has to stand somewhere.
  const directory = step.directory ?? (step.user === undefined ? undefined : '/');
  return {
    run: [...limited, ...as, ...step.argv],
    ...(step.stdin === undefined ? {} : { stdin: blobPath(step.stdin) }),
    ...(directory === undefined ? {} : { directory }),
    ...(step.pinned === undefined ? {} : { pinned: step.pinned }),
  };
}

interface Ownership {
  readonly owner: string | null;
  readonly group: string | null;
  readonly mode: string | null;
}

function ownership({ owner, group, mode }: Ownership): string[] {
  return [
    ...(owner === null ? [] : ['-o', owner]),
    ...(group === null ? [] : ['-g', group]),
    ...(mode === null ? [] : ['-m', mode]),
  ];
}

function ownArgvs({ owner, group, mode }: Ownership, name: string): readonly (readonly string[])[] {
  const who = `${owner ?? ''}${group === null ? '' : `:${group}`}`;
  const exact = exactMode(mode);
  return [
    ...(who === '' ? [] : [['chown', '-h', '--', who, name]]),
    // After chown, because chown clears the set-user-id bits (chown(2)).
    ...(exact === null ? [] : [['chmod', '--', exact, name]]),
  ];
}

/** With fewer than five digits a directory's set-id bits stay as they are (coreutils manual, Directory Setuid and Setgid). */
function exactMode(mode: string | null): string | null {
  return mode === null ? null : `0${mode}`;
}
