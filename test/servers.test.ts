// Two server processes on one PostgreSQL: they share the work, and what one of them drops in the middle the other one
// finishes: check run, comment, deploy. Real processes, a real host over ssh, Octokit with its real pauses.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ask } from './support/postgres.ts';
import { openHarbour } from './support/servers.ts';
import type { Harbour, ServerProcess } from './support/servers.ts';
import type { CheckRun } from './support/github/state.ts';

const LIMIT = 240_000;
const WITHIN = 120_000;

let harbour: Harbour;
let one: ServerProcess;
let two: ServerProcess;
beforeEach(async () => {
  harbour = await openHarbour();
  [one, two] = await Promise.all([harbour.start(), harbour.start()]);
}, LIMIT);
afterEach(async () => {
  await harbour.stop();
}, LIMIT);

/** A stack of its own, whose deploy appends a line to a file, and lasts until it is let end. */
async function open(name: string): Promise<{ readonly pull: number; readonly head: string }> {
  const script = `echo ${name} >> "$0/done"; while [ -e "$0/wait" ]; do sleep 0.1; done; touch "$0/${name}"`;
  const files = {
    [`deploy-configs/${name}.yml`]: `on: web1
resources:
  - command: ${name}
    run: [sh, -c, ${JSON.stringify(script.replaceAll('$0', harbour.host.root))}]
    creates: ${harbour.host.root}/${name}
`,
  };
  const head = await harbour.repo.commit({
    branch: name,
    base: 'main',
    author: 'ada',
    message: name,
    files,
  });
  return { head, pull: await harbour.repo.openPull({ title: name, head: name, by: 'ada' }) };
}

function ended(sha: string, name: string): Promise<CheckRun> {
  const find = (): CheckRun | undefined =>
    harbour.repo.checkRuns(sha).find((run) => run.name === name && run.status === 'completed');
  return harbour.github.waitFor(find, { what: `${name} on ${sha.slice(0, 7)}`, within: WITHIN });
}

async function lineOf(server: ServerProcess, like: RegExp): Promise<string> {
  const find = (): string | undefined => server.lines.find((line) => like.test(line));
  return harbour.github.waitFor(find, { what: `${like}`, within: WITHIN });
}

/** The one that has begun to handle a delivery like this. */
async function handler(like: RegExp): Promise<ServerProcess> {
  return harbour.github.waitFor(
    () => [one, two].find(({ lines }) => lines.some((line) => like.test(line) && /handling/.test(line))),
    { what: `a server that handles ${like}`, within: WITHIN },
  );
}

/** The one that follows the only run. */
async function follower(): Promise<ServerProcess> {
  const [owner] = z
    .array(z.object({ who: z.string() }))
    .parse(await askStore('select who from servers join runs on runs.owner = servers.id'));
  const found = [one, two].find(({ child }) => owner?.who.startsWith(`process ${child.pid} `));
  if (!found) throw new Error(`nobody follows: ${owner?.who}`);
  return found;
}

const otherThan = (server: ServerProcess): ServerProcess => (server === one ? two : one);

async function askStore(sql: string): Promise<readonly unknown[]> {
  return ask(harbour.database, sql);
}

const said = (pull: number): readonly string[] =>
  harbour.repo.comments(pull).flatMap(({ app, body }) => (app ? [body] : []));

const waiting = (): string => join(harbour.host.root, 'wait');
const keepDeploying = (): void => writeFileSync(waiting(), '');
const letDeployEnd = (): void => rmSync(waiting());

async function deployBegan(): Promise<void> {
  const there = (): boolean => existsSync(join(harbour.host.root, 'done'));
  await harbour.github.waitFor(there, { what: 'the deploy', within: WITHIN });
}

const done = (): string => readFileSync(join(harbour.host.root, 'done'), 'utf8');

/** All is handled, nothing is held, and each check run has ended. */
async function expectTidy(): Promise<void> {
  const undone = `select guid, error from deliveries where state <> 'done'`;
  const quiet = async (): Promise<boolean> => {
    const before = harbour.github.deliveries().length;
    await harbour.github.settled();
    return (await askStore(undone)).length === 0 && harbour.github.deliveries().length === before;
  };
  await harbour.github.waitFor(quiet, { what: 'an inbox in which all is done', within: WITHIN });
  expect(await askStore('select * from leases')).toEqual([]);
  expect(harbour.repo.checkRuns().filter(({ status }) => status !== 'completed')).toEqual([]);
}

describe('two servers', () => {
  it(
    'share the work, each delivery handled once',
    async () => {
      const names = ['a', 'b', 'c', 'd', 'e', 'f'];
      const pulls = await Promise.all(names.map(open));
      for (const { head } of pulls) expect((await ended(head, 'ashore/plan')).conclusion).toBe('success');
      await expectTidy();
      for (const { pull, head } of pulls) {
        expect(harbour.repo.checkRuns(head)).toHaveLength(1);
        expect(said(pull)).toHaveLength(1);
      }
      const handled = [one, two].map(({ lines }) => lines.filter((line) => /"handling/.test(line)).length);
      expect(handled.every((count) => count > 0)).toBe(true);
      const rows = await askStore('select distinct attempts from deliveries');
      expect(rows).toEqual([{ attempts: '1' }]);
    },
    LIMIT,
  );

  it(
    'finish what one that was killed had begun to plan',
    async () => {
      harbour.hold();
      const { pull, head } = await open('a');
      const killed = await handler(/pull_request/);
      await harbour.github.waitFor(() => harbour.repo.checkRuns(head).length > 0, {
        what: 'a sign of life',
        within: WITHIN,
      });
      killed.child.kill('SIGKILL');
      harbour.letGo();
      expect((await ended(head, 'ashore/plan')).conclusion).toBe('success');
      await lineOf(otherThan(killed), /taking over/);
      await harbour.github.waitFor(() => said(pull).length > 0, { what: 'the plan', within: WITHIN });
      expect(said(pull)[0]).toContain('## Plan');
      await expectTidy();
      expect(harbour.repo.checkRuns(head)).toHaveLength(1);
    },
    LIMIT,
  );

  it(
    'finish the deploy that one that was killed had begun',
    async () => {
      const { pull, head } = await open('a');
      await ended(head, 'ashore/plan');
      keepDeploying();
      await harbour.repo.comment(pull, '/deploy', 'ada');
      await deployBegan();
      const killed = await follower();
      killed.child.kill('SIGKILL');
      await lineOf(otherThan(killed), /taking over/);
      letDeployEnd();
      expect((await ended(head, 'ashore/deploy')).conclusion).toBe('success');
      await harbour.github.waitFor(() => said(pull).some((body) => body.includes('asked for by')), {
        what: 'the end in the comment',
        within: WITHIN,
      });
      await expectTidy();
      expect(done()).toBe('a\n');
    },
    LIMIT,
  );

  it(
    'hand a deploy over when one is told to end, which says meanwhile that it is not ready',
    async () => {
      const { pull, head } = await open('a');
      await ended(head, 'ashore/plan');
      keepDeploying();
      await harbour.repo.comment(pull, '/deploy', 'ada');
      await deployBegan();
      const leaving = await follower();
      leaving.child.kill('SIGTERM');
      const health = async (): Promise<boolean> => (await fetch(`${leaving.url}/healthz`)).status === 503;
      await harbour.github.waitFor(health, { what: 'not ready', within: WITHIN });
      expect((await fetch(`${otherThan(leaving).url}/healthz`)).status).toBe(200);
      expect(await leaving.ended).toBe(0);
      letDeployEnd();
      expect((await ended(head, 'ashore/deploy')).conclusion).toBe('success');
      await expectTidy();
      expect(done()).toBe('a\n');
    },
    LIMIT,
  );

  it(
    'let one that was stopped for too long say nothing more',
    async () => {
      harbour.hold();
      const { pull, head } = await open('a');
      const stopped = await handler(/pull_request/);
      await harbour.github.waitFor(() => harbour.repo.checkRuns(head).length > 0, {
        what: 'a sign of life',
        within: WITHIN,
      });
      stopped.child.kill('SIGSTOP');
      await lineOf(otherThan(stopped), /taking over/);
      harbour.letGo();
      expect((await ended(head, 'ashore/plan')).conclusion).toBe('success');
      await harbour.github.waitFor(() => said(pull).length > 0, { what: 'the plan', within: WITHIN });
      const before = JSON.stringify([harbour.repo.checkRuns(head), said(pull)]);
      stopped.child.kill('SIGCONT');
      expect(await stopped.ended, stopped.lines.slice(-20).join('\n')).toBe(75);
      expect(JSON.stringify([harbour.repo.checkRuns(head), said(pull)])).toBe(before);
    },
    LIMIT,
  );
});
