// What is deployed in each round: a package whose version changes, a large file on two file systems, a secret, a command that counts, a service.
import { Encrypter } from 'age-encryption';
import type { ConfigFiles } from '../../src/deploy.ts';
import type { Lab } from '../lab/lab.ts';

export const SECRET = 'a secret that must not stay anywhere in chaos';

/** Large enough that a file written in part would be seen. */
export function contentOf(round: number): string {
  return `round ${round}\n`.repeat(20_000);
}

export async function sealSecret(recipient: string): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return encrypter.encrypt(SECRET);
}

export function configOf(lab: Lab, round: number, sealed: Uint8Array): ConfigFiles {
  const hosts = [...lab.hosts.values()].map(
    ({ name, address, hostKey }) => `  ${name}: { address: ${address}, host_key: ${hostKey} }\n`,
  );
  const text = (lines: string): Uint8Array => new TextEncoder().encode(lines);
  return new Map([
    ['deploy-configs/hosts.yml', text(`ssh: { user: deploy, sudo: true }\nhosts:\n${hosts.join('')}`)],
    ['deploy-configs/policy.yml', text('deploy: { on: comment, by: [write], approvals: 0 }\nconfirm: []\n')],
    ['deploy-configs/files/chaos', text(contentOf(round))],
    ['deploy-configs/secrets/chaos/key.age', sealed],
    ['deploy-configs/shop.yml', text(stackOf(round))],
  ]);
}

function stackOf(round: number): string {
  return `on: all
resources:
  - package: lab-hello
    version: "1.${round % 2}"
  - file: /etc/chaos.conf
    source: files/chaos
  - file: /opt/chaos.conf
    source: files/chaos
  - file: /etc/chaos.key
    secret: chaos/key
    mode: "06${round % 2}0"
  - command: count
    run: [sh, -c, 'echo "$0" >>/var/log/chaos; sync /var/log/chaos; sleep 1', "${round}"]
  - service: chaos
    unit:
      Unit: { Description: Chaos }
      Service: { ExecStart: /bin/sleep infinity }
      Install: { WantedBy: multi-user.target }
    enabled: true
    running: true
    settle: 2
    restart_on: [/etc/chaos.conf]
`;
}
