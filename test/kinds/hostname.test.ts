import { expect, it } from 'vitest';
import { ASIDE } from '../../src/core/kind.ts';
import { hostname } from '../../src/kinds/hostname.ts';
import { fileAt, noFileAt } from './found.ts';
import { want, worldOf } from './trial.ts';

const PATH = '/etc/hostname';
const STEP = { do: 'run', argv: ['hostname', '--', 'web1'] };

const ROWS = [
  {
    name: 'neither file nor name',
    have: { file: noFileAt(PATH), live: 'old', [ASIDE]: { known: ['web1'] } },
    change: {
      verb: 'create',
      steps: [{ do: 'put', path: PATH, content: { text: 'web1\n' } }, STEP],
      notes: [],
    },
  },
  {
    name: 'another name now',
    have: { file: fileAt(PATH, 'web1\n'), live: 'old', [ASIDE]: { known: ['web1'] } },
    change: { verb: 'update', reason: 'it is called old, wanted web1', steps: [STEP] },
  },
  {
    name: 'another file only',
    have: { file: fileAt(PATH, 'old\n'), live: 'web1', [ASIDE]: { known: [] } },
    change: {
      verb: 'update',
      steps: [{ do: 'put' }],
      notes: ['/etc/hosts does not name web1; sudo and others look for it there'],
    },
  },
  {
    name: 'as wanted',
    have: { file: fileAt(PATH, 'web1\n'), live: 'web1', [ASIDE]: { known: [] } },
    change: undefined,
  },
];

it.each(ROWS)('$name', ({ have, change }) => {
  const wanted = want(hostname, 'static', { name: 'web1' });
  const got = hostname.change({ id: 'static', want: wanted, have, last: undefined, world: worldOf() });
  if (change) expect(got).toMatchObject(change);
  else expect(got).toBeUndefined();
});

it('stays when it is no longer declared', () => {
  const have = { file: fileAt(PATH, 'web1\n'), live: 'web1', [ASIDE]: { known: [] } };
  const gone = { id: 'static', want: undefined, have, last: undefined, world: worldOf() };
  expect(hostname.change(gone)).toMatchObject({ verb: 'forget', steps: [] });
});

it.each(['-a', 'a_b', 'A', 'a..b', 'a.', '', 'a\n', '$(x)', 'a'.repeat(65)])(
  'refuses the name %j',
  (name) => {
    expect(hostname.spec.safeParse({ name }).success).toBe(false);
  },
);
