// Kinds tried on a lab host without the engine: declare, look, plan, carry out, look again. Looks can be recorded.
import { expect } from 'vitest';
import { formatRef } from '../../src/core/address.ts';
import type { Look, LookOptions, Reader } from '../../src/core/host.ts';
import type { Json } from '../../src/core/json.ts';
import type { AnyKind, Blocked, KindChange, Verb } from '../../src/core/kind.ts';
import { blobOf, blobPath, bytesOf, commandsOf } from '../../src/core/step.ts';
import type { Command, Step } from '../../src/core/step.ts';
import { want, worldOf } from '../kinds/trial.ts';
import type { LabHost } from '../lab/lab.ts';

export function createLabReader(
  host: LabHost,
  record?: (argv: readonly string[], look: Look) => void,
): Reader {
  return {
    look: async (argv: readonly string[], options: LookOptions = {}) => {
      const { status, stdout, stderr } = await host.exec(argv, options);
      const look = 'sleep "$2"; systemctl is-active --quiet "$1" && ! systemctl show "$1" | grep -q ^NRestarts=[1-9]';
    await must(host, ['sh', '-c', look, 'settle', command.settle, String(command.seconds)]);
    return;
  }
  const stdin = command.stdin === undefined ? '' : ` <${command.stdin}`;
  const directory = command.directory ?? '/run/trial';
  const line = `mkdir -p /run/trial && cd "$0" && exec "$@"${stdin}`;
  await must(host, ['sh', '-c', line, directory, ...command.run]);
}

async function must(host: LabHost, argv: readonly string[], stdin: string | Uint8Array = ''): Promise<void> {
  const { status, stdout, stderr } = await host.exec(argv, { stdin });
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${status}\n${stdout}${stderr}`);
}
