// What a configuration may cost. A pull request is read before anybody has looked at it, so reading must end soon
// whatever it holds; each bound is far beyond what people write.

/** Bytes of a file or source. */
export const LARGEST = 1024 * 1024;
/** Bytes of all YAML files. */
export const LARGEST_TOTAL = 4 * LARGEST;
/** Values of one file with its aliases written out, and how deep they nest. */
export const MOST_NODES = 100_000;
export const DEEPEST = 64;
/** Characters and values that all entries may come to, over all hosts and with all variables and sources filled in. */
const MOST_UNITS = 64 * LARGEST;
/** What each resource costs beside its values, so that there are half a million of them at most. */
export const RESOURCE_UNITS = 128;
/** What each variable of a host costs when levels are compared and merged. */
export const SETTING_UNITS = 16;

/** Told where the budget ran out; what comes after that place is not read. */
export const OVERSIZE = {
  code: 'CONFIG_TOO_LARGE',
  message: 'with all hosts, variables and sources filled in, the configuration is larger than Ashore reads',
} as const;

export interface Budget {
  /** False when nothing is left. */
  spend(units: number): boolean;
  readonly exhausted: boolean;
}

export function createBudget(units: number = MOST_UNITS): Budget {
  let left = units;
  return {
    spend: (spent) => {
      left -= spent;
      return left >= 0;
    },
    get exhausted() {
      return left < 0;
    },
  };
}
