// The example fleet with the real kinds: it has no problems, editors agree, and it says what its comments say.
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/parse.ts';
import { renderJsonSchemas } from '../../src/config/schema.ts';
import { formatRef } from '../../src/core/address.ts';
import { kinds } from '../../src/kinds/index.ts';
import { exampleFiles, filesOf, formatProblem, KEY_A } from './fleet.ts';

const parsed = parseConfig(exampleFiles(), kinds);

function refsOn(host: string): readonly string[] {
  if ('problems' in parsed) throw new Error(parsed.problems.map(formatProblem).join('\n'));
  const { resources } = parsed.config;
  return resources.filter(({ address }) => address.host === host).map(({ address }) => formatRef(address));
}

describe('the example fleet', () => {
  it('has no problems', () => {
    expect('problems' in parsed ? parsed.problems.map(formatProblem) : []).toEqual([]);
  });

  it('installs only what the test hosts have', () => {
    const packages = ['web1', 'web2', 'db1'].flatMap(refsOn).filter((ref) => ref.startsWith('package/'));
    const there = ['nginx-light', 'tree', 'jq', 'curl', 'logrotate'].map((name) => `package/${name}`);
    expect(packages.filter((ref) => !there.includes(ref))).toEqual([]);
  });

  it('declares on the database host what all have, and the backup', () => {
    expect(refsOn('db1')).toEqual([
      'package/logrotate',
      'directory//var/backups/etc',
      'file//etc/logrotate-backup.conf',
      'service/etc-backup',
      'service/etc-backup.timer',
      'command/first-backup',
      'package/curl',
      'package/tree',
      'group/ops',
      'file//etc/motd',
    ]);
  });

  it('differs between the web hosts in what their variables say', () => {
    if ('problems' in parsed) throw new Error('the fleet has problems');
    const answers = parsed.config.resources.filter(({ address }) => address.id === '/etc/shop/answer.json');
    expect(answers.map(({ want }) => /"greeting": "[^"]*"/.exec(contentOf(want))?.[0])).toEqual([
      '"greeting": "Hello from the first shop"',
      '"greeting": "Hello"',
    ]);
  });

  it.each([...exampleFiles()].filter(([path]) => path.endsWith('.yml')))(
    '%s suits its schema',
    (_, bytes) => {
      const text = new TextDecoder().decode(bytes);
      const [, schema = ''] =
        /^# yaml-language-server: \$schema=\.\.\/(schema\/\w+\.json)\n/.exec(text) ?? [];
      const ajv = new Ajv({ strict: true, allowUnionTypes: true, strictTuples: false });
      addFormats.default(ajv);
      const validate = ajv.compile(JSON.parse(renderJsonSchemas(kinds).get(schema) ?? 'null'));
      expect(validate(parse(text)), JSON.stringify(validate.errors, null, 2)).toBe(true);
    },
  );
});

describe('a first host', () => {
  const hosts = `hosts:\n  web1:\n    address: 10.0.0.1\n    host_key: ${KEY_A}\n`;
  const stack = 'on: web1\nresources:\n  - package: nginx-light\n  - service: nginx\n    running: true\n';

  it('needs no more than ten lines, and no variables, groups or policy', () => {
    expect(`${hosts}${stack}`.trimEnd().split('\n').length).toBeLessThanOrEqual(10);
    const first = parseConfig(filesOf({ 'hosts.yml': hosts, 'site.yml': stack }), kinds);
    expect('config' in first && first.config.resources.map(({ address }) => formatRef(address))).toEqual([
      'package/nginx-light',
      'service/nginx',
    ]);
  });
});

function contentOf(want: unknown): string {
  return JSON.stringify(want).replaceAll('\\"', '"');
}
