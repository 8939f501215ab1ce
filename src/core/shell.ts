// The only place that quotes for a shell. Commands are argv arrays everywhere else.

/** One word for POSIX sh, quoted only where it must be, so that a plan reads as a person would type it. */
export function quote(word: string): string {
  if (word.includes('\0')) throw new TypeError('a shell word cannot hold a NUL byte');
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** An argv array as one line of POSIX sh. A first word with `=` is quoted, else sh would read an assignment. */
export function quoteCommand(argv: readonly string[]): string {
  const [program = '', ...rest] = argv;
  const first = program.includes('=') ? `'${program.replaceAll("'", `'\\''`)}'` : quote(program);
  return [first, ...rest.map(quote)].join(' ');
}
