// Swap on real Debian 12 and 13. The lab's hosts are containers, whose swap would be the machine's, so the plan there is a refusal; everything
// up to switching it on is shown beside that: the file is made, looked at, and goes. virtual-machine.test.ts switches it on.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ASIDE } from '../../src/core/kind.ts';
import type { Blocked, KindChange } from '../../src/core/kind.ts';
import type { Step } from '../../src/core/step.ts';
import { swap } from '../../src/kinds/swap.ts';
import { readMemory, readSwapFiles } from '../../src/kinds/swaps/look.ts';
import { makeStep } from '../../src/kinds/swaps/make.ts';
import { want, worldOf } from '../kinds/trial.ts';
import { labUnavailable, startLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { createLabReader, createTrial } from '../support/lab-trial.ts';

const unavailable = await labUnavailable();
if (unavailable !== undefined) console.warn(`skipped: ${unavailable}`);

const ID = '/srv/swap';

describe.skipIf(unavailable !== undefined)('swap', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab([
      { name: 'old', suite: 'bookworm' },
      { name: 'new', suite: 'trixie' },
    ]);
  });
  afterAll(() => lab.stop());

  describe.each(['old', 'new'])('on %s', (name) => {
    it('is refused in a container, by name', async () => {
      const trial = createTrial(lab.host(name));
      const changes = await trial.plan([{ kind: swap, id: ID, spec: { size: '4M' } }]);
      expect(changes.get(`swap/${ID}`)).toMatchObject({
        blocked: { code: 'SWAP_UNSUITABLE', message: expect.stringContaining('systemd-nspawn') },
      });
      expect(await readMemory(createLabReader(lab.host(name)))).toMatchObject({
        available: expect.toSatisfy((kib: number) => kib > 0),
        container: 'systemd-nspawn',
      });
    });

    it('is a file without holes, closed, with the signature of swap space; and the unit verifies', async () => {
      const host = lab.host(name);
      const trial = createTrial(host);
      const reader = createLabReader(host);
      const look = async () => (await readSwapFiles(reader, [ID])).get(ID);
      expect(await look()).toMatchObject({ is: 'nothing', filesystem: expect.stringMatching(/./) });

      const planned = await planOutside(4);
      const [make, put] = planned.steps;
      expect(make).toEqual(makeStep('/srv', ID, 4));
      await run(make);
      expect(await look()).toMatchObject({ is: 'file', bytes: 4 * 2 ** 20, access: '0 600', made: true });
      expect(
        await trial.sh(`[ $(($(stat -c %b ${ID}) * 512)) -ge $(stat -c %s ${ID}) ] && ls -A /srv`),
      ).not.toContain('ashore-new');
      const text = put?.do === 'put' && 'text' in put.content ? put.content.text : '';
      await host.exec(['sh', '-c', 'cat >/run/srv-swap.swap'], { stdin: text });
      await trial.sh('systemd-analyze verify /run/srv-swap.swap');

      // In another size it is made anew; half made, it does not take the place of the old one.
      await run(makeStep('/srv', ID, 6));
      expect(await look()).toMatchObject({ bytes: 6 * 2 ** 20, made: true });
      const full = makeStep('/srv/small', '/srv/small/swap', 8);
      await trial.sh('mkdir /srv/small && mount -t tmpfs -o size=1m tmpfs /srv/small');
      await expect(run(full)).rejects.toThrow(/No space left/);
      expect(await trial.sh('ls -A /srv/small')).toBe('');
      await trial.sh('umount /srv/small; ln -s /etc /srv/link');
      await expect(run(makeStep('/srv/link', '/srv/link/swap', 1))).rejects.toThrow(/leads to \/etc/);
      await trial.sh(`truncate -s 4M ${ID}.holes`);
      expect((await readSwapFiles(reader, [`${ID}.holes`])).get(`${ID}.holes`)).toMatchObject({
        made: false,
      });

      async function run(step: Step | undefined): Promise<void> {
        if (step?.do !== 'run') throw new Error('no command');
        const { status, stdout, stderr } = await host.exec(step.argv);
        if (status !== 0) throw new Error(`${stdout}${stderr}`);
      }

      /** The plan that the same host would get if it were a machine of its own. */
      async function planOutside(size: number): Promise<KindChange> {
        const wanted = want(swap, ID, { size: `${size}M` });
        const found = (await swap.read(reader, new Map([[ID, wanted]]))).get(ID);
        const decided = swap.change({
          id: ID,
          want: wanted,
          have: outside(found),
          last: undefined,
          world: worldOf(),
        });
        if (!isChange(decided)) throw new Error(JSON.stringify(decided));
        return decided;
      }
    });
  });
});

function outside(found: unknown): unknown {
  if (typeof found !== 'object' || found === null || !(ASIDE in found)) throw new Error('not looked at');
  const aside = found[ASIDE];
  if (typeof aside !== 'object' || aside === null || !('memory' in aside)) throw new Error('not looked at');
  const memory = { used: new Map(), available: 0, container: null };
  return { ...found, [ASIDE]: { ...aside, memory, filesystem: 'ext2/ext3' } };
}

function isChange(decided: KindChange | Blocked | undefined): decided is KindChange {
  return decided !== undefined && !('blocked' in decided);
}
