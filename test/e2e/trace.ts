// Reads what strace -f wrote: who executed what, and by which program it was started.

/** One successful execve. `by` is the program that the process was before, or whose child it is; undefined for the first ones. */
export interface Executed {
  readonly argv: readonly string[];
  readonly by: Executed | undefined;
}

export function parseTrace(text: string): Executed[] {
  const calls = joinHalves(text);
  // A child may execute before its parent's clone has returned, so who made whom is read first.
  const parents = new Map<string, string>();
  for (const { pid, call } of calls) {
    const child = /^(?:clone3?|v?fork)\(.* = (\d+)$/.exec(call)?.[1];
    if (child !== undefined) parents.set(child, pid);
  }
  const current = new Map<string, Executed>();
  const programOf = (pid: string | undefined): Executed | undefined =>
    pid === undefined ? undefined : (current.get(pid) ?? programOf(parents.get(pid)));
  return calls.flatMap(({ pid, call }) => {
    const execve = /^execve\("(?:[^"\\]|\\.)*", \[(.*?)\], \[.* = 0$/.exec(call);
    if (!execve) return [];
    const one = { argv: parseStrings(execve[1] ?? ''), by: programOf(pid) };
    current.set(pid, one);
    return [one];
  });
}

/** A call that another process interrupts is written in two halves; they belong together by pid. */
function joinHalves(text: string): { readonly pid: string; readonly call: string }[] {
  const halves = new Map<string, string>();
  return text.split('\n').flatMap((line) => {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (rest.endsWith('<unfinished ...>')) {
      halves.set(pid, rest.slice(0, -'<unfinished ...>'.length));
      return [];
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    return [{ pid, call: resumed ? `${halves.get(pid) ?? ''}${resumed[1] ?? ''}` : rest }];
  });
}

function parseStrings(list: string): string[] {
  return [...list.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => unescapeString(match[1] ?? ''));
}

/** strace writes C strings: `\n`, `\"`, `\\` and octal bytes. */
function unescapeString(text: string): string {
  const simple: Record<string, string> = {
    n: '\n',
    t: '\t',
    r: '\r',
    f: '\f',
    v: '\v',
    '"': '"',
    '\\': '\\',
  };
  return text.replaceAll(
    /\\(?:([0-7]{1,3})|(.))/g,
    (_all, octal: string | undefined, letter: string | undefined) =>
      octal === undefined
        ? (simple[letter ?? ''] ?? letter ?? '')
        : String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
