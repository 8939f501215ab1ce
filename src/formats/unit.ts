// systemd unit files from data, as systemd.syntax(7) reads them: sections, `Key=value`, a list as its key repeated.
// Values stand as they are: quoting, specifiers (%) and variables ($) are the unit's own language.
import { prove } from './proof.ts';
import type { Formatted } from './proof.ts';
import type { Scalar } from './text-map.ts';

/** Section → key → value. A truth value becomes yes or no; an empty string resets a list. */
export type UnitSections = Readonly<Record<string, Readonly<Record<string, Scalar | readonly Scalar[]>>>>;

export function formatUnit(sections: UnitSections): Formatted {
  const problem = refuseNames(sections);
  if (problem !== undefined) return { problem };
  const blocks = Object.entries(sections).map(([section, entries]) => {
    const lines = Object.entries(entries).flatMap(([key, value]) =>
      textsOf(value).map((text) => `${key}=${text}\n`),
    );
    return `[${section}]\n${lines.join('')}`;
  });
  return prove(blocks.join('\n'), wantedOf(sections), parseUnit);
}

/** Section → key → its values, in order. Throws on what systemd would pass over with a warning. */
export function parseUnit(text: string): Record<string, Record<string, string[]>> {
  const sections = new Map<string, Map<string, string[]>>();
  let entries: Map<string, string[]> | undefined;
  for (const line of joinContinued(text)) {
    if (line === '' || /^[#;]/.test(line)) continue;
    const header = /^\[(.*)\]$/.exec(line)?.[1];
    if (header !== undefined) {
      entries = sections.get(header) ?? new Map<string, string[]>();
      sections.set(header, entries);
      continue;
    }
    const match = /^([^=]*?)\s*=\s*(.*)$/s.exec(line);
    if (!entries || !match) throw new Error(`no assignment: ${JSON.stringify(line.slice(0, 60))}`);
    const [, key = '', value = ''] = match;
    entries.set(key, [...(entries.get(key) ?? []), value]);
  }
  return Object.fromEntries([...sections].map(([name, values]) => [name, Object.fromEntries(values)]));
}

function refuseNames(sections: UnitSections): string | undefined {
  for (const [section, entries] of Object.entries(sections)) {
    if (!/^[A-Za-z][A-Za-z0-9-]*$/.test(section)) return `${JSON.stringify(section)} is no name of a section`;
    const odd = Object.keys(entries).find((key) => !/^[A-Za-z][A-Za-z0-9-]*$/.test(key));
    if (odd !== undefined) return `${JSON.stringify(odd)} is no name of a key in [${section}]`;
  }
  return undefined;
}

function textsOf(value: Scalar | readonly Scalar[]): readonly string[] {
  if (typeof value === 'object') return value.flatMap(textsOf);
  if (typeof value === 'boolean') return [value ? 'yes' : 'no'];
  return [String(value)];
}

function wantedOf(sections: UnitSections): Record<string, Record<string, string[]>> {
  return Object.fromEntries(
    Object.entries(sections).map(([section, entries]) => {
      return [
        section,
        Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, [...textsOf(value)]])),
      ];
    }),
  );
}

/** Lines as systemd sees them: cut at newline, return and NUL, spaces off both ends, a last backslash joins the next. */
function joinContinued(text: string): string[] {
  const lines: string[] = [];
  let held = '';
  for (const line of text.split(/[\n\r\0]/)) {
    const joined = held + line;
    if (joined.endsWith('\\')) {
      held = `${joined.slice(0, -1)} `;
      continue;
    }
    lines.push(joined.replaceAll(/^[ \t]+|[ \t]+$/g, ''));
    held = '';
  }
  return held === '' ? lines : [...lines, held.trim()];
}

/**
 * A command for ExecStart= (systemd.service(5), Command lines): every word in quotes with C escapes, `%` and `$` doubled.
 * The program is an absolute path, which has no place for the signs that change how it is run.
 */
export function formatExec(argv: readonly string[]): string {
  return argv.map((word) => (/^[A-Za-z0-9_@+=:,./-]+$/.test(word) ? word : quoteWord(word))).join(' ');
}

function quoteWord(word: string): string {
  const escaped = word.replaceAll(/[\\"%$\p{Cc}]/gu, (sign) => {
    if (sign === '%' || sign === '$') return sign + sign;
    if (sign === '\\' || sign === '"') return `\\${sign}`;
    return `\\u${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
  return `"${escaped}"`;
}

/** A value in which systemd would read `%` as its own. */
export function literal(text: string): string {
  return text.replaceAll('%', '%%');
}
