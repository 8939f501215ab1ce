// After the storm: what was said is held against what is. Each look is counted, and each sentence that is not so is a finding.
import { sha256 } from '../../src/core/json.ts';
import { parseLedger } from '../../src/core/ledger.ts';
import type { HostPlan } from '../../src/core/plan.ts';
import type { HostReport, Report } from '../../src/core/report.ts';
import type { ConfigFiles, Deployer } from '../../src/deploy.ts';
import type { LabHost } from '../lab/lab.ts';
import type { BookedRun, Books } from './books.ts';
import { contentOf, SECRET } from './configuration.ts';
import type { Site } from './site.ts';

interface Said {
  readonly round: number;
  readonly pull: number;
  readonly files: ConfigFiles;
  readonly deployer: Deployer;
  /** Of this round, oldest first. */
  readonly runs: readonly BookedRun[];
}

export async function lookForLies(site: Site, said: Said): Promise<void> {
  const { round, runs } = said;
  const books = await site.readBooks();
  lookAtDeliveries(site, books);
  lookAtRuns(site, books);
  lookAtPull(site, books, said);
  // One that was refused as it began has done nothing.
  const last = runs.findLast(({ report }) => report !== undefined);
  for (const host of site.lab.hosts.values()) {
    await lookAtHost(site, host, round);
    await lookAtCommand(site, host, said);
    const report = last?.report?.hosts.find((each) => each.host === host.name);
    if (last && report) await lookAtLedger(site, host, last.id, report);
  }
  for (const { report } of runs) if (report) lookAtCheck(site, report);
  await lookAtRest(site, said, last?.report);
}

function lookAtDeliveries({ github, tally }: Site, { deliveries }: Books): void {
  const known = new Map(deliveries.map((each) => [each.guid, each]));
  for (const { guid, event } of github.deliveries()) {
    const kept = known.get(guid);
    const is = kept ? `is ${kept.state}: ${kept.error}` : 'never arrived';
    const lie = kept?.state === 'done' ? undefined : `delivery ${guid} (${event}) ${is}`;
    tally.check('deliveries arrived and were handled', guid, lie);
  }
}

function lookAtRuns({ repo, tally, servers, postgres }: Site, { runs, leases }: Books): void {
  for (const { id, told, ended, lost } of runs) {
    const over = told && ended !== null;
    tally.check('deploys ended, and their end was told', id, over ? undefined : `run ${id} is not over`);
    tally.check('what became of a deploy is known', id, lost ? `run ${id} is lost: ${ended}` : undefined);
  }
  for (const [comment, asked] of Map.groupBy(runs, (run) => run.comment)) {
    const lie = asked.length === 1 ? undefined : `comment ${comment} made ${asked.length} runs`;
    tally.check('commands were carried out once', comment ?? 'none', lie);
  }
  for (const { id, name, status } of repo.checkRuns()) {
    const lie = status === 'completed' ? undefined : `check run ${id} (${name}) is ${status}`;
    tally.check('check runs were ended', id, lie);
  }
  tally.check('no lease was left', runs.length, leases === 0 ? undefined : `${leases} leases are left`);
  for (const [index, status] of servers.ends.entries()) {
    const lie = postgres && status === 75 ? undefined : `a server ended by itself with ${status}`;
    tally.check('servers that ended by themselves said that others had taken over', index, lie);
  }
}

/** The comment that the store knows is there, whoever deleted it meanwhile. */
function lookAtPull({ repo, tally }: Site, { comments }: Books, { pull }: Said): void {
  const comment = comments.get(pull);
  const there = repo.comments(pull).some(({ id }) => id === comment);
  const lie = there ? undefined : `#${pull}: its plan's comment is not there`;
  tally.check('pull requests show their plan', pull, lie);
}

async function lookAtHost({ tally }: Site, host: LabHost, round: number): Promise<void> {
  const key = `${host.name} ${round}`;
  const out = async (text: string, ...args: readonly string[]): Promise<string> =>
    (await host.exec(['sh', '-c', text, 'look', ...args])).stdout;
  const whole = Array.from({ length: round + 1 }, (_, each) => sha256(contentOf(each)));
  for (const file of ['/etc/chaos.conf', '/opt/chaos.conf']) {
    const sum = (await out('[ ! -e "$1" ] || sha256sum <"$1"', file)).slice(0, 64);
    const halved = sum === '' || whole.includes(sum) ? undefined : `${host.name}: ${file} is no round's`;
    tally.check('files are whole', `${key} ${file}`, halved);
  }
  // A run whose power was cut leaves its lock's note and, until the next run or boot, its directory.
  const torn = (await out('cat /var/lib/ashore/holder 2>/dev/null || :')) !== '';
  const works = await out('find /run/ashore -mindepth 2 2>/dev/null');
  const left = works === '' || torn ? undefined : `${host.name}: left in /run/ashore: ${works}`;
  tally.check('no works directory was left', key, left);
  const secrets = await out(
    'grep -rl -F "$1" /run /var/lib/ashore 2>/dev/null | grep -v "^/run/systemd" || :',
    SECRET,
  );
  const leaked = secrets === '' || torn ? undefined : `${host.name}: the secret is in ${secrets}`;
  tally.check('no secret was left', key, leaked);
}

/** A second deploy of the round does again what the first one did not bring to its end, and nothing else. */
async function lookAtCommand({ tally }: Site, host: LabHost, { round, runs }: Said): Promise<void> {
  const { stdout } = await host.exec(['sh', '-c', 'cat /var/log/chaos 2>/dev/null || :']);
  const counted = stdout.split('\n').filter((line) => line === String(round)).length;
  const outcomes = runs.flatMap(({ report }) =>
    (report?.hosts.find((each) => each.host === host.name)?.changes ?? []).flatMap(({ ref, outcome }) =>
      ref === 'command/count' && outcome !== 'not-started' && outcome !== 'skipped' ? [outcome] : [],
    ),
  );
  const applied = outcomes.filter((outcome) => outcome === 'applied').length;
  const right = counted <= outcomes.length && applied <= 1;
  const lie = right
    ? undefined
    : `${host.name}: a command ran ${counted} times: ${outcomes.join() || 'never'}`;
  tally.check('commands of a deploy ran as often as reported', `${host.name} ${round}`, lie);
}

/** Applied is in the ledger under this run; failed and not started are not; of what is unknown nothing is claimed. */
async function lookAtLedger({ tally }: Site, host: LabHost, run: string, report: HostReport): Promise<void> {
  const { stdout } = await host.exec(['sh', '-c', 'cat /var/lib/ashore/ledger 2>/dev/null || :']);
  const ledger = parseLedger(new TextEncoder().encode(stdout));
  if ('damaged' in ledger) {
    const lie = `${host.name}: the ledger is damaged at ${ledger.damaged}`;
    return tally.check('reports equal ledgers', `${host.name} ${run}`, lie);
  }
  const recorded = (ref: string): boolean => ledger.entries.get(ref)?.run === run;
  const wrong = report.changes.filter(({ ref, outcome }) => {
    const should = outcome === 'applied' || outcome === 'skipped';
    if (outcome === 'unknown' || ref.startsWith('forget') || recorded(ref) === should) return false;
    return ledger.entries.has(ref) || should;
  });
  const said = wrong.map(({ ref, outcome }) => {
    return `${ref} is ${outcome} in the report, and ${recorded(ref) ? '' : 'not '}in the ledger`;
  });
  const lie = said.length === 0 ? undefined : `${host.name}: ${said.join('; ')}`;
  tally.check('reports equal ledgers', `${host.name} ${run}`, lie);
}

/** The next plan is empty where all went well, and else holds just what did not. */
async function lookAtRest(site: Site, said: Said, report: Report | undefined): Promise<void> {
  const { round } = said;
  const truth = 'the next plan of a host is empty, or exactly the rest';
  for (const host of await planAgain(site, said)) {
    const reported = report?.hosts.find((each) => each.host === host.host);
    const lies = findWrongRest(host, reported);
    const lie = lies.length === 0 ? undefined : lies.map((each) => `${host.host}: ${each}`).join('; ');
    site.tally.check(truth, `${host.host} ${round}`, lie);
  }
}

/** What a plan says a person has to do on a host is done, and then it must be made. */
async function planAgain(site: Site, said: Said): Promise<readonly HostPlan[]> {
  const { files, deployer, round } = said;
  const plan = async (): Promise<readonly HostPlan[]> => {
    const planned = await deployer.plan({ files, base: undefined, commit: `round ${round}`, all: true });
    if (planned.is === 'plan') return planned.plan.hosts;
    throw new Error(`the next plan cannot be made: ${JSON.stringify(planned)}`);
  };
  const first = await plan();
  const broken = first.filter(({ blocked }) =>
    blocked.some(({ reason }) => reason.code === 'PACKAGES_BROKEN'),
  );
  if (broken.length === 0) return first;
  // The power went while dpkg was at work. This is the command that the reason names.
  for (const { host } of broken) await site.lab.host(host).exec(['dpkg', '--configure', '-a']);
  const second = await plan();
  for (const { host } of broken) {
    const now = second.find((each) => each.host === host);
    const lie = now?.blocked.length === 0 ? undefined : `${host}: what was named does not mend dpkg`;
    site.tally.check('what a person was told to do was what it took', `${host} ${round}`, lie);
  }
  return second;
}

function findWrongRest(
  { changes, blocked, failure }: HostPlan,
  report: HostReport | undefined,
): readonly string[] {
  const stuck = [...blocked.map(({ reason }) => reason), ...(failure ? [failure] : [])];
  if (stuck.length > 0)
    return [`the next plan cannot be made: ${stuck.map(({ message }) => message).join('; ')}`];
  const left = changes.filter(({ verb }) => verb !== 'adopt').map(({ ref }) => ref);
  const done = report?.changes.filter(({ outcome }) => outcome === 'applied' || outcome === 'skipped') ?? [];
  const again = done.filter(({ ref }) => left.includes(ref)).map(({ ref }) => ref);
  const lost = report?.outcome === 'done' ? left : again.filter((ref) => !ref.startsWith('service/'));
  const missing =
    report?.changes.filter(
      ({ ref, outcome }) => outcome === 'not-started' && !changes.some((change) => change.ref === ref),
    ) ?? [];
  return [
    ...lost.map((ref) => `${ref} was reported as done and is planned again`),
    ...missing.map(({ ref }) => `${ref} was not started and is not planned again`),
  ];
}

/** The check run says what the report says. */
function lookAtCheck({ repo, tally }: Site, report: Report): void {
  const good = report.hosts.every(({ outcome, remaining }) => outcome === 'done' && remaining?.length === 0);
  const shown = repo
    .checkRuns()
    .filter(({ name, externalId }) => name === 'ashore/deploy' && externalId === report.run);
  const told = shown.filter(({ conclusion }) => (conclusion === 'success') === good);
  const as = shown.map(({ conclusion }) => conclusion).join();
  const is = good ? 'succeeded' : 'did not';
  const right = shown.length === 1 && told.length === 1;
  const lie = right ? undefined : `run ${report.run}: ${shown.length} check runs, ${as} where it ${is}`;
  tally.check('check runs say what reports say', report.run, lie);
}
