// How many deliveries are at work at once. One that only waits, for GitHub, for a host or for a deploy that goes on, counts
// for nothing meanwhile, so that however many wait, what comes next is taken up; it goes on when there is room again.
export interface Slots {
  /** Whether one more may begin. */
  readonly isFree: () => boolean;
  readonly begin: (delivery: string) => void;
  readonly end: (delivery: string) => void;
  /** Does what is only waiting. */
  readonly rest: <Value>(delivery: string, wait: () => Promise<Value>) => Promise<Value>;
  /** Called whenever there may be room. */
  readonly onFree: (listener: () => void) => void;
}

const AT_ONCE = 8;

export function createSlots(atOnce = AT_ONCE): Slots {
  const working = new Set<string>();
  /** Have waited, and go on before anything new begins. */
  const returning: { readonly delivery: string; readonly goOn: () => void }[] = [];
  let freed: () => void = () => undefined;
  const letOn = (): void => {
    while (working.size < atOnce) {
      const next = returning.shift();
      if (!next) return freed();
      working.add(next.delivery);
      next.goOn();
    }
  };
  const end = (delivery: string): void => {
    working.delete(delivery);
    letOn();
  };
  const resume = (delivery: string): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    returning.push({ delivery, goOn: resolve });
    letOn();
    return promise;
  };
  return {
    isFree: () => working.size < atOnce,
    begin: (delivery) => void working.add(delivery),
    end,
    rest: async (delivery, wait) => {
      // Where it does not count, there is nothing to leave and nothing to come back to.
      if (!working.has(delivery)) return wait();
      end(delivery);
      try {
        return await wait();
      } finally {
        await resume(delivery);
      }
    },
    onFree: (listener) => {
      freed = listener;
    },
  };
}
