// Cuts GitHub's published OpenAPI and webhook descriptions down to what the double serves: pruned.json.
// Run by hand, after `npm pack @octokit/openapi @octokit/openapi-webhooks` and unpacking both somewhere else:
//   node test/support/github/prune.ts <openapi api.github.com.json> <openapi-webhooks api.github.com.json>
// The operations come from the double itself, so that what it serves and what it is checked against cannot differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { type Json, type JsonObject, isObject, parseJson } from './json.ts';
import { operations } from './operations.ts';
import { WEBHOOKS } from './events.ts';

/** Of both packages. */
const LICENSE =
  'MIT License Copyright (c) 2020 Octokit contributors. ' +
  'Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions: ' +
  'The above copyright notice and this permission notice (including the next paragraph) shall be included in all copies or substantial portions of the Software. ' +
  'THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const NOISE = new Set([
  'description',
  'example',
  'examples',
  'title',
  'externalDocs',
  'deprecated',
  'default',
  'x-multi-segment',
]);

/** One description read in, and the named schemas of it that turned out to be needed. */
interface Source {
  readonly spec: JsonObject;
  readonly prefix: string;
  readonly schemas: Map<string, Json>;
}

function at(value: Json | undefined, ...path: string[]): Json | undefined {
  return path.reduce<Json | undefined>((here, key) => (isObject(here) ? here[key] : undefined), value);
}

function resolve(spec: JsonObject, node: Json): Json {
  const ref = at(node, '$ref');
  return typeof ref === 'string' ? (at(spec, ...ref.slice(2).split('/')) ?? null) : node;
}

/** OpenAPI 3.0 says `nullable`, JSON Schema says `null`. https://spec.openapis.org/oas/v3.0.3#schema-object */
function withNull(schema: JsonObject): JsonObject {
  const { nullable, ...rest } = schema;
  if (nullable !== true) return rest;
  if (typeof rest['type'] !== 'string') return { anyOf: [rest, { type: 'null' }] };
  const options = rest['enum'];
  return {
    ...rest,
    type: [rest['type'], 'null'],
    ...(Array.isArray(options) && !options.includes(null) ? { enum: [...options, null] } : {}),
  };
}

function cleanMap(source: Source, map: Json): Json {
  return isObject(map)
    ? Object.fromEntries(Object.entries(map).map(([key, value]) => [key, clean(source, value)]))
    : map;
}

function clean(source: Source, node: Json): Json {
  if (Array.isArray(node)) return node.map((each) => clean(source, each));
  if (!isObject(node)) return node;
  const ref = node['$ref'];
  if (typeof ref === 'string') return { $ref: `#/schemas/${need(source, ref)}` };
  const kept = Object.entries(node)
    .filter(([key]) => !NOISE.has(key) && !key.startsWith('x-'))
    // An absent URL is said to be "" by default, which is no URL.
    .filter(([key]) => key !== 'format' || node['default'] !== '')
    .map(([key, value]): [string, Json] => {
      if (key === 'properties' || key === 'patternProperties') return [key, cleanMap(source, value)];
      return [key, key === 'required' || key === 'enum' ? value : clean(source, value)];
    });
  return withNull(Object.fromEntries(kept));
}

function need(source: Source, ref: string): string {
  const name = ref.slice(ref.lastIndexOf('/') + 1);
  const key = source.prefix + name;
  if (!source.schemas.has(key)) {
    source.schemas.set(key, null);
    source.schemas.set(key, clean(source, resolve(source.spec, { $ref: ref })));
  }
  return key;
}

/** Lists an installation as one whose account is a user and an enterprise at once; asked for one, it is either. */
function mendInstallations(source: Source, found: JsonObject): void {
  const listed = at(found['apps/list-installations'], 'responses', '200');
  if (isObject(listed))
    listed['items'] = { $ref: `#/schemas/${need(source, '#/components/schemas/installation')}` };
}

function jsonSchema(source: Source, node: Json | undefined): Json {
  const schema =
    at(node, 'content', 'application/json', 'schema') ??
    at(node, 'content', 'application/scim+json', 'schema');
  return schema === undefined ? null : clean(source, schema);
}

function operation(source: Source, method: string, path: string, node: JsonObject): JsonObject {
  const body = node['requestBody'];
  const responses = Object.entries(isObject(node['responses']) ? node['responses'] : {}).map(
    ([status, response]): [string, Json] => [status, jsonSchema(source, resolve(source.spec, response))],
  );
  return {
    method: method.toUpperCase(),
    path,
    ...(body === undefined ? {} : { body: jsonSchema(source, resolve(source.spec, body)) }),
    responses: Object.fromEntries(responses),
  };
}

function pruneOperations(source: Source, wanted: ReadonlySet<string>): JsonObject {
  const found: JsonObject = {};
  for (const [path, item] of Object.entries(isObject(source.spec['paths']) ? source.spec['paths'] : {})) {
    for (const method of METHODS) {
      const node = at(item, method);
      const id = at(node, 'operationId');
      if (isObject(node) && typeof id === 'string' && wanted.has(id))
        found[id] = operation(source, method, path, node);
    }
  }
  mendInstallations(source, found);
  const missing = [...wanted].filter((id) => !(id in found));
  if (missing.length > 0) throw new Error(`GitHub's description has no ${missing.join(', ')}`);
  return found;
}

function pruneWebhooks(source: Source, wanted: readonly string[]): JsonObject {
  return Object.fromEntries(
    wanted.map((name): [string, Json] => {
      const id = name.replaceAll('_', '-').replace('.', '-');
      const body = at(source.spec, 'webhooks', id, 'post', 'requestBody');
      if (body === undefined) throw new Error(`GitHub's description has no webhook ${name}`);
      return [name, jsonSchema(source, body)];
    }),
  );
}

function read(path: string | undefined): JsonObject {
  const spec = path === undefined ? null : parseJson(readFileSync(path, 'utf8'));
  if (!isObject(spec)) throw new Error('usage: prune.ts <openapi.json> <openapi-webhooks.json>');
  return spec;
}

export function prune(
  rest: JsonObject,
  hooks: JsonObject,
  wanted: readonly string[],
  webhooks: readonly string[],
): JsonObject {
  const schemas = new Map<string, Json>();
  const restSource = { spec: rest, prefix: '', schemas };
  const hookSource = { spec: hooks, prefix: 'hook-', schemas };
  return {
    source: '@octokit/openapi 23.0.2, @octokit/openapi-webhooks 12.1.0',
    license: LICENSE,
    operations: pruneOperations(restSource, new Set(wanted)),
    webhooks: pruneWebhooks(hookSource, webhooks),
    schemas: Object.fromEntries([...schemas].toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
}

if (import.meta.main) {
  const pruned = prune(read(process.argv[2]), read(process.argv[3]), Object.keys(operations), WEBHOOKS);
  writeFileSync(new URL('pruned.json', import.meta.url), `${JSON.stringify(pruned)}\n`);
}
