// A run on one host as one script in POSIX sh (dash and busybox ash), and the bytes it needs. Pure.
//
// The programs that the script runs are the argv of commandsOf(), each exactly as the plan shows it, and those of its own
// frame, which change nothing outside of Ashore's own directories:
//   flock sha256sum sync tail truncate wc base64 mv rm sleep date grep perl, `systemctl show`, journalctl; for checks: timeout tr cat uname
// Around guarded changes, to save and, where it comes to that, to put back what they touch:
//   cp mkdir chown chmod ln stat readlink cmp rmdir cat setsid systemd-run systemctl nft
// What lays a run down, starts and follows it over ssh uses beside these:
//   sh mkdir date ls xargs du find head setsid systemd-run
import { formatLedgerLine } from '../core/ledger.ts';
import type { LedgerLine } from '../core/ledger.ts';
import { HOST_PATH } from '../core/host.ts';
import { shortDigest } from '../core/plan.ts';
import type { DutyTime } from '../core/plan.ts';
import { formatProbe, probeWords } from '../core/probe.ts';
import type { HostRun, RunChange, RunDuty, RunProof } from '../core/run.ts';
import { sha256 } from '../core/json.ts';
import { revealSecret } from '../core/secret.ts';
import { quote, quoteCommand } from '../core/shell.ts';
import { blobOf, blobPath, bytesOf, cleanupOf, commandsOf, formatCommand } from '../core/step.ts';
import type { Command, Step } from '../core/step.ts';
import {
  CHECK_TEXT,
  FRAME_TEXT,
  GUARD_TEXT,
  GUARDED_TEXT,
  KEEP_TEXT,
  LEDGER_TEXT,
  SAVED_TEXT,
  SETTLE_TEXT,
  TOGETHER_TEXT,
} from './texts.ts';
import { formatSaving, formatUndo, guardLimit } from './compile-guard.ts';
import { BOUNDED_TEXT, PROBE_TEXT } from './perl-texts.ts';

/** Where a run lives on its host, and the word that marks its events in the journal. */
export interface RunPlace {
  readonly state: string;
  /** Directory of the run while it goes on: the working directory of its commands, with `blobs/`. */
  readonly work: string;
  /** Directory of the lock of the whole machine; empty: below the login's home. */
  readonly machine: string;
  readonly nonce: string;
  /** systemd may be asked to run things there. */
  readonly units: boolean;
  /** Seconds for a new connection to confirm guarded changes. */
  readonly confirmWithin: number;
}

export interface CompiledRun {
  readonly script: string;
  /** Puts back what guarded changes touched; undefined where nothing is guarded. */
  readonly undo: string | undefined;
  /** Bytes by their SHA-256. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  /** Values of secrets, and the sums by which the host sees that they arrived whole. They are no part of the script. */
  readonly secrets: readonly SentSecret[];
}

export interface SentSecret {
  readonly seal: string;
  readonly sum: string;
  readonly bytes: Uint8Array;
}

export function compileRun(run: HostRun, place: RunPlace): CompiledRun {
  const secrets = (run.secrets ?? []).map((secret) => {
    const bytes = revealSecret(secret);
    return { seal: secret.seal, sum: sha256(bytes), bytes };
  });
  const guards = run.changes.flatMap(({ guard }) => (guard ? [guard] : []));
  const undo = guards.length === 0 ? undefined : formatUndo(guards, formatAssignments(valuesOf(run, place)));
  return { script: formatRun(run, place), undo, blobs: blobsOf(run), secrets };
}

/** Who holds the host, for whoever finds it held. */
export function formatHolder(run: HostRun): string {
  return `run ${run.run} (plan ${shortDigest(run.plan)}, by ${run.by})`.replace(/\s+/g, ' ');
}

/** Assignments that sh reads; the only way in which values reach a shell text. */
export function formatAssignments(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value === '' ? '' : quote(value)}\n`)
    .join('');
}

function valuesOf(run: HostRun, place: RunPlace): Readonly<Record<string, string>> {
  return {
    PATH: HOST_PATH,
    RUN: run.run,
    STATE: place.state,
    NONCE: place.nonce,
    UNIT_OF_SYSTEMD: place.units ? '1' : '',
  };
}

function limitsOf(
  guarded: readonly RunChange[],
  { confirmWithin }: RunPlace,
): Readonly<Record<string, string>> {
  return {
    CONFIRM_WITHIN: String(confirmWithin),
    GUARD_LIMIT: String(guardLimit(guarded, confirmWithin)),
  };
}

function formatRun(run: HostRun, place: RunPlace): string {
  const values = {
    ...valuesOf(run, place),
    WORK: place.work,
    MACHINE: place.machine,
    LEDGER: run.ledger,
    HOLDER: formatHolder(run),
    BOUNDED_TEXT,
    ...linesOf(run.proofs ?? []),
  };
  const duties = run.duties ?? [];
  const keeps = duties.some(putsBack);
  const first = run.changes.findIndex(({ guard }) => guard !== undefined);
  const groups = groupTogether(run.changes);
  const guards = run.changes.flatMap(({ guard }) => (guard ? [guard] : []));
  return [
    '#!/bin/sh\n',
    formatAssignments(values),
    LEDGER_TEXT,
    FRAME_TEXT,
    SETTLE_TEXT,
    ...(duties.length === 0 ? [] : [formatAssignments({ PROBE_TEXT }), CHECK_TEXT]),
    ...(first < 0 ? [] : [formatAssignments(limitsOf(run.changes.slice(first), place))]),
    ...(first < 0 && !keeps ? [] : [SAVED_TEXT]),
    ...(keeps ? [KEEP_TEXT] : []),
    ...(first < 0 ? [] : [GUARD_TEXT, GUARDED_TEXT, formatSaving(guards)]),
    ...(groups.length === 0 ? [] : [TOGETHER_TEXT]),
    ...[...run.changes, ...duties].map((change, index) =>
      formatChange(change, index, groups.flat().includes(index)),
    ),
    ...formatLate(run, 'on_failure', 'on-failure'),
    ...formatLate(run, 'always', 'always'),
    'begin_run\n',
    ...dutyCalls(run, 'before'),
    ...changeCalls(run, groups, first),
    ...(first < 0 ? [] : ['await\n']),
    ...dutyCalls(run, 'check'),
    // What holds stays, whatever becomes of the rest.
    ...(keeps ? ['KEPT=\n'] : []),
    ...dutyCalls(run, 'after'),
    ...(dutyCalls(run, 'always').length === 0 ? [] : ['end_well\n']),
    ...((run.proofs ?? []).length === 0 ? [] : ['checks_held\n']),
    'finish_run done\n',
  ].join('\n');
}

/** Those of a group are begun one after the other; `first` is the first that is guarded. */
function changeCalls(
  { changes }: HostRun,
  groups: readonly (readonly number[])[],
  first: number,
): readonly string[] {
  return changes.map((change, index) => {
    const line = quote(formatLedgerLine(change.ledger));
    const group = groups.find((indexes) => indexes.includes(index));
    if (group) return `start_change ${index} ${line}\n${index === group.at(-1) ? 'watch_started\n' : ''}`;
    const call = `change ${index} ${line}\n`;
    return index === first ? `begin_guarded\n${call}` : call;
  });
}

/** Indexes of changes that are watched together, two and more. What turned out to be done already has nothing to watch. */
function groupTogether(changes: readonly RunChange[]): readonly (readonly number[])[] {
  const groups: number[][] = [];
  for (const [index, { steps, together }] of changes.entries()) {
    if (steps.at(-1)?.do !== 'settle') continue;
    const open = groups.at(-1);
    if (together && open?.at(-1) === index - 1) open.push(index);
    else groups.push([index]);
  }
  return groups.filter((group) => group.length > 1);
}

/** Each as the lines that they are in the ledger, without the last newline. */
function linesOf(
  proofs: readonly RunProof[],
): Readonly<Record<'DUE_LINES' | 'HELD_LINES' | 'OVERDUE', string>> {
  const join = (lines: readonly LedgerLine[]): string => lines.map(formatLedgerLine).join('\n');
  return {
    DUE_LINES: join(proofs.map(({ due }) => due)),
    HELD_LINES: join(proofs.map(({ held }) => held)),
    OVERDUE: proofs.flatMap(({ overdue }) => overdue ?? []).join(' '),
  };
}

/** Duties are numbered after the changes. */
function dutyCalls({ changes, duties = [] }: HostRun, when: DutyTime): readonly string[] {
  return duties.flatMap((duty, index) => {
    if (duty.when !== when) return [];
    const call = putsBack(duty) ? 'kept_duty' : 'duty';
    const line = duty.failed === undefined ? '' : ` ${quote(formatLedgerLine(duty.failed))}`;
    return [`${call} ${changes.length + index}${line}\n`];
  });
}

function putsBack({ steps }: RunDuty): boolean {
  return steps.some((step) => step.do === 'keep' && step.back);
}

/** What the frame calls when the changes and checks are over, in place of what it does for nobody. */
function formatLate(run: HostRun, name: string, when: DutyTime): readonly string[] {
  const calls = dutyCalls(run, when);
  return calls.length === 0 ? [] : [[`${name}() {\n`, ...calls.map((call) => `  ${call}`), '}\n'].join('')];
}

/** The first command that fails ends the function with its status. `together`: its last one, a settling, is left for later. */
function formatChange(change: Pick<RunChange, 'steps'> | RunDuty, index: number, together: boolean): string {
  const commands = change.steps.flatMap((step) => commandsOf(step).map((command) => ({ step, command })));
  const lines = commands.flatMap(({ step, command }, at) => {
    const text = JSON.stringify(formatCommand(command));
    const settle = together && at === commands.length - 1 ? 'settle_later' : 'settle';
    const call = `${step.do === 'run' ? 'bounded ' : ''}${formatCall(command, settle)}`;
    return [`  command_is ${quote(text)} || return`, `  ${call} || ${otherwise(step, command)}`];
  });
  const kept = 'when' in change ? (change.ledger ?? []) : [];
  const records = kept.map((line) => `  ledger_add ${quote(formatLedgerLine(line))} || return`);
  return [`change_${index}() {`, ...lines, ...records, '  :', '}', ''].join('\n');
}

/** What is done when a command of a step has failed; its status stays. */
function otherwise(step: Step, command: Command): string {
  const unit = broughtUp(command);
  if (unit !== undefined) return `say_failed ${quote(unit)} || return`;
  const fresh = cleanupOf(step);
  return fresh === undefined ? 'return' : `left_half ${formatCall(fresh, 'settle')} || return`;
}

/** The unit of a command whose own words, when it fails, only say that the journal says why. */
function broughtUp(command: Command): string | undefined {
  if (!('run' in command)) return undefined;
  const [program, verb = '', unit] = command.run;
  return program === 'systemctl' && ['start', 'restart', 'reload'].includes(verb) ? unit : undefined;
}

function formatCall(command: Command, settle: 'settle' | 'settle_later'): string {
  if ('keep' in command) {
    const { keep, back, paths, units } = command;
    return quoteCommand([back ? 'put_back' : 'keep', keep, String(paths.length), ...paths, ...units]);
  }
  if ('check' in command) {
    const { check, within, watch } = command;
    return quoteCommand(['check', formatProbe(check), String(within), watch.join(' '), ...probeWords(check)]);
  }
  if ('settle' in command) return quoteCommand([settle, command.settle, String(command.seconds)]);
  const within = command.pinned ? 'run_at' : 'run_in';
  const call = command.directory === undefined ? ['run'] : [within, command.directory];
  const line = quoteCommand([...call, ...command.run]);
  return command.stdin === undefined ? line : `${line} <${quote(command.stdin)}`;
}

function blobsOf(run: HostRun): ReadonlyMap<string, Uint8Array> {
  const contents = [...run.changes, ...(run.duties ?? [])]
    .flatMap((change) => change.steps.map(blobOf))
    .filter((blob) => blob !== undefined);
  return new Map(contents.map((content) => [blobPath(content).slice('blobs/'.length), bytesOf(content)]));
}
