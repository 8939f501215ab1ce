// The server's process: settings, start, and an orderly end. Everything else is server.ts.
import { findKeyProblems } from './deployers.ts';
import { readSettings, formatSettingProblem } from './settings.ts';
import { StartRefused, startServer } from './server.ts';

const parsed = readSettings();
const problems =
  'settings' in parsed
    ? findKeyProblems(parsed.settings)
    : [...parsed.problems, ...findKeyProblems(parsed.rest)];
if (problems.length > 0) {
  refuse(['Ashore cannot start:', ...problems.map((problem) => `  ${formatSettingProblem(problem)}`)]);
} else if ('settings' in parsed) {
  try {
    const server = await startServer(parsed.settings);
    const end = (): void => {
      void server.stop().finally(() => process.exit(0));
    };
    process.once('SIGTERM', end);
    process.once('SIGINT', end);
    // What it held is another's now; whoever keeps this process running starts it anew.
    await server.lost;
    process.exit(75);
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error;
    refuse([`Ashore cannot start: ${error.message}.`]);
  }
}

function refuse(lines: readonly string[]): void {
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exitCode = 78;
}
