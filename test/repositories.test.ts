import { describe, expect, it } from 'vitest';
import { parseRepositories } from '../src/repositories.ts';

describe('parseRepositories', () => {
  it('reads hosts and keys, whatever the case of the name', () => {
    const read = parseRepositories('Acme/Infra: { hosts: [10.0.0.0/8, web1], key: /keys/infra }\n');
    expect([...read]).toEqual([['acme/infra', { hosts: ['10.0.0.0/8', 'web1'], key: '/keys/infra' }]]);
  });

  it('lets nobody reach anything when it is empty', () => {
    expect(parseRepositories('').size).toBe(0);
  });

  it.each([
    [
      'a host that is none',
      'acme/infra: { hosts: [10.0.0.0/99] }',
      /^acme\/infra → hosts → 0: is no address/,
    ],
    ['a name without an owner', 'infra: { hosts: [] }', /^infra: is not owner\/name$/],
    [
      'a key that is not known',
      'acme/infra: { hosts: [], hots: [] }',
      /there is no key hots; there are id, hosts/,
    ],
    ['no hosts', 'acme/infra: {}', /^acme\/infra → hosts: is missing$/],
    ['hosts that are no list', 'acme/infra: { hosts: 3 }', /^acme\/infra → hosts: is no list$/],
    ['an entry that is none', 'acme/infra: 5', /^acme\/infra: is no mapping$/],
    ['a file that is a list', '- acme/infra', /^it is no mapping$/],
    ['what is no YAML', 'a/b: [', /^it is no YAML: [^\n]+ line 1, column 7$/],
    [
      'two mistakes, both told',
      'a/b: {}\nc: { hosts: [] }',
      /a\/b → hosts: is missing; c: is not owner\/name/,
    ],
  ])('refuses %s', (_, text, message) => {
    expect(() => parseRepositories(text)).toThrow(message);
  });
});
