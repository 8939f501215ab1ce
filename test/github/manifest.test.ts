// app.yml asks GitHub for what the App acts on, and for nothing else.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { EventName } from '../../src/github/events.ts';

const manifest = z
  .object({ default_events: z.array(z.string()), default_permissions: z.record(z.string(), z.string()) })
  .parse(parse(readFileSync('app.yml', 'utf8')));
const app = readFileSync('src/github/app.ts', 'utf8');

/** They come by themselves to an App that may write checks. */
const BY_THEMSELVES = ['check_run', 'check_suite'];

describe('app.yml', () => {
  it('subscribes to the events that the inbox takes', () => {
    expect([...manifest.default_events, ...BY_THEMSELVES].toSorted()).toEqual(EventName.options.toSorted());
  });

  it('subscribes to the events that have a handler', () => {
    const heard = [...app.matchAll(/app\.on\(\s*(\[[^\]]*\]|'[^']*')/g)].map((match) => match[1] ?? '');
    const handled = heard.flatMap((names) =>
      [...names.matchAll(/'([a-z_]+)/g)].map((match) => match[1] ?? ''),
    );
    expect([...new Set(handled)].toSorted()).toEqual(EventName.options.toSorted());
  });

  it('may read code and never write it', () => {
    expect(manifest.default_permissions).toMatchObject({ contents: 'read', metadata: 'read' });
    const written = Object.entries(manifest.default_permissions).filter(([, level]) => level === 'write');
    expect(written.map(([name]) => name).toSorted()).toEqual([
      'checks',
      'deployments',
      'issues',
      'pull_requests',
    ]);
  });
});
