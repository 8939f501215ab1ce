#!/usr/bin/env node
// The terminal: validate, plan, deploy and explain on a checkout, with the server's own plan, digest and codes.
// Exit status 0: nothing to do, or done · 2: there are changes · 1: failed, refused, or the configuration is not valid.
import { randomBytes } from 'node:crypto';
import {
  openCheckout,
  putPlan,
  readBaseCommit,
  readCommit,
  readCommitName,
  readPlans,
  readUser,
  readWorkingTree,
} from './checkout.ts';
import type { Checkout } from './checkout.ts';
import { COMMANDS, HELP, isCommand, parseCommandLine } from './command-line.ts';
import type { Command, Flags } from './command-line.ts';
import { countChanges, isComplete } from './core/plan.ts';
import type { Plan } from './core/plan.ts';
import { suggest } from './core/problem.ts';
import type { Problem } from './core/problem.ts';
import { describeReason, isReasonCode, REASON_CODES } from './core/reason.ts';
import type { Reason } from './core/reason.ts';
import { succeeded } from './core/report.ts';
import type { ConfigFiles, Deployer } from './deploy.ts';
import { count } from './render/words.ts';

const EXIT = { done: 0, failed: 1, changes: 2 } as const;
type Exit = (typeof EXIT)[keyof typeof EXIT];

/** Whoever reads may have seen enough, as head(1) has; the work goes on and ends with its own status. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<Exit> {
  const parsed = parseCommandLine(argv);
  if ('refused' in parsed) return refuse('COMMAND_INVALID', parsed.refused);
  const { values, positionals } = parsed;
  const [command, ...rest] = positionals;
  if (values.help || command === undefined || command === 'help') {
    process.stdout.write(HELP);
    return command === undefined && !values.help ? EXIT.failed : EXIT.done;
  }
  if (!isCommand(command)) return refuseCommand(command);
  return refuseExtra(command, rest, values) ?? (await runCommand(command, rest, values));
}

function refuseCommand(text: string): Exit {
  const near = suggest(text, Object.keys(COMMANDS));
  return refuse('COMMAND_UNKNOWN', `there is no command ${text}${near ? `; did you mean ${near}?` : ''}`);
}

function refuseExtra(command: Command, rest: readonly string[], flags: Flags): Exit | undefined {
  const { words, flags: known } = COMMANDS[command];
  const [word] = rest.slice(words);
  if (word !== undefined) return refuse('COMMAND_INVALID', `${command} takes no further word: ${word}`);
  const own: readonly string[] = [...known, 'help', 'directory'];
  const flag = Object.keys(flags).find((name) => !own.includes(name));
  return flag === undefined ? undefined : refuse('COMMAND_INVALID', `${command} takes no --${flag}`);
}

async function runCommand(command: Command, rest: readonly string[], flags: Flags): Promise<Exit> {
  if (command === 'explain') return explain(rest[0]);
  const checkout = await openCheckout(flags.directory ?? process.cwd());
  if (!checkout) return refuse('COMMAND_INVALID', `there is no directory ${flags.directory}`);
  switch (command) {
    case 'validate':
      return validate(checkout);
    case 'plan':
      return plan(checkout, rest, flags);
    case 'deploy':
      return deploy(checkout, rest, flags);
    case 'bootstrap':
      return bootstrap(checkout, rest, flags);
    default:
      return command satisfies never;
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
  const { resources, targets, stacks, secrets } = parsed.config;
  const where = `${count(stacks.length, 'stack')} on ${count(targets.size, 'host')}`;
  print(`valid: ${count(resources.length, 'resource')} in ${where}`);
  const absent = secrets.filter((name) => !files.has(`deploy-configs/secrets/${name}.age`));
  if (secrets.length > 0) print(`not opened: ${count(secrets.length, 'secret')}`);
  if (absent.length > 0)
    print(`not in deploy-configs/secrets/, so they must be on the server: ${absent.join(', ')}`);
  return EXIT.done;
}

async function plan(checkout: Checkout, hosts: readonly string[], flags: Flags): Promise<Exit> {
  const deployer = await openDeployer();
  if (!deployer) return EXIT.failed;
  const files = await readWorkingTree(checkout);
  const base = await readBase(checkout, flags);
  if (base === null) return refuse('COMMAND_INVALID', `git knows no commit ${flags.base}`);
  const input = {
    files,
    commit: await readCommitName(checkout),
    ...(hosts.length > 0 ? { hosts } : {}),
    progress: (done: number, of: number, host: string) =>
      showProgress(`looked at ${done} of ${count(of, 'host')}: ${host}`),
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
    return refuse('COMMAND_INVALID', 'name the plan by six or more characters of its digest', 'ashore plan');
  }
  const [chosen, ...others] = await readPlans(checkout, digest);
  if (!chosen) return refuse('PLAN_UNKNOWN', `no whole plan ${digest} is kept here`, 'ashore plan');
  if (others.length > 0) {
    const message = `${others.length + 1} plans begin with ${digest}`;
    return refuse('PLAN_AMBIGUOUS', message, 'ashore deploy with more characters of the digest');
  }
  const deployer = await openDeployer();
  if (!deployer) return EXIT.failed;
  const run = `cli-${Date.now().toString(36)}-${randomBytes(4).toString('hex')}`;
  process.once('SIGINT', () => {
    showProgress('');
    process.exit(refuse('CONNECTION_LOST', `left alone; the hosts end what they have begun of run ${run}`));
  });
  const { renderReportTerminal, renderProgressLine } = await import('./render/terminal.ts');
  const deployed = await deployer.deploy({
    plan: chosen,
    files: await readWorkingTree(checkout),
    run,
    by: readUser(),
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

async function bootstrap(checkout: Checkout, rest: readonly string[], flags: Flags): Promise<Exit> {
  const { printBootstrap } = await import('./bootstrap.ts');
  const files = await readWorkingTree(checkout);
  const printed = printBootstrap(files, rest[0], { plan: flags['plan-key'], deploy: flags['deploy-key'] });
  if ('problems' in printed) return showProblems(printed.problems, files);
  if ('refused' in printed) return showReason(printed.refused);
  print(printed.script);
  return EXIT.done;
}

function explain(text: string | undefined): Exit {
  const code = text?.toUpperCase();
  if (code === undefined) return complain(REASON_CODES.join('\n'));
  if (!isReasonCode(code)) {
    const near = suggest(code, REASON_CODES);
    const hint = near ? `did you mean ${near}?` : `there are\n${REASON_CODES.join('\n')}`;
    return complain(`there is no reason code ${text}; ${hint}`);
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
  if ('problems' in parsed) {
    complain(parsed.problems.map(formatSettingProblem).join('\n'));
    return undefined;
  }
  try {
    return createLiveDeployer(readKeys(parsed.settings));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    complain(`${error.message}. Name the private key that the hosts let in.`);
    return undefined;
  }
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

function refuse(code: Reason['code'], message: string, next?: string): Exit {
  return showReason({ code, message, ...(next === undefined ? {} : { next }) });
}

function showReason(reason: Reason): Exit {
  const { next, what } = describeReason(reason);
  // The catalogue speaks the commands of a comment.
  const here = next
    .replace(/^\/help$/, 'ashore --help')
    .replaceAll(/(?<!\S)\/(?=plan\b|deploy\b)/g, 'ashore ');
  const words = [`${reason.code}: ${what}`, reason.message, reason.evidence?.output, `next: ${here}`];
  return complain(words.filter((word) => word !== undefined).join('\n'));
}

/** On a terminal only: one line that is written over; an empty text takes it away. */
function showProgress(text: string): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r\x1b[2K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
}

function look(flags: Flags) {
  const { isTTY, columns } = process.stdout;
  const color = isTTY && process.stdout.hasColors();
  return { color, width: columns ?? 100, verbose: flags.verbose ?? false };
}

function print(text: string): void {
  process.stdout.write(`${text.trimEnd()}\n`);
}

function complain(text: string): Exit {
  process.stderr.write(`${text.trimEnd()}\n`);
  return EXIT.failed;
}
