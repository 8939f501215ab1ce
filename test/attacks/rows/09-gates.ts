// Row 9: what stops a deploy stops it at every door: a comment, a merge, a button, a retry, a re-run.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { has, sh } from '../arena.ts';
import { expectUntouched, note, openSite, runsOf, wish } from '../site.ts';
import type { Proposal, Site, Wish } from '../site.ts';

/** A press of the button for planning, to be made one of a button that there is not. */
const Press = z.looseObject({ requested_action: z.looseObject({ identifier: z.string() }) });

describe('9 buttons bypass gates: freezes and holds', () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(async () => {
    await site.stop();
  });

  const press = async (id: number, button: string): Promise<void> => {
    await site.repo.clickAction(id, button, 'grace');
    await site.settled();
  };
  let retried = 0;
  /** A deploy that failed and would go well now: its own check run has a button for another try. */
  const fail = async (): Promise<Wish> => {
    const name = `retried-${++retried}`;
    const file = `/etc/attack-9-${name}`;
    const gate = `${file}.gate`;
    const text = `on: web1\nresources:\n  - command: ${name}\n    run: [test, -e, ${gate}]\n  - file: ${file}\n    content: x\n`;
    const proposal = await site.propose({ [`${name}.yml`]: text });
    const digest = site.digest(proposal.pull);
    await site.comment(proposal.pull, `/deploy ${digest}`);
    expect(site.said(proposal.pull)).toContain('Failed on web1');
    await sh('web1', `touch ${gate}`);
    return { ...proposal, digest, file };
  };

  const STOPS = [
    ['/freeze all not now', '/unfreeze all', /FROZEN/],
    ['/hold web1 its disk is changed', '/release web1', /HELD/],
  ] as const;

  it.each(STOPS)('%s', async (stop, release, code) => {
    const [wanted, failed] = [await wish(site), await fail()];
    const begun = runsOf(site, failed.pull);
    await site.comment(wanted.pull, stop);
    const doors: readonly (readonly [Proposal, () => Promise<unknown>])[] = [
      [wanted, () => site.comment(wanted.pull, '/deploy')],
      [wanted, () => site.comment(wanted.pull, `/deploy ${wanted.digest}`)],
      [wanted, () => site.comment(wanted.pull, `/deploy ${wanted.digest} --only web1`)],
      [wanted, () => press(site.check(wanted.head, 'ashore/plan').id, 'deploy')],
      [failed, () => press(site.check(failed.head, 'ashore/deploy').id, 'retry')],
      [failed, () => site.repo.rerequest(site.check(failed.head, 'ashore/deploy').id, 'grace')],
    ];
    for (const [door, [{ pull }, enter]] of doors.entries()) {
      const refusals = (): number => site.said(pull).split('was **refused').length;
      const before = refusals();
      await enter();
      await site.settled();
      expect(refusals(), `door ${door}\n${site.said(pull)}`).toBe(before + 1);
      expect(site.said(pull)).toMatch(code);
    }
    await expectUntouched(site, wanted);
    expect(runsOf(site, failed.pull)).toEqual(begun);
    expect(await has('web1', failed.file)).toBe(false);
    await site.comment(failed.pull, release);
    await press(site.check(failed.head, 'ashore/deploy').id, 'retry');
    expect(await has('web1', failed.file), site.said(failed.pull)).toBe(true);
    await site.comment(wanted.pull, stop);
    await site.merge(wanted.pull);
    await expectUntouched(site, wanted);
    await site.comment(wanted.pull, release);
  });

  it('a held host is left out of the others, and told as held', async () => {
    const file = '/etc/attack-9-held';
    const { pull, head } = await site.propose({ 'held.yml': note(file).replace('web1', 'all') });
    await site.comment(pull, '/hold web2 its disk is changed');
    await site.comment(pull, `/deploy ${site.digest(pull)}`);
    expect(await has('web1', file), site.said(pull)).toBe(true);
    expect(await has('web2', file)).toBe(false);
    const { conclusion, summary } = site.check(head, 'ashore/deploy');
    expect(conclusion).toBe('success');
    for (const words of [summary, site.said(pull)])
      expect(words).toMatch(/held.*`web2`.*`HELD` web2 is held by grace .*: its disk is changed/);
    await site.comment(pull, '/release web2');
    await site.comment(pull, `/deploy ${site.digest(pull)}`);
    expect(await has('web2', file), site.said(pull)).toBe(true);
  });

  it('who may not deploy may not release either', async () => {
    const wanted = await wish(site);
    await site.comment(wanted.pull, '/hold web1 wait');
    await site.comment(wanted.pull, '/release web1', 'mallory');
    await site.comment(wanted.pull, `/deploy ${wanted.digest}`);
    await expectUntouched(site, wanted);
    await site.comment(wanted.pull, '/release web1');
  });
});

describe('9 buttons bypass gates: what may lose data', () => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(async () => {
    await site.stop();
  });

  let count = 0;
  /** A plan that deletes a file which was deployed before. */
  const doom = async (): Promise<Wish & { readonly token: string }> => {
    const file = `/etc/attack-9-doomed-${++count}`;
    const made = await site.propose({ [`doomed-${count}.yml`]: note(file) });
    await site.merge(made.pull);
    expect(await has('web1', file), site.said(made.pull)).toBe(true);
    const proposal = await site.propose({ [`doomed-${count}.yml`]: null });
    return { ...proposal, digest: site.digest(proposal.pull), file, token: tokenOf(proposal.pull) };
  };
  const tokenOf = (pull: number): string =>
    [...site.said(pull).matchAll(/ --confirm ([0-9a-f]{8})/g)].at(-1)?.[1] ?? '';
  const expectKept = async ({ pull, file }: Wish): Promise<void> => {
    expect(site.said(pull)).toMatch(/CONFIRMATION_NEEDED|PLAN_SUPERSEDED|PLAN_AMBIGUOUS/);
    expect(await has('web1', file), site.said(pull)).toBe(true);
    expect(runsOf(site, pull)).toEqual([]);
  };

  it('a button cannot confirm, nor can a merge', async () => {
    const doomed = await doom();
    site.github.loseDeliveries((event) => event === 'check_run.requested_action');
    await site.repo.clickAction(site.check(doomed.head, 'ashore/plan').id, 'plan', 'grace');
    await site.settled();
    site.github.loseDeliveries(() => false);
    const { payload } = site.delivery('check_run', 'requested_action').request;
    const press = { ...Press.parse(payload), requested_action: { identifier: 'deploy' } };
    expect((await site.deliver('check_run', press)).status).toBe(202);
    await site.settled();
    await expectKept(doomed);
    await site.merge(doomed.pull);
    await expectKept(doomed);
  });
  it('the token of another plan', async () => {
    const [doomed, other] = [await doom(), await doom()];
    expect(other.token).not.toBe(doomed.token);
    await site.comment(doomed.pull, `/deploy ${doomed.digest} --confirm ${other.token}`);
    await expectKept(doomed);
  });

  it('a token after its day', async () => {
    const doomed = await doom();
    site.now = new Date(Date.now() + 25 * 3_600_000);
    try {
      await site.comment(doomed.pull, `/deploy ${doomed.digest} --confirm ${doomed.token}`);
    } finally {
      site.now = undefined;
    }
    await expectKept(doomed);
  });

  it('a token from before the state moved: the host has the last word', async () => {
    const doomed = await doom();
    await sh('web1', `echo precious >${doomed.file}`);
    await site.comment(doomed.pull, `/deploy ${doomed.digest} --confirm ${doomed.token}`);
    expect(site.said(doomed.pull)).toMatch(/PLAN_STALE/);
    expect(await sh('web1', `cat ${doomed.file}`)).toBe('precious\n');
  });

  it('a token from before the plan was made anew', async () => {
    const doomed = await doom();
    await site.push(doomed.branch, { 'remark.yml': 'on: web1\nresources: []\n' });
    const digest = site.digest(doomed.pull);
    await site.comment(doomed.pull, `/deploy ${digest} --confirm ${doomed.token}`);
    await expectKept(doomed);
  });

  it('while the token of this plan, typed in time, does it', async () => {
    const doomed = await doom();
    await site.comment(doomed.pull, `/deploy ${doomed.digest} --confirm ${doomed.token}`);
    expect(await has('web1', doomed.file), site.said(doomed.pull)).toBe(false);
  });
});
