// The small service that the tests of waves and checks deploy, as a stack: a file, its settings and a unit.
import { readFileSync } from 'node:fs';

export interface Version {
  readonly version: number;
  /** Seconds after which it dies. */
  readonly crash?: number;
  readonly sick?: boolean;
  /** Milliseconds for each answer. */
  readonly slow?: number;
}

export const PROGRAM = readFileSync(new URL('app.pl', import.meta.url));

/** `keys` are those of the stack beside its resources. */
export function shopStack(
  { version, crash = 0, sick = false, slow = 0 }: Version,
  on: string,
  keys: string,
): string {
  return `on: ${on}
${keys}
resources:
  - file: /opt/shop
    source: app.pl
    mode: "0755"
  - file: /etc/shop.env
    env: { VERSION: "${version}", CRASH: "${crash}", SICK: "${sick ? 1 : 0}", SLOW: "${slow}" }
  - service: shop
    unit:
      Unit: { Description: Shop, StartLimitIntervalSec: "0" }
      Service: { ExecStart: /opt/shop, EnvironmentFile: /etc/shop.env, Restart: always, RestartSec: 200ms }
    running: true
    settle: 2
    restart_on: [/opt/shop, /etc/shop.env]
`;
}
