// The parts of the store on both databases: inbox, plans, runs with their leases, posts, freezes.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import type { NewRun } from '../../src/store/runs.ts';
import type { Store } from '../../src/store/store.ts';
import { onBoth } from './databases.ts';
import type { Ground } from './databases.ts';

onBoth(({ ground: makeGround }) => {
  let ground: Ground;
  let store: Store;
  let now: Date;
  const setClock = async (time: string): Promise<void> => {
    now = new Date(time);
    await ground.setClock(now);
  };
  beforeEach(async () => {
    ground = await makeGround();
    store = await ground.open();
    await setClock('2026-11-22T12:00:00Z');
  });
  afterEach(async () => {
    await store.close();
    await ground.clean();
  });

  describe('repositories', () => {
    const seen = (id: number, name: string) => store.repositories.keep({ id, name, installation: 1 });

    it('keep their key, whatever they are called', async () => {
      expect(await seen(1, 'acme/infra')).toMatchObject({ key: 'acme/infra', taken: false });
      expect(await seen(1, 'umbrella/fleet')).toMatchObject({ key: 'acme/infra', taken: false });
      expect(await store.repositories.ofKey('acme/infra')).toEqual({
        id: 1,
        key: 'acme/infra',
        name: 'umbrella/fleet',
        installation: 1,
        taken: false,
      });
      expect(await store.repositories.read(2)).toBeUndefined();
    });

    it('are never taken for others that have their names after them, in whatever case', async () => {
      await seen(1, 'acme/infra');
      expect(await seen(2, 'Acme/Infra')).toMatchObject({ key: 'Acme/Infra', taken: true });
      expect(await seen(3, 'acme/infra')).toMatchObject({ key: 'acme/infra~3', taken: true });
      expect((await store.repositories.read(1))?.name).toBe('');
      expect(await seen(1, 'acme/fleet')).toMatchObject({ key: 'acme/infra', taken: false });
      expect((await store.repositories.read(3))?.name).toBe('acme/infra');
    });
  });

  describe('what is counted', () => {
    it('is deliveries by their state, and runs that go on', async () => {
      const none = { pending: 0, running: 0, done: 0, failed: 0 };
      const counted = async () => {
        const { deliveries, openRuns } = await store.count();
        return [Object.fromEntries(deliveries), openRuns];
      };
      expect(await counted()).toEqual([none, 0]);
      for (const guid of ['1', '2', '3', '4'])
        await store.deliveries.put({ guid, event: 'push', payload: '{}', group: guid });
      for (const error of [null, 'it failed']) {
        const taken = await store.deliveries.take();
        await store.deliveries.end(taken?.guid ?? '', error);
      }
      await store.deliveries.take();
      await store.runs.start(run('r1', ['web1']));
      expect(await counted()).toEqual([{ pending: 1, running: 1, done: 1, failed: 1 }, 1]);
    });
  });

  describe('what is old', () => {
    const later = (): Promise<void> => setClock('2026-11-23T12:00:00Z');
    const between = new Date('2026-11-23T00:00:00Z');

    it('is forgotten of posts by when they were written last', async () => {
      const check = { repo: 'acme/infra', name: 'ashore/plan', commit: 'c1', pull: 7, subject: null };
      const sticky = { comment: 1, body: 'x', history: [] };
      for (const id of [1, 2]) await store.posts.keepCheck({ ...check, id });
      for (const pull of [7, 8]) await store.posts.keepSticky('acme/infra', pull, sticky);
      await later();
      await store.posts.keepCheck({ ...check, id: 2, subject: 'p' });
      await store.posts.keepSticky('acme/infra', 8, sticky);
      expect(await store.posts.prune(between)).toBe(2);
      expect(await store.posts.readCheck('acme/infra', 1)).toBeUndefined();
      expect(await store.posts.readCheck('acme/infra', 2)).toMatchObject({ subject: 'p' });
      expect(await store.posts.readSticky('acme/infra', 7)).toBeUndefined();
      expect(await store.posts.readSticky('acme/infra', 8)).toMatchObject(sticky);
    });

    it('is forgotten of commands by when they were heard', async () => {
      await store.commands.claim('acme/infra', 1, 'a');
      await later();
      await store.commands.claim('acme/infra', 2, 'a');
      expect(await store.commands.prune(between)).toBe(1);
      expect(await store.commands.claim('acme/infra', 2, 'b')).toBe(false);
      expect(await store.commands.claim('acme/infra', 1, 'b')).toBe(true);
    });

    it('is forgotten of freezes and holds when they have ended or were lifted', async () => {
      const stop = (subject: string, until: string) =>
        store.stops.put('acme/infra', {
          is: 'freeze',
          subject,
          reason: 'x',
          by: 'ada',
          pull: 7,
          since: '2026-11-22T12:00:00.000Z',
          until,
        });
      await stop('ended', '2026-11-22T13:00:00.000Z');
      await stop('lifted', '2027-01-01T00:00:00.000Z');
      await stop('holds', '2027-01-01T00:00:00.000Z');
      await store.stops.lift(
        'acme/infra',
        { is: 'freeze', subject: 'lifted' },
        { by: 'ada', asked: new Date(0) },
      );
      await later();
      expect(await store.stops.prune(between)).toBe(2);
      expect((await store.stops.active('acme/infra')).map(({ subject }) => subject)).toEqual(['holds']);
    });

    it('is forgotten of waits whose time is over, and of checks that nobody can close', async () => {
      await store.waits.put({ repo: 'acme/infra', pull: 7 }, 'ada', new Date('2026-11-22T13:00:00Z'));
      await store.waits.put({ repo: 'acme/infra', pull: 8 }, 'ada', new Date('2026-11-24T13:00:00Z'));
      expect(await store.waits.prune(between)).toBe(1);
      expect(await store.waits.read({ repo: 'acme/infra', pull: 8 })).toMatchObject({ by: 'ada' });
      const shared = { repo: 'acme/infra', installation: 1, name: 'ashore/plan', commit: 'c', pull: 7 };
      const check = { ...shared, subject: null };
      await store.openChecks.put({ ...check, id: 1, since: '2026-11-22T12:00:00.000Z' });
      await store.openChecks.put({ ...check, id: 2, since: '2026-11-23T12:00:00.000Z' });
      expect(await store.openChecks.prune(between)).toBe(1);
      const left = await store.openChecks.ownerless(new Date('2027-01-01T00:00:00Z'));
      expect(left.map(({ id }) => id)).toEqual([2]);
    });
  });

  describe('check runs that GitHub was asked for', () => {
    const shared = {
      repo: 'acme/infra',
      installation: 1,
      name: 'ashore/plan',
      since: '2026-11-22T12:00:00.000Z',
    };
    const late = new Date('2027-01-01T00:00:00Z');

    it('are known until their ids are', async () => {
      const one = { ...shared, commit: 'a', pull: 7, subject: null };
      const other = { ...shared, commit: 'a', pull: null, subject: 'r1' };
      for (const each of [one, one, other]) await store.openChecks.ask(each);
      expect(await store.openChecks.asked(late)).toEqual([one, other]);
      expect(await store.openChecks.asked(new Date(shared.since))).toEqual([]);
      expect(await store.openChecks.asked({ repo: 'acme/infra', pull: 7 })).toEqual([one]);
      await store.openChecks.put({ ...one, id: 1 });
      expect(await store.openChecks.asked(late)).toEqual([other]);
      expect((await store.openChecks.ownerless(late)).map(({ id }) => id)).toEqual([1]);
      await store.openChecks.forget(other);
      expect(await store.openChecks.asked(late)).toEqual([]);
    });

    it('are forgotten after their time', async () => {
      await store.openChecks.ask({ ...shared, commit: 'a', pull: 7, subject: null });
      await store.openChecks.prune(late);
      expect(await store.openChecks.asked(late)).toEqual([]);
    });
  });

  describe('waits', () => {
    const at = { repo: 'acme/infra', pull: 7 };
    const until = new Date('2026-11-22T12:30:00Z');

    it('are one a pull request, keep who began and who ended them, and end once', async () => {
      expect([await store.waits.read(at), await store.waits.cancel(at, 'ada')]).toEqual([undefined, false]);
      await store.waits.put(at, 'grace', until);
      expect(await store.waits.cancel(at, 'ada')).toBe(true);
      expect(await store.waits.cancel(at, 'ada')).toBe(true);
      expect(await store.waits.cancel(at, 'linus')).toBe(false);
      await setClock('2026-11-22T12:10:00Z');
      await store.waits.put(at, 'grace', until);
      const [wait, ...others] = await store.waits.open('acme/infra');
      expect(wait).toEqual({ pull: 7, by: 'grace', since: '2026-11-22T12:00:00.000Z', cancelBy: 'ada' });
      expect([others, await store.waits.open('acme/other')]).toEqual([[], []]);
      expect(await store.waits.end(at)).toBe('ada');
      expect([await store.waits.end(at), await store.waits.read(at)]).toEqual([undefined, undefined]);
    });

    it('are over with their time, for who asks and for who looks', async () => {
      await store.waits.put(at, 'grace', until);
      await setClock('2026-11-22T12:31:00Z');
      expect([await store.waits.open('acme/infra'), await store.waits.cancel(at, 'ada')]).toEqual([
        [],
        false,
      ]);
    });
  });

  describe('a wish that a delivery begins no deploy', () => {
    it('is kept once, by who came first, for as long as it has not ended', async () => {
      await store.deliveries.put({ guid: 'one', event: 'issue_comment', payload: '{}', group: 'one' });
      await store.deliveries.put({ guid: 'two', event: 'push', payload: '{}', group: 'two' });
      const [found, ...others] = await store.deliveries.unended({ events: ['issue_comment'] });
      expect([found, others]).toMatchObject([{ guid: 'one', event: 'issue_comment' }, []]);
      expect(await store.deliveries.cancelBy('one')).toBeUndefined();
      expect(await store.deliveries.cancel('one', 'ada')).toBe(true);
      // What was asked may have been kept although its answer was lost.
      expect(await store.deliveries.cancel('one', 'ada')).toBe(true);
      expect(await store.deliveries.cancel('one', 'linus')).toBe(false);
      expect(await store.deliveries.cancelBy('one')).toBe('ada');
      await store.deliveries.take();
      await store.deliveries.end('one', null);
      expect(await store.deliveries.cancel('one', 'ada')).toBe(false);
    });
  });

  describe('deliveries', () => {
    const put = (guid: string, group = 'a') =>
      store.deliveries.put({ guid, event: 'push', payload: '{}', group });
    const take = async () => (await store.deliveries.take())?.guid;

    it('are taken in order within their group, and groups side by side', async () => {
      for (const [guid, group] of [
        ['1', 'a'],
        ['2', 'a'],
        ['3', 'b'],
        ['4', 'a'],
      ] as const)
        await put(guid, group);
      expect([await take(), await take(), await take()]).toEqual(['1', '3', undefined]);
      await store.deliveries.end('1', null);
      expect([await take(), await take()]).toEqual(['2', undefined]);
      await store.deliveries.end('2', 'it failed');
      expect(await take()).toBe('4');
    });

    it('are each kept once, until one has failed and is sent again', async () => {
      expect([await put('1'), await put('1')]).toEqual(['new', 'known']);
      await take();
      expect(await put('1')).toBe('known');
      await store.deliveries.end('1', null);
      expect([await put('1'), await take()]).toEqual(['known', undefined]);
      await put('2');
      await take();
      await store.deliveries.end('2', 'it failed');
      expect([await put('2'), await put('2'), await take()]).toEqual(['again', 'known', '2']);
    });

    it('are known by their GUIDs', async () => {
      await put('1');
      expect(await store.deliveries.known(['1', '2'])).toEqual(new Set(['1']));
      expect(await store.deliveries.known([])).toEqual(new Set());
    });

    it('are forgotten when they ended long ago', async () => {
      await put('1');
      await put('2', 'b');
      await take();
      await store.deliveries.end('1', null);
      expect(await store.deliveries.prune(now)).toBe(0);
      expect(await store.deliveries.prune(new Date(now.getTime() + 1))).toBe(1);
      expect(await store.deliveries.known(['1', '2'])).toEqual(new Set(['2']));
    });

    it('that failed are told once, and again when they failed again', async () => {
      const untold = async () => (await store.deliveries.untold(10)).map(({ guid }) => guid);
      const fail = async (guid: string): Promise<void> => {
        await put(guid, guid);
        await take();
        await store.deliveries.end(guid, 'it broke');
      };
      await fail('1');
      await fail('2');
      await put('3', 'c');
      expect(await untold()).toEqual(['1', '2']);
      const at = '2026-11-22T12:00:00.000Z';
      expect((await store.deliveries.untold(1))[0]).toMatchObject({ guid: '1', receivedAt: at, endedAt: at });
      await store.deliveries.tell('1');
      expect(await untold()).toEqual(['2']);
      await put('1', '1');
      expect(await untold()).toEqual(['2']);
      while ((await take()) !== undefined) continue;
      await store.deliveries.end('1', 'it broke');
      expect(await untold()).toEqual(['1', '2']);
    });

    it('that a handler told of before they failed are not told again', async () => {
      await put('1', 'a');
      await take();
      await store.deliveries.tell('1');
      await store.deliveries.end('1', 'it broke');
      expect(await store.deliveries.untold(10)).toEqual([]);
    });

    it('go to one taker each, however many take at once', async () => {
      for (let index = 0; index < 20; index++) await put(`${index}`, `g${index}`);
      const taken = await Promise.all(Array.from({ length: 25 }, take));
      expect(taken.filter((guid) => guid !== undefined).toSorted()).toEqual(
        Array.from({ length: 20 }, (_, index) => `${index}`).toSorted(),
      );
    });
  });

  describe('plans', () => {
    const place = { repo: 'acme/infra', pull: 7 };
    const plan = (digest: string, commit = 'c1'): Plan => {
      return { format: 1, digest, commit, config: 'x', at: '2026-11-22T12:00:00Z', stacks: [], hosts: [] };
    };
    const current = async () => (await store.plans.current(place))?.plan.digest;

    it('supersede each other within a pull request', async () => {
      await store.plans.put(place, plan('aa'));
      await store.plans.put({ ...place, pull: 8 }, plan('bb'));
      await store.plans.put(place, plan('cc'));
      expect(await current()).toBe('cc');
      const found = await store.plans.find(place, '');
      expect(found.map(({ plan: { digest }, superseded }) => [digest, superseded])).toEqual([
        ['cc', false],
        ['aa', true],
      ]);
    });

    it('keep the time at which they were first shown, also when made again', async () => {
      await store.plans.put(place, plan('aa'));
      await store.plans.show(place, plan('aa'), '2026-11-22T12:00:05Z');
      await store.plans.put(place, plan('bb'));
      await store.plans.put(place, plan('aa'));
      await store.plans.show(place, plan('aa'), '2026-11-22T12:30:00Z');
      expect(await store.plans.current(place)).toMatchObject({
        shownAt: '2026-11-22T12:00:05Z',
        superseded: false,
      });
    });

    it('are told apart by their commit', async () => {
      await store.plans.put(place, plan('aa', 'c1'));
      await store.plans.show(place, plan('aa', 'c1'), '2026-11-22T12:00:05Z');
      await store.plans.put(place, plan('aa', 'c2'));
      expect(await store.plans.current(place)).toMatchObject({ commit: 'c2', shownAt: null });
      expect(await store.plans.lastShown(place, 'c1')).toMatchObject({ commit: 'c1', superseded: true });
      expect(await store.plans.lastShown(place, 'c2')).toBeUndefined();
    });

    it('are superseded by another commit, or all of them', async () => {
      await store.plans.put(place, plan('aa', 'c1'));
      await store.plans.supersede(place, 'c1');
      expect(await current()).toBe('aa');
      await store.plans.supersede(place, 'c2');
      expect(await current()).toBeUndefined();
      await store.plans.put(place, plan('bb', 'c2'));
      await store.plans.supersede(place, null);
      expect(await current()).toBeUndefined();
    });

    it('are found by the beginning of their digest', async () => {
      for (const digest of ['abc1', 'abc2', 'b_c1']) await store.plans.put(place, plan(digest));
      const find = async (prefix: string) =>
        (await store.plans.find(place, prefix)).map((each) => each.plan.digest);
      expect([await find('abc'), await find('abc1'), await find('bxc'), await find('%')]).toEqual([
        ['abc2', 'abc1'],
        ['abc1'],
        [],
        [],
      ]);
    });

    it('are forgotten when they are old and superseded, and no run names them', async () => {
      for (const digest of ['aa', 'bb', 'cc']) await store.plans.put(place, plan(digest));
      await store.runs.start(run('r1', ['web1'], 'aa'));
      const later = new Date(now.getTime() + 1);
      expect(await store.plans.prune({ superseded: now, current: now })).toBe(0);
      expect(await store.plans.prune({ superseded: later, current: now })).toBe(1);
      expect((await store.plans.find(place, '')).map((each) => each.plan.digest)).toEqual(['cc', 'aa']);
      expect(await store.plans.prune({ superseded: later, current: later })).toBe(1);
      expect((await store.plans.find(place, '')).map((each) => each.plan.digest)).toEqual(['aa']);
    });
  });

  describe('runs', () => {
    it('hold their hosts until they end', async () => {
      expect(await store.runs.start(run('r1', ['web1', 'web2']))).toEqual({ is: 'started' });
      await setClock('2026-11-22T12:01:00Z');
      expect(await store.runs.start(run('r2', ['db1', 'web2']))).toEqual({
        is: 'busy',
        held: [
          {
            host: 'web2',
            repo: 'acme/infra',
            run: 'r1',
            by: 'ada',
            pull: 7,
            since: '2026-11-22T12:00:00.000Z',
          },
        ],
      });
      expect(await store.runs.start(run('r3', ['db1']))).toEqual({ is: 'started' });
      await store.runs.end('r1', LOST);
      expect(await store.runs.start(run('r4', ['web2']))).toEqual({ is: 'started' });
    });

    it('hold hosts of their own repository only, as far as is known', async () => {
      await store.runs.start(run('r1', ['web1']));
      expect(await store.runs.start({ ...run('r2', ['web1']), repo: 'acme/other' })).toEqual({
        is: 'started',
      });
    });

    it('hold a machine, whatever another repository calls it', async () => {
      const machines = new Map([
        ['web1', '10.0.0.11:22'],
        ['www', '10.0.0.11:22'],
      ]);
      await store.runs.start(run('r1', ['web1']), { machines });
      const other = { ...run('r2', ['db1', 'www']), repo: 'acme/other' };
      expect(await store.runs.start(other, { machines })).toMatchObject({
        is: 'busy',
        held: [{ host: 'web1', repo: 'acme/infra', run: 'r1' }],
      });
    });

    it('start once', async () => {
      await store.runs.start(run('r1', ['web1']));
      expect(await store.runs.start(run('r1', ['web1']))).toMatchObject({
        is: 'known',
        run: { id: 'r1', ended: null },
      });
      await store.runs.end('r1', LOST);
      expect(await store.runs.start(run('r1', ['web1']))).toMatchObject({
        is: 'known',
        run: { ended: LOST },
      });
      expect(await store.runs.start(run('r2', ['web1']))).toEqual({ is: 'started' });
    });

    it('may have no host at all', async () => {
      expect(await store.runs.start(run('r1', []))).toEqual({ is: 'started' });
    });

    it('are given back whole', async () => {
      const posts = {
        begun: true,
        check: { id: 9, url: 'https://example.com/9' },
        deployments: [{ stack: 'shop', id: 4 }],
      };
      await store.runs.start(run('r1', ['web1']));
      await store.runs.keepPosts('r1', posts);
      const startedAt = '2026-11-22T12:00:00.000Z';
      const whole = { ...run('r1', ['web1']), posts, ended: null, told: false, startedAt };
      expect(await store.runs.read('r1')).toEqual(whole);
      const report = {
        format: 1,
        run: 'r1',
        plan: 'aa',
        commit: 'c1',
        by: 'ada',
        startedAt: 's',
        endedAt: 'e',
      } as const;
      const ended = { is: 'report', report: { ...report, hosts: [] } } as const;
      await store.runs.end('r1', { ...ended, report: { ...ended.report, hosts: [] } });
      expect(await store.runs.read('r1')).toEqual({ ...whole, ended });
      expect(await store.runs.read('r2')).toBeUndefined();
    });

    it('are to be told until they were', async () => {
      for (const id of ['r1', 'r2', 'r3']) await store.runs.start(run(id, [id]));
      await store.runs.end('r2', LOST);
      await store.runs.end('r3', LOST);
      await store.runs.tell('r3');
      expect((await store.runs.untold()).map((each) => each.id).toSorted()).toEqual(['r1', 'r2']);
    });

    it('are found by the check run that shows them', async () => {
      await store.runs.start(run('r1', ['a']));
      await store.runs.start(run('r2', ['b']), {
        posts: { begun: true, deployments: [], check: { id: 9, url: '' } },
      });
      const at = { repo: 'acme/infra', commit: 'c1' };
      expect((await store.runs.ofCheck({ ...at, id: 9 }))?.id).toBe('r2');
      expect(await store.runs.ofCheck({ ...at, id: 8 })).toBeUndefined();
      expect(await store.runs.ofCheck({ ...at, commit: 'c2', id: 9 })).toBeUndefined();
    });

    it('are forgotten when they ended long ago and that was told', async () => {
      for (const id of ['open', 'untold', 'told']) await store.runs.start(run(id, [id]));
      for (const id of ['untold', 'told']) await store.runs.end(id, LOST);
      await store.runs.tell('told');
      expect(await store.runs.prune(now)).toBe(0);
      expect(await store.runs.prune(new Date(now.getTime() + 1))).toBe(1);
      const left = await Promise.all(['open', 'untold', 'told'].map((id) => store.runs.read(id)));
      expect(left.map((each) => each?.id)).toEqual(['open', 'untold', undefined]);
    });

    it('are found by their plan and by their age', async () => {
      await store.runs.start(run('r1', ['web1']));
      await setClock('2026-11-22T12:01:00Z');
      await store.runs.start(run('r2', ['web2']));
      await store.runs.start(run('r3', ['web3'], 'bb'));
      const ids = (await store.runs.ofPlan({ repo: 'acme/infra', pull: 7 }, 'aa')).map((each) => each.id);
      expect(ids).toEqual(['r1', 'r2']);
      expect(await store.runs.newest('acme/other')).toBeUndefined();
      expect((await store.runs.newest('acme/infra'))?.startedAt).toBe('2026-11-22T12:01:00.000Z');
    });
  });

  describe('freezes', () => {
    const freeze = (until: string) => {
      const since = '2026-11-22T12:00:00.000Z';
      return { is: 'freeze', subject: '', reason: 'x', by: 'ada', pull: 7, since, until } as const;
    };
    it('end at their time, or when they are lifted, or when another takes their place', async () => {
      const wish = { by: 'grace', asked: new Date('2026-11-22T12:00:30Z') };
      await store.stops.put('acme/infra', freeze('2026-11-22T12:10:00.000Z'));
      await store.stops.put('acme/infra', freeze('2026-11-22T12:00:30.000Z'));
      expect(await store.stops.active('acme/infra')).toEqual([freeze('2026-11-22T12:00:30.000Z')]);
      expect(await store.stops.active('acme/other')).toEqual([]);
      await setClock('2026-11-22T12:01:00Z');
      expect(await store.stops.active('acme/infra')).toEqual([]);
      expect(await store.stops.lift('acme/infra', { is: 'freeze', subject: '' }, wish)).toBe(false);
      await store.stops.put('acme/infra', freeze('2026-11-22T12:10:00.000Z'));
      expect(await store.stops.lift('acme/infra', { is: 'freeze', subject: '' }, wish)).toBe(true);
      expect(await store.stops.active('acme/infra')).toEqual([]);
      // That it was lifted may have been kept although the answer was lost.
      const others = [wish, { ...wish, by: 'ada' }, { ...wish, asked: new Date('2026-11-22T12:01:01Z') }];
      const again = others.map((each) => store.stops.lift('acme/infra', { is: 'freeze', subject: '' }, each));
      expect(await Promise.all(again)).toEqual([true, false, false]);
    });
  });

  describe('pushes', () => {
    it('keep everybody who pushed a commit, until they are old', async () => {
      await store.pushes.keep('acme/infra', 'c1', 'ada');
      await store.pushes.keep('acme/infra', 'c1', 'ada');
      await store.pushes.keep('acme/infra', 'c1', 'linus');
      expect([...(await store.pushes.read('acme/infra', 'c1'))].toSorted()).toEqual(['ada', 'linus']);
      expect(await store.pushes.read('acme/other', 'c1')).toEqual([]);
      await store.pushes.prune(new Date(0));
      expect((await store.pushes.read('acme/infra', 'c1')).length).toBe(2);
      await store.pushes.prune(new Date('2100-01-01'));
      expect(await store.pushes.read('acme/infra', 'c1')).toEqual([]);
    });
  });

  describe('commands', () => {
    it('belong to the delivery that brought them first, which may come again', async () => {
      expect(await store.commands.claim('acme/infra', 5, 'first')).toBe(true);
      expect(await store.commands.claim('acme/infra', 5, 'second')).toBe(false);
      expect(await store.commands.claim('acme/infra', 5, 'first')).toBe(true);
      expect(await store.commands.claim('acme/other', 5, 'second')).toBe(true);
    });
  });

  describe('answers', () => {
    it('are what was kept first, until they are old', async () => {
      expect(await store.answers.read('comment 5')).toBeUndefined();
      await store.answers.keep('comment 5', 'yes');
      await store.answers.keep('comment 5', 'no');
      expect(await store.answers.read('comment 5')).toEqual({ body: 'yes', at: '2026-11-22T12:00:00.000Z' });
      expect(await store.answers.prune(new Date('2026-11-22T11:00:00Z'))).toBe(0);
      expect(await store.answers.prune(new Date('2026-11-22T13:00:00Z'))).toBe(1);
      expect(await store.answers.read('comment 5')).toBeUndefined();
    });
  });

  describe('posts', () => {
    const check = { repo: 'acme/infra', id: 1, name: 'ashore/plan', commit: 'c1', pull: 7, subject: null };

    it('keep one sticky comment a pull request', async () => {
      await store.posts.keepSticky('acme/infra', 7, { comment: 1, body: 'one', history: [] });
      await store.posts.keepSticky('acme/infra', 7, { comment: 2, body: 'two', history: [] });
      expect(await store.posts.readSticky('acme/infra', 7)).toEqual({ comment: 2, body: 'two', history: [] });
      expect(await store.posts.readSticky('acme/infra', 8)).toBeUndefined();
    });

    it('keep what a check run stands for', async () => {
      await store.posts.keepCheck(check);
      await store.posts.keepCheck({ ...check, subject: 'aa' });
      await store.posts.keepCheck({ ...check, id: 2, pull: null });
      expect(await store.posts.readCheck('acme/infra', 1)).toEqual({ ...check, subject: 'aa' });
      expect(await store.posts.readCheck('acme/other', 1)).toBeUndefined();
      expect(await store.posts.newestChecks('acme/infra', 'c1')).toEqual([{ ...check, id: 2, pull: null }]);
    });
  });
});

function run(id: string, hosts: readonly string[], plan = 'aa'): NewRun {
  const shared = { repo: 'acme/infra', installation: 3, pull: 7, commit: 'c1', by: 'ada' };
  return { id, ...shared, plan, request: { via: 'comment', comment: 5, only: ['web1'] }, hosts };
}

const LOST = { is: 'lost' as const, reason: { code: 'BUG' as const, message: 'gone' } };
