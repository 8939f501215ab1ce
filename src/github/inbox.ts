// Works off the inbox: deliveries of one group one after another, different groups side by side. How each ended is kept.
import type { Logger } from 'pino';
import type { Deliveries, Delivery } from '../store/deliveries.ts';

export interface InboxOptions {
  readonly deliveries: Deliveries;
  /** Handles one; rejects when that failed. */
  readonly receive: (delivery: Received) => Promise<void>;
  readonly log: Logger;
}

/** A delivery as Probot takes it. */
export interface Received {
  readonly id: string;
  readonly name: string;
  /** JSON. */
  readonly payload: string;
}

export interface Inbox {
  /** There may be something to do. */
  readonly wake: () => void;
  /** Takes up nothing more; resolves when what is under way has ended. */
  readonly stop: () => Promise<void>;
  /** Resolves when nothing is waiting and nothing is under way. */
  readonly idle: () => Promise<void>;
}

/** A merge occupies its place until its deploy has ended, so there must be room beside a few of them. */
const AT_ONCE = 8;

export function createInbox(options: InboxOptions): Inbox {
  const state: State = { underway: new Map(), stopped: false, again: false, looking: undefined };
  const idle = async (): Promise<void> => {
    while (isBusy(state)) await Promise.allSettled([state.looking, ...state.underway.values()]);
  };
  return {
    wake: () => wake(options, state),
    idle,
    stop: async () => {
      state.stopped = true;
      await idle();
    },
  };
}

interface State {
  /** By the name of the delivery. */
  readonly underway: Map<string, Promise<void>>;
  stopped: boolean;
  /** Something came while the inbox was being looked at. */
  again: boolean;
  looking: Promise<void> | undefined;
}

function isBusy({ looking, underway }: State): boolean {
  return looking !== undefined || underway.size > 0;
}

function wake(options: InboxOptions, state: State): void {
  state.again = true;
  state.looking ??= look(options, state)
    .catch((error: unknown) => options.log.error({ err: error }, 'the inbox could not be read'))
    .finally(() => (state.looking = undefined));
}

async function look(options: InboxOptions, state: State): Promise<void> {
  while (!state.stopped && state.underway.size < AT_ONCE) {
    state.again = false;
    const delivery = await options.deliveries.take([...state.underway.keys()]);
    if (delivery) begin(options, state, delivery);
    else if (!state.again) return;
  }
}

function begin(options: InboxOptions, state: State, delivery: Delivery): void {
  const working = handle(options, delivery).finally(() => {
    state.underway.delete(delivery.guid);
    wake(options, state);
  });
  state.underway.set(delivery.guid, working);
}

async function handle({ deliveries, receive, log }: InboxOptions, delivery: Delivery): Promise<void> {
  log.debug({ id: delivery.guid, event: delivery.event }, 'handling a delivery');
  const error = await attempt(receive, delivery);
  if (error !== null) log.error({ id: delivery.guid, event: delivery.event, error }, 'the delivery failed');
  try {
    const mine = await deliveries.end(delivery.guid, error);
    if (!mine) log.warn({ id: delivery.guid }, 'another server has taken over the delivery');
  } catch (failure) {
    log.error({ id: delivery.guid, err: failure }, 'the end of the delivery could not be kept');
  }
}

/** null when it went well. */
async function attempt(
  receive: InboxOptions['receive'],
  { guid, event, payload }: Delivery,
): Promise<string | null> {
  try {
    await receive({ id: guid, name: event, payload });
    return null;
  } catch (error) {
    const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
    return errors.map(String).join('; ').slice(0, 2000);
  }
}
