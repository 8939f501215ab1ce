// Works off the inbox: deliveries of one group one after another, different groups side by side. How each ended is kept.
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Deliveries, Delivery } from '../store/deliveries.ts';
import { Fenced } from '../store/membership.ts';
import type { Slots } from './slots.ts';

export interface InboxOptions {
  readonly deliveries: Deliveries;
  /** Handles one; rejects when that failed. */
  readonly receive: (delivery: Received) => Promise<void>;
  readonly slots: Slots;
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

/** With those that only wait: each holds what GitHub sent in memory. */
const MOST = 500;

export function createInbox(options: InboxOptions): Inbox {
  const state: State = {
    underway: new Map(),
    stopped: new AbortController(),
    again: false,
    looking: undefined,
  };
  options.slots.onFree(() => wake(options, state));
  const idle = async (): Promise<void> => {
    while (isBusy(state)) await Promise.allSettled([state.looking, ...state.underway.values()]);
  };
  return {
    wake: () => wake(options, state),
    idle,
    stop: async () => {
      state.stopped.abort();
      await idle();
    },
  };
}

interface State {
  /** By the name of the delivery. */
  readonly underway: Map<string, Promise<void>>;
  readonly stopped: AbortController;
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
  const { slots } = options;
  while (!state.stopped.signal.aborted && slots.isFree() && state.underway.size < MOST) {
    state.again = false;
    const delivery = await options.deliveries.take([...state.underway.keys()]);
    if (delivery) begin(options, state, delivery);
    else if (!state.again) return;
  }
}

function begin(options: InboxOptions, state: State, delivery: Delivery): void {
  options.slots.begin(delivery.guid);
  const working = handle(options, state, delivery).finally(() => {
    state.underway.delete(delivery.guid);
    options.slots.end(delivery.guid);
    wake(options, state);
  });
  state.underway.set(delivery.guid, working);
}

async function handle(options: InboxOptions, state: State, delivery: Delivery): Promise<void> {
  const { receive, slots, log } = options;
  log.debug({ id: delivery.guid, event: delivery.event }, 'handling a delivery');
  const error = await attempt(receive, delivery);
  if (error !== null) log.error({ id: delivery.guid, event: delivery.event, error }, 'the delivery failed');
  // As long as it is held here, nobody takes it up and does again what was done.
  for (let pause = SOON; !(await keepEnd(options, delivery.guid, error)); pause = Math.min(2 * pause, LATE)) {
    const { signal } = state.stopped;
    await slots.rest(delivery.guid, () => wait(pause, undefined, { signal }).catch(() => undefined));
    if (signal.aborted) return;
  }
}

/** Milliseconds between two tries to keep an end, at first and at last. */
const SOON = 1000;
const LATE = 60_000;

/** False when it has to be tried again, as while a disk is full. */
async function keepEnd(
  { deliveries, log }: InboxOptions,
  id: string,
  error: string | null,
): Promise<boolean> {
  try {
    if (!(await deliveries.end(id, error))) log.warn({ id }, 'another server has taken over the delivery');
    return true;
  } catch (failure) {
    log.error({ id, err: failure }, 'the end of the delivery could not be kept');
    return failure instanceof Fenced;
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
