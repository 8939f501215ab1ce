// The commands by which apt does what was planned and no more: every package by name and version, nothing left to choose.
import type { Step } from '../../core/step.ts';
import type { Line } from './output.ts';

const APT = ['env', 'DEBIAN_FRONTEND=noninteractive', 'NEEDRESTART_MODE=l', 'apt-get', '-y', '-q'];
const ONLY = ['--no-install-recommends', '-o', 'APT::Get::AutomaticRemove=0'];
const LOCK = ['-o', 'DPkg::Lock::Timeout=300'];
/** A configuration file that somebody edited stays; one that nobody did is replaced (dpkg(1)). */
const CONFFILES = ['-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold'];

/** A name that apt does not know is none, and no regular expression for others (apt's NEWS of 2.0). */
const EXACTLY = ['-o', 'APT::Cmd::Pattern-Only=1'];

/** Does all lines or none. `downgrade` lets a version be replaced by an older one. */
export function formatExact(lines: readonly Line[], downgrade: boolean): Step {
  const removed = lines.filter(({ to }) => to === null).map(({ name }) => name);
  if (removed.length === lines.length) return run([...APT, ...ONLY, ...LOCK, 'remove', ...removed]);
  const guards = [
    ...(removed.length > 0 ? [] : ['--no-remove']),
    ...(downgrade ? ['--allow-downgrades'] : []),
  ];
  const words = lines.map(({ name, to }) => (to === null ? `${name}-` : `${name}=${to}`));
  return run([...APT, ...ONLY, ...LOCK, ...CONFFILES, ...guards, 'install', ...words]);
}

/** Reads the package lists anew and installs what could not be seen before: the only case that leaves apt a choice. */
export function formatUnseen(word: string): readonly Step[] {
  return [
    run([...APT, ...LOCK, 'update']),
    run([...APT, ...ONLY, ...LOCK, ...CONFFILES, ...EXACTLY, '--no-remove', 'install', word]),
  ];
}

/** Reads the lists of one source and leaves those of the others; fails where any of them cannot be read. */
export function formatUpdate(sources: string): Step {
  const only = ['-o', `Dir::Etc::sourcelist=${sources}`, '-o', 'Dir::Etc::sourceparts=-'];
  return run([...APT, ...LOCK, ...only, '-o', 'APT::Get::List-Cleanup=0', '--error-on=any', 'update']);
}

/** Says for whose sake packages are installed: their own, or that of others. */
export function formatMark(mark: 'manual' | 'auto', names: readonly string[]): readonly Step[] {
  return names.length === 0 ? [] : [run(['apt-mark', mark, ...names])];
}

function run(argv: string[]): Step {
  return { do: 'run', argv };
}

/** What happens to packages besides those that are declared. */
export function formatNotes(declared: readonly string[], lines: readonly Line[]): string[] {
  const others = lines.filter(({ name }) => !declared.includes(name));
  const installed = others.filter(({ from }) => from === null).map(({ name, to }) => `${name} ${to}`);
  const removed = others.filter(({ to }) => to === null).map(({ name, from }) => `${name} ${from}`);
  const replaced = others
    .filter(({ from, to }) => from !== null && to !== null)
    .map(({ name, from, to }) => `${name} ${from} by ${to}`);
  return [...note('installs', installed), ...note('replaces', replaced), ...note('removes', removed)];
}

function note(verb: string, texts: readonly string[]): string[] {
  return texts.length > 0 ? [`also ${verb} ${texts.join(', ')}`] : [];
}
