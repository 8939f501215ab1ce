// Bytes of one file → its tree, or what keeps it from being read as YAML 1.2. The only place that knows the YAML
// parser. Sizes are bounded here.
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { ErrorCode, YAMLError } from 'yaml';
import type { Where } from '../core/problem.ts';
import { DEEPEST, LARGEST, MOST_NODES } from './bounds.ts';
import type { Found, Tell } from './tell.ts';
import type { Hole, Member, Tree } from './tree.ts';

/** One slip makes the parser report many places; the first ones are the useful ones. */
const MOST_ERRORS = 5;

interface Reading {
  readonly where: (node: unknown) => Where;
  readonly tell: Tell;
  /** undefined while the anchored node is still being read. */
  readonly anchors: Map<string, unknown>;
  readonly open: Set<unknown>;
  nodes: number;
  oversize: boolean;
}

export function readTree(file: string, bytes: Uint8Array, tell: Tell): Tree | undefined {
  const start: Where = { file, line: 1, column: 1 };
  const text = textOf(bytes, start, tell);
  if (text === undefined) return undefined;
  const lines = new LineCounter();
  const placeAt = (offset: number): Where => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  // Duplicate keys are looked for below: the parser's own search takes quadratic time. A log level of `silent` would
  // also keep a second document quiet.
  const document = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    stringKeys: true,
    resolveKnownTags: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const errors = [...document.errors, ...document.warnings];
  for (const error of errors.slice(0, MOST_ERRORS)) {
    tell({ code: 'CONFIG_YAML', message: explain(error), where: placeAt(error.pos[0]) });
  }
  if (errors.length > 0) return undefined;
  if (isEmpty(document.contents)) {
    tell({ code: 'CONFIG_INVALID', message: 'the file is empty', where: start });
    return undefined;
  }
  const where = (node: unknown): Where => placeAt(offsetOf(node) ?? 0);
  return treeOf(
    document.contents,
    { where, tell, anchors: new Map(), open: new Set(), nodes: 0, oversize: false },
    start,
  );
}

function textOf(bytes: Uint8Array, where: Where, tell: Tell): string | undefined {
  if (bytes.length > LARGEST) {
    tell({ code: 'CONFIG_TOO_LARGE', message: `the file is larger than ${LARGEST} bytes`, where });
    return undefined;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    tell({ code: 'CONFIG_YAML', message: 'the file is not UTF-8 text', where });
    return undefined;
  }
}

const PLAIN_WORDS: Partial<Record<ErrorCode, string>> = {
  TAB_AS_INDENT: 'a tab indents this line; YAML takes spaces only',
  MULTIPLE_DOCS: 'a second document (`---`) begins here; one file holds one document',
  NON_STRING_KEY: 'a key must be text',
  BLOCK_AS_IMPLICIT_KEY: 'a second `key: value` on one line; put quotes around a text that holds `: `',
  RESOURCE_EXHAUSTION: 'the file nests too deeply',
};

function explain(error: YAMLError): string {
  if (error.code === 'TAG_RESOLVE_FAILED') return `${error.message}; tags are not used here`;
  return PLAIN_WORDS[error.code] ?? error.message;
}

function isEmpty(contents: unknown): boolean {
  return contents === null || (isScalar(contents) && contents.source === '' && contents.value === null);
}

function offsetOf(node: unknown): number | undefined {
  if (!(isScalar(node) || isMap(node) || isSeq(node) || isAlias(node))) return undefined;
  return node.range?.[0];
}

/** `near` is the place of the key, for a value that is not written at all. */
function treeOf(node: unknown, reading: Reading, near: Where): Tree {
  reading.nodes++;
  if (reading.nodes > MOST_NODES || reading.open.size > DEEPEST) return tellOversize(reading, near);
  if (isAlias(node)) return aliased(node.source, reading, reading.where(node));
  if (!(isScalar(node) || isMap(node) || isSeq(node))) {
    return { is: 'scalar', value: null, source: '', where: near };
  }
  if (node.anchor !== undefined) reading.anchors.set(node.anchor, node);
  if (isScalar(node))
    return scalarOf(node.value, node.source ?? '', reading, node.value === null ? near : reading.where(node));
  reading.open.add(node);
  const where = reading.where(node);
  const tree: Tree = isMap(node)
    ? { is: 'mapping', members: membersOf(node.items, reading), where }
    : { is: 'list', entries: node.items.map((entry) => treeOf(entry, reading, where)), where };
  reading.open.delete(node);
  return tree;
}

/** Told once a file; all that lies beyond the bound is not read. */
function tellOversize(reading: Reading, where: Where): Hole {
  if (!reading.oversize) {
    const message =
      reading.nodes > MOST_NODES
        ? `the file holds more than ${MOST_NODES} values with its aliases written out`
        : `values nest more than ${DEEPEST} levels deep`;
    reading.tell({ code: 'CONFIG_TOO_LARGE', message, where });
  }
  reading.oversize = true;
  return { is: 'hole', where };
}

function aliased(name: string, reading: Reading, where: Where): Tree {
  const node = reading.anchors.get(name);
  if (node === undefined || reading.open.has(node)) {
    const message =
      node === undefined ? `no \`&${name}\` stands above this alias` : `\`*${name}\` holds itself`;
    reading.tell({ code: 'CONFIG_YAML', message, where });
    return { is: 'hole', where };
  }
  return { ...treeOf(node, reading, where), where };
}

function membersOf(pairs: readonly unknown[], reading: Reading): ReadonlyMap<string, Member> {
  const members = new Map<string, Member>();
  for (const pair of pairs) {
    const node = isPair(pair) ? pair.key : undefined;
    if (!isPair(pair) || !isScalar(node)) continue;
    const key = String(node.value);
    const keyWhere = reading.where(node);
    const value = treeOf(pair.value, reading, keyWhere);
    const refusal = refuseKey(key, node.type === 'PLAIN', members.get(key));
    if (refusal) reading.tell({ ...refusal, where: keyWhere });
    else members.set(key, { key, keyWhere, value });
  }
  return members;
}

function refuseKey(
  name: string,
  plain: boolean,
  first: Member | undefined,
): Omit<Found, 'where'> | undefined {
  if (first) {
    return { code: 'KEY_DUPLICATE', message: `\`${name}\` stands already in line ${first.keyWhere.line}` };
  }
  if (name === '<<' && plain) {
    return { code: 'CONFIG_YAML', message: 'merge keys (`<<`) are not part of YAML 1.2; write the keys out' };
  }
  // JavaScript gives this name a meaning of its own, and libraries drop it without a word.
  return name === '__proto__'
    ? { code: 'CONFIG_INVALID', message: '`__proto__` cannot be a key' }
    : undefined;
}

function scalarOf(value: unknown, source: string, reading: Reading, where: Where): Tree {
  if (typeof value === 'number') {
    const refusal = refuseNumber(value, source);
    if (refusal === undefined) return { is: 'scalar', value, source, where };
    reading.tell({ code: 'CONFIG_INVALID', message: refusal, where, near: () => `"${source}"` });
    return { is: 'hole', where };
  }
  if (typeof value === 'string') return { is: 'scalar', value, source: value, where };
  return { is: 'scalar', value: typeof value === 'boolean' ? value : null, source, where };
}

/** Numbers that would not arrive as they are written. */
function refuseNumber(value: number, source: string): string | undefined {
  if (/^[-+]?0[0-9]/.test(source)) {
    return `without quotes, YAML reads ${source} as the number ${value}: put it in quotes`;
  }
  if (!Number.isFinite(value))
    return `${source} is not a number that JSON can hold: put it in quotes to mean the text`;
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return `${source} is too large to be kept exactly as a number: put it in quotes to mean the text`;
  }
  return undefined;
}
