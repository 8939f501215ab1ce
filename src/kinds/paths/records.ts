// What a look prints of many paths: records of a fixed number of fields, each ended by NUL. Pure.
import { HostFailure } from '../../core/reason.ts';

/** Throws on records that were cut off: what is missing must never count as absent. */
export function parseRecords(text: string, fields: number): readonly (readonly string[])[] {
  const words = text.split('\0');
  const rest = words.pop();
  if (rest !== '' || words.length % fields !== 0) {
    const output = text.slice(-200);
    throw new HostFailure({
      code: 'READ_FAILED',
      message: 'a look was cut off in the middle',
      evidence: { output },
    });
  }
  return Array.from({ length: words.length / fields }, (_, at) =>
    words.slice(at * fields, (at + 1) * fields),
  );
}
