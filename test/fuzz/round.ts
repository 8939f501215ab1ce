// One round of the fuzz: hostile declarations are checked, planned and deployed on a real host, and hostile comments are read.
// Returns what was found, in words that name the seed; nothing when all is well.
import { stringify } from 'yaml';
import { validateConfig } from '../../src/validate.ts';
import { kinds } from '../../src/kinds/index.ts';
import { parseComment } from '../../src/github/command.ts';
import type { ParsedComment } from '../../src/github/command.ts';
import type { Report } from '../../src/core/report.ts';
import type { Plan } from '../../src/core/plan.ts';
import { randomFrom } from '../core/random.ts';
import type { Random } from '../core/random.ts';
import type { Fleet } from '../e2e/fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import { TRAP } from './hostile.ts';
import { PLACE, randomComment, randomResource } from './resources.ts';
import type { Declared } from './resources.ts';

const RESOURCES = 40;
const COMMENTS = 200;
const LOG = '/var/tmp/fuzz-canary';

export interface Round {
  readonly findings: readonly string[];
  /** How many declarations were valid, and how many changes were carried out. */
  readonly valid: number;
  readonly deployed: number;
}

export async function setTrap(host: LabHost): Promise<void> {
  const text = `printf '#!/bin/sh\\necho "$0 $*" >>${LOG}\\n' >/usr/local/bin/${TRAP} && chmod 755 /usr/local/bin/${TRAP} && : >${LOG} && chmod 666 ${LOG}`;
  await shell(host, text);
}

/** Times that the trap was sprung, as it wrote them down. */
export async function readTrap(host: LabHost): Promise<string> {
  return shell(host, `cat ${LOG}`);
}

export async function runRound(fleet: Fleet, name: string, seed: number): Promise<Round> {
  const random = randomFrom(seed);
  const host = fleet.lab.host(name);
  await shell(host, `rm -rf ${PLACE} /var/lib/ashore && mkdir ${PLACE}`);
  const declared = Array.from({ length: RESOURCES }, (_, index) => randomResource(random, index));
  const valid = declared.filter((resource) => isValid(fleet, name, [resource]));
  const { deployed, findings } = await planAndDeploy(fleet, name, valid);
  const comments = await readComments(fleet, name, random);
  const sprung = await readTrap(host);
  const found = [...findings, ...comments, ...(sprung === '' ? [] : [`the trap was sprung: ${sprung}`])];
  return { findings: found.map((text) => `seed ${seed} on ${name}: ${text}`), valid: valid.length, deployed };
}

function filesFor(fleet: Fleet, name: string, resources: readonly Declared[]) {
  return fleet.files({ 'fuzz.yml': stringify({ on: name, resources }) });
}

function isValid(fleet: Fleet, name: string, resources: readonly Declared[]): boolean {
  return 'config' in validateConfig(filesFor(fleet, name, resources), kinds);
}

interface Tried {
  readonly deployed: number;
  readonly findings: readonly string[];
}

/** What cannot be planned is left out, and the rest is carried out. */
async function planAndDeploy(fleet: Fleet, name: string, valid: readonly Declared[]): Promise<Tried> {
  let resources = distinct(fleet, name, valid);
  let plan = await fleet.plan(filesFor(fleet, name, resources));
  for (let again = 0; again < 5 && blockedOf(plan).length > 0; again += 1) {
    const blocked = new Set(blockedOf(plan));
    resources = resources.filter((resource) => !blocked.has(refOf(resource)));
    plan = await fleet.plan(filesFor(fleet, name, resources));
  }
  const failure = plan.hosts[0]?.failure;
  if (failure) return { deployed: 0, findings: [`not planned: ${JSON.stringify(failure)}`] };
  if (blockedOf(plan).length > 0)
    return { deployed: 0, findings: [`blocked still: ${blockedOf(plan).join(', ')}`] };
  const files = filesFor(fleet, name, resources);
  const report = await fleet.deploy(plan, files);
  const stranger = unknownPackage(report);
  if (stranger !== undefined) {
    const others = resources.filter((resource) => refOf(resource) !== stranger);
    const rest = await planAndDeploy(fleet, name, others);
    return { ...rest, deployed: rest.deployed + appliedIn(report) };
  }
  const bad = report.hosts.filter((host) => host.outcome !== 'done');
  const deployed = plan.hosts.flatMap((host) => host.changes).length;
  return { deployed, findings: bad.map((host) => `not deployed: ${JSON.stringify(host.reason)}`) };
}

/** The ref of a package that could be in a source of the same plan, and was not when that had been read. */
function unknownPackage({ hosts }: Report): string | undefined {
  const changes = hosts.flatMap((host) => host.changes);
  return changes.find(({ output }) => output.includes('Unable to locate package'))?.ref;
}

function appliedIn({ hosts }: Report): number {
  return hosts.flatMap((host) => host.changes).filter(({ outcome }) => outcome === 'applied').length;
}

/** The longest beginning of which the whole is valid: what is declared twice, or below another, is left out. */
function distinct(fleet: Fleet, name: string, all: readonly Declared[]): readonly Declared[] {
  return all.reduce<readonly Declared[]>((kept, one) => {
    const more = [...kept, one];
    return isValid(fleet, name, more) ? more : kept;
  }, []);
}

function blockedOf(plan: Plan): string[] {
  return plan.hosts.flatMap((host) => host.blocked.map((entry) => entry.ref));
}

function refOf(resource: Declared): string {
  const [[kind, id] = ['', '']] = Object.entries(resource);
  return `${kind}/${String(id)}`;
}

/** Hosts that a comment names go to the verbs as they are: what hosts.yml does not have is refused. */
async function readComments(fleet: Fleet, name: string, random: Random): Promise<string[]> {
  const files = filesFor(fleet, name, []);
  const findings: string[] = [];
  for (let at = 0; at < COMMENTS; at += 1) {
    const text = randomComment(random);
    const strangers = hostsOf(parseComment(text)).filter((host) => !fleet.lab.hosts.has(host));
    if (strangers.length === 0) continue;
    const planned = await fleet.deployer.plan({ files, base: undefined, commit: 'fuzz', hosts: strangers });
    if (planned.is !== 'refused') findings.push(`${JSON.stringify(text)} was planned`);
  }
  return findings;
}

function hostsOf(parsed: ParsedComment): readonly string[] {
  if (parsed.is !== 'command') return [];
  const { command } = parsed;
  if (command.is === 'plan') return command.hosts;
  return command.is === 'deploy' ? [...command.only, ...command.skip] : [];
}

async function shell(host: LabHost, text: string): Promise<string> {
  const { status, stdout, stderr } = await host.exec(['sh', '-c', text]);
  if (status !== 0) throw new Error(`${text}: ${stderr}`);
  return stdout;
}
