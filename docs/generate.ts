// Writes what is generated from the code: docs/kinds.md, docs/reasons.md and the JSON Schemas for editors.
// `npm run docs` runs it; test/docs.test.ts says when a file is stale.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { ENTRY_KEYS } from '../src/config/entry.ts';
import { renderJsonSchemas } from '../src/config/schema.ts';
import type { AnyKind } from '../src/core/kind.ts';
import { REASON_CODES, REASONS } from '../src/core/reason.ts';
import { kinds } from '../src/kinds/index.ts';

const Property = z.object({
  description: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  default: z.unknown().optional(),
  pattern: z.string().optional(),
});
const Shape = z.object({
  properties: z.record(z.string(), Property).default({}),
  required: z.array(z.string()).default([]),
});

/** Every generated file by its path from the top. */
export function renderDocs(): ReadonlyMap<string, string> {
  const schemas = [...renderJsonSchemas(kinds)].map(([path, text]) => [path, text] as const);
  return new Map([['docs/kinds.md', renderKinds()], ['docs/reasons.md', renderReasons()], ...schemas]);
}

function renderKinds(): string {
  const head = [
    '# Kinds',
    '',
    'What a resource can be. Generated from `src/kinds/`; change it there and run `npm run docs`.',
    '',
    'An entry of `resources:` names its kind and id in its first key: `- file: /etc/motd`. The other keys are those below, and for each kind:',
    '',
    '| key | value | meaning |',
    '|---|---|---|',
    ...Object.entries(ENTRY_KEYS).map(([name, form]) => renderKey(name, shapeOf(form))),
  ];
  return `${[...head, ...kinds.flatMap(renderKind)].join('\n')}\n`;
}

function renderKind(kind: AnyKind): string[] {
  const { properties, required } = Shape.parse(z.toJSONSchema(kind.spec, { io: 'input', target: 'draft-7' }));
  const id = shapeOf(kind.id);
  const rows = Object.entries(properties).map(([name, property]) =>
    renderKey(name, property, required.includes(name)),
  );
  return [
    '',
    `## ${kind.name}`,
    '',
    kind.about,
    '',
    `**id:** ${id.description ?? 'a name'}`,
    '',
    '| key | value | meaning |',
    '|---|---|---|',
    ...rows,
  ];
}

function shapeOf(form: z.ZodType): z.infer<typeof Property> {
  return Property.parse(z.toJSONSchema(form, { io: 'input', target: 'draft-7' }));
}

function renderKey(name: string, property: z.infer<typeof Property>, required = false): string {
  const must = required ? ' (required)' : '';
  return `| \`${name}\`${must} | ${cell(typeOf(property))} | ${cell(property.description ?? '')} |`;
}

function typeOf(property: z.infer<typeof Property>): string {
  if (property.enum) return property.enum.map((value) => JSON.stringify(value)).join(', ');
  if (property.const !== undefined) return JSON.stringify(property.const);
  const type = Array.isArray(property.type) ? property.type.join(' or ') : (property.type ?? 'any data');
  return property.default === undefined ? type : `${type}, default ${JSON.stringify(property.default)}`;
}

function renderReasons(): string {
  const rows = REASON_CODES.map((code) => {
    const { class: kind, fixer, what, next } = REASONS[code];
    return `| \`${code}\` | ${kind} | ${fixer} | ${cell(what)} | ${cell(next)} |`;
  });
  const head = [
    '# Reason codes',
    '',
    'Every failure, refusal and wait has one of these codes, the same in the comment, the check run, the JSON and the terminal.',
    'Generated from `src/core/reason.ts`. Codes are never renamed or given a second meaning.',
    '',
    '**permanent**: the same again fails again · **needs-person**: somebody must decide or mend · **transient**: may pass by itself · **unknown**: it is not known what is true.',
    '',
    '| code | class | who | what | next |',
    '|---|---|---|---|---|',
  ];
  return `${[...head, ...rows].join('\n')}\n`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

if (import.meta.main) {
  for (const [path, text] of renderDocs()) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}
