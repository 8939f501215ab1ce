// Makes text from hosts, repositories and people inert, in markdown, in HTML and in a terminal.
// Nothing that passes here opens a fence, a tag or a link, pings anybody, or moves a cursor.

/** An invisible break that keeps GitHub from linking; only ever put into prose, which nobody pastes into a shell. */
const BREAK = '\u200B';
const ESC = '\u001B';
/** CSI sequences, OSC strings, and two-character escapes (ECMA-48 §5.3–5.6). */
const ANSI = new RegExp(
  `${ESC}(?:\\[[0-?]*[ -/]*[@-~]|\\][^\u0007${ESC}]*(?:\u0007|${ESC}\\\\)?|[ -/]*[0-~])`,
  'g',
);

/** Every character shown: control, reordering and zero-width characters become pictures. Newlines and tabs stay. */
export function visible(text: string): string {
  return text.toWellFormed().replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, picture);
}

/** The same on one line. */
export function oneLine(text: string): string {
  return visible(text).replaceAll('\n', '␤').replaceAll('\t', '␉');
}

/** What a command printed, as a terminal would have left it: no escape sequences, of a line rewritten by \r its last form. */
export function cleanOutput(text: string): string {
  const lines = text.replaceAll(ANSI, '').replaceAll('\r\n', '\n').split('\n');
  return visible(lines.map(lastForm).join('\n')).trimEnd();
}

/** The first `max` characters, and how many more there were. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${text.slice(0, max).toWellFormed()}… (+${text.length - max} characters)`;
}

/** The last `max` characters, from the beginning of a line where there is one. */
export function clipStart(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = text.slice(-max).toWellFormed();
  const newline = end.indexOf('\n') + 1;
  const kept = newline < max / 2 ? end.slice(newline) : end;
  return `… ${text.length - kept.length} characters before\n${kept}`;
}

/** One line of prose for markdown, also where it begins a line. */
export function prose(text: string, max = 600): string {
  return atStart(inert(clip(text.trim(), max)));
}

/** Prose in which `…` marks code, as the catalogue of reasons writes it; commands of Ashore become code as well. */
export function proseWithCode(full: string, max = 600): string {
  const text = clip(full.trim(), max);
  if (/^\/[a-z]+(?: [^,.;]*)?$/.test(text)) return code(text);
  const pieces = text.split('`');
  if (pieces.length % 2 === 0) return atStart(inert(text));
  const rendered = pieces.map((piece, index) =>
    index % 2 === 0 ? inertWithCommands(piece) : codeAfter(index > 1 && pieces[index - 1] === '', piece),
  );
  return atStart(rendered.join(''));
}

/** A value as inline code that stays one cell of a table. */
export function code(text: string, max = 200): string {
  const value = clip(oneLine(text), max);
  return /^[^`|<\s](?:[^`|<]*[^`|<\s])?$/.test(value) ? `\`${value}\`` : htmlCode(text, max);
}

/** The same in HTML, for where markdown is not read, as in a summary, or cannot hold the value. */
export function htmlCode(text: string, max = 200): string {
  return `<code>${clip(oneLine(text), max).replaceAll(/(?<=www)\.|[^\p{L}\p{N} ./-]/giu, entity)}</code>`;
}

/** A link; `text` is markdown already, and no address can leave its brackets or be longer than browsers take. */
export function renderLink(text: string, address: string): string {
  const safe = address.toWellFormed().replaceAll(/[^\w\-./:#?=&%~+,;@!]/gu, encodeURIComponent);
  return safe.length > 2000 ? text : `[${text}](<${safe}>)`;
}

/** A block that no content can close. Long lines are cut and say so. */
export function fence(text: string, language: string): string {
  const lines = visible(text)
    .split('\n')
    .map((line) => clip(line, 400));
  const longest = Math.max(3, ...[...lines.join('\n').matchAll(/`+/g)].map((run) => run[0].length));
  const ticks = '`'.repeat(longest + 1);
  return [`${ticks}${language}`, ...lines, ticks].join('\n');
}

function picture(char: string): string {
  const point = pointOf(char);
  // Joiners hold emoji and several scripts together and move nothing.
  if (char === '\n' || char === '\t' || point === 0x20_0c || point === 0x20_0d) return char;
  if (point < 0x20) return String.fromCodePoint(0x24_00 + point);
  return point === 0x7f ? '␡' : `⟨U+${point.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}

function lastForm(line: string): string {
  return line.split('\r').findLast((form) => form !== '') ?? '';
}

/** Two spans of backticks that touch would be read as one. */
function codeAfter(touches: boolean, text: string): string {
  return touches ? htmlCode(text) : code(text);
}

function inertWithCommands(text: string): string {
  return text
    .split(/((?<=^|\s)(?:\/[a-z]+(?![\w/-]|\.\w)(?: (?:--[a-z]+|<[a-z]+>|[0-9a-f]{12}))*|--[a-z]+))/)
    .map((piece, index) => (index % 2 === 1 ? code(piece) : inert(piece)))
    .join('');
}

function inert(text: string): string {
  return oneLine(text)
    .replaceAll(/[@#](?=\w)|\bGH-(?=\d)|:(?=\/\/)|\bwww(?=\.)|:(?=[a-z][\w+-]*:)/gi, `$&${BREAK}`)
    .replaceAll(/[&<>|]/g, entity)
    .replaceAll(/[\\`*_[\]~$]/g, '\\$&');
}

/** Keeps the beginning of a line from being a heading, a list or a rule. */
function atStart(text: string): string {
  return text.replace(/^[-+=#]/, '\\$&').replace(/^(\d+)([.)])/, '$1\\$2');
}

function entity(char: string): string {
  return `&#${pointOf(char)};`;
}

function pointOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}
