// What dpkg and apt print, as data. Pure; the texts are asked for with LC_ALL=C.

/** A package that dpkg knows of on this host. */
export interface Installed {
  readonly version: string;
  readonly state: 'installed' | 'removed' | 'unsound';
  readonly held: boolean;
}

/** What the package lists offer under a name. */
export interface Offer {
  /** The version that apt would choose; null when there is none, or preferences allow none. */
  readonly candidate: string | null;
  readonly versions: readonly string[];
}

/** One package that apt would install (from null), replace, or remove (to null). */
export interface Line {
  readonly name: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** For parseInstalled; `Status-Abbrev` is one letter each for what is wished, how it is, and an error (dpkg-query(1)). */
export const INSTALLED_FORMAT = '${Package}\\t${Architecture}\\t${db:Status-Abbrev}\\t${Version}\\n';

/** Packages of the host's own architecture, by name; names of other architectures are not Ashore's. */
export function parseInstalled(text: string, architecture: string): ReadonlyMap<string, Installed> {
  const rows = text.split('\n').map((row) => row.split('\t'));
  return new Map(
    rows.flatMap(([name, arch, status, version]) => {
      if (!name || status === undefined || (arch !== architecture && arch !== 'all')) return [];
      const state = stateOf(status);
      if (!state) return [];
      return [[name, { version: version ?? '', state, held: status.startsWith('h') }] as const];
    }),
  );
}

function stateOf(status: string): Installed['state'] | undefined {
  if (/^.[UFH]|^..R/.test(status)) return 'unsound';
  // Triggers that are pending or awaited are run by the next call of dpkg, whichever it is.
  if (/^.[iWt]/.test(status)) return 'installed';
  return /^.c/.test(status) ? 'removed' : undefined;
}

/**
 * `apt-cache policy`: unknown names are left out without a word, and a name that is not known is also tried as a
 * regular expression, so others than those asked for may turn up.
 */
export function parsePolicy(text: string): ReadonlyMap<string, Offer> {
  const blocks = text.split(/^(?=\S)/m);
  return new Map(
    blocks.flatMap((block) => {
      const name = /^(\S+):\n/.exec(block)?.[1];
      if (name === undefined) return [];
      const candidate = /^ {2}Candidate: (.+)$/m.exec(block)?.[1] ?? '(none)';
      const offer = { candidate: candidate === '(none)' ? null : candidate, versions: parseVersions(block) };
      return [[name, offer] as const];
    }),
  );
}

/** Versions that some list offers; one that only dpkg's own record has cannot be installed anew. */
function parseVersions(block: string): string[] {
  const versions = block.split(/^(?= (?:\*\*\*| {3}) \S)/m).slice(1);
  return versions.flatMap((part) => {
    const version = /^ (?:\*\*\*| {3}) (\S+)/.exec(part)?.[1];
    const sources = part
      .split('\n')
      .filter((line) => /^ {8,}/.test(line) && !line.endsWith('/var/lib/dpkg/status'));
    return version !== undefined && sources.length > 0 ? [version] : [];
  });
}

/** `apt-get -s -qq`: `Inst name [old] (new origin [arch])` and `Remv name [old]`; `Conf` says nothing more. */
export function parseSimulation(text: string): readonly Line[] {
  return text.split('\n').flatMap((line) => {
    const found = /^(Inst|Remv) (\S+)(?: \[([^\]]+)\])?(?: \((\S+))?/.exec(line);
    const name = found?.[2];
    if (name === undefined) return [];
    return [{ name, from: found?.[3] ?? null, to: found?.[1] === 'Inst' ? (found[4] ?? null) : null }];
  });
}

/** What the k-th of several simulations does beyond the one before it, which is carried out first. */
export function parseFurther(before: readonly Line[], now: readonly Line[]): readonly Line[] {
  const done = new Map(before.map((line) => [line.name, line]));
  return now.flatMap((line) => {
    const earlier = done.get(line.name);
    if (!earlier) return [line];
    return earlier.to === line.to ? [] : [{ ...line, from: earlier.to }];
  });
}

/** Names that a package cannot be without, alternatives among them, and names that it does not stand beside it. */
export interface Relations {
  readonly needs: readonly string[];
  readonly against: readonly string[];
}

/**
 * `apt-cache depends`, without what is only recommended: one relation a line, and below a virtual name, which stands in
 * angle brackets, the packages that provide it.
 */
export function parseRelations(text: string): ReadonlyMap<string, Relations> {
  const blocks = text.split(/^(?=\S)/m).filter((block) => block !== '');
  return new Map(
    blocks.map((block) => {
      const [name = '', ...relations] = block.split(/\n(?= [ |]\S)/);
      const named = (kind: RegExp): string[] =>
        relations.filter((relation) => kind.test(relation)).flatMap(parseNames);
      return [
        name.trim(),
        { needs: named(/^ [ |](?:Pre)?Depends:/), against: named(/^ [ |](?:Conflicts|Breaks):/) },
      ];
    }),
  );
}

function parseNames(relation: string): string[] {
  const [, ...names] = relation.trim().split(/\s+/);
  return names.filter((name) => !name.startsWith('<'));
}

/** The packages that provide a virtual one, from `apt-cache showpkg`. */
export function parseProviders(text: string): ReadonlyMap<string, readonly string[]> {
  return new Map(
    text.split(/^Package: /m).flatMap((block) => {
      const name = /^\S+/.exec(block)?.[0];
      const providers = /^Reverse Provides: ?\n([^]*)/m.exec(block)?.[1] ?? '';
      if (name === undefined) return [];
      return [
        [name, [...new Set([...providers.matchAll(/^(\S+) /gm)].map((match) => match[1] ?? ''))]] as const,
      ];
    }),
  );
}

/** Units that packages bring, from dpkg's lists of files: `<package>[:arch].list:<path>`. */
export function parseUnits(text: string): ReadonlyMap<string, readonly string[]> {
  const found = [...text.matchAll(/^([^:\n]+)(?::[^:\n]+)?\.list:.*\/([^/\n]+)$/gm)];
  const pairs = found.map((match) => ({ name: match[1] ?? '', unit: match[2] ?? '' }));
  const grouped = Map.groupBy(pairs, ({ name }) => name);
  return new Map([...grouped].map(([name, units]) => [name, units.map(({ unit }) => unit)]));
}

/** The active ones among the units that a package brings; `x@.service` stands for each of its instances. */
export function activeOf(units: readonly string[], active: readonly string[]): readonly string[] {
  return active.filter((name) => units.includes(name) || units.includes(name.replace(/@[^.]*\./, '@.')));
}
