// Sockets that the server listens on: all of them, or none.
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly listener: RequestListener;
}

/** In the order of the places. Rejects with a sentence for people. */
export async function listenAll(places: readonly Place[]): Promise<readonly Server[]> {
  const opened: Server[] = [];
  try {
    for (const place of places) opened.push(await listen(place));
    return opened;
  } catch (error) {
    await Promise.all(opened.map(closeListener));
    throw error;
  }
}

/** `http://host:port`, without a path. */
export function urlOf(http: Server): string {
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}

/** What is still being said there is cut off. */
export async function closeListener(http: Server): Promise<void> {
  http.closeAllConnections();
  await new Promise<void>((resolve) => http.close(() => resolve()));
}

/** A request that dawdles must not hold a socket: GitHub itself gives up after ten seconds. */
const LIMITS = { headersTimeout: 10_000, requestTimeout: 30_000 };

async function listen({ host, port, listener }: Place): Promise<Server> {
  const http = createServer(LIMITS, listener);
  await new Promise<void>((resolve, reject) => {
    http.once('error', (error) => {
      reject(new Error(`nothing can listen on ${host}:${port}: ${error.message}`, { cause: error }));
    });
    http.listen(port, host, resolve);
  });
  return http;
}
