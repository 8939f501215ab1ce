// The script itself: the same under every sh, and running no program but those of the plan and of its own frame.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostRun, RunEvent } from '../../src/core/run.ts';
import { commandsOf } from '../../src/core/step.ts';
import type { Step } from '../../src/core/step.ts';
import { compileRun } from '../../src/run/compile.ts';
import { createJournalParser } from '../../src/run/journal.ts';
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
      ['sync', `${state}/runs/r1/journal`],
      ['sync', `${state}/ledger`, state],
      ['rm', '-f', '--', `${state}/holder`, at('holder')],
      ['rm', '-rf', at('work')],
    ].map((argv) => JSON.stringify(argv));
    const planned = changes
      .flatMap((steps) => steps.flatMap(commandsOf))
      .flatMap((command) => ('run' in command ? [command.run] : []));
    expect(ran.filter((argv) => !frame.includes(JSON.stringify(argv)))).toEqual(planned.slice(0, -1));
    expect(ran.length).toBeGreaterThan(planned.length + 10);
  });
});
