import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { renderDocs } from '../docs/generate.ts';

it.each([...renderDocs()])('%s is what the code says (else: npm run docs)', (path, text) => {
  expect(readFileSync(path, 'utf8')).toBe(text);
});
