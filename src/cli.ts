#!/usr/bin/env node
// The terminal: validate, plan, deploy and explain on a checkout, with the server's own plan, digest and codes.
// Exit status 0: nothing to do, or done · 2: there are changes · 1: failed, refused, or the configuration is not valid.
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import {
  openCheckout,
  putPlan,
  readBaseCommit,
  readCommit,
  readCommitName,
  readPlans,
  readWorkingTree,
} from './checkout.ts';
import type { Checkout } from './checkout.ts';
import { countChanges, isComplete } from './core/plan.ts';
import type { Plan } from './core/plan.ts';
import type { Problem } from './core/problem.ts';
import { describeReason, isReasonCode, REASON_CODES } from './core/reason.ts';
import type { Reason } from './core/reason.ts';
import { succeeded } from './core/report.ts';
import type { ConfigFiles, Deployer } from './deploy.ts';

const EXIT = { done: 0, failed: 1, changes: 2 } as const;
type Exit = (typeof EXIT)[keyof typeof EXIT];

const HELP = `ashore: plans a checkout's deploy-configs/ against its live hosts, and carries out exactly that plan

  ashore validate                  check the configuration; no host is asked
  ashore plan [host…]              look at the hosts and say what would change, and why
    --base <commit>                plan only the stacks that differ from this commit
                                   (default: where the branch left origin's default branch; all stacks on it)
    --all                          plan every stack
    --json                         the plan as JSON
    --verbose                      every command, and every line that differs
  ashore deploy <plan>             carry out a plan, by its digest
    --only <host>  --skip <host>   only these hosts, or all but these; may be given more than once
    --json                         the report as JSON
  ashore explain <CODE>            what a reason code means and who can do what about it

  -C <directory>                   the checkout; default: here

Hosts are logged in to with the key ASHORE_SSH_KEY_PATH names, or with the agent at SSH_AUTH_SOCK.
Exit status: 0 nothing to do, or done · 2 there are changes · 1 failed, refused or not valid
`;

const OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  all: { type: 'boolean' },
  verbose: { type: 'boolean', short: 'v' },
  base: { type: 'string' },
  only: { type: 'string', multiple: true },
  skip: { type: 'string', multiple: true },
  directory: { type: 'string', short: 'C' },
} as const;

type Flags = ReturnType<typeof parseCommandLine>['values'];

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<Exit> {
  try {
    const { values, positionals } = parseCommandLine(argv);
    const [command, ...rest] = positionals;
    if (values.help || command === undefined || command === 'help') {
      process.stdout.write(HELP);
      return command === undefined && !values.help ? EXIT.failed : EXIT.done;
    }
    return await runCommand(command, rest, values);
  } catch (error) {
    if (error instanceof TypeError && 'code' in error) return complain(`${error.message}\n\n${HELP}`);
    throw error;
  }
}

function parseCommandLine(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
}

async function runCommand(command: string, rest: readonly string[], flags: Flags): Promise<Exit> {
  switch (command) {
    case 'validate':
      return validate(await openCheckout(flags.directory ?? process.cwd()));
    case 'plan':
      return plan(await openCheckout(flags.directory ?? process.cwd()), rest, flags);
    case 'deploy':
      return deploy(await openCheckout(flags.directory ?? process.cwd()), rest, flags);
    case 'explain':
      return explain(rest[0]);
    default:
      return complain(`COMMAND_UNKNOWN: there is no command ${command}\n\n${HELP}`);
  }
}

async function validate(checkout: Checkout): Promise<Exit> {
  const [{ validateConfig }, { kinds }] = await Promise.all([
    import('./deploy.ts'),
    import('./kinds/index.ts'),
  ]);
  const files = await readWorkingTree(checkout);
  const parsed = validateConfig(files, kinds);
  if ('problems' in parsed) return showProblems(parsed.problems, files);
  const { resources, targets, stacks } = parsed.config;
  print(`valid: ${resources.length} resources in ${stacks.length} stacks on ${targets.size} hosts`);
  return EXIT.done;
}

async function plan(checkout: Checkout, hosts: readonly string[], flags: Flags): Promise<Exit> {
  const deployer = await openDeployer();
  if (!deployer) return EXIT.failed;
  const files = await readWorkingTree(checkout);
  const base = await readBase(checkout, flags);
  if (base === null) return complain(`git knows no commit ${flags.base}`);
  const input = {
    files,
    commit: await readCommitName(checkout),
    ...(hosts.length > 0 ? { hosts } : {}),
    progress: (done: number, of: number, host: string) =>
      showProgress(`looked at ${done} of ${of} hosts: ${host}`),
  };
  let planned = await deployer.plan({ ...input, base, all: base === undefined || flags.all === true });
  // Nothing differs from the base, as on the default branch itself: then everything is meant.
  if (planned.is === 'plan' && planned.plan.stacks.length === 0 && flags.base === undefined) {
    planned = await deployer.plan({ ...input, base, all: true });
  }
  showProgress('');
  if (planned.is === 'problems') return showProblems(planned.problems, files);
  if (planned.is === 'refused') return showReason(planned.reason);
  await putPlan(checkout, planned.plan);
  await showPlan(planned.plan, flags);
  if (!isComplete(planned.plan)) return EXIT.failed;
  return countChanges(planned.plan) > 0 ? EXIT.changes : EXIT.done;
}

/** Undefined: no base to compare with; null: the commit that was named is not known. */
async function readBase(checkout: Checkout, flags: Flags): Promise<ConfigFiles | undefined | null> {
  if (flags.base !== undefined) return (await readCommit(checkout, flags.base)) ?? null;
  const commit = await readBaseCommit(checkout);
  return commit === undefined ? undefined : readCommit(checkout, commit);
}

async function deploy(checkout: Checkout, rest: readonly string[], flags: Flags): Promise<Exit> {
  const [digest = ''] = rest;
  if (!/^[0-9a-f]{6,64}$/.test(digest)) {
    return showReason({
      code: 'COMMAND_INVALID',
      message: 'name the plan by at least six characters of its digest',
      next: 'ashore plan',
    });
  }
  const found = await readPlans(checkout, digest);
  const [chosen, ...others] = found;
  if (!chosen)
    return showReason({
      code: 'PLAN_UNKNOWN',
      message: `no plan ${digest} was made here`,
      next: 'ashore plan',
    });
  if (others.length > 0)
    return showReason({ code: 'PLAN_AMBIGUOUS', message: `${found.length} plans begin with ${digest}` });
  const deployer = await openDeployer();
  if (!deployer) return EXIT.failed;
  const run = `cli-${Date.now().toString(36)}-${randomBytes(4).toString('hex')}`;
  const { renderReportTerminal, renderProgressLine } = await import('./render/terminal.ts');
  const deployed = await deployer.deploy({
    plan: chosen,
    files: await readWorkingTree(checkout),
    run,
    by: userInfo().username,
    ...(flags.only ? { only: flags.only } : {}),
    ...(flags.skip ? { skip: flags.skip } : {}),
    report: (report) => showProgress(renderProgressLine(report, chosen)),
  });
  showProgress('');
  if (deployed.is === 'refused') return showReason(deployed.reason);
  const { report } = deployed;
  print(flags.json ? JSON.stringify(report, null, 2) : renderReportTerminal(report, chosen, look(flags)));
  return succeeded(report) ? EXIT.done : EXIT.failed;
}

function explain(code: string | undefined): Exit {
  if (code === undefined || !isReasonCode(code)) {
    return complain(`there is no reason code ${code ?? ''}; there are\n${REASON_CODES.join('\n')}`);
  }
  const { class: kind, fixer, what, next } = describeReason({ code, message: '' });
  print(`${code}: ${what}\nclass: ${kind}\nwho: ${fixer}\nnext: ${next}`);
  return EXIT.done;
}

async function openDeployer(): Promise<Deployer | undefined> {
  const [{ createLiveDeployer, readKeys }, { readSshSettings, formatSettingProblem }] = await Promise.all([
    import('./world.ts'),
    import('./settings.ts'),
  ]);
  const parsed = readSshSettings();
  if ('settings' in parsed) return createLiveDeployer(readKeys(parsed.settings));
  complain(parsed.problems.map(formatSettingProblem).join('\n'));
  return undefined;
}

async function showPlan(made: Plan, flags: Flags): Promise<void> {
  const { renderPlanTerminal } = await import('./render/terminal.ts');
  print(flags.json ? JSON.stringify(made, null, 2) : renderPlanTerminal(made, look(flags)));
}

async function showProblems(problems: readonly Problem[], files: ConfigFiles): Promise<Exit> {
  const { renderProblemsTerminal } = await import('./render/terminal.ts');
  const readLine = (file: string, line: number) => {
    const bytes = files.get(file);
    return bytes && new TextDecoder().decode(bytes).split('\n')[line - 1];
  };
  return complain(renderProblemsTerminal(problems, readLine));
}

function showReason(reason: Reason): Exit {
  const { next, what } = describeReason(reason);
  const output = reason.evidence?.output;
  return complain(`${reason.code}: ${what}\n${reason.message}\n${output ? `${output}\n` : ''}next: ${next}`);
}

/** On a terminal only: one line that is written over; an empty text takes it away. */
function showProgress(text: string): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r\x1b[2K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
}

function look(flags: Flags) {
  const { isTTY, columns } = process.stdout;
  return { color: isTTY, width: columns ?? 100, verbose: flags.verbose ?? false };
}

function print(text: string): void {
  process.stdout.write(`${text.trimEnd()}\n`);
}

function complain(text: string): Exit {
  process.stderr.write(`${text.trimEnd()}\n`);
  return EXIT.failed;
}
