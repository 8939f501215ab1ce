// How the readers of this folder say what is wrong: each as soon as it is found, all of them at the end.
import { sortProblems } from '../core/problem.ts';
import type { Problem, Where } from '../core/problem.ts';
import type { ReasonCode } from '../core/reason.ts';

/** A problem, and how to work out what was probably meant, which is done only where it is shown. */
export interface Found {
  readonly code: ReasonCode;
  readonly message: string;
  readonly where: Where;
  readonly near?: (() => string | undefined) | undefined;
}

export type Tell = (found: Found) => void;

/** Each suggestion costs a comparison with every known word, and nobody reads more of them. */
const MOST_SUGGESTIONS = 100;

/** What a reader made, and what it told: in reading order, each once, because aliases repeat what is wrong in them. */
export function collect<T>(reader: (tell: Tell) => T): {
  readonly made: T;
  readonly problems: readonly Problem[];
} {
  const once = new Map<string, Found>();
  const made = reader((found) => {
    const key = keyOf(found);
    if (!once.has(key)) once.set(key, found);
  });
  const problems = sortProblems(
    [...once.values()].map(({ code, message, where }) => ({ code, message, where })),
  );
  return {
    made,
    problems: problems.map((problem, index) => suggested(problem, index, once.get(keyOf(problem)))),
  };
}

/** Two findings with the same key are the same problem. */
export function keyOf({ code, message, where }: Found): string {
  return JSON.stringify([code, message, where.file, where.line, where.column]);
}

function suggested(problem: Problem, index: number, found: Found | undefined): Problem {
  const suggestion = index < MOST_SUGGESTIONS ? found?.near?.() : undefined;
  return suggestion === undefined ? problem : { ...problem, suggestion };
}
