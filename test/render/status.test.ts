// What runs where as people see it: golden files of the answer to /status and of the terminal, from ledgers as hosts hold them.
import { describe, expect, test } from 'vitest';
import { driftOf } from '../../src/core/drift.ts';
import { formatLedgerLine, parseLedger } from '../../src/core/ledger.ts';
import type { LedgerLine } from '../../src/core/ledger.ts';
import { isInOrder, recordedIn, stackStatuses } from '../../src/core/status.ts';
import type { Recorded, StackStatus } from '../../src/core/status.ts';
import { renderStatus } from '../../src/render/status.ts';
import type { Underway } from '../../src/render/status.ts';
import { renderStatusTerminal } from '../../src/render/terminal-status.ts';
import { BASE, blocked, change, COMMIT, host, OWNER_MISSING, plan, UNREACHABLE } from './plans.ts';

const LOOK = { commit: COMMIT, at: '2026-11-22T14:02:11.482Z' };
const TERMINAL = { color: false, width: 100, verbose: false };
const QUIET: Underway = { runs: [], queued: [], waits: [], stops: [], windows: [], pulls: new Map() };
const BUSY: Underway = {
  runs: [{ id: 'pr-44-0123456789ab', pull: 44, by: 'grace', since: '2026-11-22T14:00:00.000Z' }],
  queued: [],
  waits: [{ pull: 45, by: 'ada', since: '2026-11-22T14:01:00.000Z' }],
  stops: [
    {
      is: 'freeze',
      subject: 'other',
      reason: 'the <b>audit</b> | @all',
      by: 'grace',
      pull: 40,
      since: '2026-11-21T09:00:00.000Z',
      until: '2026-11-23T09:00:00.000Z',
    },
  ],
  windows: [
    { from: '2026-11-22T00:00:00.000Z', until: '2026-11-23T00:00:00.000Z', reason: 'the <b>sale</b>' },
    { from: '2026-12-24T00:00:00Z', until: '2027-01-02T00:00:00Z', reason: 'nobody is here' },
  ],
  pulls: new Map([['pr-41-5e11aa0c1111', 41]]),
};

function line(ref: string, more: Partial<Extract<LedgerLine, { commit: string }>> = {}): LedgerLine {
  return {
    ref,
    stack: 'shop',
    want: 'd'.repeat(64),
    origin: 'created',
    commit: COMMIT,
    plan: '5e11aa0c9d21ff00'.repeat(4),
    run: 'pr-41-5e11aa0c1111',
    by: 'ada',
    at: '2026-11-02T09:12:00.000Z',
    ...more,
  };
}

function ledger(...lines: readonly LedgerLine[]): readonly Recorded[] {
  const text = lines.map((each) => `${formatLedgerLine(each)}\n`).join('');
  const parsed = parseLedger(new TextEncoder().encode(text));
  if ('damaged' in parsed) throw new Error(parsed.damaged);
  return recordedIn(parsed);
}

const OLDER = { commit: BASE, run: 'pr-30-aaaaaaaaaaaa', by: 'linus|', at: '2026-10-01T08:00:00.000Z' };
const WEB = ledger(line('file/etc/motd', OLDER), line('service/shop'));
const HOSTS = ['web1', 'web2', 'web3', 'web4', 'web5', 'web6'];

function fleet(): readonly StackStatus[] {
  const drifted = change('file/etc/motd', { causes: ['drift'] });
  const undeployed = change('package/curl', { causes: ['undeployed'] });
  const made = plan(
    [
      host('web1', []),
      host('web2', []),
      host('web3', [drifted, undeployed], { torn: 'pr-43-bbbbbbbbbbbb' }),
      host('web4', [], { failure: UNREACHABLE }),
      host('web5', [undeployed], { blocked: [blocked('service/shop', OWNER_MISSING)] }),
      host('web6', [undeployed]),
    ],
    ['other', 'shop'],
  );
  const hostsOf = (stack: string): readonly string[] => (stack === 'shop' ? HOSTS : []);
  const recorded = new Map([
    ['web1', WEB],
    ['web2', WEB],
    ['web3', ledger(line('service/shop'), line('file/etc/motd', OLDER))],
    ['web5', WEB],
    ['web6', ledger(line('file/etc/old', { ...OLDER, stack: 'former' }))],
  ]);
  return stackStatuses(made, recorded, driftOf(made, hostsOf), hostsOf);
}

describe('what a ledger says of a stack', () => {
  test('is its newest line, however the times in it read, and how many resources it has', () => {
    const [one, ...more] = ledger(
      line('file/a', { at: '2026-12-31T00:00:00.000Z' }),
      line('file/b'),
      line('file/a', OLDER),
      { ref: 'file/b', seen: 'e'.repeat(64) },
      { ref: 'file/a', seen: 'e'.repeat(64) },
    );
    expect(more).toEqual([]);
    expect(one).toEqual({ ...OLDER, stack: 'shop', plan: '5e11aa0c9d21ff00'.repeat(4), resources: 2 });
  });

  test('is nothing when all of it was forgotten', () => {
    expect(ledger(line('file/a'), { ref: 'file/a', forgotten: 'gone' })).toEqual([]);
  });
});

describe('status', () => {
  test('is put to each stack and host, and a host that was not read is never in order', () => {
    const stacks = fleet();
    expect(stacks.map(({ stack, declared, hosts }) => [stack, declared, hosts.length])).toEqual([
      ['other', true, 0],
      ['shop', true, 6],
      ['former', false, 1],
    ]);
    const shop = stacks.find(({ stack }) => stack === 'shop')?.hosts ?? [];
    expect(shop.map((each) => [each.host, isInOrder(each)])).toEqual([
      ['web1', true],
      ['web2', true],
      ['web3', false],
      ['web4', false],
      ['web5', false],
      ['web6', false],
    ]);
    expect(shop.map(({ drifted, undeployed, unread }) => [drifted, undeployed, unread])).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [1, 1, 0],
      [0, 0, 0],
      [0, 1, 1],
      [0, 1, 0],
    ]);
  });

  test('is shown', async () => {
    const declared = fleet().filter((each) => each.declared);
    await expect(renderStatus(declared, BUSY, LOOK)).toMatchFileSnapshot('golden/status.comment.md');
    await expect(`${renderStatusTerminal(fleet(), TERMINAL, BUSY.windows)}\n`).toMatchFileSnapshot(
      'golden/status.terminal.txt',
    );
  });

  test('of a whole fleet keeps to what GitHub takes, and what goes on is never left out', () => {
    const hosts = Array.from({ length: 300 }, (_, n) => ({
      host: `web${n}`,
      recorded: { ...OLDER, stack: 's', plan: 'f'.repeat(64), run: `r-${n}`, by: `b${n}`, resources: 1 },
      drifted: n,
      undeployed: 0,
      unread: 0,
      failure: null,
      torn: null,
    }));
    const stacks = Array.from({ length: 30 }, (_, n) => ({ stack: `s${n}`, declared: true, hosts }));
    const text = renderStatus(stacks, BUSY, LOOK);
    expect(text.length).toBeLessThanOrEqual(60_000);
    expect(text).toContain('/cancel pr-44-0123456789ab');
    expect(text).toContain('240 more hosts');
    expect(text).toMatch(/Left out for want of room: \d+ stacks/);
    expect(renderStatus([], QUIET, LOOK)).toContain('No deploy of this repository goes on.');
  });
});
