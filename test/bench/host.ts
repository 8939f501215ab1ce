// The host that is measured: a lab host of this machine's own release, whose apt knows all of Debian's packages and
// has the files of those that the work needs. Python is put there too, for Ansible, before any clock runs.
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startLab } from '../lab/lab.ts';
import type { LabHost } from '../lab/lab.ts';
import type { Suite } from '../lab/base.ts';
import { must } from '../lab/machine.ts';
import { PACKAGES } from './work.ts';

export interface BenchHost {
  readonly host: LabHost;
  readonly keyPath: string;
  readonly privateKey: string;
  /** Runs a script as root there, without ssh; its output. */
  sh(script: string): Promise<string>;
  stop(): Promise<void>;
}

/** For Ansible alone. */
const PYTHON = ['python3', 'python3-apt'];
const POOL = 'srv/bench';

export async function startBenchHost(tell: (line: string) => void): Promise<BenchHost> {
  const suite = await suiteHere();
  const lab = await startLab([{ name: 'bench', suite }]);
  try {
    const host = lab.host('bench');
    tell(`host: ${suite}; fetching packages for it`);
    await fillPool(host);
    const source = `deb [trusted=yes] file:/${POOL} ./`;
    const install = 'apt-get -y -q --no-install-recommends install';
    const point = `rm -f /etc/apt/sources.list.d/*; echo '${source}' >/etc/apt/sources.list.d/bench.list; apt-get -q update`;
    await shOn(host, `set -e; ${point}; DEBIAN_FRONTEND=noninteractive ${install} ${PYTHON.join(' ')}`);
    const { path: keyPath, privateKey } = lab.clientKey;
    return { host, keyPath, privateKey, sh: (script) => shOn(host, script), stop: () => lab.stop() };
  } catch (error) {
    await lab.stop();
    throw error;
  }
}

async function shOn(host: LabHost, script: string): Promise<string> {
  const { status, stdout, stderr } = await host.exec(['sh', '-s'], { stdin: script });
  if (status !== 0) throw new Error(`${script.slice(0, 200)}: status ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** The machine's own apt fetches for the host, so both are of one release. */
async function suiteHere(): Promise<Suite> {
  const release = await readFile('/etc/os-release', 'utf8');
  const name = /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1];
  if (name === 'bookworm' || name === 'trixie') return name;
  throw new Error(`the bench needs Debian 12 or 13 below it, not ${name ?? 'this'}`);
}

const FETCH = 'apt-get -y -q --no-install-recommends --download-only'.split(' ');

/** A flat repository with the whole list of Debian's packages, as a real host's apt has it, and the few files that are used. */
async function fillPool({ root }: LabHost): Promise<void> {
  const archives = await mkdtemp(path.join(tmpdir(), 'ashore-bench-debs-'));
  try {
    await mkdir(path.join(archives, 'partial'));
    const own = [
      `Dir::State::status=${root}/var/lib/dpkg/status`,
      `Dir::Cache::archives=${archives}`,
      'Debug::NoLocking=1',
      'APT::Sandbox::User=root',
    ];
    const apt = [...FETCH, ...own.flatMap((option) => ['-o', option])];
    const wanted = ['install', ...PYTHON, ...PACKAGES];
    const uris = await must(...apt, '--print-uris', ...wanted);
    await must(...apt, ...wanted);
    const pool = path.join(root, POOL);
    for (const [, uri = '', name = ''] of uris.matchAll(/^'([^']+)' (\S+) /gm)) {
      const target = path.join(pool, decodeURIComponent(/\/(pool\/.+)$/.exec(uri)?.[1] ?? name));
      await mkdir(path.dirname(target), { recursive: true });
      await cp(path.join(archives, name), target);
    }
    await writeFile(path.join(pool, 'Packages'), await packageLists());
    const release =
      'cd "$1" && printf "Origin: Bench\\nSuite: bench\\nDate: %s\\nSHA256:\\n %s %s Packages\\n" "$(date -Ru)"';
    const sum = '"$(sha256sum <Packages | cut -c1-64)" "$(stat -c %s Packages)" >Release';
    await must('sh', '-ec', `${release} ${sum}`, 'sh', pool);
  } finally {
    await rm(archives, { recursive: true, force: true });
  }
}

async function packageLists(): Promise<string> {
  const names = await must('apt-get', 'indextargets', '--format', '$(FILENAME)', 'Created-By: Packages');
  const lists = await Promise.all(
    names
      .split('\n')
      .filter((name) => name !== '')
      .map((name) => must('/usr/lib/apt/apt-helper', 'cat-file', name)),
  );
  return lists.join('\n');
}
