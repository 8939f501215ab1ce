// Runs on a host without systemd: the real sh, the real lock, real connections that break.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Session } from '../../src/core/host.ts';
import { sha256 } from '../../src/core/json.ts';
import { formatLedgerLine, parseLedger } from '../../src/core/ledger.ts';
import { HostFailure } from '../../src/core/reason.ts';
import type { Step } from '../../src/core/step.ts';
import { createAppendLedger } from '../../src/run/append-ledger.ts';
import { createCancel } from '../../src/run/cancel.ts';
import { createCarryOut } from '../../src/run/carry-out.ts';
import { createGiveUp } from '../../src/run/give-up.ts';
import { createConnect } from '../../src/ssh/connect.ts';
import { startEmbeddedHost } from '../support/embedded-host.ts';
import type { EmbeddedHost } from '../support/embedded-host.ts';
import { follow, followRun, hostRun, ledgerLine, sh } from '../support/runs.ts';

const carryOut = createCarryOut();
const appendLedger = createAppendLedger();

let host: EmbeddedHost;
let session: Session;
const sessions: Session[] = [];

async function connect(): Promise<Session> {
  const opened = await createConnect({ keys: [{ name: 'test', privateKey: host.clientKey }] })(host.target);
  sessions.push(opened);
  return opened;
}

const at = (name: string): string => path.join(host.root, name);
const state = (name: string): string => path.join(host.target.state, name);
const read = (file: string): string => readFileSync(file, 'utf8');
const refs = (): readonly string[] => {
  const ledger = parseLedger(readFileSync(state('ledger')));
  return 'damaged' in ledger ? [`damaged: ${ledger.damaged}`] : [...ledger.entries.keys()];
};

beforeEach(async () => {
  host = await startEmbeddedHost({ name: 'web1' });
  session = await connect();
});

afterEach(async () => {
  for (const opened of sessions.splice(0)) opened.close();
  await host.stop();
});

describe('a run', () => {
  it('does its changes in order, records each, and leaves only its journal', async () => {
    const changes = [
      [sh('echo one >>"$1"', at('log'))],
      [],
      [sh('echo two >>"$1"', at('log')), sh('echo three >>"$1"', at('log'))],
    ];
    const run = hostRun('r1', changes);
    const { events, finished } = await followRun(carryOut, session, run);
    expect(events.map((event) => ('index' in event ? `${event.is} ${event.index}` : event.is))).toEqual([
      'begin 0',
      'command 0',
      'end 0',
      'begin 1',
      'end 1',
      'begin 2',
      'command 2',
      'command 2',
      'end 2',
      'finished',
    ]);
    expect(finished).toEqual({ is: 'finished', outcome: 'done', reason: null });
    expect(read(at('log'))).toBe('one\ntwo\nthree\n');
    expect(read(state('ledger'))).toBe(
      run.changes.map(({ ledger }) => `${formatLedgerLine(ledger)}\n`).join(''),
    );
    expect(readdirSync(state('run'))).toEqual([]);
    expect(existsSync(state('holder'))).toBe(false);
    expect(JSON.parse(read(state('runs/r1/run.json')))).toMatchObject({
      run: 'r1',
      by: 'alice',
      changes: run.changes.map(({ ref }) => ref),
    });
    expect(statSync(host.target.state).mode & 0o777).toBe(0o700);
  });

  it('stops at the first command that fails, and says why', async () => {
    const { events, finished, status } = await followRun(
      carryOut,
      session,
      hostRun('r1', [
        [sh('true')],
        [sh('echo why >&2; exit 3'), sh('touch "$1"', at('never'))],
        [sh('touch "$1"', at('never'))],
      ]),
    );
    expect([status(0), status(1), status(2)]).toEqual([0, 3, undefined]);
    expect(events.filter((event) => event.is === 'begin')).toHaveLength(2);
    expect(finished).toMatchObject({
      outcome: 'failed',
      reason: {
        code: 'STEP_FAILED',
        message: 'command/1: a command ended with status 3',
        evidence: { command: "sh -c 'echo why >&2; exit 3' sh", status: 3, output: 'why' },
      },
    });
    expect(existsSync(at('never'))).toBe(false);
    expect(refs()).toEqual(['command/0']);
  });

  it.each<[string, Step, number]>([
    ['a program that is missing', { do: 'run', argv: ['no-such-program'] }, 127],
    ['a word that is no program but the shell knows', { do: 'run', argv: ['exit', '0'] }, 127],
    ['another such word', { do: 'run', argv: ['settle', 'x', '1'] }, 127],
    ['a directory that is missing', { do: 'run', argv: ['true'], directory: '/no/such' }, 2],
    ['a limit that is over', { do: 'run', argv: ['sleep', '20'], limit: 1 }, 124],
    ['a signal', sh('kill -9 $$'), 137],
  ])('fails by %s', async (_, step, expected) => {
    const { finished, status } = await followRun(carryOut, session, hostRun('r1', [[step], [sh('true')]]));
    expect([status(0), status(1), finished.outcome]).toEqual([expected, undefined, 'failed']);
  });

  it('hands over any words and any names', async () => {
    const odd = at(`it's $HOME "x" \\ \n -n * é`);
    const content = { base64: Buffer.from([0, 255, 10, 13]).toString('base64') };
    const steps: readonly Step[] = [
      { do: 'mkdir', path: odd, owner: null, group: null, mode: '0750' },
      { do: 'put', path: `${odd}/-f`, owner: null, group: null, mode: '0640', content },
      { do: 'own', path: `${odd}/-f`, owner: null, group: null, mode: '0600' },
      { do: 'link', path: `${odd}/link`, target: '-f' },
      { do: 'put', path: `${odd}/gone`, owner: null, group: null, mode: null, content },
      { do: 'remove', path: `${odd}/gone` },
      { do: 'mkdir', path: `${odd}/empty`, owner: null, group: null, mode: null },
      { do: 'rmdir', path: `${odd}/empty` },
      { do: 'run', argv: ['sh', '-c', 'pwd; cat', 'sh'], directory: odd, stdin: { text: `${odd}\nend` } },
    ];
    const { finished, output } = await followRun(carryOut, session, hostRun('r1', [steps]));
    expect(finished.outcome).toBe('done');
    expect(readdirSync(odd).toSorted()).toEqual(['-f', 'link']);
    expect(readFileSync(`${odd}/link`)).toEqual(Buffer.from([0, 255, 10, 13]));
    expect(statSync(`${odd}/-f`).mode & 0o777).toBe(0o600);
    expect(output(0)).toBe(`${odd}\n${odd}\nend`);
  });

  it('leaves in the ledger whether the checks of what it changed held', async () => {
    const order = (run: string) => ({ commit: 'c', plan: 'p', run, by: 'alice', at: 'now' });
    const runWith = (run: string, change: string, check: string, before = 'true') => {
      const due = { unproven: 'shop', ...order(run) };
      return followRun(carryOut, session, {
        ...hostRun(run, [[sh(change)]], existsSync(state('ledger')) ? read(state('ledger')) : ''),
        duties: [
          { ref: 'hook/b', when: 'before', steps: [sh(before)] },
          { ref: 'check/a', when: 'check', steps: [sh(check)], failed: { ...due, failed: 'why' } },
        ],
        proofs: [{ due, held: { proven: 'shop', run } }],
      });
    };
    const unproven = () => {
      const ledger = parseLedger(
        existsSync(state('ledger')) ? readFileSync(state('ledger')) : new Uint8Array(),
      );
      return 'damaged' in ledger ? ledger.damaged : Object.fromEntries(ledger.unproven);
    };
    await runWith('r1', 'true', 'true', 'false');
    expect(unproven()).toEqual({});
    await runWith('r2', 'true', 'true');
    expect(unproven()).toEqual({});
    await runWith('r3', 'false', 'true');
    expect(unproven()).toEqual({ shop: { unproven: 'shop', ...order('r3') } });
    await runWith('r4', 'true', 'false');
    expect(unproven()).toEqual({ shop: { unproven: 'shop', ...order('r4'), failed: 'why' } });
    await runWith('r5', 'true', 'true', 'false');
    expect(unproven()).toEqual({ shop: { unproven: 'shop', ...order('r4'), failed: 'why' } });
    await runWith('r6', 'true', 'true');
    expect(unproven()).toEqual({});
  });

  it('gives commands an empty stdin, so that none of them eats the script', async () => {
    const { finished, output } = await followRun(
      carryOut,
      session,
      hostRun('r1', [[sh('cat; echo first')], [sh('cat; echo second')]]),
    );
    expect([finished.outcome, output(0), output(1)]).toEqual(['done', 'first\n', 'second\n']);
  });

  it('passes on output of every sort without losing its place', async () => {
    const changes = [
      [sh('printf "no newline"')],
      [sh('printf "\\377\\0\\n@@ FINISHED done\\n"')],
      [sh('head -c 1000000 /dev/zero | tr "\\0" x')],
      [sh('cat "$1"', state('runs/r1/script'))],
      [sh('echo last')],
    ];
    const { finished, output } = await followRun(carryOut, session, hostRun('r1', changes));
    expect(finished.outcome).toBe('done');
    expect(output(0)).toBe('no newline');
    expect(output(1)).toBe('\u{FFFD}\0\n@@ FINISHED done\n');
    expect(output(2)).toHaveLength(1_000_000);
    expect(output(3)).toBe(read(state('runs/r1/script')));
    expect(output(4)).toBe('last\n');
  });

  it('keeps of a command that prints without end the beginning and the end, and says how much it left out', async () => {
    const endless = sh('yes 0123456789abcde | head -c 100000000; echo the cause >&2; exit 4');
    const { finished, output, status } = await followRun(carryOut, session, hostRun('r1', [[endless]]));
    const all = output(0);
    const left = 100_000_000 + 'the cause\n'.length - 2 ** 20 - 2 ** 16;
    expect(all).toContain(`\n[${left} bytes left out]\n`);
    expect([all.length < 1.2 * 2 ** 20, all.endsWith('\nthe cause\n'), status(0)]).toEqual([true, true, 4]);
    expect(finished.reason?.evidence?.output).toMatch(/the cause$/);
    expect(statSync(state('runs/r1/journal')).size).toBeLessThan(1.3 * 2 ** 20);
  });

  it('of many such commands keeps no more than 16 MiB, and the end of each', async () => {
    const loud = sh('head -c 3000000 /dev/zero | tr "\\0" x; echo said');
    const { finished, output } = await followRun(
      carryOut,
      session,
      hostRun(
        'r1',
        Array.from({ length: 30 }, () => [loud]),
      ),
    );
    expect(finished.outcome).toBe('done');
    expect([output(0).length > 2 ** 20, output(29).length < 2 ** 17]).toEqual([true, true]);
    expect(output(29)).toMatch(/left out\][^]*xsaid\n$/);
    expect(statSync(state('runs/r1/journal')).size).toBeLessThan(19 * 2 ** 20);
  });

  it('tells what happens while it happens', async () => {
    const waits = sh('echo ready; while [ ! -e "$1" ]; do sleep 0.05; done', at('gate'));
    // The command ends only because its output was seen.
    const { finished } = await follow(carryOut(session, hostRun('r1', [[waits]])), (event) => {
      if (event.is === 'output') writeFileSync(at('gate'), '');
    });
    expect(finished.outcome).toBe('done');
  });

  it('is not held up, nor its lock kept, by what a command leaves behind', async () => {
    const stays = sh('sleep 30 & echo $! >"$1"', at('pid'));
    const first = await followRun(carryOut, session, hostRun('r1', [[stays]]));
    const second = await followRun(
      carryOut,
      session,
      hostRun('r2', [[sh('true')]], readFileSync(state('ledger'))),
    );
    process.kill(Number(read(at('pid'))));
    expect([first.finished.outcome, second.finished.outcome]).toEqual(['done', 'done']);
  });

  it('carries large files', async () => {
    const text = 'x'.repeat(12 * 2 ** 20);
    const put: Step = { do: 'put', path: at('big'), owner: null, group: null, mode: null, content: { text } };
    const { finished } = await followRun(carryOut, session, hostRun('r1', [[put]]));
    expect(finished.outcome).toBe('done');
    expect(sha256(readFileSync(at('big')))).toBe(sha256(text));
  });

  it('lives in any directory', async () => {
    const odd: Session = { ...session, target: { ...host.target, state: at(`it's $HOME`) } };
    const { finished } = await followRun(carryOut, odd, hostRun('r1', [[sh('true')]]));
    await appendLedger(odd, [ledgerLine('file/x')], sha256(readFileSync(at(`it's $HOME/ledger`))));
    expect(finished.outcome).toBe('done');
    expect(readdirSync(at(`it's $HOME/runs`))).toEqual(['r1']);
  });

  it('keeps the last fifty runs, and what is still alive', async () => {
    mkdirSync(state('run/dead'), { recursive: true });
    mkdirSync(state('runs/alive'), { recursive: true });
    mkdirSync(state('run/alive'), { recursive: true });
    const holder = spawn('flock', ['-s', state('runs/alive/alive'), 'sh', '-c', 'echo; exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    spawnSync('touch', ['-d', '2019-01-01', state('runs/alive')]);
    for (let n = 0; n < 60; n += 1) mkdirSync(state(`runs/old${n}`), { recursive: true });
    spawnSync('touch', ['-d', '2020-01-01', state('runs/old7')]);
    await followRun(carryOut, session, hostRun('r1', [[sh('true')]]));
    const left = readdirSync(state('runs'));
    holder.stdin.end();
    await once(holder, 'exit');
    expect(left).toHaveLength(51);
    expect(left).toEqual(expect.arrayContaining(['r1', 'alive']));
    expect(left).not.toContain('old7');
    expect(readdirSync(state('run'))).toEqual(['alive']);
  });

  it('keeps of the runs no more than a quarter of a GiB', async () => {
    for (const name of ['older', 'newer']) mkdirSync(state(`runs/${name}`), { recursive: true });
    spawnSync('dd', ['if=/dev/zero', `of=${state('runs/older/journal')}`, 'bs=1M', 'count=200']);
    spawnSync('dd', ['if=/dev/zero', `of=${state('runs/newer/journal')}`, 'bs=1M', 'count=100']);
    spawnSync('touch', ['-d', '2020-01-01', state('runs/older')]);
    await followRun(carryOut, session, hostRun('r1', [[sh('true')]]));
    expect(readdirSync(state('runs')).toSorted()).toEqual(['newer', 'r1']);
  });

  it('has a name that can be a file and a unit', async () => {
    await expect(followRun(carryOut, session, hostRun('../r1', []))).rejects.toThrow(TypeError);
  });
});

describe('a host refuses a run', () => {
  const touches = (): readonly (readonly Step[])[] => [[sh('touch "$1"', at('written'))]];

  it('while another one holds it, and names that one', async () => {
    const waits = sh('while [ ! -e "$1" ]; do sleep 0.05; done', at('gate'));
    const other = await connect();
    const first = follow(carryOut(session, hostRun('r1', [[waits]])), async (event) => {
      if (event.is !== 'command') return;
      const second = await followRun(carryOut, other, hostRun('r2', touches()));
      expect(second.events).toEqual([second.finished]);
      expect(second.finished).toMatchObject({
        outcome: 'refused',
        reason: {
          code: 'HOST_BUSY',
          message: `web1 is held by run r1 (plan ${sha256('plan').slice(0, 12)}, by alice)`,
        },
      });
      writeFileSync(at('gate'), '');
    });
    expect((await first).finished.outcome).toBe('done');
    expect(existsSync(at('written'))).toBe(false);
    expect(refs()).toEqual(['command/0']);
    const third = await followRun(carryOut, other, hostRun('r3', touches(), readFileSync(state('ledger'))));
    expect(third.finished.outcome).toBe('done');
  });

  it('when its ledger is not the one that was looked at', async () => {
    mkdirSync(host.target.state);
    writeFileSync(state('ledger'), `${formatLedgerLine(ledgerLine('file/x'))}\n`);
    const { events, finished } = await followRun(carryOut, session, hostRun('r1', touches()));
    expect(events).toEqual([finished]);
    expect(finished).toMatchObject({
      outcome: 'refused',
      reason: { code: 'RUN_REFUSED', message: 'web1: the ledger moved since the host was looked at' },
    });
    expect(existsSync(at('written'))).toBe(false);
    expect(refs()).toEqual(['file/x']);
  });

  it('when there is no room for it', async () => {
    writeFileSync(host.target.state, 'a file where the directory should be');
    const { finished } = await followRun(carryOut, session, hostRun('r1', touches()));
    expect(finished).toMatchObject({ outcome: 'refused', reason: { code: 'RUN_REFUSED' } });
    expect(existsSync(at('written'))).toBe(false);
  });
});

describe('a ledger', () => {
  it('that was cut off by a crash is mended before anything is added', async () => {
    mkdirSync(host.target.state);
    const whole = formatLedgerLine(ledgerLine('file/x'));
    const cut = `${whole}\n{"ref":"fi`;
    writeFileSync(state('ledger'), cut);
    const { finished } = await followRun(carryOut, session, hostRun('r1', [[sh('true')]], cut));
    expect(finished.outcome).toBe('done');
    expect(refs()).toEqual(['file/x', 'command/0']);
  });

  it('takes further lines between runs, and only when it is the one that was read', async () => {
    const lines = ['file/a', "file/it's"].map(ledgerLine);
    await appendLedger(session, lines, sha256(''));
    expect(refs()).toEqual(['file/a', "file/it's"]);
    const moved = appendLedger(session, lines, sha256(''));
    await expect(moved).rejects.toMatchObject({ reason: { code: 'RUN_REFUSED' } });
    const digest = sha256(readFileSync(state('ledger')));
    await appendLedger(session, [{ ref: 'file/a', forgotten: 'now' }], digest);
    expect(refs()).toEqual(["file/it's"]);
  });

  it('takes lines in the place of all that it had, whole or not at all', async () => {
    await appendLedger(session, ['file/a', 'file/b'].map(ledgerLine), sha256(''));
    const digest = sha256(readFileSync(state('ledger')));
    await expect(appendLedger(session, [ledgerLine('file/c')], sha256('x'), 'instead')).rejects.toThrow();
    await appendLedger(session, [ledgerLine('file/c')], digest, 'instead');
    expect([refs(), existsSync(state('ledger.new'))]).toEqual([['file/c'], false]);
  });

  it('needs no connection for no lines', async () => {
    session.close();
    await appendLedger(session, [], sha256(''));
  });

  it('that cannot be written is told with the words of the host', async () => {
    writeFileSync(host.target.state, '');
    await expect(appendLedger(session, [ledgerLine('file/a')], sha256(''))).rejects.toBeInstanceOf(
      HostFailure,
    );
  });
});

describe('a run goes on by itself', () => {
  const slow = (): readonly (readonly Step[])[] => [
    [sh('echo one >>"$1"; while [ ! -e "$2" ]; do sleep 0.05; done', at('log'), at('gate'))],
    [sh('echo two >>"$1"', at('log'))],
  ];

  it('when the connection breaks, and is followed from its start over a new one', async () => {
    const broken = follow(
      carryOut(session, hostRun('r1', slow())),
      (event) => event.is === 'command' && host.cut(),
    );
    await expect(broken).rejects.toMatchObject({ reason: { code: 'CONNECTION_LOST' } });
    writeFileSync(at('gate'), '');
    const { events, finished } = await followRun(carryOut, await connect(), hostRun('r1', slow()));
    expect(finished.outcome).toBe('done');
    expect(events[0]).toEqual({ is: 'begin', index: 0 });
    expect(read(at('log'))).toBe('one\ntwo\n');
    const third = await followRun(carryOut, await connect(), hostRun('r1', slow()));
    expect(third.events).toEqual(events);
    expect(read(at('log'))).toBe('one\ntwo\n');
  });

  it('when the bot is killed', async () => {
    const here = (file: string): string => JSON.stringify(path.resolve(import.meta.dirname, '../..', file));
    const source = `
      const { createConnect } = await import(${here('src/ssh/connect.ts')});
      const { createCarryOut } = await import(${here('src/run/carry-out.ts')});
      const [target, key, run] = JSON.parse(process.argv[1]);
      const session = await createConnect({ keys: [{ name: 'test', privateKey: key }] })(target);
      for await (const event of createCarryOut()(session, run)) console.log(event.is);`;
    const run = hostRun('r1', slow());
    const words = JSON.stringify([host.target, host.clientKey, run]);
    const bot = spawn(process.execPath, ['--input-type=module', '--eval', source, words], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of bot.stdout) if (String(line).includes('command')) break;
    bot.kill('SIGKILL');
    await once(bot, 'exit');
    writeFileSync(at('gate'), '');
    const { events, finished } = await followRun(carryOut, session, run);
    expect(finished.outcome).toBe('done');
    expect(events.filter((event) => event.is === 'end')).toHaveLength(2);
    expect(read(at('log'))).toBe('one\ntwo\n');
  });

  it('once, however many start it at the same time', async () => {
    writeFileSync(at('gate'), '');
    const all = await Promise.all(
      [session, await connect(), await connect()].map((one) =>
        followRun(carryOut, one, hostRun('r1', slow())),
      ),
    );
    expect(all.map(({ finished }) => finished.outcome)).toEqual(['done', 'done', 'done']);
    expect(read(at('log'))).toBe('one\ntwo\n');
    expect(readdirSync(state('runs'))).toEqual(['r1']);
  });

  const scriptPid = (): number =>
    Number(
      spawnSync('pgrep', ['-o', '-f', `^/bin/sh ${state('runs/r1/script')}`], { encoding: 'utf8' }).stdout,
    );

  it('until it is killed in the middle of a change, which is then lost', async () => {
    const { events, finished } = await follow(carryOut(session, hostRun('r1', slow())), (event) => {
      if (event.is === 'command') process.kill(scriptPid(), 'SIGKILL');
    });
    writeFileSync(at('gate'), '');
    expect(events.map(({ is }) => is)).toEqual(['begin', 'command', 'finished']);
    expect(finished).toMatchObject({
      outcome: 'broken',
      reason: { code: 'RUN_LOST', message: expect.stringContaining('in the middle of command/0') },
    });
    const again = await followRun(carryOut, session, hostRun('r1', slow()));
    expect(again.events).toEqual(events);
    const next = await followRun(carryOut, session, hostRun('r2', [[sh('true')]]));
    expect(next.finished.outcome).toBe('done');
  });

  it('until it is told to stop, and then ends the command it is at and begins no other', async () => {
    const { finished, status } = await follow(carryOut(session, hostRun('r1', slow())), (event) => {
      if (event.is !== 'command') return;
      process.kill(scriptPid(), 'SIGTERM');
      writeFileSync(at('gate'), '');
    });
    expect(status(0)).toBe(0);
    expect(status(1)).toBeUndefined();
    expect(finished).toMatchObject({
      outcome: 'failed',
      reason: { message: 'web1: the run was told to stop after 1 of 2 changes' },
    });
    expect(refs()).toEqual(['command/0']);
  });
});

describe('a run that is asked to stop', () => {
  const cancel = createCancel();

  it('finishes the change that runs, begins none after it, and names who asked', async () => {
    const gate = [sh('until [ -e "$1" ]; do sleep 0.05; done; echo one', at('gate'))];
    const run = hostRun('r1', [gate, [sh('touch "$1"', at('second'))]]);
    const { events, finished } = await follow(carryOut(session, run), async (event) => {
      if (event.is !== 'command') return;
      const other = await connect();
      expect(await cancel(other, 'r1', "o'hara\n@@ FINISHED done")).toBe(true);
      expect(existsSync(at('second'))).toBe(false);
      writeFileSync(at('gate'), '');
    });
    const told = events.map((event) => event.is).filter((is) => is !== 'output');
    expect(told).toEqual(['begin', 'command', 'end', 'finished']);
    expect(finished).toMatchObject({ outcome: 'cancelled', reason: { code: 'RUN_CANCELLED' } });
    expect(finished.reason?.message).toBe("web1: cancelled by o'hara @@ FINISHED done after 1 of 2 changes");
    expect([existsSync(at('second')), refs()]).toEqual([false, ['command/0']]);
    expect([readdirSync(state('run')), existsSync(state('holder'))]).toEqual([[], false]);
  });

  it('in the middle of a check ends the wait at once, and is not counted as failed', async () => {
    const check: Step = {
      do: 'check',
      probe: { is: 'command', argv: ['false'], user: null },
      within: 600,
      watch: [],
    };
    const run = {
      ...hostRun('r1', [[sh('true')]]),
      duties: [
        { ref: 'check/0', when: 'check' as const, steps: [check] },
        { ref: 'hook/0', when: 'after' as const, steps: [sh('touch "$1"', at('after'))] },
      ],
    };
    const { events, finished, status, output } = await follow(carryOut(session, run), async (event) => {
      if (event.is === 'output' && event.index === 1) await cancel(await connect(), 'r1', 'ada');
    });
    expect(finished).toMatchObject({
      outcome: 'cancelled',
      reason: { code: 'RUN_CANCELLED', message: 'web1: cancelled by ada after 1 of 1 changes' },
    });
    expect([status(0), status(1)]).toEqual([0, undefined]);
    expect(output(1)).toMatch(/^waiting: /);
    expect(events.filter(({ is }) => is === 'begin')).toHaveLength(2);
    expect(existsSync(at('after'))).toBe(false);
  });

  it('is told that there is no such run where there is none', async () => {
    expect(await cancel(session, 'r9', 'ada')).toBe(false);
  });

  it('that has ended already stays as it ended', async () => {
    const run = hostRun('r1', [[sh('true')]]);
    await followRun(carryOut, session, run);
    await cancel(session, 'r1', 'ada');
    expect((await followRun(carryOut, session, run)).finished.outcome).toBe('done');
  });
});

describe('a run that is given up', () => {
  const giveUp = createGiveUp();

  it('cannot begin any more, nor looks like one that was torn', async () => {
    expect(await giveUp(session, 'r1')).toBe('given-up');
    expect(await giveUp(await connect(), 'r1')).toBe('given-up');
    const { events, finished } = await followRun(
      carryOut,
      session,
      hostRun('r1', [[sh('touch "$1"', at('never'))]]),
    );
    expect(events).toHaveLength(1);
    expect(finished).toEqual({
      is: 'finished',
      outcome: 'refused',
      reason: { code: 'RUN_REFUSED', message: 'web1: it had been given up on this host before it began' },
    });
    expect([existsSync(at('never')), readdirSync(state('runs'))]).toEqual([false, ['r1']]);
    const next = await followRun(carryOut, session, hostRun('r2', [[sh('true')]]));
    expect(next.finished.outcome).toBe('done');
  });

  it('after it has begun goes on', async () => {
    const run = hostRun('r1', [[sh('true')]]);
    expect((await followRun(carryOut, session, run)).finished.outcome).toBe('done');
    expect(await giveUp(session, 'r1')).toBe('begun');
    expect((await followRun(carryOut, session, run)).finished.outcome).toBe('done');
  });

  it('and cannot be is told with what the host says of it', async () => {
    mkdirSync(host.target.state, { recursive: true });
    writeFileSync(state('runs'), '');
    const failed = await giveUp(session, 'r1').catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(HostFailure);
    expect(failed).toMatchObject({
      reason: { code: 'READ_FAILED', evidence: { output: expect.stringContaining('File exists') } },
    });
  });

  it('by one while another lays it down is either, and never both', async () => {
    for (const name of ['r1', 'r2', 'r3', 'r4', 'r5']) {
      const run = hostRun(name, [[sh('touch "$1"', at(name))]]);
      const [other, late] = [await connect(), await connect()];
      const [gave, { finished }] = await Promise.all([giveUp(other, name), followRun(carryOut, late, run)]);
      expect([finished.outcome, existsSync(at(name))]).toEqual(
        gave === 'begun' ? ['done', true] : ['refused', false],
      );
    }
  });
});
