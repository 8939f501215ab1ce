// What a plan shows of a file: its bytes where they may be shown, else words; and who may read a secret. Pure.
import { z } from 'zod';
import { ASIDE } from '../../core/kind.ts';
import type { Members } from '../../core/kind.ts';
import { bytesOf } from '../../core/step.ts';
import type { Content } from '../../core/step.ts';
import type { FileState } from './read.ts';
import type { Bytes } from './spec.ts';
import type { Verdict } from './verdict.ts';
import type { Around } from '../paths/around.ts';
import type { ShownContent } from '../paths/contents.ts';
import type { Found } from '../paths/found.ts';
import type { Owned } from '../paths/path.ts';

export interface FileFound extends Found {
  /** As wanted, the wanted one; else its seal where there is a key, because it may be a secret. Null: the login may not read it. */
  readonly sha256: string | null;
}

export interface FileAside {
  readonly around: Around;
  /** The seal of its sum, where there is a key. */
  readonly sealed?: string | undefined;
  /** A secret is wanted there. */
  readonly secret?: boolean;
  /** The plain sum, for comparing and for what everybody there may read. */
  readonly sum: string | null;
  readonly links: number;
  readonly size: number;
  readonly changedAt?: number | undefined;
  readonly immutable: boolean;
  /** Every account of the host may read it. */
  readonly open: boolean;
  /** Null: as wanted, or not to be shown. */
  readonly old: Content | null;
  /** What the program that reads it says of the wanted bytes, where they are not there yet. */
  readonly verdict?: Verdict | undefined;
}

/** What of a file is the same whatever bytes are wanted: of a secret only its seal. */
export function apartFile(have: FileState | null | undefined): Members {
  const { sha256: _, ...found } = have?.found ?? {};
  const { sum, sealed, secret = false } = have?.[ASIDE] ?? {};
  return {
    found: have?.found ? found : null,
    leads: have && (have.leads ?? null),
    sum: secret ? undefined : (sum ?? undefined),
    sealed,
  };
}

export type Present = FileFound & FileAside;

/** What the ledger keeps: the sum of what Ashore wrote, of a secret its seal. */
export const Remembered = z.object({ sha256: z.string(), secret: z.array(z.string()).optional() });
export type Remembered = z.infer<typeof Remembered>;

/** Whether the bytes are those that Ashore wrote last. */
export function isKnown({ sha256, sum }: Present, known: Remembered | undefined): boolean {
  return known !== undefined && sum !== null && [sha256, sum].includes(known.sha256);
}

export function wantedContent({ content, sha256 }: Bytes, done: 'set' | 'changed'): ShownContent {
  if (!('seal' in content)) return { content, sha256, size: bytesOf(content).length };
  return { content: null, sha256: null, size: 0, instead: `secret ${content.secret.join(', ')}: ${done}` };
}

/** A plan may be read by people who have no account on the host: what Ashore did not write is shown only if anybody there may read it. */
export function foundContent(found: Present, known: Remembered | undefined, want?: Bytes): ShownContent {
  const { sum, size, old, open } = found;
  const was = known?.secret ?? (want && 'seal' in want.content ? [] : undefined);
  if (was) {
    const instead = was.length > 0 ? `secret ${was.join(', ')}` : 'bytes that are not shown';
    return { sha256: null, size: 0, content: null, instead };
  }
  const shown = open || isKnown(found, known);
  return shown ? { sha256: sum, size, content: old } : { sha256: null, size, content: null };
}

/** Who may read a secret is what a reviewer has to know about it. What names no owner belongs to whoever makes it. */
export function readerNotes({ content }: Bytes, { owner, group, mode }: Owned): readonly string[] {
  if (!('seal' in content)) return [];
  const byGroup = /[4-7].$/.test(mode)
    ? ` and the group ${group ?? 'root (without sudo: that of the login)'}`
    : '';
  return [`it may be read by root, by its owner ${owner ?? 'root (without sudo: the login)'}${byGroup}`];
}

export function linkNotes({ links }: Present): readonly string[] {
  return links > 1 ? [`it has ${links} names (hard links); the others keep the old bytes`] : [];
}
