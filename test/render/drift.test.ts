// Drift as people see it: golden files of the issue, of the answer to /drift, and of the terminal; and what is hostile in it.
import { describe, expect, test } from 'vitest';
import { driftOf } from '../../src/core/drift.ts';
import type { StackDrift } from '../../src/core/drift.ts';
import type { Reason } from '../../src/core/reason.ts';
import {
  driftWords,
  renderDriftIssue,
  renderDriftOver,
  renderDriftReply,
  renderDriftTitle,
} from '../../src/render/drift.ts';
import { renderDriftTerminal } from '../../src/render/terminal-drift.ts';
import { blocked, change, COMMIT, host, link, plan, UNREACHABLE } from './plans.ts';

const APPLIED = { commit: COMMIT, by: 'ada', run: 'r-41-5e11aa0c', at: '2026-11-02T09:12:00Z' };
const MOTD = change('file/etc/motd', {
  causes: ['drift'],
  reason: 'content and mode differ',
  fields: [
    { name: 'content', before: 'welcome\nhacked | by @evil\n', after: 'welcome\n', as: 'text' },
    { name: 'mode', before: '0666', after: '0644' },
  ],
  applied: APPLIED,
});
const BY_LINUS = { at: '2026-11-21T08:00:01Z', by: 'linus', how: 'apt-get remove `curl`' };
const UNDEPLOYED = change('package/curl', {
  verb: 'create',
  causes: ['undeployed'],
  reason: 'not installed',
});
const OTHER = change('service/shop', {
  stack: 'other',
  causes: ['drift'],
  verb: 'restart',
  reason: 'it is not running',
});

const LONG = [{ name: 'content', before: 'found\n'.repeat(100), after: '', as: 'text' as const }];

const HOSTS = ['web1', 'web2', 'web3', 'web4'];
const LOOK = { commit: COMMIT, at: '2026-11-22T14:02:11.482Z', link };
const TERMINAL = { color: false, width: 100, verbose: false };

function drifts(): readonly StackDrift[] {
  const made = plan(
    [
      host('web1', [{ ...MOTD, sighted: { at: '2026-11-22T13:58:40Z' } }]),
      host('web2', [{ ...MOTD, sighted: BY_LINUS }, UNDEPLOYED, OTHER]),
      host('web3', [], { failure: UNREACHABLE }),
      host('web4', [], { blocked: [blocked('service/shop', OWNER)] }),
    ],
    ['shop', 'other', 'quiet'],
  );
  return driftOf(made, (stack) => (stack === 'quiet' ? [] : HOSTS));
}

const OWNER: Reason = { code: 'OWNER_MISSING', message: 'there is no user shop on web4' };

describe('drift', () => {
  test('is put to its stack, with what was not looked at', () => {
    const [shop, other, quiet] = drifts();
    expect(shop?.drifted.map((each) => [each.host, each.change.ref])).toEqual([
      ['web1', 'file/etc/motd'],
      ['web2', 'file/etc/motd'],
    ]);
    expect(shop?.undeployed.map((each) => each.change.ref)).toEqual(['package/curl']);
    expect(shop?.unread.map((each) => [each.host, each.ref])).toEqual([
      ['web3', null],
      ['web4', 'service/shop'],
    ]);
    expect(other?.drifted.map((each) => each.change.ref)).toEqual(['service/shop']);
    expect(quiet).toEqual({ stack: 'quiet', drifted: [], undeployed: [], unread: [] });
  });

  test('is shown', async () => {
    const all = drifts();
    for (const drift of all.slice(0, 1)) {
      const issue = `${renderDriftTitle(drift)}\n\n${renderDriftIssue(drift, LOOK)}\n\n${renderDriftOver(drift, LOOK)}\n`;
      await expect(issue).toMatchFileSnapshot('golden/drift.issue.md');
    }
    await expect(renderDriftReply(all, LOOK)).toMatchFileSnapshot('golden/drift.reply.md');
    await expect(renderDriftTerminal(all, TERMINAL)).toMatchFileSnapshot('golden/drift.terminal.txt');
  });

  test('none is said as none', () => {
    const none = driftOf(plan([host('web1', [])]), () => ['web1']);
    expect(none.map(driftWords)).toEqual(['no drift']);
    expect(renderDriftTerminal(none, TERMINAL)).toMatch(/\nno drift$/);
    expect(renderDriftReply(none, LOOK)).toContain('As declared, and as it was deployed: `shop`');
  });

  test('of a whole fleet keeps to what GitHub takes, and says what it left out', () => {
    const many = Array.from({ length: 200 }, (_, n) =>
      host(
        `web${n}`,
        Array.from({ length: 50 }, (__, m) =>
          change(`file/etc/${n}-${m}`, { ...MOTD, ref: `file/etc/${n}-${m}`, fields: LONG }),
        ),
      ),
    );
    const [drift] = driftOf(plan(many), () => []);
    const body = drift ? renderDriftIssue(drift, LOOK) : '';
    expect(body.length).toBeLessThanOrEqual(60_000);
    expect(body).toContain('Left out for want of room');
    expect(body).toContain('… and 9,900 more resources');
  });
});
