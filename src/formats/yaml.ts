// YAML that readers of version 1.2 and of 1.1 (PyYAML, libyaml, Go's yaml.v2) read alike.
// Strings that 1.1 takes for something else (`yes`, `012`, `12:30`, `2024-01-01`) are quoted.
import { parse, stringify } from 'yaml';
import type { ScalarTag, Tags } from 'yaml';
import type { Json } from '../core/json.ts';
import { prove } from './proof.ts';
import type { Formatted } from './proof.ts';

export function formatYaml(value: Json): Formatted {
  const text = stringify(value, {
    compat: 'yaml-1.1',
    lineWidth: 0,
    aliasDuplicateObjects: false,
    customTags: (tags: Tags) => [exponent, equalsSign, ...tags],
  });
  const stray = LINE_BREAKS.exec(text);
  if (stray)
    return { problem: `it holds ${nameCharacter(stray[0])}, which readers of YAML 1.1 take otherwise` };
  const proven = prove(text, value, (written) => parse(written));
  return typeof proven === 'string'
    ? prove(text, value, (written) => parse(written, { version: '1.1' }))
    : proven;
}

/** Line breaks in YAML 1.1 (yaml.org/spec/1.1, 5.4) and plain characters in 1.2; and the byte order mark. */
const LINE_BREAKS = /[\u0085\u2028\u2029\ufeff]/;

function nameCharacter(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** A float of YAML 1.1 has a point before its exponent (yaml.org/type/float.html): `1e-7` would be a string there. */
const exponent: ScalarTag = {
  identify: (value) => typeof value === 'number' && /^-?\d+e/.test(String(value)),
  default: true,
  tag: 'tag:yaml.org,2002:float',
  test: /^-?\d+\.0e[-+]\d+$/,
  resolve: Number,
  stringify: ({ value }) => String(value).replace('e', '.0e'),
};

/** A lone `=` is a type of its own in YAML 1.1 (yaml.org/type/value.html), and PyYAML refuses it. */
const equalsSign: ScalarTag = {
  identify: (value) => value === '=',
  default: true,
  tag: 'tag:yaml.org,2002:str',
  resolve: String,
  stringify: () => '"="',
};
