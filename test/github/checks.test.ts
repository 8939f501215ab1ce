// Check runs as GitHub receives them: annotations in pieces, progress without haste, an end in any case; and re-runs of all.
import { createHmac } from 'node:crypto';
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
