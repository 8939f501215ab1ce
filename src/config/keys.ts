// Keys that a schema knows, for "did you mean".
import { z } from 'zod';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Asking a schema costs some milliseconds, and the same one is asked for each key that is misspelt. */
const asked = new WeakMap<z.ZodType, JsonSchema>();

export function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let here: readonly JsonSchema[] = alternatives(formOf(schema));
  for (const step of path) here = here.flatMap((at) => below(at, step)).flatMap(alternatives);
  return here.flatMap((at) => Object.keys(at.properties ?? {}));
}

function formOf(schema: z.ZodType): JsonSchema {
  const known = asked.get(schema);
  if (known) return known;
  const form = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  asked.set(schema, form);
  return form;
}

function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [schema, ...inner.filter(isSchema).flatMap(alternatives)];
}

function below(schema: JsonSchema, step: PropertyKey): readonly JsonSchema[] {
  const named = typeof step === 'string' ? schema.properties?.[step] : undefined;
  const found = typeof step === 'number' ? schema.items : (named ?? schema.additionalProperties);
  return [found].flat().filter(isSchema);
}

function isSchema(schema: unknown): schema is JsonSchema {
  return typeof schema === 'object' && schema !== null;
}
