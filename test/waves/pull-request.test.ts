// Waves, checks and hooks as people see them: a merge, and what its check run says while it goes on and when it has failed. And how long
// a failure on a host takes until the check run has the tool's own sentence.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLab } from '../lab/lab.ts';
import type { Lab } from '../lab/lab.ts';
import { digestIn, startStage, waitForCheck, waitForComment } from '../support/stage.ts';
import type { Stage } from '../support/stage.ts';
import { PROGRAM, shopStack } from './shop.ts';
import type { Version } from './shop.ts';

let lab: Lab;
let stage: Stage;

const WITHIN = 300_000;

beforeAll(async () => {
  lab = await startLab([
    { name: 'web1', suite: 'bookworm' },
    { name: 'web2', suite: 'trixie' },
    { name: 'web3', suite: 'bookworm' },
  ]);
  const hosts = [...lab.hosts.values()].map(({ name, address, hostKey }) => {
    return `  ${name}: { address: ${address}, host_key: "${hostKey}" }\n`;
  });
  const files = {
    'deploy-configs/hosts.yml': `hosts:\n${hosts.join('')}`,
    'deploy-configs/policy.yml': 'deploy: { on: both, by: [write] }\nconfirm: [delete, replace]\n',
  };
  stage = await startStage({ keyPath: lab.clientKey.path, files, unhurried: true });
});
afterAll(async () => {
  await stage?.stop();
  await lab?.stop();
});

type Files = Readonly<Record<string, string | Buffer>>;

const KEYS = `waves: [1, 100%]
hooks:
  before: [{ run: [echo, drained] }]
  after: [{ run: [echo, back] }]
checks: [{ http: "http://localhost:8080/health", within: 60s }]`;

function shop(version: Version): Files {
  const note = `on: web1\nresources:\n  - file: /etc/note\n    content: "${version.version}"\n`;
  return {
    'deploy-configs/shop.yml': shopStack(version, 'all', KEYS),
    'deploy-configs/app.pl': PROGRAM,
    'deploy-configs/note.yml': note,
  };
}

async function open(title: string, files: Files) {
  const branch = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const head = await stage.repo.commit({ branch, base: 'main', author: 'ada', message: title, files });
  const pull = await stage.repo.openPull({ title, head: branch, by: 'ada' });
  return { pull, head, plan: await waitForComment(stage, pull, /^## Plan/m) };
}

async function merge(title: string, files: Files) {
  const { pull } = await open(title, files);
  return stage.repo.merge(pull, 'ada');
}

/** What the deploy's check run said, one after the other. */
function watchSummaries(): { readonly seen: string[]; readonly stop: () => void } {
  const seen: string[] = [];
  const stop = stage.github.on(() => {
    for (const run of stage.repo.checkRuns()) {
      const summary = (run.summary ?? '').replaceAll('\u00a0', ' ');
      if (run.name === 'ashore/deploy' && seen.at(-1) !== summary) seen.push(summary);
    }
  });
  return { seen, stop };
}

async function onAll(...argv: readonly string[]): Promise<void> {
  await Promise.all([...lab.hosts.values()].map((host) => host.exec(argv)));
}

/** The newest deployment of each stack comes to this; it is recorded beside the run and a little later. */
async function waitForDeployments(state: string): Promise<void> {
  const ask = (): boolean => {
    const newest = new Map(
      stage.repo.deployments().map((one) => [one.environment, one.statuses.at(-1)?.state]),
    );
    return newest.get('shop') === state && newest.get('note') === state && newest.size === 2;
  };
  await stage.github.waitFor(ask, { what: `deployments of both stacks that are ${state}`, within: WITHIN });
}

describe('a merge', () => {
  it('shows its waves live, and what a check waits for', async () => {
    await onAll('touch', '/run/cold');
    const { seen, stop } = watchSummaries();
    const sha = await merge('The first version', shop({ version: 1 }));
    const shown = (words: RegExp): Promise<string> =>
      stage.github.waitFor(() => seen.find((summary) => words.test(summary)), {
        what: String(words),
        within: WITHIN,
      });
    const started = await shown(/running \| wave 1: `web1`/);
    expect(started).toMatch(/queued \| wave 2: `web2`, `web3`/);
    await shown(/waiting: .*answers 200; seen last: it answered 503; 1\d s of 60 s/);
    await lab.host('web1').exec(['rm', '/run/cold']);
    const second = await shown(/running \| wave 2: `web2`/);
    expect(second).toMatch(/done \| wave 1: `web1`/);
    await onAll('rm', '-f', '/run/cold');
    const check = await waitForCheck(stage, sha, 'ashore/deploy', WITHIN);
    stop();
    expect(check.conclusion, `${check.summary}\n${check.text}`).toBe('success');
    expect(check.title).toBe('Deployed to 3 hosts; nothing is left to do');
    expect(check.text).toContain('hook/shop: before echo drained');
    const waited = seen.flatMap((summary) =>
      [...summary.matchAll(/`web1` .*503; (\d+) s of 60 s/g)].map(([, seconds]) => Number(seconds)),
    );
    const gaps = waited.map((seconds, index) => seconds - (waited[index - 1] ?? 0));
    expect(Math.max(...gaps), String(waited)).toBeLessThanOrEqual(10);
    await waitForDeployments('success');
  });

  it('that fails says on the first screen where, why, what is true now and what to do', async () => {
    const sha = await merge('A version that dies', shop({ version: 2, crash: 1 }));
    const check = await waitForCheck(stage, sha, 'ashore/deploy', WITHIN);
    expect(check).toMatchObject({ conclusion: 'failure', title: 'Failed on web1; 0 of 3 hosts done' });
    const summary = (check.summary ?? '').replaceAll('\u00a0', ' ');
    const first = summary.slice(0, summary.indexOf('| | Hosts'));
    for (const words of ['`web1`', 'restart `service/shop`', '`UNIT_FAILED`', 'the shop has run out of rope'])
      expect(first).toContain(words);
    const line =
      shopStack({ version: 2 }, 'all', KEYS)
        .split('\n')
        .findIndex((text) => text.includes('service: shop')) + 1;
    expect(first).toContain(`deploy-configs/shop.yml:${line}`);
    expect(check.annotations).toEqual([
      expect.objectContaining({ path: 'deploy-configs/shop.yml', start_line: line, title: 'UNIT_FAILED' }),
    ]);
    expect(summary).toMatch(/failed \| wave 1: `web1`/);
    expect(summary).toMatch(/not started \| wave 2: `web2`, `web3`/);
    expect(summary).toMatch(/What is true now[^]*`web1`: .*failed: `service\/shop`/);
    expect(summary).toContain('Nothing was written on `web2`, `web3`');
    // The unit is not where the plan saw it any more: only a new plan can be deployed.
    expect(summary).toContain('`/plan web1 web2 web3`');
    expect(summary).not.toMatch(/\/deploy [0-9a-f]{12}/);
    await waitForDeployments('failure');
  });
});

describe('a part of the hosts', () => {
  it('goes first by --only, a held one is left out, and the next deploy does just the rest', async () => {
    const { repo } = stage;
    const { pull, head, plan } = await open('A good version', shop({ version: 3 }));
    const deploy = async (words: string) => {
      const known = new Set(repo.checkRuns().map(({ id }) => id));
      const replies = repo.comments(pull).length + 1;
      await repo.comment(pull, words, 'ada');
      const isBegun = (): boolean => repo.checkRuns(head).some(({ id }) => !known.has(id));
      const isAnswered = (): boolean => isBegun() || repo.comments(pull).length > replies;
      await stage.github.waitFor(isAnswered, { what: words, within: WITHIN });
      expect(isBegun(), repo.comments(pull).at(-1)?.body).toBe(true);
      return waitForCheck(stage, head, 'ashore/deploy', WITHIN);
    };
    const digest = digestIn(plan);
    const only = await deploy(`/deploy ${digest} --only web1`);
    expect(only.title, only.summary ?? '').toBe('Deployed to 1 host; left out: web2, web3');
    await repo.comment(pull, '/hold web3 its disk is being swapped', 'grace');
    await waitForComment(stage, pull, /web3[^]*held|held[^]*web3/);
    const held = await deploy(`/deploy ${digest} --skip web1`);
    expect(held.title, held.summary ?? '').toBe('Deployed to 1 host; 1 held; left out: web1');
    expect(held.summary).toMatch(/held.*`web3`[^]*its disk is being swapped/);
    await repo.comment(pull, '/release web3', 'grace');
    await waitForComment(stage, pull, /Nothing is frozen or held/);
    const answers = async () =>
      Promise.all(
        [...lab.hosts.values()].map(async (host) => (await fetch(`http://${host.address}:8080/`)).text()),
      );
    await stage.github.settled();
    expect(await answers()).toEqual(['version 3\n', 'version 3\n', 'version 1\n']);
    const rest = await deploy(`/deploy ${digest}`);
    expect(rest.title, rest.summary ?? '').toMatch(/nothing is left to do$/);
    expect(await answers()).toEqual(['version 3\n', 'version 3\n', 'version 3\n']);
    await repo.merge(pull, 'ada');
  });
});

describe('the cause of a failure', () => {
  const LACKING = `mkdir -p /tmp/lacking/DEBIAN
printf 'Package: lacking\\nVersion: 1\\nArchitecture: all\\nMaintainer: a <a@example.org>\\nDescription: x\\nDepends: not-to-be-had\\n' \\
  >/tmp/lacking/DEBIAN/control
dpkg-deb -b /tmp/lacking /tmp/lacking.deb`;
  const unit = (line: string): string =>
    `  - service: trial\n    unit: { Service: { ExecStart: ${JSON.stringify(line)} } }\n    running: true\n    settle: 2\n`;
  const CAUSES = [
    ['EXEC_MISSING', 'web1', unit('/opt/gone/bin/gone'), /\/opt\/gone\/bin\/gone.*No such file or directory/],
    [
      'PORT_IN_USE',
      'web2',
      unit(
        "/usr/bin/perl -MIO::Socket::INET -e 'IO::Socket::INET->new(LocalPort => 22, Listen => 1) or die qq(cannot listen: $!)'",
      ),
      /cannot listen: Address already in use/,
    ],
    [
      'DEPENDENCY_UNMET',
      'web3',
      '  - command: install what lacks\n    run: [apt-get, -y, install, /tmp/lacking.deb]\n',
      /unmet dependencies|Depends: not-to-be-had|Unsatisfied dependencies/,
    ],
  ] as const;

  it('stands in the check run soon after it stands in the journal of the host', async () => {
    await lab.host('web3').exec(['sh', '-c', LACKING]);
    const took: number[] = [];
    for (const [code, name, resources, sentence] of CAUSES) {
      let seen: number | undefined;
      const stop = stage.github.on(() => {
        const told = stage.repo
          .checkRuns()
          .find(({ summary }) => summary?.includes(code) && sentence.test(summary));
        if (told) seen ??= Date.now();
      });
      const stack = { [`deploy-configs/${code.toLowerCase()}.yml`]: `on: ${name}\nresources:\n${resources}` };
      const sha = await merge(code, stack);
      const check = await waitForCheck(stage, sha, 'ashore/deploy', WITHIN);
      stop();
      expect(check.conclusion, check.summary ?? '').toBe('failure');
      // Its last write says that it failed, and nothing is done on a failure here.
      const written = await lab
        .host(name)
        .exec(['sh', '-c', 'stat -c %.3Y /var/lib/ashore/runs/*/journal | sort -n | tail -n 1']);
      if (seen === undefined) throw new Error(`${code} was never shown:\n${check.summary}`);
      took.push(seen - Number(written.stdout) * 1000);
    }
    console.log(`from the journal's last line to the check run, in ms: ${took.map(Math.round).join(', ')}`);
    for (const milliseconds of took) expect(milliseconds).toBeLessThan(30_000);
  });
});
