// One process per store. The lock is a transaction on a file of its own, so it dies with the process that holds it,
// also by kill -9; a file that says who holds it lies beside it, for people.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

export interface Lock {
  release(): void;
}

export type Locked =
  | { readonly is: 'held'; readonly lock: Lock }
  | { readonly is: 'taken'; readonly by: string };

export function takeLock(path: string, who: string): Locked {
  const connection = new DatabaseSync(path);
  const note = `${path}.holder`;
  try {
    connection.exec('pragma busy_timeout = 0; begin exclusive');
  } catch (error) {
    connection.close();
    if (!isBusy(error)) throw error;
    return { is: 'taken', by: readNote(note) };
  }
  writeFileSync(note, `${who}\n`);
  const release = (): void => {
    rmSync(note, { force: true });
    connection.close();
  };
  return { is: 'held', lock: { release } };
}

/** SQLITE_BUSY: https://sqlite.org/rescode.html#busy */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}

function readNote(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return 'another process';
  }
}
