import { expect, test } from 'vitest';
import { renderFailed } from '../../src/render/failed.ts';

test('who asked for what, the delivery, and whose move it is', () => {
  const message = 'delivery `d-1` was given up; the log of Ashore says why';
  const reason = { code: 'DELIVERY_FAILED', message, next: 'Comment `/plan`.' } as const;
  expect(renderFailed(reason, { text: '/deploy abc', by: 'grace' })).toBe(
    [
      '❌ `/deploy abc`, asked for by `grace`, **came to no end**. A deploy that it had begun by then goes on, and is told in its own check run.',
      '`DELIVERY_FAILED` delivery `d-1` was given up; the log of Ashore says why',
      '*not known what is true* · **Next**, for an operator of the hosts: Comment `/plan`.',
    ].join('\n\n'),
  );
});

test('what people wrote stays inert', () => {
  const text = '/plan `@everyone` <img src=x>\n# no heading';
  const body = renderFailed({ code: 'DELIVERY_FAILED', message: 'm' }, { text, by: '@ada' });
  expect(body.split('\n\n')).toHaveLength(3);
  expect(body).not.toMatch(/^#/m);
  expect(body).not.toMatch(/<img|@everyone/);
  expect(body).toContain('asked for by `@ada`');
});
