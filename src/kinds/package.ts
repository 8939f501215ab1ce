// A package of a host. What is planned is what apt itself would do there, every version named; that and no more is done.
// Removing never purges: configuration files and data stay.
import { z } from 'zod';
import { ASIDE, defineKind } from '../core/kind.ts';
import type { Blocked, ChangeRequest, KindChange, Members, Rows, Sighting, World } from '../core/kind.ts';
import type { Reader } from '../core/host.ts';
import type { Evidence, ReasonCode } from '../core/reason.ts';
import type { Seal } from '../core/secret.ts';
import { resolveAlone } from './absent.ts';
import { keepPackages } from './lifelines.ts';
import { formatUnseen } from './apt/format.ts';
import { readSightings } from './apt/log.ts';
import { readPackages, readTransactions, readUnknown } from './apt/look.ts';
import type { Packages } from './apt/look.ts';
import type { Answer, Refusal } from './apt/transaction.ts';
import { planInstall, planRemoval } from './apt/plan.ts';
import type { Comes, Due } from './apt/plan.ts';
import { Absent } from './paths/path.ts';

const Spec = z.strictObject({
  version: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9.+:~-]*$/)
    .optional()
    .describe(
      'Exact version, as apt writes it. Left out: any will do, and what is installed is never upgraded.',
    ),
  absent: Absent.optional().describe(
    'The package shall not be installed. Its configuration files and data stay.',
  ),
});
type Spec = z.infer<typeof Spec>;

type State =
  | { readonly is: 'installed'; readonly [ASIDE]?: { readonly version: string | null } }
  | { readonly is: 'unsound'; readonly packages: readonly string[] }
  | { readonly is: 'held'; readonly version: string }
  | {
      readonly is: 'unknown';
      readonly installed: string | null;
      readonly [ASIDE]: {
        readonly offered: readonly string[];
        readonly providers: readonly string[];
        readonly lists: string;
      };
    }
  | ({ readonly is: 'refused' } & Refusal)
  | Due
  | Comes;
type Unknown = Extract<State, { is: 'unknown' }>;

export const packageKind = defineKind<Spec, State>({
  name: 'package',
  about: 'A Debian package, in any version or in an exact one.',
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9+.-]+$/)
    .describe("Name of a package of the host's own architecture."),
  spec: Spec,
  resolve: resolveAlone,
  read,
  change: keepPackages(change),
  apart,
});

async function read(
  host: Reader,
  wanted: ReadonlyMap<string, Spec | undefined>,
  _seal?: Seal,
  rows: Rows = [],
) {
  const declared = [...wanted].flatMap(([id, want]) => (want ? [{ id, want }] : []));
  const names = declared.map(({ id }) => id);
  const there = declared.filter(({ want }) => !want.absent);
  const packages = await readPackages(host, new Map(there.map(({ id, want }) => [id, want.version ?? null])));
  const findings = new Map([...wanted].map(([id, want]) => [id, findingOf(packages, id, want)] as const));
  const due = declared.filter(({ id }) => findings.get(id) === 'due');
  const asked = due.map(({ id, want }) => ({ id, word: wordOf(id, want) }));
  const [transactions, unknown, sightings] = await Promise.all([
    readTransactions(host, asked, {
      installed: packages.installed,
      rows,
      isStill: (id) => isStill(findings.get(id)),
    }),
    readUnknown(
      host,
      names.filter((id) => findings.get(id) === 'unknown'),
    ),
    readSightings(
      host,
      due.map(({ id }) => id),
    ),
  ]);
  const present = there.map(({ id }) => id);
  const stateOf = (id: string, finding: Finding): State | undefined => {
    if (finding !== 'due' && finding !== 'unknown') return finding;
    const installed = installedVersion(packages, id);
    const answer = transactions.get(id);
    if (answer) return dueState(id, answer, { installed, present, sighted: sightings.get(id) });
    const offered = packages.offers.get(id)?.versions ?? [];
    const providers = unknown.providers.get(id) ?? [];
    return { is: 'unknown', installed, [ASIDE]: { offered, providers, lists: unknown.lists } };
  };
  const states = [...findings].map(([id, finding]) => [id, stateOf(id, finding)] as const);
  return new Map(states.flatMap(([id, state]) => (state ? [[id, state] as const] : [])));
}

/** What apt would do follows from what is wanted; which version is there does not. */
function apart(have: State | undefined): Members {
  if (!have) return { version: null };
  if (have.is === 'installed') return have[ASIDE] ? { version: have[ASIDE].version } : {};
  if ('installed' in have) return { version: have.installed };
  return have.is === 'held' ? { version: have.version } : {};
}

/** What is said at once, or what the second turn has to say. */
type Finding = State | 'due' | 'unknown' | undefined;

function isStill(finding: Finding): boolean {
  return finding === undefined || (typeof finding === 'object' && finding.is === 'installed');
}

function findingOf(packages: Packages, id: string, want: Spec | undefined): Finding {
  const version = installedVersion(packages, id);
  const unsound = packages.installed.get(id)?.state === 'unsound';
  const there = { is: 'installed', [ASIDE]: { version } } as const;
  if (!want) return version !== null || unsound ? there : undefined;
  if (!unsound && want.absent && version === null) return undefined;
  if (!want.absent && version !== null && (want.version ?? version) === version) return there;
  if (packages.unsound.length > 0) return { is: 'unsound', packages: packages.unsound };
  if (version !== null && packages.installed.get(id)?.held) return { is: 'held', version };
  if (want.absent) return 'due';
  const offer = packages.offers.get(id);
  const offered =
    want.version === undefined ? offer?.candidate != null : offer?.versions.includes(want.version);
  return offered ? 'due' : 'unknown';
}

function installedVersion({ installed }: Packages, id: string): string | null {
  const found = installed.get(id);
  return found?.state === 'installed' ? found.version : null;
}

function wordOf(id: string, want: Spec): string {
  if (want.absent) return `${id}-`;
  return want.version === undefined ? id : `${id}=${want.version}`;
}

interface Around {
  readonly installed: string | null;
  /** Packages that are declared to be there. */
  readonly present: readonly string[];
  readonly sighted: Sighting | undefined;
}

function dueState(id: string, answer: Answer, { installed, present, sighted }: Around): State {
  if ('refused' in answer) return { is: 'refused', ...answer };
  const seen = sighted ? { sighted } : {};
  if ('by' in answer) return { is: 'comes', installed, ...answer, ...(sighted ? { [ASIDE]: seen } : {}) };
  const { units, ...rest } = answer;
  const lost = rest.lines.filter(({ name, to }) => to === null && name !== id && present.includes(name));
  if (lost.length === 0) return { is: 'due', installed, ...rest, [ASIDE]: { units, ...seen } };
  const refused = `apt would remove ${lost.map(({ name }) => name).join(', ')}, which is declared too`;
  return { is: 'refused', refused, command: `apt-get -s install ${id}`, behind: null };
}

function change({ id, want, have, world }: ChangeRequest<Spec, State>): KindChange | Blocked | undefined {
  if (!want) return have && planOmission();
  if (!have) return undefined;
  switch (have.is) {
    case 'installed':
      return undefined;
    case 'unsound': {
      const evidence = { command: 'dpkg --audit', output: have.packages.join('\n') };
      return blocked(
        'PACKAGES_BROKEN',
        'dpkg was interrupted, and apt does nothing before that is mended',
        evidence,
      );
    }
    case 'held':
      return blocked('PACKAGE_HELD', `${id} ${have.version} is held on the host, and this needs it changed`);
    case 'refused': {
      const evidence = { command: have.command, status: 100, output: have.refused };
      const behind = have.behind === null ? '' : `, nor what is declared of ${have.behind} above`;
      return blocked(
        refusalCode(have.refused),
        `apt would not do what is declared of ${id}${behind}`,
        evidence,
      );
    }
    case 'unknown':
      return addsSource(world)
        ? planBlind(id, want, have)
        : blocked('PACKAGE_UNKNOWN', describeUnknown(id, want, have));
    case 'due':
      return want.absent ? planRemoval(id, have) : planInstall(id, want.version, have);
    case 'comes':
      return planInstall(id, want.version, have);
    default:
      return have satisfies never;
  }
}

function blocked(code: ReasonCode, message: string, evidence?: Evidence): Blocked {
  return { blocked: { code, message, ...(evidence === undefined ? {} : { evidence }) } };
}

/** By apt's own words, which are the same on Debian 12 and 13. */
function refusalCode(words: string): ReasonCode {
  if (words.includes('Held packages were changed')) return 'PACKAGE_HELD';
  return words.includes('--fix-broken') ? 'PACKAGES_BROKEN' : 'PACKAGE_UNSOLVABLE';
}

function describeUnknown(id: string, want: Spec, have: Unknown): string {
  const { offered, providers, lists } = have[ASIDE];
  if (providers.length > 0 && offered.length === 0)
    return `${id} is a virtual package; declare one that provides it: ${providers.join(', ')}`;
  if (offered.length === 0) return `apt on the host knows no package ${id} (${lists})`;
  if (want.version === undefined) return `the apt preferences of the host allow no version of ${id}`;
  return `apt on the host has no version ${want.version} of ${id}, but ${offered.join(', ')} (${lists})`;
}

function planOmission(): KindChange {
  const reason = 'no longer declared; it stays installed (absent: true removes it)';
  return { verb: 'forget', reason, fields: [], steps: [], data: 'kept' };
}

/** Whether the plan so far changes where apt gets packages from; what it then offers cannot be seen before. */
function addsSource(world: World): boolean {
  const verbs = ['create', 'update', 'replace'] as const;
  const files = world.plannedIds('file', verbs).filter((path) => path.startsWith('/etc/apt/'));
  return files.length > 0 || world.plannedIds('apt-repository', verbs).length > 0;
}

function planBlind(id: string, want: Spec, have: Unknown): KindChange {
  const reason = have.installed === null ? 'not installed' : `version ${have.installed} is installed`;
  return {
    verb: have.installed === null ? 'create' : 'update',
    reason: `${reason}; it comes from a package source that this plan adds`,
    fields: [{ name: 'version', before: have.installed, after: want.version ?? 'newest of that source' }],
    steps: formatUnseen(wordOf(id, want)),
    notes: ['what else is installed along is known only when that source has been read; nothing is removed'],
  };
}
