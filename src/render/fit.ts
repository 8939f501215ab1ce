// Fits bodies into a limit: whole parts or none, the important ones first, and says how many were left out.

/** A part of a body: always there in brief when its body is, in full where there is room. */
export interface Part {
  /** Higher ranks get room first. */
  readonly rank: number;
  readonly brief: string;
  /** Called only while there is room. */
  readonly full: () => string;
}

export interface Body {
  readonly rank: number;
  readonly open: string;
  readonly parts: readonly Part[];
  readonly close: string;
}

export interface Fitted {
  readonly text: string;
  /** Bodies that are not there at all. */
  readonly bodies: number;
  /** Parts that are there in brief only. */
  readonly parts: number;
}

const BETWEEN = '\n\n';
/** After so many parts that found no room the rest is not tried: rendering them all would cost seconds. */
const MISSES = 50;

/** `size` measures as the receiver does: UTF-16 units or bytes; it must add up over concatenation. */
export function fit(bodies: readonly Body[], limit: number, size: (text: string) => number): Fitted {
  let left = limit;
  const take = (cost: number): boolean => {
    if (cost > left) return false;
    left -= cost;
    return true;
  };
  const wanted = bodies.filter((body) => body.open !== '' || body.parts.length > 0);
  const kept = new Set(
    byRank(wanted).filter((body) => take(size(renderBody(body, new Map())) + BETWEEN.length)),
  );
  const full = new Map<Part, string>();
  let misses = 0;
  for (const part of byRank([...kept].flatMap((body) => body.parts))) {
    if (misses > MISSES) break;
    const text = part.full();
    const joint = part.brief === '' ? BETWEEN.length : 0;
    if (take(size(text) - size(part.brief) + joint)) full.set(part, text);
    else misses++;
  }
  const shown = wanted.filter((body) => kept.has(body));
  return {
    text: shown
      .map((body) => renderBody(body, full))
      .filter((text) => text !== '')
      .join(BETWEEN),
    bodies: wanted.length - shown.length,
    parts: shown.flatMap((body) => body.parts).length - full.size,
  };
}

/** A block that is there whole or not at all. */
export function block(rank: number, text: string): Body {
  return { rank, open: text, parts: [], close: '' };
}

/** The first lines that together keep to `room` bytes. */
export function keepWhole(lines: readonly string[], room: number): readonly string[] {
  let left = room;
  const end = lines.findIndex((line) => (left -= byteSize(line) + 1) < 0);
  return end === -1 ? lines : lines.slice(0, end);
}

/** UTF-8 bytes, which bound characters however they are counted. */
export function byteSize(text: string): number {
  return new TextEncoder().encode(text).length;
}

function byRank<Ranked extends { readonly rank: number }>(ranked: readonly Ranked[]): readonly Ranked[] {
  return ranked.toSorted((a, b) => b.rank - a.rank);
}

function renderBody(body: Body, full: ReadonlyMap<Part, string>): string {
  const parts = body.parts.map((part) => full.get(part) ?? part.brief);
  const inner = parts.filter((text) => text !== '').join(BETWEEN);
  return [body.open, inner, body.close].filter((text) => text !== '').join(BETWEEN);
}
