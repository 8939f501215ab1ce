// A run on one host as one script in POSIX sh (dash and busybox ash), and the bytes it needs. Pure.
//
// The programs that the script runs are the argv of commandsOf(), each exactly as the plan shows it, and those of its own
// frame, which change nothing outside of Ashore's own directories:
//   flock sha256sum sync tail base64 mv rm sleep, `systemctl show`, journalctl; for checks: perl timeout tr cat uname
// What lays a run down, starts and follows it over ssh uses beside these:
//   sh mkdir date ls find head setsid systemd-run
import { formatLedgerLine } from '../core/ledger.ts';
import { HOST_PATH } from '../core/host.ts';
import { shortDigest } from '../core/plan.ts';
import type { DutyTime } from '../core/plan.ts';
import { formatProbe, probeWords } from '../core/probe.ts';
import type { HostRun, RunChange } from '../core/run.ts';
import { sha256 } from '../core/json.ts';
import { revealSecret } from '../core/secret.ts';
import { quote, quoteCommand } from '../core/shell.ts';
import { blobOf, blobPath, bytesOf, commandsOf, formatCommand } from '../core/step.ts';
import type { Command } from '../core/step.ts';
import { CHECK_TEXT, FRAME_TEXT, LEDGER_TEXT, SETTLE_TEXT } from './texts.ts';
import { PROBE_TEXT } from './probe-text.ts';

/** Where a run lives on its host, and the word that marks its events in the journal. */
export interface RunPlace {
  readonly state: string;
  /** Directory of the run while it goes on: the working directory of its commands, with `blobs/`. */
  readonly work: string;
  /** Directory of the lock of the whole machine; empty: below the login's home. */
  readonly machine: string;
  readonly nonce: string;
}

export interface CompiledRun {
  readonly script: string;
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
  return { script: formatRun(run, place), blobs: blobsOf(run), secrets };
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

function formatRun(run: HostRun, place: RunPlace): string {
  const values = {
    PATH: HOST_PATH,
    RUN: run.run,
    STATE: place.state,
    WORK: place.work,
    MACHINE: place.machine,
    NONCE: place.nonce,
    LEDGER: run.ledger,
    HOLDER: formatHolder(run),
  };
  const duties = run.duties ?? [];
  return [
    '#!/bin/sh\n',
    formatAssignments(values),
    LEDGER_TEXT,
    FRAME_TEXT,
    SETTLE_TEXT,
    ...(duties.length === 0 ? [] : [formatAssignments({ PROBE_TEXT }), CHECK_TEXT]),
    ...[...run.changes, ...duties].map(formatChange),
    ...formatOnFailure(run),
    'begin_run\n',
    ...dutyCalls(run, 'before'),
    ...run.changes.map((change, index) => `change ${index} ${quote(formatLedgerLine(change.ledger))}\n`),
    ...dutyCalls(run, 'check'),
    ...dutyCalls(run, 'after'),
    'finish_run done\n',
  ].join('\n');
}

/** Duties are numbered after the changes. */
function dutyCalls({ changes, duties = [] }: HostRun, when: DutyTime): readonly string[] {
  return duties.flatMap((duty, index) => (duty.when === when ? [`duty ${changes.length + index}\n`] : []));
}

function formatOnFailure(run: HostRun): readonly string[] {
  const calls = dutyCalls(run, 'on-failure');
  return calls.length === 0
    ? []
    : [['on_failure() {\n', ...calls.map((call) => `  ${call}`), '}\n'].join('')];
}

/** The first command that fails ends the function with its status. */
function formatChange(change: Pick<RunChange, 'steps'>, index: number): string {
  const lines = change.steps.flatMap(commandsOf).flatMap((command) => {
    const text = JSON.stringify(formatCommand(command));
    return [`  command_is ${quote(text)} || return`, `  ${formatCall(command)} || return`];
  });
  return [`change_${index}() {`, ...lines, '  :', '}', ''].join('\n');
}

function formatCall(command: Command): string {
  if ('check' in command) {
    const { check, within, watch } = command;
    return quoteCommand(['check', formatProbe(check), String(within), watch.join(' '), ...probeWords(check)]);
  }
  if ('settle' in command) return quoteCommand(['settle', command.settle, String(command.seconds)]);
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
