// Files for `podman run --env-file`: a line each, `NAME=value`, the value as it stands to the end of its line (podman-run(1); tried
// with 4.3 and 5.4). There is no quoting, so a value of several lines has no place in it. Pure.
import type { Json } from '../../core/json.ts';
import { isRecord, prove } from '../../formats/proof.ts';
import type { Formatted } from '../../formats/proof.ts';
import { isScalar, refuseValue } from '../../formats/text-map.ts';

/** Podman reads no longer lines (bufio.Scanner, MaxScanTokenSize is 64 KiB). */
const LONGEST = 60_000;

export function formatEnvFile(data: Json): Formatted {
  if (!isRecord(data)) return { problem: 'an environment is a map' };
  const lines: string[] = [];
  const wanted: Record<string, string> = {};
  for (const [name, value] of Object.entries(data)) {
    if (!isScalar(value)) return refuseValue([name], value);
    const problem = refuseEntry(name, String(value));
    if (problem !== undefined) return { problem };
    wanted[name] = String(value);
    lines.push(`${name}=${String(value)}\n`);
  }
  return prove(lines.join(''), wanted, parseEnvFile);
}

function refuseEntry(name: string, value: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return `${JSON.stringify(name)} is no name of a variable: letters, digits and _ only, no digit first`;
  }
  if (/[\0\r\n]/.test(value)) return `${name}: podman reads values of one line only`;
  return value.length > LONGEST ? `${name}: podman reads lines of up to 64 KiB only` : undefined;
}

function parseEnvFile(text: string): Record<string, string> {
  const lines = text.split('\n').slice(0, -1);
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}
