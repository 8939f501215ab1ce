// One authenticated connection to one host: commands with a limit each, their output whole or a failure.
// A connection that breaks, or a command past its limit, ends the session; what ran on the host may go on there.
import type { Client, ClientChannel } from 'ssh2';
import type { Executed, Session, Target } from '../core/host.ts';
import { HostFailure } from '../core/reason.ts';
import { explainLoss } from './failure.ts';

/** sshd allows ten at once (sshd_config(5), MaxSessions); two are left for others on a shared connection. */
const CHANNELS = 8;

/** Bytes of output of one command: 64 MiB in base64, and its frame. */
const OUTPUT_LIMIT = 88 * 1024 * 1024;

/** Milliseconds for a host to close its side. */
const GOODBYE = 2000;

type ExecOptions = Parameters<Session['exec']>[1];

interface Line {
  readonly target: Target;
  readonly client: Client;
  /** Set when the connection is no more, whoever ended it. */
  lost: HostFailure | undefined;
  readonly waiting: Set<(failure: HostFailure) => void>;
  running: number;
  readonly queue: (() => void)[];
}

export function createSession(target: Target, client: Client, release: () => void): Session {
  const line: Line = { target, client, lost: undefined, waiting: new Set(), running: 0, queue: [] };
  let cause: Error | undefined;
  client.on('error', (error) => (cause = error));
  client.once('close', () => {
    lose(line, new HostFailure(explainLoss(target, cause)));
    release();
  });
  return {
    target,
    exec: (command, options) => takeTurn(line, () => execute(line, command, options)),
    close: () => {
      line.lost ??= new HostFailure({
        code: 'CONNECTION_LOST',
        message: `${target.host}: we closed the session`,
      });
      client.end();
      // A host that is gone never answers our goodbye, and the process would wait for it. One that does is let go of at
      // once: of a thousand hosts, those of the last seconds would stay in memory.
      const goodbye = setTimeout(() => client.destroy(), GOODBYE).unref();
      client.once('close', () => clearTimeout(goodbye));
    },
  };
}

function lose(line: Line, failure: HostFailure): void {
  line.lost ??= failure;
  for (const fail of line.waiting) fail(line.lost);
}

async function takeTurn<T>(line: Line, work: () => Promise<T>): Promise<T> {
  if (line.running >= CHANNELS) await new Promise<void>((resolve) => line.queue.push(resolve));
  line.running += 1;
  try {
    return await work();
  } finally {
    line.running -= 1;
    line.queue.shift()?.();
  }
}

function execute(line: Line, command: string, options: ExecOptions): Promise<Executed> {
  if (line.lost) return Promise.reject(line.lost);
  const { promise, resolve, reject } = Promise.withResolvers<Executed>();
  line.waiting.add(reject);
  const timer = setTimeout(() => {
    lose(line, timedOut(line.target, options.limit));
    line.client.destroy();
  }, options.limit * 1000);
  const collect = (channel: ClientChannel): void => {
    follow(line, channel, resolve, reject);
    channel.end(options.stdin === undefined ? undefined : Buffer.from(options.stdin));
  };
  try {
    line.client.exec(command, (error, channel) => (error ? reject(refused(line, error)) : collect(channel)));
  } catch (error) {
    // ssh2 throws where its socket is gone already.
    reject(new HostFailure(explainLoss(line.target, error instanceof Error ? error : undefined)));
  }
  return promise.finally(() => {
    clearTimeout(timer);
    line.waiting.delete(reject);
  });
}

function follow(
  line: Line,
  channel: ClientChannel,
  resolve: (executed: Executed) => void,
  reject: (failure: HostFailure) => void,
): void {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let size = 0;
  let status: number | null = null;
  const keep = (chunks: Buffer[]) => (chunk: Buffer) => {
    size += chunk.length;
    if (size <= OUTPUT_LIMIT) chunks.push(chunk);
    else if (size - chunk.length <= OUTPUT_LIMIT) {
      reject(tooMuch(line.target));
      channel.close();
    }
  };
  channel.on('data', keep(stdout));
  channel.stderr.on('data', keep(stderr));
  channel.on('exit', (code: number | null) => (status = code));
  // ssh2 closes the channels of a broken connection as if they had ended; the line knows better.
  channel.on('error', () => undefined);
  channel.on('close', () => {
    if (line.lost) reject(line.lost);
    else resolve({ status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() });
  });
}

function timedOut(target: Target, limit: number): HostFailure {
  return new HostFailure({
    code: 'HOST_TIMEOUT',
    message: `${target.host}: a command was not done within ${limit} s`,
  });
}

function tooMuch(target: Target): HostFailure {
  const message = `${target.host}: a command printed more than 64 MiB`;
  return new HostFailure({ code: 'READ_FAILED', message });
}

/** The connection stands and the host will not run a command on it. */
function refused(line: Line, error: Error): HostFailure {
  if (line.lost) return line.lost;
  if (/no response|not connected/i.test(error.message))
    return new HostFailure(explainLoss(line.target, error));
  return new HostFailure({
    code: 'HOST_NO_SHELL',
    message: `${line.target.host} runs no command for ${line.target.user}: ${error.message}`,
  });
}
