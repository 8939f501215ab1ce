import { describe, expect, it } from 'vitest';
import { orderResources } from '../../src/engine/order.ts';
import { note, resource } from './world.ts';

const at = (line: number) => ({ where: { file: 'deploy-configs/shop.yml', line, column: 3 } });
const inStack = (stack: string, line: number) => ({ stack, ...at(line) });

describe('order', () => {
  it.each([
    ['top to bottom stays', [resource('b'), resource('a')], ['b', 'a']],
    ['needs above are fine', [resource('a'), resource('b', { needs: ['a'] })], ['a', 'b']],
    ['a need that nobody declares is not ours', [resource('b', { needs: ['elsewhere'] })], ['b']],
    ['itself is no need', [resource('a', { needs: ['a'] })], ['a']],
    ['stacks by name', [resource('z', {}, inStack('zoo', 1)), resource('s')], ['s', 'z']],
    [
      'but after the stacks they need',
      [resource('s', { needs: ['z'] }), resource('z', {}, inStack('zoo', 1))],
      ['z', 's'],
    ],
  ] as const)('%s', (_name, resources, ids) => {
    const ordered = orderResources(resources, [note]);
    expect('resources' in ordered && ordered.resources.map((one) => one.address.id)).toEqual(ids);
  });

  it.each([
    [
      'a need below',
      [resource('b', { needs: ['a'] }, at(4)), resource('a', {}, at(9))],
      [['NEEDS_LATER', 4, 'note/b needs note/a, which is declared below it at line 9']],
    ],
    [
      'a circle, with its path',
      [
        resource('a', { needs: ['c'] }, at(1)),
        resource('b', { needs: ['a'] }, at(2)),
        resource('c', { needs: ['b'] }, at(3)),
      ],
      [['NEEDS_CYCLE', 1, 'these need each other: note/a → note/c → note/b → note/a']],
    ],
    [
      'a circle over two stacks',
      [resource('a', { needs: ['z'] }, at(1)), resource('z', { needs: ['a'] }, inStack('zoo', 7))],
      [['NEEDS_CYCLE', 1, 'these need each other: note/a → note/z → note/a']],
    ],
  ] as const)('%s is a problem', (_name, resources, expected) => {
    const ordered = orderResources(resources, [note]);
    const problems = 'problems' in ordered ? ordered.problems : [];
    expect(problems.map(({ code, where, message }) => [code, where.line, message])).toEqual(expected);
  });

  it('says a line of many hosts once', () => {
    const on = (host: string) => [
      resource('b', { needs: ['a'] }, { ...at(4), address: { host, kind: 'note', id: 'b' } }),
      resource('a', {}, { ...at(9), address: { host, kind: 'note', id: 'a' } }),
    ];
    const ordered = orderResources([...on('web1'), ...on('web2')], [note]);
    expect('problems' in ordered && ordered.problems.length).toBe(1);
  });
});
