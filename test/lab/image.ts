// What virtual machines boot from, one for each suite, made from its base and kept beside it: a kernel, an initrd and a disk.
// An image is named by a stamp over its base and what makes it, as a base is; a machine gets a copy of the disk.

import { createHash } from 'node:crypto';
import { readFile, utimes } from 'node:fs/promises';
import path from 'node:path';

import { type Suite, build, ensureBase } from './base.ts';
import { cacheRoot, exists } from './machine.ts';

/** The directory with `kernel`, `initrd` and `disk`, built when there is none of the present definition. */
export async function ensureImage(suite: Suite, log: (line: string) => void): Promise<string> {
  const base = await ensureBase(suite, log);
  const hash = createHash('sha256').update(path.basename(base));
  for (const name of ['image.sh', 'initrd.sh', 'mirror.sh']) hash.update(await readFile(script(name)));
  const image = path.join(cacheRoot, `virtual-${suite}-${hash.digest('hex').slice(0, 12)}`);
  if (!(await exists(image))) {
    const what = `the disk of virtual machines with ${suite}: about a quarter of a minute`;
    await build([script('image.sh'), suite, base, image], `virtual-${suite}`, what, log);
  }
  const now = new Date();
  await utimes(image, now, now); // image.sh leaves what was handed out lately
  return image;
}

function script(name: string): string {
  return path.join(import.meta.dirname, name);
}
