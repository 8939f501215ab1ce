// The formats in which a file can be given as data: a closed table, by the key that names them in a declaration.
import type { Json } from '../core/json.ts';
import { formatEnv } from './env.ts';
import { formatIni } from './ini.ts';
import { formatJson } from './json.ts';
import type { Formatted } from './proof.ts';
import { formatToml } from './toml.ts';
import { formatYaml } from './yaml.ts';

export const FORMATS = {
  json: formatJson,
  yaml: formatYaml,
  toml: formatToml,
  ini: formatIni,
  env: formatEnv,
} as const satisfies Record<string, (value: Json) => Formatted>;

export type FormatName = keyof typeof FORMATS;
