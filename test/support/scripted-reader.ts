// A Reader over recordings: it answers exactly the commands that were recorded, and fails on any other.
import type { Look, Reader } from '../../src/core/host.ts';
import { quoteCommand } from '../../src/core/shell.ts';

/** One look as a fixture holds it. */
export interface Recorded {
  readonly argv: readonly string[];
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ScriptedReader extends Reader {
  /** Recorded commands that nobody asked for. */
  unasked(): readonly string[];
}

export function createScriptedReader(recorded: readonly Recorded[]): ScriptedReader {
  const script = new Map(recorded.map((look) => [quoteCommand(look.argv), look]));
  const asked = new Set<string>();
  return {
    look: async (argv): Promise<Look> => {
      const command = quoteCommand(argv);
      const look = script.get(command);
      if (!look) throw new Error(`not recorded: ${command}`);
      asked.add(command);
      return { status: look.status, stdout: new TextEncoder().encode(look.stdout), stderr: look.stderr };
    },
    unasked: () => [...script.keys()].filter((command) => !asked.has(command)),
  };
}
