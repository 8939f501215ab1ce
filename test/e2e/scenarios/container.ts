import { podmanInLab } from '../../support/lab-podman.ts';
import { tinyImage } from '../../support/tiny-image.ts';
import type { Scenario } from '../scenario.ts';

const [old, fresh] = [tinyImage('old\n'), tinyImage('new\n')];

function resource(image: string, archive: string, greeting: string): string {
  return `
- container: trial-web
  image: ${image}
  archive: ${archive}
  command: [/busybox, sh, -c, "echo \\"$GREETING\\" >/data/greeting; exec /busybox httpd -f -p 80 -h /data"]
  ports: ["8081:80"]
  volumes:
    - { at: /busybox, path: /bin/busybox, read_only: true }
    - { at: /data, volume: trial-data }
  env: { GREETING: ${JSON.stringify(greeting)} }
  stop: 1
  settle: 2
`;
}

function says(text: RegExp) {
  return {
    run: ['curl', '-s', '--retry', '5', '--retry-connrefused', 'http://127.0.0.1:8081/greeting'],
    stdout: text,
  };
}

export const scenario: Scenario = {
  kind: 'container',
  before: `${podmanInLab}
printf %s '${Buffer.from(old.archive).toString('base64')}' | base64 -d >/srv/old.tar
printf %s '${Buffer.from(fresh.archive).toString('base64')}' | base64 -d >/srv/new.tar`,
  create: resource(old.id, '/srv/old.tar', "it's $HOME, 100%"),
  plan: ['create container/trial-web'],
  created: [
    says(/^it's \$HOME, 100%$/m),
    { run: ['systemctl', 'is-enabled', 'trial-web'] },
    { run: ['podman', 'exec', 'trial-web', '/busybox', 'cat', '/etc/tiny'], stdout: /^old$/m },
    { run: ['stat', '-c', '%a %U', '/etc/containers/ashore-trial-web.env'], stdout: /^600 root$/m },
  ],
  update: resource(fresh.id, '/srv/new.tar', 'hello'),
  updatePlan: ['update container/trial-web'],
  updated: [
    says(/^hello$/m),
    { run: ['podman', 'exec', 'trial-web', '/busybox', 'cat', '/etc/tiny'], stdout: /^new$/m },
  ],
  drift: 'systemctl stop trial-web; podman image rm -f --all >/dev/null',
  driftPlan: ['update container/trial-web'],
  removePlan: ['delete container/trial-web'],
  removed: [
    { run: ['systemctl', 'cat', 'trial-web'], status: 1 },
    { run: ['podman', 'ps', '--all', '--quiet'], stdout: /^$/ },
    { run: ['podman', 'volume', 'exists', 'trial-data'] },
    { run: ['podman', 'image', 'exists', fresh.id] },
    { run: ['test', '-e', '/etc/containers/ashore-trial-web.env'], status: 1 },
  ],
};
