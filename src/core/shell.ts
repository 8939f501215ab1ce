// The only place that quotes for a shell. Commands are argv arrays everywhere else.

/** One word for POSIX sh, quoted only where it must be, so that a plan reads as a person would type it. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : quoteWhole(word);
}

/** Grammar of sh where a command begins (POSIX.1-2024, XCU 2.4), and of bash; what has other characters is quoted anyway. */
const RESERVED: ReadonlySet<string> = new Set(
  'case coproc do done elif else esac fi for function if in namespace select then time until while'.split(
    ' ',
  ),
);

/** An argv array as one line of POSIX sh. A first word with `=` would be read as an assignment. */
export function quoteCommand(argv: readonly string[]): string {
  const [program = '', ...rest] = argv;
  const misread = program.includes('=') || RESERVED.has(program);
  return [misread ? quoteWhole(program) : quote(program), ...rest.map(quote)].join(' ');
}

function quoteWhole(word: string): string {
  if (word.includes('\0')) throw new TypeError('a shell word cannot hold a NUL byte');
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
