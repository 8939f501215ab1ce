// JSON Schemas of the files in deploy-configs/, for editors; made from the schemas that check them.
import { z } from 'zod';
import type { AnyKind } from '../core/kind.ts';
import { HostsFile } from './hosts-file.ts';
import { PolicyFile } from './policy.ts';
import { BakeForm, CheckForm, DutyKeys, HookForm } from './duty-forms.ts';
import { ENTRY_KEYS } from './entry.ts';
import { StackFile } from './stack.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Texts of the files, by their path from the top. */
export function renderJsonSchemas(kinds: readonly AnyKind[]): ReadonlyMap<string, string> {
  return new Map([
    ['schema/hosts.json', render('Ashore: hosts.yml', jsonSchemaOf(HostsFile))],
    ['schema/policy.json', render('Ashore: policy.yml', jsonSchemaOf(PolicyFile))],
    ['schema/stack.json', render('Ashore: a stack', stackSchema(kinds))],
  ]);
}

/** All kinds go through one call, so that what they refer to has one name each in the whole file. */
function stackSchema(kinds: readonly AnyKind[]): JsonSchema {
  const entries = z.object(Object.fromEntries(kinds.map((kind) => [kind.name, entryForm(kind)])));
  const { definitions, properties: forms } = jsonSchemaOf(entries);
  const items = { anyOf: kinds.map((kind) => entrySchema(kind, forms?.[kind.name])) };
  const stack = jsonSchemaOf(StackFile);
  const resources = stack.properties?.['resources'];
  const properties = {
    ...stack.properties,
    ...dutySchemas(),
    resources: { ...(isSchema(resources) ? resources : {}), items },
  };
  return { ...stack, properties, ...(definitions ? { definitions } : {}) };
}

/** The file itself takes any data there, because a value may be a variable until it is filled in. */
function dutySchemas(): Record<string, JsonSchema> {
  const hooks = { type: 'array', items: formOf(HookForm) } as const;
  const keys = { before: hooks, after: hooks, on_failure: hooks, always: hooks };
  const words = (key: keyof typeof DutyKeys) => ({ description: DutyKeys[key].description ?? '' });
  return {
    checks: { ...words('checks'), type: 'array', items: formOf(CheckForm) },
    bake: { ...words('bake'), ...formOf(BakeForm) },
    hooks: { ...words('hooks'), type: 'object', properties: keys, additionalProperties: false },
  };
}

function formOf(form: z.ZodType): JsonSchema {
  const { $schema: _, ...schema } = jsonSchemaOf(form);
  const variable = orVariable(schema);
  return isSchema(variable) ? variable : schema;
}

function entryForm(kind: AnyKind): z.ZodType {
  return z.object({ id: kind.id, spec: kind.spec, ...ENTRY_KEYS });
}

/** `- file: /etc/x` and the keys of the kind beside it. */
function entrySchema(kind: AnyKind, form: unknown): JsonSchema {
  const { id = {}, on = {}, once = {}, spec } = (isSchema(form) && form.properties) || {};
  const keys = isSchema(spec) ? spec : {};
  const properties = Object.entries(keys.properties ?? {}).map(([key, value]) => [key, orVariable(value)]);
  return {
    ...keys,
    description: kind.about,
    properties: { [kind.name]: orVariable(id), on, once, ...Object.fromEntries(properties) },
    required: [kind.name, ...(keys.required ?? [])],
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
  const { properties, items, anyOf, additionalProperties } = schema;
  const named = properties && Object.entries(properties).map(([key, value]) => [key, orVariable(value)]);
  return {
    ...schema,
    ...(named ? { properties: Object.fromEntries(named) } : {}),
    ...(items === undefined || Array.isArray(items) ? {} : { items: orVariable(items) }),
    ...(anyOf ? { anyOf: anyOf.map((form) => (isSchema(form) ? innerOrVariable(form) : form)) } : {}),
    ...(additionalProperties === undefined ? {} : { additionalProperties: orVariable(additionalProperties) }),
  };
}

function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-7', unrepresentable: 'any' });
}

function render(title: string, { $schema, ...schema }: JsonSchema): string {
  return `${JSON.stringify({ $schema, title, ...schema }, null, 2)}\n`;
}

function isSchema(schema: unknown): schema is JsonSchema {
  return typeof schema === 'object' && schema !== null;
}
