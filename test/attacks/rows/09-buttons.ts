// Row 9: a button is a wish like any other, and what it stands for is known to us and not to the webhook.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { connections, has } from '../arena.ts';
import { expectUntouched, note, openSite, runsOf, wish } from '../site.ts';
import type { Site, Wish } from '../site.ts';

const Payload = z.looseObject({
  check_run: z.looseObject({
    id: z.number(),
    external_id: z.string(),
    app: z.looseObject({ id: z.number() }),
  }),
  requested_action: z.looseObject({ identifier: z.string() }).optional(),
  sender: z.looseObject({ login: z.string() }),
});
type Payload = z.infer<typeof Payload>;

describe('9 buttons bypass gates', () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(async () => {
    await site.stop();
  });

  const press = async (sha: string, button: string, by: string): Promise<void> => {
    const { id } = site.check(sha, 'ashore/plan');
    await site.repo.clickAction(id, button, by);
    await site.settled();
  };
  /** What GitHub would send for the press of a button by mallory, who may not; to be altered and sent anew. */
  const capture = async (wanted: Wish): Promise<Payload> => {
    site.github.loseDeliveries((event) => event === 'check_run.requested_action');
    await press(wanted.head, 'deploy', 'grace');
    site.github.loseDeliveries(() => false);
    return Payload.parse(site.delivery('check_run', 'requested_action').request.payload);
  };
  const forge = async (payload: Payload): Promise<void> => {
    expect((await site.deliver('check_run', payload)).status).toBe(202);
    await site.settled();
  };

  it.each(['deploy', 'plan'])('%s, pressed by a reader', async (button) => {
    const wanted = await wish(site);
    const before = await connections();
    await press(wanted.head, button, 'mallory');
    expect(site.said(wanted.pull)).toMatch(/NOT_ALLOWED/);
    expect(site.said(wanted.pull).includes('| ⛔ | who, by policy | write | read |')).toBe(
      button === 'deploy',
    );
    await expectUntouched(site, wanted);
    expect(await connections()).toEqual(before);
  });

  it('Re-run of a check run, pressed by a reader', async () => {
    const wanted = await wish(site);
    const before = await connections();
    await site.repo.rerequest(site.check(wanted.head, 'ashore/plan').id, 'mallory');
    await site.settled();
    await site.repo.rerequestSuite(wanted.head, 'mallory');
    await site.settled();
    await expectUntouched(site, wanted);
    expect(await connections()).toEqual(before);
  });

  it('Re-run of the check run of a push, pressed by a reader', async () => {
    const sha = await site.push('main', { 'direct.yml': note('/etc/attack-9-direct') }, 'grace');
    const { id } = site.check(sha, 'ashore/plan');
    const before = await connections();
    await site.repo.rerequest(id, 'mallory');
    await site.settled();
    expect(await connections()).toEqual(before);
  });

  it('Re-run of a failed deploy, pressed by a reader', async () => {
    const { pull, head } = await site.propose({
      'fails.yml': 'on: web1\nresources:\n  - command: fail\n    run: ["false"]\n',
    });
    await site.comment(pull, `/deploy ${site.digest(pull)}`);
    const { id, conclusion } = site.check(head, 'ashore/deploy');
    expect(conclusion).toBe('failure');
    const begun = runsOf(site, pull);
    await site.repo.rerequest(id, 'mallory');
    await site.settled();
    expect(runsOf(site, pull)).toEqual(begun);
  });

  it('the button of a plan that is no longer the newest', async () => {
    const wanted = await wish(site);
    const { id, actions } = site.check(wanted.head, 'ashore/plan');
    await site.push(wanted.branch, { 'more.yml': note('/etc/attack-9-more') });
    // It is gone by now, but not from a page that was open before.
    site.repo.checkRun(id).actions = actions;
    await press(wanted.head, 'deploy', 'grace');
    expect(site.said(wanted.pull)).toMatch(/PLAN_SUPERSEDED/);
    await expectUntouched(site, wanted);
  });

  it('the button of a pull request that was closed', async () => {
    const wanted = await wish(site);
    await site.repo.closePull(wanted.pull, 'ada');
    await site.settled();
    await press(wanted.head, 'deploy', 'grace');
    await expectUntouched(site, wanted);
  });

  const FORGERIES: readonly (readonly [string, (payload: Payload) => Payload])[] = [
    [
      'of another App',
      ({ check_run: run, ...rest }) => ({ ...rest, check_run: { ...run, app: { ...run.app, id: 1 } } }),
    ],
    [
      'with an id that nobody knows',
      ({ check_run: run, ...rest }) => ({ ...rest, check_run: { ...run, id: 999_999 } }),
    ],
    [
      'with another external id',
      ({ check_run: run, ...rest }) => ({ ...rest, check_run: { ...run, external_id: 'f'.repeat(64) } }),
    ],
    [
      'without an external id',
      ({ check_run: run, ...rest }) => ({ ...rest, check_run: { ...run, external_id: '' } }),
    ],
    [
      'of a button that there is not',
      (payload) => ({ ...payload, requested_action: { identifier: 'deploy; id' } }),
    ],
    [
      'of a button named as a property',
      (payload) => ({ ...payload, requested_action: { identifier: '__proto__' } }),
    ],
    ['by a bot', ({ sender, ...rest }) => ({ ...rest, sender: { ...sender, type: 'Bot' } })],
    ['by nobody', ({ sender, ...rest }) => ({ ...rest, sender: { ...sender, login: 'nobody-at-all' } })],
  ];

  it.each(FORGERIES)('a press %s', async (_, alter) => {
    const wanted = await wish(site);
    await forge(alter(await capture(wanted)));
    await expectUntouched(site, wanted);
  });

  it("another App's check run that bears our names", async () => {
    const wanted = await wish(site);
    const app = site.github.createApp('impostor');
    const fake = await site.repo.foreignCheck({
      app,
      sha: wanted.head,
      name: 'ashore/plan',
      conclusion: 'success',
    });
    const payload = await capture(wanted);
    await forge({
      ...payload,
      check_run: { ...payload.check_run, id: fake.id, external_id: payload.check_run.external_id },
    });
    await expectUntouched(site, wanted);
  });

  it('while the button of who may is as good as a command', async () => {
    const wanted = await wish(site);
    await press(wanted.head, 'deploy', 'grace');
    expect(await has('web1', wanted.file), site.said(wanted.pull)).toBe(true);
  });
});
