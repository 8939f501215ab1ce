// Holds the double to GitHub's published description (pruned.json): routes, request bodies, every response, every webhook.
// A violation is collected, never thrown here: the double's owner decides when to fail.
import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { type Json, type JsonObject, isObject, object, parseJson, text } from './json.ts';

export interface Described {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly statuses: ReadonlySet<string>;
}

/** Refusals that the description leaves out of many operations although GitHub gives them everywhere. */
const ANYWHERE = new Set(['401', '403', '404', '422', '429', '500', '502', '503']);
const DOCUMENT = 'github';

function readDescription(): JsonObject {
  const value = parseJson(readFileSync(new URL('pruned.json', import.meta.url), 'utf8'));
  if (!isObject(value)) throw new Error('pruned.json holds no description');
  return value;
}

/** ajv resolves `#/…` inside the document it stands in; these are compiled apart from it. */
function absolute(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(absolute);
  if (!isObject(schema)) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      key === '$ref' && typeof value === 'string' ? `${DOCUMENT}${value}` : absolute(value),
    ]),
  );
}

const description = readDescription();
const ajv = createAjv();
const compiled = new Map<Json, ValidateFunction>();

/** Set up to compile fast, six times faster than by default: most schemas are used only a few times. */
function createAjv(): Ajv {
  const made = new Ajv({ strict: false, allErrors: true, inlineRefs: false, code: { optimize: false } });
  formats.default(made, ['date-time', 'uri', 'email', 'uri-template']);
  for (const format of ['int64', 'repo.nwo', 'ssh-rsa']) made.addFormat(format, true);
  made.addSchema({ $id: DOCUMENT, schemas: object(description, 'schemas') });
  return made;
}

function validator(schema: Json): ValidateFunction {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const absoluteSchema = absolute(schema);
  const made = ajv.compile(isObject(absoluteSchema) ? absoluteSchema : true);
  compiled.set(schema, made);
  return made;
}

function say(error: ErrorObject): string {
  return `${error.instancePath || '/'} ${error.message ?? 'is wrong'} ${JSON.stringify(error.params)}`;
}

function faults(schema: Json, value: Json): string | undefined {
  if (schema === null) return undefined;
  const validate = validator(schema);
  if (validate(value)) return undefined;
  const wrong = (validate.errors ?? []).filter(({ instancePath }) => !UNDESCRIBED.test(instancePath));
  return wrong.length === 0 ? undefined : wrong.slice(0, 5).map(say).join('; ');
}

/** Null once the fork is deleted, "unknown repository" on GitHub's pages; the description has an object there alone. */
const UNDESCRIBED = /\/head\/repo$/;

export function described(): Described[] {
  return Object.entries(object(description, 'operations')).map(([id, operation]) => ({
    id,
    method: text(operation, 'method') ?? 'GET',
    path: text(operation, 'path') ?? '/',
    statuses: new Set(Object.keys(object(operation, 'responses'))),
  }));
}

export class Contract {
  readonly violations: string[];

  constructor(violations: string[]) {
    this.violations = violations;
  }

  #check(what: string, schema: Json, value: Json): void {
    const wrong = faults(schema, value);
    if (wrong !== undefined) this.violations.push(`${what}: ${wrong}`);
  }

  /** What is wrong with a request body, if anything: the App's mistake, answered with 422 and so not the double's violation. */
  request(id: string, body: Json): string | undefined {
    const schema = object(object(description, 'operations'), id)['body'];
    return schema === undefined ? undefined : faults(schema, body);
  }

  response(id: string, status: number, body: Json | undefined): void {
    const responses = object(object(object(description, 'operations'), id), 'responses');
    const schema = responses[String(status)];
    if (schema === undefined) {
      if (!ANYWHERE.has(String(status)))
        this.violations.push(`response ${id}: GitHub never answers ${status}`);
    } else if (body !== undefined) this.#check(`response ${id} ${status}`, schema, body);
    else if (schema !== null) this.violations.push(`response ${id} ${status}: a body is due`);
  }

  webhook(name: string, payload: JsonObject): void {
    const schema = object(description, 'webhooks')[name];
    if (schema === undefined) this.violations.push(`webhook ${name}: GitHub sends no such event`);
    else this.#check(`webhook ${name}`, schema, payload);
  }
}
