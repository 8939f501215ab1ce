#!/usr/bin/env node
// The terminal. Nothing of ours is imported here: what Node has kept compiled serves only what is loaded after it was asked to keep it.
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

keepCompiled();

/** Whoever reads may have seen enough, as head(1) has; the work goes on and ends with its own status. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
const { main } = await import('./terminal/main.ts');
process.exitCode = await main(process.argv.slice(2));

/** Stripping types and compiling are most of a short command. In the user's own directory, where nobody else can put code. */
function keepCompiled(): void {
  try {
    enableCompileCache(join(homedir(), '.cache', 'ashore'));
  } catch {
    // An account without an entry in passwd(5) has no such directory.
  }
}
