// Errors of sockets and of ssh2 as reasons in words. The one place that reads their codes and levels.
import type { Target } from '../core/host.ts';
import type { Reason } from '../core/reason.ts';

/** getaddrinfo(3), connect(2): what a person would say. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'the network cannot be reached',
  ENOTFOUND: 'the name is not known to DNS',
  EAI_AGAIN: 'DNS did not answer',
  ETIMEDOUT: 'no answer to the connection request',
};

/** Codes that may be gone half a second later: sshd being restarted, or its MaxStartups reached. */
const PASSING = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EAI_AGAIN']);

/** Why no connection came about. */
export function explainConnect(target: Target, error: Error): Reason {
  const at = `${target.host} (${target.address}:${target.port})`;
  const [code] = codesOf(error);
  if (levelOf(error) === 'client-timeout' || code === 'ETIMEDOUT') {
    return { code: 'HOST_TIMEOUT', message: `${at}: ${wordsOf(error)}` };
  }
  return { code: 'HOST_UNREACHABLE', message: `${at}: ${wordsOf(error)}` };
}

/** Why a connection that stood does not stand any more. */
export function explainLoss(target: Target, error: Error | undefined): Reason {
  const why = error ? wordsOf(error) : 'the connection was closed';
  return { code: 'CONNECTION_LOST', message: `${target.host}: ${why}` };
}

/** Whether trying once more makes sense: nothing was asked yet, and the cause may pass by itself, as a shared jump host that was just closed. */
export function mayPass(error: Error): boolean {
  return (
    codesOf(error).some((code) => PASSING.has(code)) ||
    /lost before handshake|not connected/i.test(error.message)
  );
}

export function levelOf(error: Error): string | undefined {
  return 'level' in error && typeof error.level === 'string' ? error.level : undefined;
}

/** A host with several addresses fails with one error for each (net.createConnection, autoSelectFamily). */
function codesOf(error: Error): readonly string[] {
  const all = error instanceof AggregateError ? [error, ...error.errors] : [error];
  return all.flatMap((one: unknown) =>
    one instanceof Error && 'code' in one && typeof one.code === 'string' ? [one.code] : [],
  );
}

function wordsOf(error: Error): string {
  const [code] = codesOf(error);
  return (code === undefined ? undefined : WORDS[code]) ?? (error.message || (code ?? 'no reason given'));
}
