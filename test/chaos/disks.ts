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
  const shrink = async (): Promise<boolean> => {
    const used = (await must('df', '--output=used', '-k', place)).split('\n')[1]?.trim();
    // More may be in it by now: then it cannot be made as small.
    return (await run(['mount', '-o', `remount,size=${used}k`, place])).status === 0;
  };
  for (let tries = 1; !(await shrink()); tries += 1)
    if (tries === 20) throw new Error(`${host.name}: ${disk} cannot be filled`);
  await sleep(time);
  await must('mount', '-o', `remount,${SIZE}`, place);
}
