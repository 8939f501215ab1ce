// The work: what a host is asked to be, as data. The same is said to Ashore, to Ansible and to the script by hand.

/** Small packages that a fresh host has not, and that start nothing. */
export const PACKAGES: readonly string[] =
  'acl bc dos2unix file htop jq lsof moreutils ncdu patch pv rsync socat strace time tmux tree unzip whois zip'.split(
    ' ',
  );

export interface WorkFile {
  readonly path: string;
  readonly content: string;
  readonly owner: string;
  readonly mode: string;
}

export interface Work {
  readonly files: readonly WorkFile[];
  readonly packages: readonly string[];
  readonly services: readonly string[];
  readonly users: readonly string[];
  /** Its content names the host: for Ansible a Jinja template, for Ashore a variable. */
  readonly template: { readonly path: string; readonly mode: string } | undefined;
}

const SERVICES = 10;
const USERS = 5;

/** 86 resources: 50 files, of which 10 are units, 20 packages, 10 services, 5 users and a template. */
export function work86(): Work {
  const services = numbered(SERVICES).map((n) => `bench-${n}`);
  const users = numbered(USERS).map((n) => `bench-u${n}`);
  const units = services.map((name) => unitFile(name));
  const plain = numbered(40).map((n) => plainFile(n, users[(n - 1) % USERS] ?? 'root'));
  return {
    files: [...plain, ...units],
    packages: PACKAGES,
    services,
    users,
    template: { path: '/etc/bench-template.conf', mode: '0644' },
  };
}

/** Nothing but files, as many as asked for. */
export function workFiles(count: number): Work {
  const files = numbered(count).map((n) => plainFile(n, 'root'));
  return { files, packages: [], services: [], users: [], template: undefined };
}

export function countResources(work: Work): number {
  const { files, packages, services, users, template } = work;
  return files.length + packages.length + services.length + users.length + (template ? 1 : 0);
}

/** What the template says on the host of that name. */
export function templateText(host: string): string {
  return `# ${host}\nlisten = 8080\nname = ${host}\n`;
}

export function numbered(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** About a kilobyte each, and no two alike. */
function plainFile(n: number, owner: string): WorkFile {
  const lines = numbered(24).map((line) => `setting_${line} = value ${line} of file ${n}, as declared`);
  const name = String(n).padStart(4, '0');
  return { path: `/etc/bench-${name}.conf`, content: `${lines.join('\n')}\n`, owner, mode: '0640' };
}

function unitFile(name: string): WorkFile {
  const content = `[Unit]
Description=${name}

[Service]
ExecStart=/usr/bin/sleep infinity

[Install]
WantedBy=multi-user.target
`;
  return { path: `/etc/systemd/system/${name}.service`, content, owner: 'root', mode: '0644' };
}
