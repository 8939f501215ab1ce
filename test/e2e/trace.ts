// Reads what strace -f wrote: who executed what, and by which program it was started.

/** One successful execve. `by` is the program that the process was before, or whose child it is; undefined for the first ones. */
export interface Executed {
  readonly argv: readonly string[];
  readonly by: Executed | undefined;
}

export function parseTrace(text: string): Executed[] {
  const current = new Map<string, Executed>();
  const executed: Executed[] = [];
  // A call that another process interrupts is written in two halves; they are joined by pid.
  const halves = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^(\d+) +(.*)$/.exec(line);
    const [, pid = '', rest = ''] = match ?? [];
    if (rest.endsWith('<unfinished ...>')) {
      halves.set(pid, rest.slice(0, -'<unfinished ...>'.length));
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const call = resumed ? `${halves.get(pid) ?? ''}${resumed[1] ?? ''}` : rest;
    const child = /^(?:clone3?|v?fork)\(.* = (\d+)$/.exec(call)?.[1];
    const parent = current.get(pid);
    if (child !== undefined && parent && !current.has(child)) current.set(child, parent);
    const execve = /^execve\("(?:[^"\\]|\\.)*", \[(.*?)\], \[.* = 0$/.exec(call);
    if (!execve) continue;
    const one = { argv: parseStrings(execve[1] ?? ''), by: current.get(pid) };
    current.set(pid, one);
    executed.push(one);
  }
  return executed;
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
