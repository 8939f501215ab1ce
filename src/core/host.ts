// Ports to a host. Planning is handed a Reader and nothing else; only a deploy is handed a Writer.

/** Where a host is and how it is reached. `hostKeys` are pinned: `ssh-ed25519 AAAA…`, never learned on first use. */
export interface Target {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Login user for planning where that has an identity of its own; `user` when left out. */
  readonly planUser?: string;
  readonly hostKeys: readonly string[];
  /** Become root by `sudo -n`; without it the login user's own rights are used. */
  readonly sudo: boolean;
  /** Directory on the host for the ledger and the runs; absolute. */
  readonly state: string;
  readonly jump: Target | null;
}

/** What a command printed while looking. */
export interface Look {
  /** Exit status; 124 when the look's own time limit ended it. */
  readonly status: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

export interface LookOptions {
  readonly stdin?: string | Uint8Array;
  /** Seconds; 30 unless given. */
  readonly limit?: number;
}

/**
 * Looks at a host and cannot be asked to write through its type; the commands given to it must only read.
 * Looks asked for in the same turn travel as one script in one round trip.
 * Rejects with a HostFailure when the host could not be asked at all.
 */
export interface Reader {
  look(argv: readonly string[], options?: LookOptions): Promise<Look>;
}

/** A finished command over a session, with all that it printed. */
export interface Executed {
  /** Null when the remote side ended by a signal or the channel closed without a status. */
  readonly status: number | null;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

/** One authenticated connection to one host. */
export interface Session {
  readonly target: Target;
  /** Runs one command line in the login shell. `limit` in seconds. Rejects with a HostFailure when the connection fails. */
  exec(command: string, options: { readonly stdin?: Uint8Array; readonly limit: number }): Promise<Executed>;
  close(): void;
}

/** Opens a session; rejects with a HostFailure. */
export type Connect = (target: Target) => Promise<Session>;

/** The ledger's file on the host. */
export function ledgerPath(target: Target): string {
  return `${target.state}/ledger`;
}

/** The directory that a run has on the host from the moment it is laid down there. */
export function runPath(target: Target, run: string): string {
  return `${target.state}/runs/${run}`;
}

/** PATH of everything that is run on a host, whatever the login's own is. */
export const HOST_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
