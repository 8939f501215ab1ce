// Trouble on purpose: answers that fail, answers that come late; and the count of what was asked.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reply } from './http.ts';
import type { JsonObject } from './json.ts';

export interface Fault {
  readonly method?: string;
  /** The operation's id, an exact path, or a pattern for the path. */
  readonly path: string | RegExp;
  /** 0 is no answer at all: the connection is cut. */
  readonly status: number;
  /** What was asked is done all the same; only the answer is lost. */
  readonly afterwards?: boolean;
  readonly times?: number;
  /** So many go well before. */
  readonly after?: number;
  readonly body?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the caller is told instead, and whether the work is done before that. */
export interface Trouble {
  readonly reply: Reply;
  readonly afterwards: boolean;
}

interface Armed {
  readonly fault: Fault;
  before: number;
  left: number;
}

export class Faults {
  /** Milliseconds before every answer. */
  latency = 0;
  readonly #armed: Armed[] = [];
  readonly #calls = new Map<string, number>();

  failNext(fault: Fault): void {
    this.#armed.push({ fault, before: fault.after ?? 0, left: fault.times ?? 1 });
  }

  /** How often each operation was asked for; what is no operation goes by method and path. */
  calls(): ReadonlyMap<string, number> {
    return this.#calls;
  }

  mend(): void {
    this.#armed.length = 0;
  }

  async meet(method: string, path: string, route: string): Promise<Trouble | undefined> {
    this.#calls.set(route, (this.#calls.get(route) ?? 0) + 1);
    if (this.latency > 0) await sleep(this.latency);
    const hit = this.#armed.find(
      ({ fault, left }) =>
        left > 0 &&
        (fault.method === undefined || fault.method === method) &&
        (typeof fault.path === 'string'
          ? fault.path === path || fault.path === route
          : fault.path.test(path)),
    );
    if (hit === undefined) return undefined;
    if (hit.before > 0) {
      hit.before -= 1;
      return undefined;
    }
    hit.left -= 1;
    const { status, body, headers, afterwards = false } = hit.fault;
    const reply = {
      status,
      body: body ?? {
        message: `failed on purpose (${status})`,
        documentation_url: 'https://docs.github.com/rest',
      },
      ...(headers === undefined ? {} : { headers }),
    };
    return { reply, afterwards };
  }
}
