// A regular file: its bytes, owner, group and mode. Whole files only, and never through a symbolic link.
// What lies there and is not as declared is shown; what is no file is never replaced.
import { defineKind } from '../core/kind.ts';
import { changeFile } from './files/change.ts';
import { readFiles } from './files/read.ts';
import type { FileState } from './files/read.ts';
import { apartFile } from './files/shown.ts';
import { FileSpec, resolveFile } from './files/spec.ts';
import type { Want } from './files/spec.ts';
import { fileNeeds, rememberFile } from './files/whole.ts';
import { guardPath } from './lifelines.ts';
import { Path } from './paths/path.ts';

export const file = defineKind<FileSpec, FileState, Want>({
  name: 'file',
  about: 'A regular file with its bytes, owner, group and mode.',
  id: Path,
  spec: FileSpec,
  resolve: resolveFile,
  read: readFiles,
  change: guardPath(changeFile),
  apart: apartFile,
  owns: (id) => [id],
  needs: fileNeeds,
  remember: rememberFile,
});
