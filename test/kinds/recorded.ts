// The recorded cases, read by their kinds: what real Debian said, and what a kind makes of it.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { AnyKind, Rows } from '../../src/core/kind.ts';
import { createScriptedReader } from '../support/scripted-reader.ts';
import { CASES } from './fixtures/cases.ts';
import type { Case, CaseName } from './fixtures/cases.ts';
import { want } from './trial.ts';

export const SUITES = ['bookworm', 'trixie'] as const;

const Recording = z.array(
  z.strictObject({
    argv: z.array(z.string()),
    status: z.int(),
    stdout: z.string(),
    stderr: z.string(),
  }),
);

/** States by id; fails on a look that was not recorded, and on a recorded one that is not asked for. */
export async function readCase(
  kind: AnyKind,
  name: CaseName,
  suite: (typeof SUITES)[number],
  rows: Rows = [],
): Promise<Record<string, unknown>> {
  const file = new URL(`./fixtures/${name}-${suite}.json`, import.meta.url);
  const reader = createScriptedReader(Recording.parse(JSON.parse(readFileSync(file, 'utf8'))));
  const one: Case = CASES[name];
  const wanted = Object.entries(one.wanted).map(([id, spec]) => {
    return [id, spec === null ? undefined : want(kind, id, spec)] as const;
  });
  const states = await kind.read(reader, new Map(wanted), undefined, rows);
  if (reader.unasked().length > 0) throw new Error(`recorded in vain: ${reader.unasked().join('; ')}`);
  return Object.fromEntries(states);
}
