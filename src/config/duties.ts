// `checks`, `bake` and `hooks` of a stack → what each of its hosts does around its changes.
import type { z } from 'zod';
import type { Duty, DutyTime } from '../core/plan.ts';
import { formatProbe, LIMITS } from '../core/probe.ts';
import type { Limit, Probe } from '../core/probe.ts';
import type { HostDuty } from '../core/resource.ts';
import { quoteCommand } from '../core/shell.ts';
import type { Step } from '../core/step.ts';
import type { Budget } from './bounds.ts';
import { RESOURCE_UNITS } from './bounds.ts';
import { check } from './check.ts';
import { BakeForm, CheckForm, HookForm, secondsOf, urlOf } from './duty-forms.ts';
import { tellOutcomes } from './entry.ts';
import type { Found, Tell } from './tell.ts';
import { memberOf, weigh } from './tree.ts';
import type { Tree } from './tree.ts';
import { interpolate, lookupIn } from './variables.ts';
import type { Bindings } from './variables.ts';

interface Given {
  readonly stack: string;
  readonly hosts: readonly Bindings[];
  /** The hosts are not the ones that were meant. */
  readonly guessed: boolean;
  readonly budget: Budget;
  /** The hosts among these that an `on` means. */
  readonly choose: (on: Tree) => readonly Bindings[];
}

export function parseDuties(tree: Tree, given: Given, tell: Tell): readonly HostDuty[] {
  const hooks = memberOf(tree, 'hooks')?.value;
  const bake = memberOf(tree, 'bake')?.value;
  const checks = entriesOf(tree, 'checks');
  const first = checks.find((entry) => memberOf(entry, 'http'));
  const url = bake && (memberOf(bake, 'http') ?? memberOf(first, 'http'))?.value;
  if (bake && !url) {
    const message = '`bake` asks an http address: give it `http`, or have an http check';
    tell({ code: 'CONFIG_INVALID', message, where: bake.where });
  }
  const baked =
    bake && url
      ? expand(bake, BakeForm, given, tell, (form, host) => bakeOf(form, fillText(url, host, given), given))
      : [];
  const hookDuties = (key: string, when: DutyTime): readonly HostDuty[] =>
    entriesOf(hooks, key).flatMap((entry) => hookOf(entry, when, given, tell));
  const kept = keepingOf(tree, given);
  return numbered([
    ...baked.filter(({ duty }) => duty.when === 'before'),
    ...hookDuties('before', 'before'),
    ...kept.filter(({ duty }) => duty.when === 'before'),
    ...checks.flatMap((entry) =>
      expand(entry, CheckForm, given, tell, (form) => [checkOf(form, given.stack)]),
    ),
    ...baked.filter(({ duty }) => duty.when === 'check'),
    ...hookDuties('after', 'after'),
    ...kept.filter(({ duty }) => duty.when === 'on-failure'),
    ...hookDuties('on_failure', 'on-failure'),
    ...hookDuties('always', 'always'),
  ]);
}

/** Which paths and units these are is known when the changes are planned. */
function keepingOf(tree: Tree, { stack, hosts, guessed }: Given): readonly HostDuty[] {
  const said = memberOf(tree, 'on_failure')?.value;
  if (guessed || said?.is !== 'scalar' || said.value !== 'restore') return [];
  const step = (back: boolean): Step => ({ do: 'keep', as: stack, back, paths: [], units: [] });
  const drafts: readonly Draft[] = [
    { ref: `restore/${stack}: set aside`, stack, when: 'before', steps: [step(false)] },
    { ref: `restore/${stack}`, stack, when: 'on-failure', steps: [step(true)] },
  ];
  return hosts.flatMap(({ host }) => drafts.map((duty) => ({ host, duty: { ...duty, where: said.where } })));
}

type Draft = Omit<Duty, 'where'>;

/** The same on every host but for its variables; each problem is told once. */
function expand<Form>(
  entry: Tree,
  form: z.ZodType<Form>,
  { hosts, guessed, budget }: Given,
  tell: Tell,
  draftsOf: (form: Form, host: Bindings) => readonly Draft[],
): readonly HostDuty[] {
  const outcomes = hosts.map((host) => {
    const problems: Found[] = [];
    const note: Tell = (problem) => void problems.push(problem);
    if (!budget.spend(RESOURCE_UNITS + weigh(entry))) return { host: host.host, problems, drafts: [] };
    const filled = interpolate(entry, { lookup: lookupIn(host, note), tell: note, budget });
    const checked = check(form, filled, note, { root: 'the entry' });
    return { host: host.host, problems, drafts: checked ? draftsOf(checked.value, host) : [] };
  });
  tellOutcomes(outcomes, guessed, tell);
  if (guessed) return [];
  return outcomes.flatMap(({ host, drafts }) =>
    drafts.map((draft) => ({ host, duty: { ...draft, where: { ...entry.where } } })),
  );
}

function checkOf(form: CheckForm, stack: string): Draft {
  const probe = probeOf(form);
  const step: Step = { do: 'check', probe, within: secondsOf(form.within ?? '30s'), watch: [] };
  return { ref: `check/${stack}: ${formatProbe(probe)}`, stack, when: 'check', steps: [step] };
}

function probeOf(form: CheckForm): Probe {
  if ('unit' in form)
    return { is: 'unit', unit: form.unit.includes('.') ? form.unit : `${form.unit}.service` };
  if ('tcp' in form) {
    const [, host = 'localhost', port = ''] = /^(?:(.*):)?(\d+)$/.exec(String(form.tcp)) ?? [];
    return { is: 'tcp', host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
  }
  if ('command' in form) return { is: 'command', argv: [...form.command], user: form.user ?? null };
  const { http, status = 200, body = null, header = {} } = form;
  return { is: 'http', url: urlOf(http) ?? NOWHERE, status, body, headers: Object.entries(header) };
}

/** The form has refused what is no address. */
const NOWHERE = { host: 'localhost', port: 80, path: '/' };

/** Seconds for which the numbers before a change are taken. */
const BEFORE = 10;

function bakeOf(form: BakeForm, address: string, { stack }: Given): readonly Draft[] {
  const url = urlOf(address) ?? NOWHERE;
  const within = secondsOf(form.for);
  const as = `bake-${stack}`;
  const limits: Limit[] = LIMITS.flatMap((of) => limitOf(of, form.limits[of]));
  const measure: Step = {
    do: 'check',
    probe: { is: 'measure', url, as },
    within: Math.min(BEFORE, within),
    watch: [],
  };
  const bake: Step = { do: 'check', probe: { is: 'bake', url, as, limits }, within, watch: [] };
  return [
    { ref: `check/${stack}: before the bake`, stack, when: 'before', steps: [measure] },
    { ref: `check/${stack}: bake`, stack, when: 'check', steps: [bake] },
  ];
}

function limitOf(of: Limit['of'], value: number | string | undefined): readonly Limit[] {
  if (value === undefined) return [];
  return [{ of, most: Number.parseFloat(String(value)), percent: typeof value === 'string' }];
}

function fillText(tree: Tree, host: Bindings, { budget }: Given): string {
  // What is wrong with it is told where it stands.
  const filled = interpolate(tree, {
    lookup: lookupIn(host, () => undefined),
    tell: () => undefined,
    budget,
  });
  return filled.is === 'scalar' ? String(filled.value) : '';
}

function hookOf(entry: Tree, when: DutyTime, given: Given, tell: Tell): readonly HostDuty[] {
  const on = memberOf(entry, 'on')?.value;
  const once = memberOf(entry, 'once');
  const chosen = on ? given.choose(on) : given.hosts;
  if (once && (when === 'on-failure' || when === 'always')) {
    const message = `\`${when.replace('-', '_')}\` is for each host on its own, never \`once\``;
    tell({ code: 'CONFIG_INVALID', message, where: once.keyWhere });
  }
  if (once && on && chosen.length > 1) {
    tell({ code: 'CONFIG_INVALID', message: 'what is done `once` is `on` one host', where: on.where });
  }
  const side = once && (when === 'before' || when === 'after') ? when : undefined;
  const hosts = side ? hostOnce(chosen, side) : chosen;
  const duties = expand(entry, HookForm, { ...given, hosts }, tell, (form) => [
    draftHook(form, when, given.stack),
  ]);
  return side ? duties.map((duty) => ({ ...duty, once: side })) : duties;
}

/** The host on which something is done once where nobody names one: on both sides of the others it cannot be the same. */
export function hostOnce<Host>(hosts: readonly Host[], side: 'before' | 'after'): readonly Host[] {
  return side === 'before' ? hosts.slice(0, 1) : hosts.slice(-1);
}

function draftHook({ run, user, directory, limit }: HookForm, when: DutyTime, stack: string): Draft {
  const step: Step = {
    do: 'run',
    argv: [...run],
    limit: limit ?? 600,
    ...(user === undefined ? {} : { user }),
    directory: directory ?? '/',
  };
  return { ref: `hook/${stack}: ${when} ${quoteCommand(run)}`, stack, when, steps: [step] };
}

/** Two that read the same on one host are told apart by a number. */
function numbered(duties: readonly HostDuty[]): readonly HostDuty[] {
  const seen = new Map<string, number>();
  return duties.map((entry) => {
    const key = JSON.stringify([entry.host, entry.duty.ref]);
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return count === 1 ? entry : { ...entry, duty: { ...entry.duty, ref: `${entry.duty.ref} (${count})` } };
  });
}

function entriesOf(tree: Tree | undefined, key: string): readonly Tree[] {
  const list = memberOf(tree, key)?.value;
  return list?.is === 'list' ? list.entries.filter(({ is }) => is === 'mapping') : [];
}
