import { describe, expect, it } from 'vitest';
import { ASIDE } from '../../src/core/kind.ts';
import { formatExec, parseUnit } from '../../src/formats/unit.ts';
import { timer } from '../../src/kinds/timer.ts';
import { createScriptedReader } from '../support/scripted-reader.ts';
import { readCalendars } from '../../src/kinds/systemd/calendar.ts';
import { want, worldOf } from './trial.ts';

const SPEC = { run: ['/bin/true'], calendar: 'daily' };

interface Units {
  readonly timer: object | null;
  readonly service: object | null;
}

function have(units: Units, next: string | null = 'Mon 2026-11-23 00:00:00 UTC') {
  return { ...units, [ASIDE]: { calendar: [{ text: 'daily', next, said: 'Failed to parse' }] } };
}

function change(spec: object | undefined, found: object | undefined) {
  const wanted = spec && want(timer, 'job', spec);
  return timer.change({ id: 'job', want: wanted, have: found, last: undefined, world: worldOf() });
}

function steps(made: ReturnType<typeof change>): string[] {
  if (!made || !('steps' in made)) return [JSON.stringify(made)];
  return made.steps.map((step) => {
    if (step.do === 'run') return step.argv.join(' ');
    return 'path' in step ? `${step.do} ${step.path}` : step.do;
  });
}

describe('change', () => {
  it('makes both units and starts the timer only', () => {
    const made = change(SPEC, have({ timer: null, service: null }));
    expect(made).toMatchObject({ verb: 'create', notes: ['daily: next at Mon 2026-11-23 00:00:00 UTC'] });
    expect(steps(made)).toEqual([
      'put /etc/systemd/system/job.service',
      'systemctl daemon-reload',
      'put /etc/systemd/system/job.timer',
      'systemctl enable job.timer',
      'systemctl start job.timer',
      'settle',
    ]);
  });

  it('is blocked by a time that systemd does not read', () => {
    expect(change(SPEC, have({ timer: null, service: null }, null))).toMatchObject({
      blocked: { code: 'CONTENT_REFUSED', evidence: { output: 'Failed to parse' } },
    });
  });
});

describe('declaration', () => {
  it.each([
    [{}, 'run and calendar are needed, or absent: true'],
    [{ run: ['/bin/true'] }, 'run and calendar are needed, or absent: true'],
    [
      { absent: true, calendar: 'daily' },
      'calendar says how it should be, and absent that it should not be there',
    ],
  ])('refuses %j', (spec, message) => {
    expect(() => want(timer, 'job', spec)).toThrow(message);
  });

  it.each(['-x', 'a/b', 'x.timer', 'x@y', 'a b', '$(x)', 'x\n'])('refuses the name %j', (id) => {
    expect(timer.id.safeParse(id).success).toBe(false);
  });

  it('takes a program by its absolute path only', () => {
    expect(timer.spec.safeParse({ run: ['true'], calendar: 'daily' }).success).toBe(false);
    expect(timer.spec.safeParse({ run: ['/bin/true'], calendar: 'daily\nOnBootSec=1' }).success).toBe(false);
  });
});

it('a command is one line of words that systemd reads as they are', () => {
  const line = formatExec(['/bin/x', 'a b', '"', "'", '%h', '$HOME', '\\', 'x\ny', '']);
  expect(line).toBe(String.raw`/bin/x "a b" "\"" "'" "%%h" "$$HOME" "\\" "x\u000ay" ""`);
  expect(parseUnit(`[Service]\nExecStart=${line}\n`)['Service']?.['ExecStart']).toEqual([line]);
});

it('reads the times of both releases', async () => {
  const look = (text: string, status: number, stdout: string, stderr: string) => {
    return { argv: ['systemd-analyze', 'calendar', '--', text], status, stdout, stderr };
  };
  const reader = createScriptedReader([
    look('daily', 0, 'Normalized form: *-*-* 00:00:00\n    Next elapse: Mon 2026-11-23 00:00:00 UTC\n', ''),
    look('2001-01-01', 0, 'Normalized form: 2001-01-01 00:00:00\n    Next elapse: never\n', ''),
    look('foo', 1, '\n', "Failed to parse calendar specification 'foo': Invalid argument\n"),
  ]);
  const read = await readCalendars(reader, ['daily', '2001-01-01', 'foo', 'daily']);
  expect([...read.values()].map(({ next }) => next)).toEqual(['Mon 2026-11-23 00:00:00 UTC', 'never', null]);
});
