// A host without dpkg and apt, such as NixOS: what needs them says so by name, and all else is read as ever.
import { expect, it } from 'vitest';
import type { Reader } from '../../src/core/host.ts';
import type { AnyKind } from '../../src/core/kind.ts';
import { file } from '../../src/kinds/file.ts';
import { packageKind } from '../../src/kinds/package.ts';
import { createLocalReader } from '../support/local-reader.ts';
import { want } from './trial.ts';

const APT = /^(?:dpkg|apt)(?:-[a-z]+)?$/;

/** This machine, but for what only Debian has. */
function readerWithoutApt(): Reader {
  const local = createLocalReader();
  return {
    look: async (argv, options) => {
      const [program = ''] = argv;
      if (!APT.test(program)) return local.look(argv, options);
      return { status: 127, stdout: new Uint8Array(), stderr: `sh: 1: exec: ${program}: not found\n` };
    },
  };
}

function read(kind: AnyKind, id: string, spec: object) {
  return kind.read(readerWithoutApt(), new Map([[id, want(kind, id, spec)]]));
}

it('a package', async () => {
  await expect(read(packageKind, 'tree', {})).rejects.toMatchObject({
    reason: { code: 'PROGRAM_MISSING', message: expect.stringMatching(/^the host has no dpkg/) },
  });
});

it('a file is read as ever', async () => {
  const states = await read(file, '/etc/passwd', { content: '' });
  expect([...states.keys()]).toEqual(['/etc/passwd']);
});
