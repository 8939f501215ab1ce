// A desk from which two hosts are looked after: a checkout that declares them, and the key that the first one lets in.
// The hosts are embedded ones, so nothing needs root, systemd or a network.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Plan } from '../../src/core/plan.ts';
import { startEmbeddedHost } from './embedded-host.ts';
import type { EmbeddedHost } from './embedded-host.ts';
import { createCheckout } from './terminal.ts';
import type { Checkout, Ran } from './terminal.ts';

/** On every host a directory with a file. */
export const BASE = `on: all
resources:
  - directory: "\${root}/etc"
  - file: "\${root}/etc/motd"
    content: |
      hello
    mode: "0640"
`;

/** A file on web1 only. */
export const SHOP = `on: web1
resources:
  - file: "\${root}/shop.conf"
    content: shop
`;

export interface Desk {
  readonly web1: EmbeddedHost;
  readonly web2: EmbeddedHost;
  /** Declares BASE on web1. */
  readonly checkout: Checkout;
  /** Names the key that web1 lets in. */
  readonly env: Readonly<Record<string, string>>;
  /** The file that BASE declares on web1. */
  readonly motd: string;
  ashore(...argv: readonly string[]): Promise<Ran>;
  /** Digest of a plan with changes, as the terminal asks for it to be typed. */
  plan(...argv: readonly string[]): Promise<string>;
  planJson(...argv: readonly string[]): Promise<Plan>;
  /** Replaces the stack that declares BASE. */
  declare(stack: string): void;
  /** Path of the only plan that is kept. */
  keptPlan(): string;
  /** What web1 remembers. */
  ledger(): string;
  /** Path of the key of a host, for ASHORE_SSH_KEY_PATH. */
  keyOf(host: EmbeddedHost): string;
  leave(): Promise<void>;
}

export async function openDesk(): Promise<Desk> {
  const [web1, web2] = await Promise.all(['web1', 'web2'].map((name) => startEmbeddedHost({ name })));
  if (!web1 || !web2) throw new Error('two hosts were asked for');
  const checkout = createCheckout({
    'deploy-configs/hosts.yml': hostsFile(web1),
    'deploy-configs/base.yml': BASE,
  });
  const keyOf = ({ target, clientKey }: EmbeddedHost): string => {
    const path = join(checkout.top, '.git', `key-of-${target.host}`);
    writeFileSync(path, clientKey, { mode: 0o600 });
    return path;
  };
  const env = { ASHORE_SSH_KEY_PATH: keyOf(web1) };
  const ashore = (...argv: readonly string[]): Promise<Ran> => checkout.ashore(argv, { env });
  return {
    web1,
    web2,
    checkout,
    env,
    motd: join(web1.root, 'etc/motd'),
    ashore,
    plan: async (...argv) => digestOn(await ashore('plan', ...argv)),
    planJson: async (...argv) => Plan.parse(JSON.parse((await ashore('plan', '--json', ...argv)).out)),
    declare: (stack) => checkout.write({ 'deploy-configs/base.yml': stack }),
    keptPlan: () => {
      const folder = join(checkout.top, '.git/ashore/plans');
      const [name, ...others] = readdirSync(folder);
      if (name === undefined || others.length > 0) throw new Error(`${others.length + 1} plans are kept`);
      return join(folder, name);
    },
    ledger: () => readFileSync(join(web1.root, 'state/ledger'), 'utf8'),
    keyOf,
    leave: async () => {
      checkout.remove();
      await Promise.all([web1.stop(), web2.stop()]);
    },
  };
}

export function hostsFile(...hosts: readonly Pick<EmbeddedHost, 'target' | 'root'>[]): string {
  const lines = hosts.map(({ target: { host, address, port, user, state, hostKeys }, root }) => {
    const login = `address: ${address}, port: ${port}, user: ${user}, sudo: false, state: ${state}`;
    return `  ${host}: { ${login}, host_key: ${hostKeys[0]}, vars: { root: ${root} } }\n`;
  });
  return `hosts:\n${lines.join('')}`;
}

/** The digest that a plan with changes, and nothing wrong with it, asks to be typed. */
export function digestOn({ status, out, err }: Ran): string {
  const digest = /^deploy exactly this plan: ashore deploy ([0-9a-f]{12})$/m.exec(out)?.[1];
  if (status === 2 && err === '' && digest !== undefined) return digest;
  throw new Error(`no plan to deploy, status ${status}:\n${out}${err}`);
}

export async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await new Promise((resolve) => setTimeout(resolve, 20));
}
