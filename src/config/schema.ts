// JSON Schemas of the files in deploy-configs/, for editors; made from the schemas that check them.
import { z } from 'zod';
import type { AnyKind } from '../core/kind.ts';
import { HostsFile } from './hosts-file.ts';
import { PolicyFile } from './policy.ts';
import { Selector, StackFile } from './stack.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Texts of JSON files, by file name. */
export function renderJsonSchemas(kinds: readonly AnyKind[]): ReadonlyMap<string, string> {
  const stack = jsonSchemaOf(StackFile);
  const entries = { type: 'array' as const, items: { anyOf: kinds.map(entrySchema) } };
  const described = isSchema(stack.properties?.['resources'])
    ? stack.properties['resources'].description
    : undefined;
  const resources = { ...(described === undefined ? {} : { description: described }), ...entries };
  return new Map([
    ['hosts.json', render('Ashore: hosts.yml', jsonSchemaOf(HostsFile))],
    ['policy.json', render('Ashore: policy.yml', jsonSchemaOf(PolicyFile))],
    ['stack.json', render('Ashore: a stack', { ...stack, properties: { ...stack.properties, resources } })],
  ]);
}

/** `- file: /etc/x` and the keys of the kind beside it. */
function entrySchema(kind: AnyKind): JsonSchema {
  const { $schema, ...spec } = jsonSchemaOf(kind.spec);
  const id = { ...withoutDialect(jsonSchemaOf(kind.id)) };
  const on = withoutDialect(jsonSchemaOf(Selector));
  const properties = Object.entries(spec.properties ?? {}).map(([key, value]) => [key, orVariable(value)]);
  return {
    ...spec,
    description: kind.about,
    properties: { [kind.name]: orVariable(id), on, ...Object.fromEntries(properties) },
    required: [kind.name, ...(spec.required ?? [])],
  };
}

const VARIABLE = { type: 'string', pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_-]*\\}' } as const;

/** Any value may come from a variable, so each may also be a text that holds one. */
function orVariable(schema: z.core.JSONSchema._JSONSchema): z.core.JSONSchema._JSONSchema {
  if (!isSchema(schema)) return schema;
  const { description, ...form } = schema;
  const inner = innerOrVariable(form);
  if (Object.keys(inner).length === 0) return schema;
  return { ...(description === undefined ? {} : { description }), anyOf: [inner, VARIABLE] };
}

function innerOrVariable(schema: JsonSchema): JsonSchema {
  const { properties, items } = schema;
  const named = properties && Object.entries(properties).map(([key, value]) => [key, orVariable(value)]);
  return {
    ...schema,
    ...(named ? { properties: Object.fromEntries(named) } : {}),
    ...(items !== undefined && !Array.isArray(items) ? { items: orVariable(items) } : {}),
  };
}

function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-7', unrepresentable: 'any' });
}

function withoutDialect({ $schema, ...schema }: JsonSchema): JsonSchema {
  return schema;
}

function render(title: string, { $schema, ...schema }: JsonSchema): string {
  return `${JSON.stringify({ $schema, title, ...schema }, null, 2)}\n`;
}

function isSchema(schema: unknown): schema is JsonSchema {
  return typeof schema === 'object' && schema !== null;
}
