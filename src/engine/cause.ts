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
}

/** The first that fits. What a program says when one of these befell it may hold the words of one further down. */
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
      /Failed to determine (?:user|group) credentials|invalid (?:user|group|spec)\b|user \S+ does not exist|status=21[67]\/(?:USER|GROUP)|Failed at step (?:USER|GROUP)|unknown user/i,
  },
  {
    // Podman's warning stands also before what an emulator runs well.
    code: 'IMAGE_FOREIGN',
    words: /image platform \(.*\) does not match the expected platform/i,
    also: /exec format error/i,
  },
  {
    code: 'EXEC_FORMAT',
    words: /Exec format error|cannot execute binary file|cannot execute: required file/i,
  },
  {
    code: 'EXEC_MISSING',
    words:
      /(?:Failed|Unable) to locate executable|(?:Failed at step EXEC|failed to run command|failed to execute|exec: ).*(?:No such file or directory|not found)|: (?:command )?not found$/i,
  },
  {
    code: 'REGISTRY_REFUSED',
    words:
      /\bunauthorized\b|authentication required|requested access to the resource is denied|toomanyrequests|pull rate limit/i,
  },
  {
    code: 'IMAGE_UNKNOWN',
    words: /manifest unknown|name unknown|repository name not known|: image not known/i,
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
  const { output = '', journal = '' } = reason.evidence ?? {};
  const lines = [reason.message, ...output.split('\n'), ...journal.split('\n')];
  for (const { code, words, also } of CAUSES) {
    const line = lines.find((each) => words.test(each));
    const whole = also === undefined || lines.some((each) => also.test(each));
    if (line !== undefined && whole) return { ...reason, code, message: withSentence(reason.message, line) };
  }
  return reason;
}

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
