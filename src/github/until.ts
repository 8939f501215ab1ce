// Until when a freeze or a hold lasts: a date or time in UTC, or how long from now. Pure.

export type Until = { readonly at: string } | { readonly after: number };

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** undefined when it is neither. */
export function parseUntil(text: string): Until | undefined {
  const [, count, unit = ''] = /^(\d{1,4})([mhd])$/.exec(text) ?? [];
  const length = UNITS[unit];
  if (length !== undefined) return { after: Number(count) * length };
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2}))?$/.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : { at: new Date(time).toISOString() };
}

const UNLESS_GIVEN: Until = { after: 86_400_000 };

export function endOf(until: Until = UNLESS_GIVEN, now: Date): string {
  return 'at' in until ? until.at : new Date(now.getTime() + until.after).toISOString();
}
