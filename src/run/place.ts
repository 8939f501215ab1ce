// Where runs live on a host. Root has a tmpfs for what is gone at the end; a login user has the state directory only.
import type { Session, Target } from '../core/host.ts';
import { decode } from '../core/host.ts';
import { sha256 } from '../core/json.ts';
import { HostFailure } from '../core/reason.ts';
import { formatScript, parseScript, shellCommand } from '../core/script.ts';
import { randomBytes } from 'node:crypto';

export function isRoot(target: Target): boolean {
  return target.sudo || target.user === 'root';
}

/**
 * Where the whole machine is locked, whatever names and state directories it is known by; empty where the login has no place
 * that all of its runs share but its home.
 */
export function machinePath(target: Target): string {
  return isRoot(target) ? '/run/ashore' : '';
}

/** Parent of the directories in which runs work. Apart by state: what belongs to another one is never swept away. */
export function worksPath(target: Target): string {
  const { state } = target;
  return isRoot(target) ? `${machinePath(target)}/${sha256(state).slice(0, 12)}` : `${state}/run`;
}

/** Runs one script of our own on the host; its words, or a HostFailure when it did not come to its end. */
export async function runScript(session: Session, body: string, limit: number): Promise<string> {
  const nonce = randomBytes(8).toString('hex');
  const stdin = formatScript(nonce, body);
  const executed = await session.exec(shellCommand(session.target), { stdin, limit });
  const output = parseScript(session.target, nonce, executed);
  if (output.is === 'none') throw new HostFailure(output.reason);
  if (output.is === 'done') return decode(output.body);
  const evidence = { status: executed.status, output: executed.stderr.trim().slice(-2000) };
  const message = `${session.target.host}: a script of Ashore stopped before its end`;
  throw new HostFailure({ code: 'READ_FAILED', message, evidence });
}
