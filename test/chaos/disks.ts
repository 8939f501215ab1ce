// File systems of a host's own that can be full, and outlive its boots: this machine mounts them below the host's root.
// A tmpfs is full when it is made as small as what is in it; nothing has to be written for that.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from '../lab/lab.ts';
import { must, run } from '../lab/machine.ts';

/** Where a host's own memory is, and what is deployed to. */
export type Disk = '/var/lib/ashore' | '/opt';
const DISKS: readonly Disk[] = ['/var/lib/ashore', '/opt'];

const SIZE = 'size=64m';

/** Boots the host with them. */
export async function giveDisks(host: LabHost): Promise<void> {
  await host.stop();
  for (const disk of DISKS) {
    const place = join(host.root, disk);
    await mkdir(place, { recursive: true });
    await must('mount', '-t', 'tmpfs', '-o', `${SIZE},mode=0755`, 'chaos', place);
  }
  await host.start();
}

export async function fillDisk(host: LabHost, disk: Disk, time: number): Promise<void> {
  const place = join(host.root, disk);
  const remount = async (size: () => Promise<string>): Promise<void> => {
    for (let tries = 1; ; tries += 1) {
      const { status, stderr } = await run(['mount', '-o', `remount,${await size()}`, place]);
      if (status === 0) return;
      // More may be in it by now.
      if (tries === 20) throw new Error(`${place} cannot be made smaller or larger: ${stderr}`);
      await sleep(100);
    }
  };
  // Nothing at all would be no limit to tmpfs(5).
  const used = async (): Promise<string> => {
    const [, blocks] = (await must('df', '--output=used', '-k', place)).split('\n');
    return `size=${Math.max(4, Number(blocks))}k`;
  };
  await remount(used);
  await sleep(time);
  await remount(async () => SIZE);
}
