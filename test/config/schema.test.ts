import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderJsonSchemas } from '../../src/config/schema.ts';
import { HOSTS, kinds } from './fleet.ts';

const schemas = renderJsonSchemas(kinds);

/** What an editor would say about a file. */
function judge(schema: string, text: string): readonly string[] {
  // A command is a program and any number of words: a tuple that goes on.
  const ajv = new Ajv({ strict: true, allowUnionTypes: true, strictTuples: false });
  addFormats.default(ajv);
  ajv.addFormat('base64', true);
  const validate = ajv.compile(JSON.parse(schemas.get(schema) ?? ''));
  validate(parse(text));
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`);
}

describe('what an editor accepts', () => {
  it.each([
    ['schema/hosts.json', HOSTS],
    ['schema/hosts.json', readFileSync('deploy-configs/hosts.yml', 'utf8')],
    ['schema/policy.json', readFileSync('deploy-configs/policy.yml', 'utf8')],
    ['schema/stack.json', 'on: [web, db1]\nvars: { a: 1 }\nresources: []'],
    [
      'schema/stack.json',
      'on: all\nresources:\n  - file: /f\n    on: web\n    json: { a: [1, ~] }\n    mode: "0640"',
    ],
    ['schema/stack.json', 'on: all\nresources:\n  - group: ${name}\n    gid: ${gid}\n    system: ${system}'],
    [
      'schema/stack.json',
      'on: all\nresources:\n  - odd: x\n    words: ["a", "${b}"]\n    either: { deep: "${c}" }\n    when: ${d}',
    ],
  ])('%s: %s', (schema, text) => {
    expect(judge(schema, text)).toEqual([]);
  });
});

describe('what an editor marks', () => {
  it.each([
    ['schema/hosts.json', 'hosts: { Web: { address: a, host_key: b } }'],
    ['schema/hosts.json', 'hosts: { a: { adress: a, host_key: b } }'],
    ['schema/policy.json', 'deploy: { on: never }'],
    ['schema/policy.json', 'freeze: [{ from: tomorrow, until: never, reason: x }]'],
    ['schema/stack.json', 'resources: []'],
    ['schema/stack.json', 'on: all\nresources:\n  - fiel: /f'],
    ['schema/stack.json', 'on: all\nresources:\n  - file: f'],
    ['schema/stack.json', 'on: all\nresources:\n  - group: g\n    gid: many'],
    ['schema/stack.json', 'on: all\nresources:\n  - group: g\n    colour: red'],
    ['schema/stack.json', 'on: all\nresources:\n  - strictly: x'],
  ])('%s: %s', (schema, text) => {
    expect(judge(schema, text)).not.toEqual([]);
  });
});

describe('the files', () => {
  it('describe every key to who hovers over it', () => {
    const stack: unknown = JSON.parse(schemas.get('schema/stack.json') ?? '');
    expect(stack).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      properties: {
        on: { description: 'A host, a group, a list of them, or `all`.' },
        resources: {
          description: 'What is wanted, done from top to bottom.',
          items: {
            anyOf: [
              { description: 'A file.', properties: { content: { description: 'The text.' } } },
              {},
              {},
              {},
            ],
          },
        },
      },
    });
  });

  it('end with a newline', () => {
    expect([...schemas.keys()]).toEqual(['schema/hosts.json', 'schema/policy.json', 'schema/stack.json']);
    expect([...schemas.values()].every((text) => text.endsWith('}\n'))).toBe(true);
  });
});
