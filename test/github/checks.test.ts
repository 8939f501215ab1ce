// Check runs as GitHub receives them: annotations in pieces, progress without haste, an end in any case; and re-runs of all.
import { createHmac } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../src/core/report.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig({ policy: 'deploy: { on: comment, by: [write] }\n' });
});
afterEach(async () => {
  await rig.stop();
});

const head = (pull: number): string => rig.repo.pull(pull).head.sha;
const updates = (): number => rig.github.calls().get('checks/update') ?? 0;

describe('annotations', () => {
  it.each([
    [1, 1],
    [50, 1],
    [51, 2],
    [100, 2],
    [120, 3],
  ])('%i of them take %i requests, and none is lost', async (problems, requests) => {
    const pull = await rig.open(`BROKEN ${problems}`);
    const check = rig.check(head(pull), 'ashore/plan');
    expect(check.annotations.map((each) => each['start_line'])).toEqual(
      Array.from({ length: problems }, (_, n) => n + 1),
    );
    expect([check.status, updates()]).toEqual(['completed', requests]);
  });
});

describe('progress', () => {
  it('is shown at once and then without haste, and the end always', async () => {
    const pull = await rig.open('v2');
    const before = updates();
    const titles: (string | null)[] = [];
    rig.fleet.during = async (input) => {
      const hosts: Report['hosts'] = [
        { host: 'web1', outcome: 'running', changes: [], reason: null, remaining: null },
      ];
      const report: Report = {
        format: 1,
        run: input.run,
        plan: input.plan.digest,
        commit: 'c',
        by: 'ada',
        startedAt: 's',
        endedAt: null,
        hosts,
      };
      for (let index = 0; index < 40; index++) {
        input.report?.(report);
        await wait(10);
      }
      titles.push(rig.check(head(pull), 'ashore/deploy').title);
    };
    await rig.comment(pull, '/deploy');
    expect(titles).toEqual([expect.stringMatching(/^Deploying/)]);
    expect(updates() - before).toBeLessThanOrEqual(3);
    expect(rig.check(head(pull), 'ashore/deploy')).toMatchObject({
      status: 'completed',
      conclusion: 'success',
    });
  });
});

describe('a re-run of all checks', () => {
  async function rerun(sender: string): Promise<void> {
    const { repository } = rig.repo;
    const [pull] = repository.issues.keys();
    const payload = {
      action: 'rerequested',
      check_suite: { head_sha: head(pull ?? 0) },
      repository: {
        id: repository.id,
        name: repository.name,
        full_name: rig.repo.fullName,
        owner: { login: repository.owner.login },
      },
      installation: { id: [...rig.github.world.installations.values()][0]?.id },
      sender: { login: sender, type: 'User' },
    };
    const body = JSON.stringify(payload);
    const signature = createHmac('sha256', rig.settings.webhookSecret).update(body).digest('hex');
    const headers = {
      'x-github-event': 'check_suite',
      'x-github-delivery': `suite-${sender}`,
      'x-hub-signature-256': `sha256=${signature}`,
    };
    await fetch(`${rig.server().url}${rig.settings.webhookPath}`, { method: 'POST', body, headers });
    await rig.settled();
  }

  it('plans again, for who may', async () => {
    const pull = await rig.open('v2');
    await rerun('ada');
    expect(rig.fleet.planned).toHaveLength(2);
    await rerun('mallory');
    expect(rig.fleet.planned).toHaveLength(2);
    expect(rig.said(pull).at(-1)).toContain('NOT_ALLOWED');
  });
});

describe('a check run whose beginning was never answered', () => {
  const PLAN = 'ashore/plan';
  async function begin(): Promise<string> {
    rig.github.failNext({ path: 'checks/create', status: 502, afterwards: true });
    rig.github.failNext({ path: 'checks/list-for-ref', status: 502, after: 1, times: 1000 });
    const pull = await rig.open('v2', { branch: 'topic' });
    expect(rig.check(head(pull), PLAN).status).toBe('in_progress');
    rig.github.mend();
    return head(pull);
  }

  it('is ended when a newer commit is planned', async () => {
    const old = await begin();
    const newer = await rig.push('topic', 'v3');
    expect(rig.check(newer, PLAN).conclusion).toBe('success');
    expect(rig.check(old, PLAN)).toMatchObject({ conclusion: 'neutral', actions: [] });
    expect(rig.repo.checkRuns(old)).toHaveLength(1);
  });

  it('is ended hours later when nothing else happens', async () => {
    const old = await begin();
    await rig.restart(async () => void (rig.now = new Date(Date.now() + 5 * 3_600_000)));
    await rig.github.waitFor(() => rig.check(old, PLAN).status === 'completed', { what: 'the end' });
    expect(rig.check(old, PLAN).conclusion).toBe('failure');
  });
});

describe('a server that is struck off while GitHub begins its check run', () => {
  it('ends it, for another server has one of its own', async () => {
    const before = rig.github.calls().get('checks/create') ?? 0;
    rig.github.setLatency(500);
    const opening = rig.open('v2');
    const begun = (): boolean => (rig.github.calls().get('checks/create') ?? 0) > before;
    await rig.github.waitFor(begun, { what: 'the check run', within: 20_000 });
    const store = new DatabaseSync(`${rig.settings.data}/ashore.db`);
    store.exec('delete from servers');
    store.close();
    const pull = await opening;
    expect(rig.check(head(pull), 'ashore/plan')).toMatchObject({
      conclusion: 'cancelled',
      title: 'Another server has taken over',
    });
  });
});
