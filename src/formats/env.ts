// Environment files that systemd (EnvironmentFile=, systemd.exec(5)) and a POSIX shell (`. file`) read alike.
// Both take '…' verbatim and in "…" a backslash before " \ ` $; newlines may stand in either.
import type { Json } from '../core/json.ts';
import { isRecord, prove } from './proof.ts';
import type { Formatted } from './proof.ts';
import { isScalar, refuseValue } from './text-map.ts';

export function formatEnv(value: Json): Formatted {
  if (!isRecord(value)) return { problem: 'an environment is a map at its top' };
  const entries: [string, string][] = [];
  for (const [key, member] of Object.entries(value)) {
    if (!isScalar(member)) return refuseValue([key], member);
    const problem = refuseEntry(key, String(member));
    if (problem !== undefined) return { problem };
    entries.push([key, String(member)]);
  }
  const lines = entries.map(([key, text]) => `${key}=${quoteValue(text)}\n`);
  return prove(lines.join(''), Object.fromEntries(entries), parseEnv);
}

function refuseEntry(key: string, text: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) {
    return `${JSON.stringify(key)} is no name of a variable: letters, digits and _ only, no digit first`;
  }
  return FORBIDDEN.test(text)
    ? `${key}: it holds a character that systemd refuses in an environment`
    : undefined;
}

/** NUL, the byte order mark and Unicode's noncharacters (systemd.exec(5), EnvironmentFile=). */
const FORBIDDEN = /[\0\ufeff]|\p{Noncharacter_Code_Point}/u;

function quoteValue(text: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]*$/.test(text)) return text;
  return text.includes("'") ? `"${text.replaceAll(/["\\`$]/g, String.raw`\$&`)}"` : `'${text}'`;
}

const LINE = /([A-Za-z_][A-Za-z0-9_]*)=(?:'([^']*)'|"((?:[^"\\`$]|\\["\\`$])*)"|([A-Za-z0-9_@%+=:,./-]*))\n/y;

/** Reads what formatEnv writes, and nothing more lenient. */
function parseEnv(text: string): Record<string, string> {
  const entries: [string, string][] = [];
  LINE.lastIndex = 0;
  for (let at = 0; at < text.length; at = LINE.lastIndex) {
    const match = LINE.exec(text);
    if (!match) throw new Error(`no assignment at character ${at}`);
    const [, key = '', verbatim, escaped, bare = ''] = match;
    entries.push([key, verbatim ?? escaped?.replaceAll(/\\(.)/gs, '$1') ?? bare]);
  }
  return Object.fromEntries(entries);
}
