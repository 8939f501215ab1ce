// INI: `key=value` lines under `[section]` headers, a list as its key repeated.
// INI has no standard, so values stand bare, without quotes or escapes, and what readers take differently is refused.
import ini from 'ini';
import type { Json } from '../core/json.ts';
import { isRecord, prove } from './proof.ts';
import type { Formatted } from './proof.ts';
import { refuseValue, scalarsOf } from './text-map.ts';
import type { Scalar } from './text-map.ts';

export function formatIni(value: Json): Formatted {
  if (!isRecord(value)) return { problem: 'INI is a map at its top' };
  const sections = sectionsOf(value);
  if ('problem' in sections) return sections;
  const written = sections.list.filter((section, index) => index > 0 || section.lines.length > 0);
  return prove(written.map(formatSection).join('\n'), wantedOf(sections.list), readIni);
}

interface Section {
  /** Empty for what stands before the first header. */
  readonly name: string;
  readonly lines: readonly (readonly [key: string, value: Scalar])[];
}

function sectionsOf(
  value: Readonly<Record<string, unknown>>,
): { readonly list: readonly Section[] } | { readonly problem: string } {
  const top: [string, Scalar][] = [];
  const sections: Section[] = [];
  for (const [key, member] of Object.entries(value)) {
    if (isRecord(member) && key === '') return { problem: 'a section has no name' };
    const lines = isRecord(member) ? linesOf([key], member) : linesOf([], { [key]: member });
    if ('problem' in lines) return lines;
    if (isRecord(member)) sections.push({ name: key, lines });
    else top.push(...lines);
  }
  return { list: [{ name: '', lines: top }, ...sections] };
}

function linesOf(
  path: readonly string[],
  members: Readonly<Record<string, unknown>>,
): [string, Scalar][] | { readonly problem: string } {
  const lines: [string, Scalar][] = [];
  for (const [key, member] of Object.entries(members)) {
    const scalars = scalarsOf(member);
    if (!scalars) return refuseValue([...path, key], member);
    lines.push(...scalars.map((scalar): [string, Scalar] => [key, scalar]));
  }
  return lines;
}

function formatSection({ name, lines }: Section): string {
  const header = name === '' ? '' : `[${name}]\n`;
  return header + lines.map(([key, value]) => `${key}=${String(value)}\n`).join('');
}

/** What a reader must find: text, truth values as such, and several values of one key as a list. */
function wantedOf(sections: readonly Section[]): Json {
  return Object.fromEntries(sections.map(({ name, lines }) => [name, wantedLines(lines)]));
}

function wantedLines(lines: Section['lines']): Record<string, Json> {
  const keys = Map.groupBy(lines, ([key]) => key);
  return Object.fromEntries(
    [...keys].map(([key, entries]) => {
      const texts = entries.map(([, value]) => (typeof value === 'number' ? String(value) : value));
      return [key, texts.length === 1 ? (texts[0] ?? '') : texts];
    }),
  );
}

/** Section by section: the `ini` package nests dotted headers and counts repeated keys across sections. */
function readIni(text: string): Record<string, unknown> {
  const sections = new Map<string, string[]>([['', []]]);
  let body = sections.get('') ?? [];
  for (const line of text.split('\n')) {
    // Git and others would join the next line, or strip the quotes; others would not.
    if (line.endsWith('\\')) throw new Error('a value ends in a backslash');
    if (/^[^=]*=["']/.test(line)) throw new Error('a value begins with a quote');
    const header = /^\[(.*)\]\s*$/.exec(line)?.[1];
    if (header === undefined) body.push(line);
    else if (sections.has(header) || header.trim() !== header || /[[\]#;"'\\]/.test(header)) {
      throw new Error(`readers differ about the section ${JSON.stringify(header)}`);
    } else sections.set(header, (body = []));
  }
  const read = [...sections].map(([name, lines]) => [
    name,
    ini.parse(lines.join('\n'), { bracketedArray: false }),
  ]);
  return Object.fromEntries(read);
}
