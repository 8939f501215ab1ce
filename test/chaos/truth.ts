// After the storm: what was said is held against what is. Each sentence that is not so is a finding.
import { sha256 } from '../../src/core/json.ts';
import { parseLedger } from '../../src/core/ledger.ts';
import type { HostReport, Report } from '../../src/core/report.ts';
import type { ConfigFiles, Deployer } from '../../src/deploy.ts';
import type { LabHost } from '../lab/lab.ts';
import { contentOf, readBooks, SECRET } from './site.ts';
import type { Books, Site } from './site.ts';

interface Said {
  readonly round: number;
  readonly pull: number;
  readonly files: ConfigFiles;
  readonly deployer: Deployer;
  readonly run: Books['runs'][number] | undefined;
}

export async function findLies(site: Site, said: Said): Promise<readonly string[]> {
  const { run } = said;
  const findings = [
    ...findOpen(site),
    ...(run && !run.report ? [`run ${run.id} has no report: ${run.ended}`] : []),
  ];
  for (const host of site.lab.hosts.values()) {
    const report = run?.report?.hosts.find((each) => each.host === host.name);
    findings.push(...(await findOnHost(host, said.round)));
    if (run && report) findings.push(...(await findUntrue(host, run.id, report)));
  }
  return [...findings, ...(await findWrongRest(said)), ...findWrongCheck(site, run?.report)];
}

/** Deliveries, runs, leases and check runs that are not over. */
function findOpen({ data, repo, github }: Site): readonly string[] {
  const { runs, deliveries, leases } = readBooks(data);
  const known = new Set(deliveries.map(({ guid }) => guid));
  return [
    ...github
      .deliveries()
      .flatMap(({ guid, event }) => (known.has(guid) ? [] : [`delivery ${guid} (${event}) never arrived`])),
    ...deliveries.flatMap(({ guid, state, error }) =>
      state === 'done' ? [] : [`delivery ${guid} is ${state}: ${error}`],
    ),
    ...runs.flatMap(({ id, told, ended }) => (told && ended !== null ? [] : [`run ${id} is not over`])),
    ...(leases === 0 ? [] : [`${leases} leases are left`]),
    ...repo
      .checkRuns()
      .flatMap(({ id, name, status }) =>
        status === 'completed' ? [] : [`check run ${id} (${name}) is ${status}`],
      ),
  ];
}

async function findOnHost(host: LabHost, round: number): Promise<readonly string[]> {
  const out = async (text: string, ...args: readonly string[]): Promise<string> =>
    (await host.exec(['sh', '-c', text, 'look', ...args])).stdout;
  const sum = (await out('[ ! -e /etc/chaos.conf ] || sha256sum </etc/chaos.conf')).slice(0, 64);
  const whole = Array.from({ length: round + 1 }, (_, each) => sha256(contentOf(each)));
  const counted = (await out('cat /var/log/chaos 2>/dev/null || :')).split('\n');
  const works = await out('find /run/ashore -mindepth 2 2>/dev/null');
  const secrets = await out(
    'grep -rl -F "$1" /run /var/lib/ashore 2>/dev/null | grep -v "^/run/systemd" || :',
    SECRET,
  );
  const holder = await out('cat /var/lib/ashore/holder 2>/dev/null || :');
  const torn = holder !== '';
  return [
    ...(sum === '' || whole.includes(sum) ? [] : [`${host.name}: /etc/chaos.conf is no round's`]),
    ...(counted.filter((line) => line === String(round)).length > 1
      ? [`${host.name}: one run ran its command twice`]
      : []),
    // A run whose power was cut leaves its lock's note and, until the next run or boot, its directory.
    ...(works === '' || torn ? [] : [`${host.name}: left in /run/ashore: ${works}`]),
    ...(secrets === '' || torn ? [] : [`${host.name}: the secret is in ${secrets}`]),
  ];
}

/** Applied is in the ledger under this run; failed and not started are not; of what is unknown nothing is claimed. */
async function findUntrue(host: LabHost, run: string, report: HostReport): Promise<readonly string[]> {
  const { stdout } = await host.exec(['sh', '-c', 'cat /var/lib/ashore/ledger 2>/dev/null || :']);
  const ledger = parseLedger(new TextEncoder().encode(stdout));
  if ('damaged' in ledger) return [`${host.name}: the ledger is damaged at ${ledger.damaged}`];
  const recorded = (ref: string): boolean => ledger.entries.get(ref)?.run === run;
  return report.changes.flatMap(({ ref, outcome }) => {
    const should = outcome === 'applied' || outcome === 'skipped';
    if (outcome === 'unknown' || ref.startsWith('forget') || recorded(ref) === should) return [];
    const ours = ledger.entries.has(ref) || should;
    return ours
      ? [`${host.name}: ${ref} is ${outcome} in the report, and ${recorded(ref) ? '' : 'not '}in the ledger`]
      : [];
  });
}

/** The next plan is empty where all went well, and else holds just what did not. */
async function findWrongRest({ files, deployer, run, round }: Said): Promise<readonly string[]> {
  const planned = await deployer.plan({ files, base: undefined, commit: `round ${round}`, all: true });
  if (planned.is !== 'plan') return [`the next plan cannot be made: ${JSON.stringify(planned)}`];
  return planned.plan.hosts.flatMap(({ host, changes, blocked, failure }) => {
    const report = run?.report?.hosts.find((each) => each.host === host);
    const stuck = [...blocked.map(({ reason }) => reason), ...(failure ? [failure] : [])];
    if (stuck.length > 0)
      return [`${host}: the next plan cannot be made: ${stuck.map(({ message }) => message).join('; ')}`];
    const left = changes.filter(({ verb }) => verb !== 'adopt').map(({ ref }) => ref);
    const done =
      report?.changes.filter(({ outcome }) => outcome === 'applied' || outcome === 'skipped') ?? [];
    const again = done.filter(({ ref }) => left.includes(ref)).map(({ ref }) => ref);
    const lost = report?.outcome === 'done' ? left : again.filter((ref) => !ref.startsWith('service/'));
    const missing =
      report?.changes.filter(
        ({ ref, outcome }) => outcome === 'not-started' && !changes.some((change) => change.ref === ref),
      ) ?? [];
    return [
      ...lost.map((ref) => `${host}: ${ref} was reported as done and is planned again`),
      ...missing.map(({ ref }) => `${host}: ${ref} was not started and is not planned again`),
    ];
  });
}

/** The check run says what the report says. */
function findWrongCheck({ repo }: Site, report: Report | undefined): readonly string[] {
  if (!report) return [];
  const good = report.hosts.every(({ outcome, remaining }) => outcome === 'done' && remaining?.length === 0);
  const shown = repo
    .checkRuns()
    .filter(({ name, externalId }) => name === 'ashore/deploy' && externalId === report.run);
  const told = shown.filter(({ conclusion }) => (conclusion === 'success') === good);
  if (shown.length === 1 && told.length === 1) return [];
  return [
    `run ${report.run}: ${shown.length} check runs, ${shown.map(({ conclusion }) => conclusion).join()} where it ${good ? 'succeeded' : 'did not'}`,
  ];
}
