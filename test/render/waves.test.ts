import { expect, it } from 'vitest';
import type { Rollout } from '../../src/core/plan.ts';
import { stopWords } from '../../src/render/waves.ts';

const rollout: Rollout = { waves: [['w1'], ['w2']], stopAfter: { shop: 1 } };
const gate = { of: 'shop', stack: 'shop', first: ['w1'], later: ['w2'] };

it.each<[Rollout, string]>([
  [rollout, 'after 1 failed host no further one is started'],
  [
    { ...rollout, stopAfter: { shop: 2, db: 1 }, atOnce: { shop: 3 } },
    'after 2 failed hosts of shop, or 1 failed host of db no further one is started; of shop 3 at a time',
  ],
  [
    { ...rollout, gates: [gate, { ...gate, first: ['w2'], later: ['w3'] }, { ...gate, stack: 'db' }] },
    'after 1 failed host no further one is started; whatever may fail, shop keeps to the order of what it does once, and shop begins only when db is done',
  ],
])('what stops a deploy, in words', (given, words) => {
  expect(stopWords(given)).toBe(words);
});
