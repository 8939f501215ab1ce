// Chance that repeats itself: the same seed gives the same values on every machine.

/** Characters that shells, JSON, YAML, paths and terminals each have trouble with. */
const ODD: readonly string[] = [
  ' \t\n\r\v\f\u0001\u001b\u007f\u0085\u00a0\u2028\ufeff\ufffd',
  `'"\`$\\|&;<>(){}[]*?!#~=%^@:,./-+_`,
  'azAZ09éß漢🎉\u0301',
].flatMap((characters) => Array.from(characters));

export interface Random {
  /** A whole number from 0 up to, and without, the limit. */
  number(limit: number): number;
  pick<T>(values: readonly T[]): T;
  /** At most so many odd characters; may be empty. */
  text(longest: number): string;
}

export function randomFrom(seed: number): Random {
  let state = seed;
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const number = (limit: number): number => next() % limit;
  const pick = <T>(values: readonly T[]): T => {
    const [first] = values.slice(number(values.length));
    if (first === undefined) throw new Error('nothing to pick from');
    return first;
  };
  return {
    number,
    pick,
    text: (longest) => Array.from({ length: number(longest + 1) }, () => pick(ODD)).join(''),
  };
}
