// What the tool's own words mean: a failure whose evidence says why gets the code of its cause, and the sentence first. Pure.
// The words are those of Debian 12 and 13 (systemd 252 and 257, apt 2.6 and 3.0, dash, coreutils), seen there.
import type { Reason, ReasonCode } from '../core/reason.ts';

/** Codes that say only that something failed; any other is more than words can add to. */
const VAGUE: ReadonlySet<ReasonCode> = new Set(['STEP_FAILED', 'UNIT_FAILED', 'CRASH_LOOP', 'RUN_REFUSED']);

interface Cause {
  readonly code: ReasonCode;
  readonly words: RegExp;
  /** Must be somewhere as well: the words alone are only a warning. */
  readonly also?: RegExp;
  /** Whose words these are; a program may log the same of something else. */
  readonly from?: 'tool' | 'podman';
}

/** Of a line the first that fits. What a program says when one of these befell it may hold the words of one further down. */
const CAUSES: readonly Cause[] = [
  {
    code: 'OOM_KILLED',
    words: /killed by the OOM killer|result '?oom-kill|Out of memory: Killed process|oom-kill:/i,
  },
  {
    code: 'DISK_FULL',
    words: /No space left on device|\bENOSPC\b|Disk quota exceeded|enough free space in/i,
  },
  {
    code: 'APT_LOCKED',
    words:
      /Could not get lock |Unable to (?:acquire|lock) the (?:dpkg|administration|download)|frontend lock was locked/i,
  },
  { code: 'PACKAGE_HELD', words: /held packages were changed/i },
  {
    code: 'DEPENDENCY_UNMET',
    words: /unmet dependencies|\bDepends: .* but |dependency problems|Unsatisfied dependencies/i,
  },
  { code: 'UNIT_MASKED', words: /\bUnit \S+ is masked|: it is masked \(/ },
  {
    code: 'USER_MISSING',
    words:
      /Failed to determine (?:user|group) credentials|status=21[67]\/(?:USER|GROUP)|Failed at step (?:USER|GROUP)/i,
  },
  {
    code: 'USER_MISSING',
    words: /invalid (?:user|group|spec)\b|user \S+ does not exist|unknown user/i,
    from: 'tool',
  },
  {
    // Podman's warning stands also before what an emulator runs well.
    code: 'IMAGE_FOREIGN',
    words: /image platform \(.*\) does not match the expected platform/i,
    also: /exec format error/i,
    from: 'podman',
  },
  {
    code: 'EXEC_FORMAT',
    words: /Exec format error|cannot execute binary file|cannot execute: required file/i,
  },
  {
    code: 'EXEC_MISSING',
    words:
      /(?:Failed|Unable) to locate executable|(?:Failed at step EXEC|failed to run command|failed to execute|exec: ).*(?:No such file or directory|not found)|: \d+: [^:]+: not found$|: command not found$/i,
  },
  {
    code: 'REGISTRY_REFUSED',
    words:
      /\bunauthorized\b|authentication required|requested access to the resource is denied|toomanyrequests|pull rate limit/i,
    from: 'podman',
  },
  {
    code: 'IMAGE_UNKNOWN',
    words: /manifest unknown|name unknown|repository name not known|: image not known/i,
    from: 'podman',
  },
  { code: 'PORT_IN_USE', words: /Address (?:already )?in use|\bEADDRINUSE\b/i },
  {
    code: 'DNS_FAILED',
    words:
      /Temporary failure (?:in name resolution|resolving)|Name or service not known|Could not resolve (?:host|')|No address associated with hostname|\bENOTFOUND\b/i,
  },
  {
    code: 'TLS_FAILED',
    words:
      /certificate verif(?:y|ication) failed|SSL certificate problem|self[- ]signed certificate|certificate has expired|unable to get local issuer/i,
  },
  { code: 'PERMISSION_DENIED', words: /Permission denied|\bEACCES\b|Operation not permitted|\bEPERM\b/i },
];

/** The same reason where the words say nothing more. */
export function recogniseCause(reason: Reason): Reason {
  if (!VAGUE.has(reason.code)) return reason;
  const { command = '', output = '', journal = '' } = reason.evidence ?? {};
  const ofUnit = reason.code === 'UNIT_FAILED' || reason.code === 'CRASH_LOOP';
  const lines = [...output.split('\n'), ...journal.split('\n')];
  // A command that did not bring a unit up prints its journal behind its own words.
  const isLogged = (line: string): boolean => ofUnit || STAMP.test(line);
  const tool = [reason.message, ...lines.filter((line) => !isLogged(line))];
  const logged = lines.filter(isLogged);
  const found =
    firstCause(tool, PODMAN.test(command)) ??
    lastCause(logged.filter((line) => !SUMMARY.test(line))) ??
    lastCause(logged);
  if (!found) return reason;
  return { ...reason, code: found.code, message: withSentence(reason.message, found.line) };
}

interface Found {
  readonly code: ReasonCode;
  readonly line: string;
}

/** A tool says what befell it, and perhaps what came of that. */
function firstCause(lines: readonly string[], podman: boolean): Found | undefined {
  for (const { code, words, also, from } of CAUSES) {
    const line = lines.find(
      (each) => words.test(each) && (from !== 'podman' || podman || OF_PODMAN.test(each)),
    );
    const whole = also === undefined || lines.some((each) => also.test(each));
    if (line !== undefined && whole) return { code, line };
  }
  return undefined;
}

/** A journal also holds what went wrong and was survived: what was said last is nearest to the end. */
function lastCause(lines: readonly string[]): Found | undefined {
  let found: (Found & { readonly at: number }) | undefined;
  for (const { code, words, also, from } of CAUSES) {
    if (from === 'tool') continue;
    const at = lines.findLastIndex((each) => words.test(each) && (from !== 'podman' || OF_PODMAN.test(each)));
    const beside = also ? lines.findLastIndex((each) => also.test(each)) : at;
    const line = lines[at];
    const last = Math.max(at, beside);
    if (line !== undefined && beside >= 0 && last > (found?.at ?? -1)) found = { code, line, at: last };
  }
  return found;
}

/** Commands that ask a registry. */
const PODMAN = /(?:^|[\s/])podman\s/;

/** Words of podman's own, in the journal of a unit or of another tool: what runs in a container speaks by the same name there. */
const OF_PODMAN = /\bdocker:\/\/|\bcontainer registry\b|: image not known|\bWARNING: image platform \(/;

/** What systemd says at the end of a unit; the cause is told better above it. */
const SUMMARY = /: (?:Main|Control) process exited, |: Failed with result /;

/** Characters of a tool's sentence that stand in a message. */
const SENTENCE = 400;

/** What was done, and then the sentence; how it was noticed stays in the evidence. */
function withSentence(message: string, line: string): string {
  if (message === line) return message;
  const subject = /^(\S+?\/.*?): /.exec(message)?.[1];
  const sentence = line.trim().replace(STAMP, '').slice(0, SENTENCE);
  return `${subject === undefined ? '' : `${subject}: `}${sentence}`;
}

/** What journalctl puts before the words: time, host and program. */
const STAMP = /^\d{4}-\d\d-\d\dT[\d:]+\S* \S+ /;
