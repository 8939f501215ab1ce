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
    ['a host that is none', 'acme/infra: { hosts: [10.0.0.0/99] }', /acme\/infra → hosts → 0/],
    ['a name without an owner', 'infra: { hosts: [] }', /infra/],
    ['a key that is not known', 'acme/infra: { hosts: [], hots: [] }', /hots/],
    ['no hosts', 'acme/infra: {}', /hosts/],
  ])('refuses %s', (_, text, message) => {
    expect(() => parseRepositories(text)).toThrow(message);
  });
});
