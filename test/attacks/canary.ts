// Files that nobody should ever make: whoever executes a text that holds a canary's command leaves it behind, here or on a host.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { HOSTS, host } from './arena.ts';

export interface Canary {
  /** A command that makes it wherever it is executed, in whatever directory. It has no slash, so that it may stand in a name. */
  readonly relative: string;
  /** The same at a known place, on the server and on hosts. */
  readonly absolute: string;
  /** Fails the test when one has been made on the server. */
  readonly expectNoneHere: () => void;
  /** The same, on the hosts too. */
  readonly expectNone: () => Promise<void>;
  readonly remove: () => void;
}

let count = 0;

export function createCanary(): Canary {
  const name = `canary-${process.pid}-${++count}`;
  const folder = mkdtempSync(join(tmpdir(), 'ashore-canary-'));
  const path = join(folder, name);
  const expectNoneHere = (): void => {
    expect(existsSync(path), 'executed on the server').toBe(false);
    expect(readdirSync('.'), 'executed on the server').not.toContain(name);
  };
  return {
    relative: `touch ${name}`,
    absolute: `mkdir -p ${folder}; touch ${path}`,
    expectNoneHere,
    expectNone: async () => {
      expectNoneHere();
      for (const each of HOSTS) {
        const found = await host(each).exec(['find', '/', '/run', '/tmp', '-xdev', '-name', name]);
        expect(found.stdout, `executed on ${each}`).toBe('');
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
