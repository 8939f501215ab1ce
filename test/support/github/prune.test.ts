import { expect, it } from 'vitest';
import { prune } from './prune.ts';

const Thing = {
  type: 'object',
  nullable: true,
  description: 'noise',
  properties: { description: { type: 'string' }, other: { $ref: '#/components/schemas/Other' } },
};
const rest = {
  paths: {
    '/things/{id}': {
      get: {
        operationId: 'things/get',
        responses: {
          '200': { content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } } },
          '204': {},
        },
      },
      delete: { operationId: 'things/delete', responses: { '204': {} } },
    },
  },
  components: { schemas: { Thing, Other: { type: 'string', enum: ['a'], nullable: true }, Unused: {} } },
};

it('keeps what is asked for with the schemas it needs, null said as JSON Schema says it', () => {
  const pruned = prune(rest, {}, ['things/get'], []);
  expect(pruned['operations']).toEqual({
    'things/get': {
      method: 'GET',
      path: '/things/{id}',
      responses: { '200': { $ref: '#/schemas/Thing' }, '204': null },
    },
  });
  expect(pruned['schemas']).toEqual({
    Other: { type: ['string', 'null'], enum: ['a', null] },
    Thing: {
      type: ['object', 'null'],
      properties: { description: { type: 'string' }, other: { $ref: '#/schemas/Other' } },
    },
  });
});

it('does not pass over what GitHub does not describe', () => {
  expect(() => prune(rest, {}, ['things/put'], [])).toThrow("GitHub's description has no things/put");
  expect(() => prune(rest, { webhooks: {} }, [], ['thing.made'])).toThrow(
    "GitHub's description has no webhook thing.made",
  );
});
