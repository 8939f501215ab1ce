import { expect, test } from 'vitest';
import type { Change } from '../../src/core/plan.ts';
import { renderPlanComment } from '../../src/render/comment.ts';
import { groupHosts } from '../../src/render/group.ts';
import { interruptionsOf, riskOf, tallyChanges } from '../../src/render/risk.ts';
import { renderPlanTerminal } from '../../src/render/terminal.ts';
import { blocked, change, COMMIT, host, OWNER_MISSING, plan, UNREACHABLE } from './plans.ts';

test('hosts are equal where a reader could not tell their plans apart', () => {
  const made = plan([
    host('a', [change('file/x', { before: '1', want: '2', last: 1 })]),
    host('b', [change('file/x', { before: '3', want: '4', last: 2, origin: 'adopted' })]),
    host('c', [change('file/x', { reason: 'of its own' })]),
    host('d', [change('file/y')]),
    host('e', []),
  ]);
  const { rows, unchanged } = groupHosts(made);
  expect(rows.map((row) => row.groups.map((group) => group.hosts))).toEqual([[['a', 'b'], ['c']], [['d']]]);
  expect(rows.map((row) => row.hosts)).toEqual([['a', 'b', 'c'], ['d']]);
  expect(unchanged.map((each) => each.host)).toEqual(['e']);
});

test('the riskiest stand first', () => {
  const made = plan([
    host('low', [change('file/x')]),
    host('medium', [change('file/x', { verb: 'run' })]),
    host('high', [change('file/x', { verb: 'delete' })]),
  ]);
  expect(groupHosts(made).rows.map((row) => row.groups[0].risk)).toEqual(['high', 'medium', 'low']);
});

test('what cannot be planned is grouped by resource and reason, lost hosts by their code', () => {
  const made = plan([
    host('a', [], { blocked: [blocked('file/x', OWNER_MISSING), blocked('file/y', OWNER_MISSING)] }),
    host('b', [], { blocked: [blocked('file/x', OWNER_MISSING)] }),
    host('c', [], { failure: UNREACHABLE }),
    host('d', [], { failure: { ...UNREACHABLE, message: 'another address' } }),
    host('e', [], { failure: OWNER_MISSING }),
  ]);
  const { blocked: resources, failed } = groupHosts(made);
  expect(resources.map(({ ref, hosts }) => [ref, hosts])).toEqual([
    ['file/x', ['a', 'b']],
    ['file/y', ['a']],
  ]);
  expect(failed.map(({ hosts, failures }) => [failures[0].reason.code, hosts, failures.length])).toEqual([
    ['HOST_UNREACHABLE', ['c', 'd'], 2],
    ['OWNER_MISSING', ['e'], 1],
  ]);
  const text = renderPlanComment({ plan: made, blockers: [], mode: 'merge', commit: COMMIT });
  expect(text).toContain(
    'all of `c`, `d` (same reason) | `HOST_UNREACHABLE` No connection to the host came about.',
  );
  expect(text).toContain('`file/x` on `a`, `b` (same reason)');
});

function withPort(port: number): Change {
  const after = `port = ${port}\n`;
  return change('file/etc/app.conf', { fields: [{ name: 'content', before: null, after, as: 'text' }] });
}

test('hosts whose values differ share a row, and the others are told where there is room', () => {
  const ports = [8001, 8002, 8003];
  const made = plan(ports.map((port) => host(`web${port}`, [withPort(port)])));
  const text = renderPlanComment({ plan: made, blockers: [], mode: 'merge', commit: COMMIT });
  expect(text).toContain('| `web8001`, `web8002`, `web8003` (the same, with values of their own) |');
  for (const port of ports) expect(text).toContain(`+port = ${port}`);
  const look = { color: false, width: 80 };
  const brief = renderPlanTerminal(made, { ...look, verbose: false });
  expect(brief).toContain('the same on web8002, web8003, with values of their own, which --verbose shows');
  expect(brief).not.toContain('8002\n');
  expect(renderPlanTerminal(made, { ...look, verbose: true })).toContain('port = 8003');
});

test('of a long plan, the other hosts are told in brief', () => {
  const ports = [8001, 8002];
  const others = Array.from({ length: 31 }, (_, index) => change(`file/other-${index}`));
  const made = plan(ports.map((port) => host(`web${port}`, [withPort(port), ...others])));
  const text = renderPlanComment({ plan: made, blockers: [], mode: 'merge', commit: COMMIT });
  expect(text).toContain('+port = 8001');
  expect(text).not.toContain('+port = 8002');
  expect(text).toContain('<code>web8002</code> · 32 changes in this order');
});

test.each<[Partial<Change>, string]>([
  [{}, 'low'],
  [{ verb: 'create' }, 'low'],
  [{ verb: 'adopt' }, 'low'],
  [{ verb: 'delete' }, 'high'],
  [{ verb: 'replace' }, 'high'],
  [{ data: 'lost' }, 'high'],
  [{ data: 'kept' }, 'low'],
  [{ verb: 'run' }, 'medium'],
  [{ verb: 'reload' }, 'medium'],
  [{ interrupts: [{ what: 'x', how: 'stop' }] }, 'medium'],
])('risk of %j', (more, risk) => {
  expect(riskOf(change('file/x', more))).toBe(risk);
});

test('what is interrupted: what the kind names, else the resource that restarts or reloads', () => {
  expect(interruptionsOf(change('service/x', { verb: 'restart' }))).toEqual(['service/x restart']);
  expect(interruptionsOf(change('service/x', { verb: 'reload' }))).toEqual(['service/x reload']);
  expect(interruptionsOf(change('service/x'))).toEqual([]);
  const named = change('service/x', { verb: 'restart', interrupts: [{ what: 'x.service', how: 'restart' }] });
  expect(interruptionsOf(named)).toEqual(['x.service restart']);
});

test('a tally tells lost data apart from other ends', () => {
  const tally = tallyChanges([
    change('database/a', { verb: 'delete', data: 'lost' }),
    change('file/b', { verb: 'delete' }),
    change('database/c', { verb: 'replace' }),
    change('command/d', { verb: 'run' }),
    change('command/d', { verb: 'run', causes: ['drift'] }),
    change('package/e', { verb: 'adopt', causes: [] }),
  ]);
  expect(tally).toEqual({
    create: 0,
    change: 3,
    delete: 2,
    recorded: 1,
    interrupts: [],
    causes: new Map([
      ['this-change', 4],
      ['drift', 1],
    ]),
    lost: ['database/a'],
    gone: ['file/b'],
    replaced: ['database/c'],
    ran: ['command/d'],
  });
});
