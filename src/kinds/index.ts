// The kinds that there are, one line each. Their order says nothing.
import type { AnyKind } from '../core/kind.ts';
import { command } from './command.ts';
import { directory } from './directory.ts';
import { file } from './file.ts';
import { symlink } from './symlink.ts';

export const kinds: readonly AnyKind[] = [command, directory, file, symlink];
