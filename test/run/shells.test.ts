// The script itself: the same under every sh, and running no program but those of the plan and of its own frame.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DutyTime } from '../../src/core/plan.ts';
import type { HostRun, RunDuty, RunEvent } from '../../src/core/run.ts';
import { commandsOf } from '../../src/core/step.ts';
import type { Step } from '../../src/core/step.ts';
import { compileRun } from '../../src/run/compile.ts';
import { createJournalParser } from '../../src/run/journal.ts';
import { BOUNDED_TEXT } from '../../src/run/perl-texts.ts';
import { hostRun, sh } from '../support/runs.ts';

let root: string;
const at = (name: string): string => path.join(root, name);

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'ashore-script-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Lays a run down by hand, as start.sh does, and runs its script in the foreground. */
function execute(run: HostRun, shell: readonly string[]): readonly RunEvent[] {
  const state = at('state');
  const work = at('work');
  const { script, blobs } = compileRun(run, {
    state,
    work,
    machine: root,
    nonce: '0123456789abcdef',
    units: false,
    confirmWithin: 120,
  });
  mkdirSync(`${state}/runs/${run.run}`, { recursive: true });
  mkdirSync(`${work}/blobs`, { recursive: true });
  for (const [digest, bytes] of blobs) writeFileSync(`${work}/blobs/${digest}`, bytes);
  writeFileSync(`${state}/runs/${run.run}/script`, script);
  const journal = `${state}/runs/${run.run}/journal`;
  writeFileSync(journal, '\n@@0123456789abcdef LAID now\n');
  const [program, ...argv] = [...shell, `${state}/runs/${run.run}/script`];
  const { status, stdout, stderr } = spawnSync(program, argv, {
    encoding: 'utf8',
    input: 'not for the commands',
  });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  const parser = createJournalParser('web1', run);
  const events = parser.push(readFileSync(journal));
  return events.at(-1)?.is === 'finished' ? events : [...events, ...parser.breakOff()];
}

const put = (name: string): Step => {
  return { do: 'put', path: at(name), owner: null, group: null, mode: '0640', content: { text: 'é\n' } };
};

describe('the script', () => {
  it.each([
    ['dash', ['/bin/dash']],
    ['busybox ash', ['/bin/busybox', 'ash']],
    ['bash as sh', ['/bin/bash', '--posix']],
  ])('does the same under %s', (_, shell) => {
    if (!existsSync(shell[0] ?? '')) return;
    const cut = '{"ref":"x","forgotten":"t"}\n{"ref":';
    mkdirSync(at('state'));
    writeFileSync(at('state/ledger'), cut);
    const steps: readonly Step[] = [
      put("it's"),
      { do: 'run', argv: ['cat'], stdin: { text: 'in' }, directory: '/' },
    ];
    const events = execute(hostRun('r1', [steps, [sh('cat; exit 9')], [sh('true')]], cut), shell);
    const shown = events.map((event) => ('index' in event ? { ...event, seconds: 0 } : event));
    expect(shown.filter(({ is }) => is !== 'command')).toMatchObject([
      { is: 'begin', index: 0 },
      { is: 'output', index: 0, text: 'in' },
      { is: 'end', index: 0, status: 0 },
      { is: 'begin', index: 1 },
      { is: 'end', index: 1, status: 9 },
      { is: 'finished', outcome: 'failed' },
    ]);
    expect(readFileSync(at('state/ledger'), 'utf8').split('\n')).toHaveLength(3);
    expect(existsSync(at('work'))).toBe(false);
  });

  it.each<readonly [string, () => Step]>([
    ['put', () => put('conf/x')],
    ['mkdir', () => ({ do: 'mkdir', path: at('conf/x'), owner: null, group: null, mode: null })],
    ['own', () => ({ do: 'own', path: at('conf/there'), owner: null, group: null, mode: '0777' })],
    ['link', () => ({ do: 'link', path: at('conf/x'), target: 'there' })],
    ['remove', () => ({ do: 'remove', path: at('conf/there') })],
    ['rmdir', () => ({ do: 'rmdir', path: at('conf/empty') })],
  ])('does not %s where a link has taken the place of the directory meanwhile', (_, stepOf) => {
    for (const name of ['conf', 'elsewhere', 'elsewhere/empty']) mkdirSync(at(name));
    writeFileSync(at('elsewhere/there'), '', { mode: 0o600 });
    const before = statSync(at('elsewhere')).mtimeMs;
    const swap = sh('mv "$1" "$1.away" && ln -s elsewhere "$1"', at('conf'));
    const events = execute(hostRun('r1', [[swap, stepOf()]]), ['/bin/dash']);
    expect(events.at(-1)).toMatchObject({ is: 'finished', outcome: 'failed' });
    expect(JSON.stringify(events)).toContain('is not where the plan saw it');
    expect(readdirSync(at('elsewhere')).toSorted()).toEqual(['empty', 'there']);
    expect(statSync(at('elsewhere/there')).mode & 0o777).toBe(0o600);
    expect(statSync(at('elsewhere')).mtimeMs).toBe(before);
  });
});

describe('what a run keeps', () => {
  const SHELLS = [
    ['dash', ['/bin/dash']],
    ['busybox ash', ['/bin/busybox', 'ash']],
  ] as const;
  const keep = (back: boolean, ...names: readonly string[]): Step => {
    return { do: 'keep', as: 'shop', back, paths: names.map(at), units: [] };
  };
  const duty = (when: DutyTime, ...steps: readonly Step[]): RunDuty => ({ ref: `x/${when}`, when, steps });

  it.each(SHELLS)('is as it was after a failure, under %s', (_, shell) => {
    if (!existsSync(shell[0])) return;
    for (const name of ['conf', 'conf/gone']) mkdirSync(at(name));
    for (const name of ['conf/a', "conf/it's *"]) writeFileSync(at(name), name, { mode: 0o640 });
    symlinkSync('releases/1', at('conf/current'));
    mkdirSync(at('conf/own'), { mode: 0o700 });
    const paths = [
      'conf/a',
      'conf/current',
      'conf/gone',
      "conf/it's *",
      'conf/new',
      'conf/new/file',
      'conf/own',
    ];
    const back = {
      ...duty('on-failure', keep(true, ...paths)),
      ledger: [{ ref: 'command/0', forgotten: 'back' }],
    };
    const changes: readonly Step[] = [
      put('conf/a'),
      { do: 'link', path: at('conf/current'), target: 'releases/2' },
      { do: 'rmdir', path: at('conf/gone') },
      { do: 'remove', path: at("conf/it's *") },
      { do: 'mkdir', path: at('conf/new'), owner: null, group: null, mode: null },
      put('conf/new/file'),
      { do: 'own', path: at('conf/own'), owner: null, group: null, mode: '0755' },
    ];
    const run = hostRun('r1', [changes, [sh('exit 7')]]);
    const events = execute({ ...run, duties: [duty('before', keep(false, ...paths)), back] }, shell);
    expect(events.at(-1)).toMatchObject({ is: 'finished', outcome: 'failed' });
    expect(events.filter(({ is }) => is === 'end').map((event) => 'status' in event && event.status)).toEqual(
      [0, 0, 7, 0],
    );
    expect(readdirSync(at('conf')).toSorted()).toEqual(['a', 'current', 'gone', "it's *", 'own']);
    expect(readFileSync(at('conf/a'), 'utf8')).toBe('conf/a');
    expect(readlinkSync(at('conf/current'))).toBe('releases/1');
    expect(statSync(at("conf/it's *")).mode & 0o777).toBe(0o640);
    expect(statSync(at('conf/own')).mode & 0o777).toBe(0o700);
    expect(readFileSync(at('state/ledger'), 'utf8')).toMatch(/"forgotten":"back"\}\n$/);
  });

  it('is not put where a link has taken the place of the directory meanwhile', () => {
    for (const name of ['conf', 'elsewhere']) mkdirSync(at(name));
    writeFileSync(at('conf/a'), 'old');
    const swap = sh('mv "$1" "$1.away" && ln -s elsewhere "$1"; exit 7', at('conf'));
    const duties = [duty('before', keep(false, 'conf/a')), duty('on-failure', keep(true, 'conf/a'))];
    const events = execute({ ...hostRun('r1', [[put('conf/a'), swap]]), duties }, ['/bin/dash']);
    expect(JSON.stringify(events)).toContain('is not where the plan saw it');
    expect(events.findLast(({ is }) => is === 'end')).toMatchObject({ index: 2, status: 1 });
    expect(readdirSync(at('elsewhere'))).toEqual([]);
  });

  it.each<readonly [string, readonly Step[], readonly (readonly [DutyTime, string])[], string, string]>([
    ['went well', [sh(':')], [], 'done', 'b c a '],
    ['failed', [sh('exit 1')], [], 'failed', 'b f a '],
    ['was cancelled', [sh(': >"$1/cancel"', 'RUN')], [], 'cancelled', 'b a '],
    ['failed before all changes', [sh(':')], [['before', 'exit 1']], 'failed', 'b f a '],
    ['failed at the end', [sh(':')], [['always', 'exit 1']], 'failed', 'b c a f '],
  ])('what is always done is done when it %s', (_, steps, more, outcome, order) => {
    const say = (when: DutyTime, word: string): RunDuty =>
      duty(when, sh(`printf '${word} ' >>"$1"`, at('said')));
    const duties = [
      say('before', 'b'),
      ...more.map(([when, text]) => duty(when, sh(text))),
      say('after', 'c'),
      say('on-failure', 'f'),
      say('always', 'a'),
    ];
    const first = steps.map((step) =>
      step.do === 'run'
        ? { ...step, argv: step.argv.map((word) => (word === 'RUN' ? at('state/runs/r1') : word)) }
        : step,
    );
    const events = execute({ ...hostRun('r1', [first, [sh(':')]]), duties }, ['/bin/dash']);
    expect(events.at(-1)).toMatchObject({ is: 'finished', outcome });
    expect(readFileSync(at('said'), 'utf8')).toBe(order);
  });
});

describe('what was measured before a version', () => {
  const url = { host: 'localhost', port: 9, path: '/' };
  const KEPT = '100 0 5 8\n';
  const measure: Step = { do: 'check', probe: { is: 'measure', url, as: 'bake-shop' }, within: 1, watch: [] };
  const order = { commit: 'c', plan: 'p', run: 'r1', by: 'alice', at: 'now' };

  function deploy(shell: readonly string[], check: string, overdue: boolean): string {
    const duties: readonly RunDuty[] = [
      { ref: 'check/before', when: 'before', steps: [measure] },
      { ref: 'check/bake', when: 'check', steps: [sh(check)] },
    ];
    const due = { unproven: 'shop', ...order };
    const proof = { due, held: { proven: 'shop', run: 'r1' }, ...(overdue ? { overdue: 'shop' } : {}) };
    const events = execute({ ...hostRun('r1', [[sh(':')]]), duties, proofs: [proof] }, shell);
    return events.map((event) => ('text' in event ? event.text : '')).join('');
  }
  const kept = (): string | undefined =>
    existsSync(at('state/bake-shop')) ? readFileSync(at('state/bake-shop'), 'utf8') : undefined;

  describe.each([
    ['dash', ['/bin/dash']],
    ['busybox ash', ['/bin/busybox', 'ash']],
  ] as const)('under %s', (_, shell) => {
    it('is kept until its checks hold, and no longer', () => {
      if (!existsSync(shell[0])) return;
      deploy(shell, 'exit 1', false);
      expect(kept()).toMatch(/^0 [1-9]\d* Inf Inf\n$/);
      rmSync(at('state/runs'), { recursive: true });
      rmSync(at('state/ledger'));
      deploy(shell, ':', false);
      expect(kept()).toBe(undefined);
    });

    it('is not measured anew while the checks are due', () => {
      if (!existsSync(shell[0])) return;
      mkdirSync(at('state'));
      writeFileSync(at('state/bake-shop'), KEPT);
      expect(deploy(shell, 'exit 1', true)).toContain('deploy whose checks did not hold: 100 answered');
      expect(kept()).toBe(KEPT);
    });

    it('is not made up where nothing of it is left', () => {
      if (!existsSync(shell[0])) return;
      expect(deploy(shell, 'exit 1', true)).toContain('no numbers of before that are kept');
      expect(kept()).toBe(undefined);
    });
  });
});

const strace = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0;
if (!strace) console.warn('skipped: strace is not installed, or may not trace here');

describe.skipIf(!strace)('the programs that run', () => {
  /** What a process ran, and what it forked, from one file for each process (strace -ff). */
  function readTrace(pid: string): {
    readonly execs: readonly (readonly string[])[];
    readonly children: readonly string[];
  } {
    const lines = readFileSync(`${at('trace')}.${pid}`, 'utf8').split('\n');
    const execs = lines.flatMap((line) => {
      const match = /^execve\("[^"]*", (\[.*\]), 0x.*\) = 0$/.exec(line);
      const argv: unknown = match?.[1] ? JSON.parse(match[1]) : [];
      return match && Array.isArray(argv) ? [argv.map(String)] : [];
    });
    const children = lines.flatMap(
      (line) => /^(?:clone|clone3|fork|vfork)\(.* = (\d+)$/.exec(line)?.[1] ?? [],
    );
    return { execs, children };
  }

  /** What the script and its subshells run, in order; what those programs run themselves is theirs. */
  function execsBelow(pid: string): readonly (readonly string[])[] {
    return readTrace(pid).children.flatMap((child) => {
      const [first] = readTrace(child).execs;
      return first ? [first] : execsBelow(child);
    });
  }

  it('are the commands of the plan, word for word, and those of the frame', () => {
    const changes: readonly (readonly Step[])[] = [
      [{ do: 'mkdir', path: at('dir'), owner: null, group: null, mode: '0755' }, put('dir/file')],
      [
        { do: 'link', path: at('dir/link'), target: 'file' },
        { do: 'own', path: at('dir/file'), owner: null, group: null, mode: '0600' },
      ],
      [],
      [
        { do: 'run', argv: ['sh', '-c', 'true; ls / >/dev/null'], limit: 20 },
        { do: 'run', argv: ['cat', '-'], stdin: { text: 'x' }, directory: '/' },
      ],
      [
        { do: 'remove', path: at('dir/link') },
        put('dir/file'),
        { do: 'run', argv: ['false'] },
        { do: 'run', argv: ['never'] },
      ],
    ];
    const run = hostRun('r1', changes);
    execute(run, [
      'strace',
      '-ff',
      '-qq',
      '-s',
      '100000',
      '-e',
      'trace=execve,clone,clone3,fork,vfork',
      '-o',
      at('trace'),
      '/bin/sh',
    ]);
    const traces = readdirSync(root).filter((name) => name.startsWith('trace.'));
    const first =
      traces.map((name) => name.slice('trace.'.length)).toSorted((a, b) => Number(a) - Number(b))[0] ?? '';
    const ran = execsBelow(first);
    const state = at('state');
    const frame = [
      ['flock', '-s', '8'],
      ['flock', '-n', '9'],
      ['flock', '-n', '6'],
      ['sha256sum'],
      ['date', '+%s'],
      ['sync', `${state}/runs/r1/journal`],
      ['sync', `${state}/ledger`, state],
      ['rm', '-f', '--', `${state}/holder`, at('holder')],
      ['rm', '-f', '--', `${state}/runs/r1/reserve`],
      ['perl', '-e', BOUNDED_TEXT, '0123456789abcdef'],
      ['rm', '-rf', at('work')],
    ].map((argv) => JSON.stringify(argv));
    const planned = changes
      .flatMap((steps) => steps.flatMap(commandsOf))
      .flatMap((command) => ('run' in command ? [command.run] : []));
    expect(ran.filter((argv) => !frame.includes(JSON.stringify(argv)))).toEqual(planned.slice(0, -1));
    expect(ran.length).toBeGreaterThan(planned.length + 10);
  });
});
