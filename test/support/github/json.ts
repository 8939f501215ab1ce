// JSON as it comes off the wire: the one parsing door of the double. What is not checked here is not trusted anywhere.

export type Json = string | number | boolean | null | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function parseJson(source: string): Json {
  const value: Json = JSON.parse(source);
  return value;
}

/** A text field, or undefined when it is absent or not a text. */
export function text(from: Json | undefined, key: string): string | undefined {
  const value = isObject(from) ? from[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}

export function number(from: Json | undefined, key: string): number | undefined {
  const value = isObject(from) ? from[key] : undefined;
  return typeof value === 'number' ? value : undefined;
}

export function flag(from: Json | undefined, key: string): boolean | undefined {
  const value = isObject(from) ? from[key] : undefined;
  return typeof value === 'boolean' ? value : undefined;
}

export function object(from: Json | undefined, key: string): JsonObject {
  const value = isObject(from) ? from[key] : undefined;
  return isObject(value) ? value : {};
}

export function list(from: Json | undefined, key: string): Json[] {
  const value = isObject(from) ? from[key] : undefined;
  return Array.isArray(value) ? value : [];
}
