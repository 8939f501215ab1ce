// The commands that ran on a host are those that the plan showed: no more, no fewer. Seen by strace on the host itself, not by our log.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import { quoteCommand } from '../../src/core/shell.ts';
import { commandsOf } from '../../src/core/step.ts';
import type { LabHost } from '../lab/lab.ts';
import { expectDone, startFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';
import { parseTrace } from './trace.ts';
import type { Executed } from './trace.ts';

const STACK = `
on: all
resources:
  - user: shop
    system: true
  - directory: /etc/shop
    owner: root
    group: shop
    mode: "0750"
  - file: /etc/shop/config.json
    json: { motto: "it's $(touch /canary) \`here\`" }
    owner: root
    group: shop
  - symlink: /etc/shop/current
    to: config.json
  - package: tree
  - command: greet
    run: [tree, /etc/shop]
  - service: shop
    unit:
      Service: { ExecStart: /bin/sleep infinity, User: shop }
      Install: { WantedBy: multi-user.target }
    enabled: true
    running: true
    settle: 2
    restart_on: [/etc/shop/config.json]
`;

/** The run's own frame, as src/run/compile.ts lists it: programs that write nowhere but in Ashore's own directories. */
const FRAME = [
  /^flock -[ns] [689]$/,
  /^sha256sum$/,
  /^date \+%s$/,
  /^sync \/var\/lib\/ashore\/runs\/[a-z0-9-]+\/journal$/,
  /^sync \/var\/lib\/ashore\/ledger \/var\/lib\/ashore$/,
  /^rm -f -- \/var\/lib\/ashore\/holder \/run\/ashore\/holder$/,
  /^rm -rf \/run\/ashore\/[0-9a-f]{12}\/[a-z0-9-]+$/,
  /^rm -f -- \/var\/lib\/ashore\/runs\/[a-z0-9-]+\/reserve$/,
  /^perl -e '# bounded NONCE[^]* [0-9a-f]{16}$/,
  /^sleep 1$/,
  /^systemctl show --no-pager -p [A-Za-z,]+ -- shop\.service$/,
];

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet([
    { name: 'old', suite: 'bookworm' },
    { name: 'new', suite: 'trixie' },
  ]);
});
afterAll(async () => {
  await fleet.stop();
});

describe.each(['old', 'new'])('on %s', (name) => {
  it('what ran is what the plan showed', async () => {
    const host = fleet.lab.host(name);
    const files = fleet.files({ 'shop.yml': STACK.replace('on: all', `on: ${name}`) });
    const plan = await fleet.plan(files);
    const stopTrace = await startTrace(host);
    expectDone(await fleet.deploy(plan, files));
    const ran = runBy(parseTrace(await stopTrace()), /\/bin\/sh .*ashore/);

    const shown = commandsShown(plan);
    expect(shown.length).toBeGreaterThan(10);
    const ours = ran.filter(
      (command) => !FRAME.some((frame) => frame.test(command)) || shown.includes(command),
    );
    expect(ours.toSorted()).toEqual(shown.toSorted());
    expect((await host.exec(['test', '-e', '/canary'])).status).toBe(1);
  });
});

function commandsShown(plan: Plan): string[] {
  return plan.hosts
    .flatMap((host) => host.changes)
    .flatMap((change) => change.steps.flatMap(commandsOf))
    .flatMap((command) => ('run' in command ? [quoteCommand(command.run)] : []));
}

/** What the shell of the run executed itself, without what those programs executed in turn. */
function runBy(executed: readonly Executed[], shell: RegExp): string[] {
  const script = executed.find(
    (one) => shell.test(one.argv.join(' ')) && one.argv.join(' ').includes('script'),
  );
  if (!script)
    throw new Error(`no run was seen among ${executed.map((one) => one.argv.join(' ')).join('\n')}`);
  return executed.filter((one) => one.by === script).map((one) => quoteCommand(one.argv));
}

/** Traces everything that systemd starts on the host; the returned function ends that and gives the trace. */
async function startTrace(host: LabHost): Promise<() => Promise<string>> {
  const installed = await host.exec(['apt-get', 'install', '-y', '-q', 'strace']);
  expect(installed.status, installed.stderr).toBe(0);
  const calls = 'trace=execve,clone,clone3,fork,vfork';
  const options = `-f -qq -s 100000 -e ${calls} -e abbrev=none -o /root/trace -p 1`;
  const started = await host.exec([
    'sh',
    '-c',
    `setsid strace ${options} </dev/null >/root/strace.out 2>&1 & echo $!; sleep 0.5`,
  ]);
  const pid = started.stdout.trim();
  return async () => {
    await host.exec([
      'sh',
      '-c',
      'kill -INT "$1"; while kill -0 "$1" 2>/dev/null; do sleep 0.1; done',
      'stop',
      pid,
    ]);
    const trace = await host.exec(['cat', '/root/trace']);
    expect(trace.status, trace.stderr).toBe(0);
    return trace.stdout;
  };
}
