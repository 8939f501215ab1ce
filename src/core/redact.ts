// Cuts known secrets out of text, in the forms in which programs print them: as they are, escaped for JSON, for a URL and
// for a shell, and in base64 at each of its three alignments, wrapped or not. Pure.
// It guards against accidents. Who may write commands that run as root can print a secret in a form that nobody knows.
import { formatSecret, revealSecret } from './secret.ts';
import type { Secret } from './secret.ts';

export interface Redactor {
  readonly redact: (text: string) => string;
  /** For text that arrives in pieces: what may be said now, and what must wait for more. */
  readonly split: (text: string) => { readonly said: string; readonly rest: string };
}

/** Shorter than this nothing can be cut out without cutting up everything else. */
export const SHORTEST_SECRET = 4;

/** A single line of a longer secret that is worth cutting out by itself. */
const SHORTEST_LINE = 8;

/** Evidence is cut to its last characters, which may cut through a secret; shorter texts are whole. */
const CUT_TEXTS = 1500;

export function createRedactor(secrets: readonly Secret[]): Redactor {
  const forms = secrets.flatMap(formsOf).filter(({ text }) => text.length >= SHORTEST_SECRET);
  if (forms.length === 0) return { redact: (text) => text, split: (text) => ({ said: text, rest: '' }) };
  // A form in base64 may be wrapped at any width.
  const reach = 2 * Math.max(...forms.map(({ text }) => text.length));
  return {
    redact: (text) => redactAround(text, forms),
    split: (text) => {
      const ranges = findAll(text, forms);
      const edge = Math.max(0, text.length - reach);
      const torn = ranges.find((range) => range.from < edge && range.to > edge);
      const at = torn?.from ?? edge;
      return { said: redactAround(text.slice(0, at), forms), rest: text.slice(at) };
    },
  };
}

interface Form {
  readonly text: string;
  readonly shown: string;
  /** White space may stand anywhere in it. */
  readonly wrapped: boolean;
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly shown: string;
}

/** What stands for a secret already is left alone, so that redacting twice is redacting once. */
function redactAround(text: string, forms: readonly Form[]): string {
  const parts = text.split(/(\[secret [a-z0-9._/, -]+\])/);
  const [first = '', ...others] = parts;
  const torn = text.length < CUT_TEXTS ? [] : findTorn(first, forms);
  const rest = others.map((part, index) => (index % 2 === 0 ? part : redactPart(part, forms, [])));
  return redactPart(first, forms, torn) + rest.join('');
}

function redactPart(text: string, forms: readonly Form[], torn: readonly Range[]): string {
  let out = '';
  let at = 0;
  for (const { from, to, shown } of merge([...findAll(text, forms), ...torn])) {
    out += text.slice(at, from) + shown;
    at = to;
  }
  return out + text.slice(at);
}

function findAll(text: string, forms: readonly Form[]): Range[] {
  const squeezed = squeeze(text);
  return merge(
    forms.flatMap(({ text: form, shown, wrapped }) => {
      const within = wrapped ? squeezed.text : text;
      const ranges: Range[] = [];
      for (let at = within.indexOf(form); at >= 0; at = within.indexOf(form, at + 1)) {
        const last = at + form.length - 1;
        const from = wrapped ? (squeezed.places[at] ?? 0) : at;
        const to = wrapped ? (squeezed.places[last] ?? 0) : last;
        ranges.push({ from, to: to + 1, shown });
      }
      return ranges;
    }),
  );
}

/** The end of a form at the beginning of a text that was cut there. */
function findTorn(text: string, forms: readonly Form[]): Range[] {
  return forms.flatMap(({ text: form, shown }) => {
    const longest = Math.min(form.length - 1, text.length, CUT_TEXTS);
    for (let length = longest; length >= SHORTEST_SECRET; length--) {
      if (text.startsWith(form.slice(form.length - length))) return [{ from: 0, to: length, shown }];
    }
    return [];
  });
}

/** In order, those that overlap as one. */
function merge(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of ranges.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    const last = merged.at(-1);
    if (!last || range.from >= last.to) merged.push(range);
    else if (range.to > last.to) merged[merged.length - 1] = { ...last, to: range.to };
  }
  return merged;
}

/** A text without its white space, and where each character stood. */
function squeeze(text: string): { readonly text: string; readonly places: readonly number[] } {
  const places: number[] = [];
  let out = '';
  for (const match of text.matchAll(/\S+/g)) {
    out += match[0];
    for (let index = 0; index < match[0].length; index++) places.push(match.index + index);
  }
  return { text: out, places };
}

function formsOf(secret: Secret): Form[] {
  const bytes = Buffer.from(revealSecret(secret));
  const shown = formatSecret(secret.names);
  const texts = textsOf(bytes);
  const encoded = [bytes, ...texts.map((text) => Buffer.from(text))].flatMap(base64Forms);
  const plain = texts.flatMap((text) => [
    text,
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(text.toWellFormed()),
    text.replaceAll("'", `'\\''`),
    text.replaceAll(/["\\`$]/g, String.raw`\$&`),
  ]);
  return [
    ...[...new Set(plain)].map((text) => ({ text, shown, wrapped: false })),
    ...[...new Set(encoded)].map((text) => ({ text, shown, wrapped: true })),
  ];
}

/** The whole, and its longer lines: a journal puts something of its own before each. Empty where it is no text. */
function textsOf(bytes: Buffer): string[] {
  const text = bytes.toString('utf8');
  if (!Buffer.from(text).equals(bytes)) return [];
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const long = lines.filter((line) => line.length >= SHORTEST_LINE && !line.startsWith('-----'));
  return [...new Set([text, text.trim(), ...long])];
}

/**
 * Base64 has three forms of the same bytes, by how many bytes stand before them in their group of three. Of each, only
 * the characters that no neighbour has a part in. In both alphabets (RFC 4648, sections 4 and 5).
 */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const whole = Math.floor(((before + bytes.length) * 8) / 6);
    const own = text.slice(Math.ceil((before * 8) / 6), whole);
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
