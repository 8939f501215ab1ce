// A run as a script: what it says is what commandsOf() says, whatever the words hold, in every shell that Debian may call sh.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/json.ts';
import type { DutyTime } from '../../src/core/plan.ts';
import type { HostRun, RunDuty } from '../../src/core/run.ts';
import { quote } from '../../src/core/shell.ts';
import type { Step } from '../../src/core/step.ts';
import { compileRun, formatAssignments, formatHolder } from '../../src/run/compile.ts';
import * as texts from '../../src/run/texts.ts';

const place = {
  state: '/var/lib/ashore',
  work: '/run/ashore/r1',
  machine: '/run/ashore',
  nonce: '0123456789abcdef',
  units: true,
  confirmWithin: 120,
};

function runOf(...changes: readonly (readonly Step[])[]): HostRun {
  return {
    run: 'r1',
    plan: sha256('plan'),
    commit: 'c0ffee',
    by: 'alice',
    ledger: sha256(''),
    changes: changes.map((steps, index) => ({
      ref: `file/${index}`,
      steps,
      ledger: { ref: `file/${index}`, forgotten: 'now' },
    })),
  };
}

/** The part of the script that belongs to this run alone. */
function own(run: HostRun): string {
  const { script } = compileRun(run, place);
  return script.slice(script.indexOf('\nchange_0() {') + 1);
}

const hostile = `it's $HOME \`id\` "x" \\ \n}\n* é`;

const every: readonly Step[] = [
  { do: 'run', argv: ['exit', '0'] },
  { do: 'run', argv: ['A=b', hostile, ''], limit: 5, user: 'shop', directory: hostile },
  { do: 'run', argv: ['psql', '-f', '-'], stdin: { text: 'select 1' }, directory: '/srv' },
  {
    do: 'put',
    path: `/etc/${hostile}`,
    owner: 'root',
    group: 'root',
    mode: '0644',
    content: { base64: '/wA=' },
  },
  { do: 'mkdir', path: '/srv/a', owner: null, group: null, mode: '0755' },
  { do: 'own', path: '/srv/a', owner: 'shop', group: 'shop', mode: '0750' },
  { do: 'link', path: '/srv/b', target: '/srv/a' },
  { do: 'remove', path: '/srv/b' },
  { do: 'rmdir', path: '/srv/a' },
  { do: 'settle', unit: 'shop.service', seconds: 5 },
];

describe('a script', () => {
  it('has hooks and checks around the changes, numbered after them, and values only as words', () => {
    const duty = (when: DutyTime, argv: string[]): RunDuty => {
      return { ref: `hook/x: ${when}`, when, steps: [{ do: 'run', argv }] };
    };
    const probe = {
      is: 'http' as const,
      url: { host: 'localhost', port: 80, path: '/' },
      status: 200,
      body: hostile,
      headers: [],
    };
    const check: RunDuty = {
      ref: 'check/x',
      when: 'check',
      steps: [{ do: 'check', probe, within: 9, watch: ['a.service', 'b.service'] }],
    };
    const duties = [duty('after', ['b']), check, duty('before', ['a']), duty('on-failure', ['c'])];
    const script = own({ ...runOf([]), duties });
    expect(script.slice(script.indexOf('on_failure() {'))).toMatch(
      /^on_failure\(\) \{\n {2}duty 4\n\}\n\nbegin_run\n\nduty 3\n\nchange 0 [^\n]+\n\nduty 2\n\nduty 1\n\nfinish_run done\n$/,
    );
    expect(script).toContain(` 9 'a.service b.service' http localhost 80 / 200 ${quote(hostile)} || return`);
  });

  it('tells the ledger what is due before the first change, what failed, and that all held', () => {
    const [commit, plan, run, by, at] = ['c', 'p', 'r', 'a', 'now'];
    const due = { unproven: "it's", commit, plan, run, by, at };
    const failed = { ...due, failed: 'check did not hold: x' };
    const duties: readonly RunDuty[] = [{ ref: 'check/x', when: 'check', steps: [], failed }];
    const proofs = [{ due, held: { proven: "it's", run } }];
    const { script } = compileRun({ ...runOf([]), duties, proofs }, place);
    expect(script).toContain(`DUE_LINES=${quote(JSON.stringify(due))}\n`);
    expect(script).toContain(`HELD_LINES=${quote(JSON.stringify({ proven: "it's", run }))}\n`);
    expect(script).toContain('\nOVERDUE=\n');
    const late = proofs.map((proof) => ({ ...proof, overdue: "it's" }));
    expect(compileRun({ ...runOf([]), duties, proofs: late }, place).script).toContain(
      `OVERDUE=${quote("it's")}\n`,
    );
    expect(script).toMatch(/\nduty 1 [^\n]+\n\nchecks_held\n\nfinish_run done\n$/);
    expect(script).toContain(`\nduty 1 ${quote(JSON.stringify(failed))}\n`);
  });

  it('has for each change its commands and its record, in order', () => {
    const steps: readonly Step[] = [
      { do: 'run', argv: ['systemctl', 'restart', 'shop.service'] },
      { do: 'run', argv: ['psql', '-Xq'], stdin: { text: 'select 1' }, directory: '/' },
      { do: 'settle', unit: 'shop.service', seconds: 5 },
    ];
    expect(own(runOf(steps, []))).toBe(`change_0() {
  command_is '"systemctl restart shop.service"' || return
  bounded run systemctl restart shop.service || say_failed shop.service || return
  command_is '"(cd / && psql -Xq) < blobs/${sha256('select 1')}"' || return
  bounded run_in / psql -Xq <blobs/${sha256('select 1')} || return
  command_is '"# then shop.service must stay up for 5 s"' || return
  settle shop.service 5 || return
  :
}

change_1() {
  :
}

begin_run

change 0 '{"ref":"file/0","forgotten":"now"}'

change 1 '{"ref":"file/1","forgotten":"now"}'

finish_run done
`);
  });

  it('begins changes that are watched together one after the other, and goes on when all of them held', () => {
    const brings = (unit: string): readonly Step[] => [
      { do: 'run', argv: ['systemctl', 'start', unit] },
      { do: 'settle', unit, seconds: 5 },
    ];
    const run = runOf(brings('a.service'), brings('b.service'), [], brings('c.service'));
    const [first, ...others] = run.changes;
    const joined = others.map((change) => ({ ...change, together: true as const }));
    const script = own({ ...run, changes: first ? [first, ...joined] : [] });
    expect(script).toContain(`  settle_later a.service 5 || return\n`);
    expect(script).toContain(`  settle c.service 5 || return\n`);
    expect(script.slice(script.indexOf('begin_run')).replaceAll(/'\{.*\}'/g, 'LINE')).toBe(`begin_run

start_change 0 LINE

start_change 1 LINE
watch_started

change 2 LINE

change 3 LINE

finish_run done
`);
  });

  it('brings each of its bytes once, by their digest', () => {
    const content = { text: 'same' };
    const put = { do: 'put', path: '/a', owner: null, group: null, mode: null, content } as const;
    const { blobs } = compileRun(
      runOf([put, { ...put, path: '/b' }], [{ do: 'run', argv: ['cat'], stdin: { base64: '/w==' } }]),
      place,
    );
    expect([...blobs].map(([digest, bytes]) => [digest, Buffer.from(bytes).toString('base64')])).toEqual([
      [sha256('same'), 'c2FtZQ=='],
      [sha256(Uint8Array.of(255)), '/w=='],
    ]);
  });

  it.each([
    ['dash', ['dash', '-n']],
    ['busybox ash', ['busybox', 'ash', '-n']],
    ['bash as sh', ['bash', '--posix', '-n']],
  ])('is valid for %s', (_, [program = '', ...argv]) => {
    if (!existsSync(`/bin/${program}`)) return;
    const { script } = compileRun(runOf(every, [], every), place);
    expect(spawnSync(program, argv, { input: script, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  it('refuses a word that no command can have', () => {
    expect(() => compileRun(runOf([{ do: 'run', argv: ['echo', 'a\0b'] }]), place)).toThrow('NUL');
  });
});

describe('values', () => {
  it('reach a shell text as they are', () => {
    const values = { A: hostile, B: '', C: 'plain' };
    const script = `${formatAssignments(values)}printf '%s\\0' "$A" "$B" "$C"`;
    expect(spawnSync('sh', ['-s'], { input: script, encoding: 'utf8' }).stdout).toBe(`${hostile}\0\0plain\0`);
  });

  it('name the holder on one line', () => {
    expect(formatHolder({ ...runOf(), by: 'eve\n@@x FINISHED done' })).toBe(
      `run r1 (plan ${sha256('plan').slice(0, 12)}, by eve @@x FINISHED done)`,
    );
  });
});

describe('shell texts', () => {
  it.each(Object.entries(texts))('%s is valid for dash and busybox ash', (_, text) => {
    const shells = [['dash', '-n'], ...(existsSync('/bin/busybox') ? [['busybox', 'ash', '-n']] : [])];
    for (const [program = '', ...argv] of shells) {
      expect(spawnSync(program, argv, { input: text, encoding: 'utf8' })).toMatchObject({
        status: 0,
        stderr: '',
      });
    }
  });
});
