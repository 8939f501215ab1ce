// Deliveries that failed for good: whoever stands behind one is told on the pull request, once, and only of what was
// not said already.
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig({ policy: 'deploy: { on: both, by: [write] }\n' });
});
afterEach(async () => {
  await rig.stop();
});

const LIMIT = 120_000;
const TOLD = 'DELIVERY_FAILED';
const told = (pull: number): readonly string[] => rig.said(pull).filter((body) => body.includes(TOLD));

/** While no server runs. */
function change(sql: string): void {
  const store = new DatabaseSync(`${rig.settings.data}/ashore.db`);
  store.exec(sql);
  store.close();
}

/** What the store knows of webhooks that failed, or of what was missed. */
function failed(events = `event <> 'ashore.missed'`): readonly unknown[] {
  const store = new DatabaseSync(`${rig.settings.data}/ashore.db`);
  const rows = store
    .prepare(`select event, told from deliveries where state = 'failed' and ${events} order by seq`)
    .all();
  store.close();
  return rows.map((row) => ({ ...row }));
}

function guidOf(event: string): string {
  const found = rig.github.deliveries().findLast((each) => each.event === event);
  if (!found) throw new Error(`no ${event}`);
  return found.guid;
}

/** GitHub refuses what every handler of a pull request begins with, and goes on to. */
function refuseForEver(path = 'pulls/get'): void {
  rig.github.failNext({ path, status: 400, times: 1000 });
}

/** A new server tells what there is to tell as it starts. */
async function tellAll(meanwhile: () => void = () => undefined): Promise<void> {
  await rig.restart(async () => meanwhile());
  await rig.settled();
}

describe('an exception that does not go away', () => {
  it(
    'is told on the pull request by itself, once, with the delivery and what to do',
    async () => {
      refuseForEver();
      const pull = await rig.open('v2');
      await rig.github.waitFor(() => told(pull).length > 0, { what: 'the word', within: LIMIT });
      const [body = ''] = told(pull);
      const guid = guidOf('pull_request');
      for (const part of ['`the pull request`', '`ada`', `\`${guid}\``, '`/plan`', 'Redeliver'])
        expect(body).toContain(part);
      await tellAll();
      expect([rig.said(pull).length, failed()]).toEqual([1, [{ event: 'pull_request', told: 1 }]]);
    },
    LIMIT,
  );

  it('of a merge names the merge and who merged', async () => {
    const pull = await rig.open('v2');
    refuseForEver();
    await rig.repo.merge(pull, 'grace');
    await rig.settled();
    await tellAll();
    expect(told(pull)).toHaveLength(1);
    expect(told(pull)[0]).toContain('`the merge`, asked for by `grace`, **came to no end**');
    expect(rig.fleet.deployed).toEqual([]);
  });

  it('is told again when it was sent again and failed again, and not when that went well', async () => {
    refuseForEver();
    const pull = await rig.open('v2');
    await tellAll();
    const [delivery] = rig.github.deliveries().filter(({ event }) => event === 'pull_request');
    const before = new Date(Date.now() - 600_000).toISOString();
    for (const each of rig.repo.comments(pull)) each.updatedAt = before;
    const age = `update deliveries set ended_at = '${before}' where event = 'pull_request'`;
    await tellAll(() => change(age));
    rig.github.redeliver(delivery?.id ?? 0);
    await rig.settled();
    await tellAll();
    expect(told(pull)).toHaveLength(2);
    rig.github.mend();
    rig.github.redeliver(delivery?.id ?? 0);
    await rig.settled();
    await tellAll();
    expect([told(pull).length, failed()]).toEqual([2, []]);
    expect(rig.said(pull).at(-1)).toContain('2 hosts change');
  });
});

describe('a pull request that is looked for again behind a webhook that failed', () => {
  const missed = `event = 'ashore.missed'`;
  const allTold = (): boolean => JSON.stringify(failed(missed)) === '[{"event":"ashore.missed","told":1}]';

  it(
    'is not told again when that fails, too, however often',
    async () => {
      refuseForEver();
      const pull = await rig.open('v2');
      for (const _ of [1, 2]) {
        await tellAll();
        await rig.github.waitFor(allTold, { what: 'the look at it', within: LIMIT });
        expect(told(pull)).toHaveLength(1);
      }
    },
    LIMIT,
  );

  it(
    'is told when no webhook of it came',
    async () => {
      rig.github.loseDeliveries(() => true);
      const pull = await rig.open('v2');
      rig.github.forgetDeliveries();
      rig.github.loseDeliveries(() => false);
      refuseForEver();
      await tellAll();
      await rig.github.waitFor(allTold, { what: 'the word', within: LIMIT });
      expect(told(pull)).toHaveLength(1);
      expect(told(pull)[0]).not.toContain('Redeliver');
    },
    LIMIT,
  );
});

describe('servers that died over it twenty times', () => {
  it('leave a word to who commented, with the command', async () => {
    const pull = await rig.open('v2');
    await rig.comment(pull, '/status');
    const before = rig.said(pull).length;
    const dead = `update deliveries set state = 'running', owner = 'gone', attempts = 20, ended_at = null where event = 'issue_comment' and payload like '%/status%' and payload like '%"created"%'`;
    await tellAll(() => change(dead));
    expect(rig.said(pull)).toHaveLength(before + 1);
    expect(told(pull)[0]).toContain('`/status`, asked for by `grace`');
    expect(told(pull)[0]).toContain('in a new comment');
    await tellAll();
    expect(told(pull)).toHaveLength(1);
  });

  it('say nothing where nobody waits: no command, a push, our own comments', async () => {
    const pull = await rig.open('v2');
    await rig.comment(pull, 'looks good');
    const before = rig.said(pull).length;
    const dead = `update deliveries set state = 'running', owner = 'gone', attempts = 20, group_key = guid where event <> 'pull_request'`;
    await tellAll(() => change(dead));
    expect(rig.said(pull)).toHaveLength(before);
    const rows = failed();
    expect(rows.length).toBeGreaterThan(1);
    expect(rows.filter((row) => JSON.stringify(row).includes('"told":0'))).toEqual([]);
  });

  it('say nothing on a pull request that changes nothing of Ashore', async () => {
    await rig.repo.commit({ branch: 'words', author: 'ada', message: 'Words', files: { 'README.md': 'x' } });
    const pull = await rig.repo.openPull({ title: 'Words', head: 'words', by: 'ada' });
    await rig.settled();
    await tellAll(() => change(`update deliveries set state = 'running', owner = 'gone', attempts = 20`));
    expect(rig.said(pull)).toEqual([]);
    expect(failed()).toContainEqual({ event: 'pull_request', told: 1 });
  });
});

describe('what was told already', () => {
  it('is not told twice: a check run that says it', async () => {
    refuseForEver('git/get-blob');
    const pull = await rig.open('v2');
    const { conclusion, summary } = rig.check(rig.repo.pull(pull).head.sha, 'ashore/plan');
    expect([conclusion, summary]).toEqual(['failure', expect.stringContaining('GITHUB_FAILED')]);
    expect(failed()).toEqual([{ event: 'pull_request', told: 1 }]);
    await tellAll();
    expect(rig.said(pull)).toEqual([]);
  });

  it('is not told twice: a command that was answered', async () => {
    const pull = await rig.open('v2');
    refuseForEver();
    await rig.comment(pull, '/plan');
    expect(failed()).toEqual([{ event: 'issue_comment', told: 1 }]);
    await tellAll();
    expect(rig.said(pull).slice(1)).toEqual([expect.stringContaining('GITHUB_FAILED')]);
  });

  it('is not told twice: all checks that were run again', async () => {
    const pull = await rig.open('v2');
    refuseForEver();
    await rig.repo.rerequestSuite(rig.repo.pull(pull).head.sha, 'grace');
    await rig.settled();
    expect(failed()).toEqual([{ event: 'check_suite', told: 1 }]);
    await tellAll();
    expect(told(pull)).toEqual([]);
  });

  it('is found by who comes after a server that died before it was kept', async () => {
    refuseForEver();
    const pull = await rig.open('v2');
    await tellAll();
    expect(told(pull)).toHaveLength(1);
    await tellAll(() => change('update deliveries set told = 0'));
    expect([told(pull).length, failed()]).toEqual([1, [{ event: 'pull_request', told: 1 }]]);
  });
});

describe('GitHub failing while it is told', () => {
  it.each([
    ['502', {}],
    ['an answer that is lost', { afterwards: true }],
  ])('%s: it is told later, once', async (_, more) => {
    refuseForEver();
    const pull = await rig.open('v2');
    rig.github.failNext({ path: 'issues/create-comment', status: 502, times: 2, ...more });
    await tellAll();
    await tellAll();
    expect([told(pull).length, failed()]).toEqual([1, [{ event: 'pull_request', told: 1 }]]);
  });

  it('in a way that does not pass: it is given up', async () => {
    refuseForEver();
    const pull = await rig.open('v2');
    rig.github.failNext({ path: 'issues/create-comment', status: 403, times: 100 });
    await tellAll();
    expect([rig.said(pull), failed()]).toEqual([[], [{ event: 'pull_request', told: 1 }]]);
  });
});
