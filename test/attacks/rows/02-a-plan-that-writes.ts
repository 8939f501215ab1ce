// Row 2: a plan writes nothing on a host, of whatever kind, whether it finds nothing, all in order, a difference, drift or too much.
// Seen on the host's own disk: every file and directory that changed in any way while the plan was made.
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { run } from '../../lab/machine.ts';
import type { Scenario } from '../../e2e/scenario.ts';
import { HOSTS, host, sh } from '../arena.ts';
import type { HostName } from '../arena.ts';
import { openSite } from '../site.ts';
import type { Site } from '../site.ts';

const Module = z.object({ scenario: z.custom<Scenario>((value) => typeof value === 'object') });
const folder = new URL('../../e2e/scenarios/', import.meta.url);
const scenarios = await Promise.all(
  readdirSync(folder).map(async (file) => {
    const loaded: unknown = await import(new URL(file, folder).href);
    return Module.parse(loaded).scenario;
  }),
);

/** What any login writes, whoever comes: the records of pam, logind, sudo and the journal. */
const LOGIN = [
  /^\/var\/log\/(wtmp|btmp|lastlog|wtmp\.db)?$/,
  /^\/var\/log\/journal(\/|$)/,
  /^\/var\/lib\/(lastlog|wtmpdb)(\/|$)/,
  /^\/var\/lib\/sudo(\/|$)/,
  /^\/run\/(utmp|sudo|user|log|systemd|dbus|motd\.dynamic)(\/|$)/,
  /^\/run\/?$/,
];

/** Our own looks keep their output in a directory of theirs, which is gone when the plan is there. */
const LOOKS = /^\/(run|tmp)\/ashore-look\.[A-Za-z0-9]+/;

interface Entry {
  readonly path: string;
  readonly state: string;
}

/**
 * All that differs from the base on disk, and all in memory, with its times; the time of a read does not count. Nor does the
 * ctime of a directory, which the overlay moves when it first copies something up: what comes and goes in one moves its mtime.
 */
async function snapshot(name: HostName): Promise<ReadonlyMap<string, string>> {
  const upper = join(dirname(host(name).root), 'changes', 'upper');
  const print = (prefix: string): readonly string[] => {
    const shown = `${prefix}/%P\\t%y %m %U:%G %i %T@`;
    return ['-type', 'd', '-printf', `${shown}\\0`, '-o', '-printf', `${shown} %s %C@ %l\\0`];
  };
  const disk = await run(['find', upper, '-mindepth', '1', '(', ...print(''), ')']);
  expect(disk.status, disk.stderr).toBe(0);
  const memory = await host(name).exec([
    'find',
    '/run',
    '/tmp',
    '/dev/shm',
    '-xdev',
    '(',
    ...print('%H'),
    ')',
  ]);
  const entries = `${disk.stdout}${memory.stdout}`.split('\0').map((line): Entry => {
    const [path = '', state = ''] = line.split('\t');
    return { path: path.replace(/\/$/, ''), state };
  });
  return new Map(entries.filter(({ path }) => path !== '').map(({ path, state }) => [path, state]));
}

function changed(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths]
    .filter((path) => before.get(path) !== after.get(path))
    .filter((path) => !LOGIN.some((known) => known.test(path)))
    .map((path) => `${path}: ${before.get(path) ?? 'was not there'} → ${after.get(path) ?? 'is gone'}`)
    .toSorted();
}

type Lines = (scenario: Scenario) => readonly string[];

/** One host on its own road, with a repository of its own, so that both can be watched at the same time. */
class Watched {
  readonly name: HostName;
  readonly site: Site;

  constructor(name: HostName, site: Site) {
    this.name = name;
    this.site = site;
  }

  /** Plans this part of every scenario under the watch; the pull request that it is planned for. */
  async plan(part: (scenario: Scenario) => string, lines: Lines): Promise<number> {
    const files = scenarios.map((scenario): [string, string] => {
      const resources = part(scenario).trim();
      const text = resources === '' ? 'resources: []' : `resources:\n${resources.replaceAll(/^/gm, '  ')}`;
      return [`trial-${scenario.kind}.yml`, `on: ${this.name}\n${text}\n# ${++remarks}\n`];
    });
    const before = await snapshot(this.name);
    const { pull } = await this.site.propose(Object.fromEntries(files));
    await this.site.comment(pull, '/plan');
    const written = changed(before, await snapshot(this.name));
    expect(written).toEqual([]);
    for (const ref of scenarios.flatMap(lines).map((line) => line.slice(line.indexOf(' ') + 1))) {
      expect(this.site.said(pull), `${ref} was not planned`).toContain(ref.slice(ref.indexOf('/') + 1));
    }
    return pull;
  }

  async deploy(pull: number): Promise<void> {
    const merged = await this.site.merge(pull);
    // What deletes is confirmed by its token.
    const [confirmed] =
      /\/deploy \w+ --confirm \w+/.exec(this.site.check(merged, 'ashore/deploy').summary ?? '') ?? [];
    if (confirmed !== undefined) await this.site.comment(pull, confirmed, 'ada');
    const check = this.site.check(merged, 'ashore/deploy');
    expect(check.conclusion, check.summary ?? '').toBe('success');
  }
}

/** A remark that differs, so that every pull request touches every stack. */
let remarks = 0;

describe('2 a plan that writes', () => {
  let all: readonly Watched[] = [];

  beforeAll(async () => {
    all = await Promise.all(
      HOSTS.map(async (name) => {
        for (const { before } of scenarios) if (before !== undefined) await sh(name, before);
        return new Watched(name, await openSite());
      }),
    );
  });
  afterAll(async () => {
    for (const { site } of all) await site.stop();
  });

  const each = async (work: (watched: Watched) => Promise<void>): Promise<void> => {
    await Promise.all(all.map(work));
  };

  it('of what is not there', () =>
    each(async (watched) => {
      const pull = await watched.plan(
        ({ create }) => create,
        ({ plan }) => plan,
      );
      await watched.deploy(pull);
    }));

  it('of what is as it should be', () =>
    each(async (watched) => {
      const pull = await watched.plan(
        ({ create }) => create,
        () => [],
      );
      expect(watched.site.said(pull)).toContain('Nothing to do');
    }));

  it('of what is to change', () =>
    each(async (watched) => {
      const pull = await watched.plan(
        ({ update }) => update,
        ({ updatePlan }) => updatePlan,
      );
      await watched.deploy(pull);
    }));

  it('of what was changed by hand', () =>
    each(async (watched) => {
      for (const { drift } of scenarios) await sh(watched.name, drift);
      const pull = await watched.plan(
        ({ update }) => update,
        ({ driftPlan }) => driftPlan,
      );
      await watched.deploy(pull);
    }));

  it('of what shall be gone', () =>
    each(async (watched) => {
      await watched.plan(
        () => '',
        ({ removePlan }) => removePlan,
      );
    }));

  it('while the watch sees a file that comes and goes, and a time that is touched', async () => {
    const before = await snapshot('web1');
    await sh(
      'web1',
      'touch /etc/attack-2 && rm /etc/attack-2; touch -a /etc/hostname; mktemp -d /run/ashore-look.XXXXXX',
    );
    const seen = changed(before, await snapshot('web1')).map((line) => line.replace(/:.*/, ''));
    expect(seen).toContain('/etc');
    expect(seen.some((path) => LOOKS.test(path))).toBe(true);
    await sh('web1', 'rm -r /run/ashore-look.*');
  });

  it.each([
    ['cold', 'rm -f /var/cache/apt/*.bin /var/log/apt/eipp*'],
    ['older than what they are made from', 'apt-cache policy >/dev/null; echo >>/var/lib/dpkg/status'],
  ])('the simulation of apt, on a host whose caches are %s', (_, prepare) =>
    each(async ({ name, site }) => {
      await sh(name, prepare);
      const before = await snapshot(name);
      const { pull } = await site.propose({ 'apt.yml': `on: ${name}\nresources:\n  - package: tree\n` });
      expect(site.said(pull)).toContain('tree');
      expect(changed(before, await snapshot(name))).toEqual([]);
    }),
  );
});
