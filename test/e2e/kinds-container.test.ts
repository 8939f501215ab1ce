// The kind container on real Debian 12 and 13, whose podman are two years apart: pulled by digest, from an archive that the same plan
// brings, after power loss, and what goes wrong in the words of podman and of the program.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import type { ConfigFiles } from '../../src/deploy.ts';
import type { LabHost } from '../lab/lab.ts';
import { podmanInLab } from '../support/lab-podman.ts';
import { startRegistry } from '../support/registry.ts';
import type { Registry } from '../support/registry.ts';
import { foreignImage, tinyImage } from '../support/tiny-image.ts';
import { expectDone, linesOf, startFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';

let fleet: Fleet;
let registry: Registry;

beforeAll(async () => {
  fleet = await startFleet([
    { name: 'old', suite: 'bookworm' },
    { name: 'new', suite: 'trixie' },
  ]);
  registry = await startRegistry('0.0.0.0');
});
afterAll(async () => {
  await registry.stop();
  await fleet.stop();
});

const image = tinyImage('registry\n');
const SLEEP = '[/busybox, sh, -c, "trap exit TERM; while :; do /busybox sleep 0.1; done"]';

describe.each(['old', 'new'])('on %s', (name) => {
  let host: LabHost;
  beforeAll(async () => {
    host = fleet.lab.host(name);
  });

  const sh = async (text: string): Promise<string> => {
    const { status, stdout, stderr } = await host.exec(['sh', '-c', text]);
    expect(status, `${text}\n${stdout}${stderr}`).toBe(0);
    return stdout.trim();
  };
  const files = (resources: string, more: Record<string, string> = {}): ConfigFiles =>
    fleet.files({ 'apps.yml': `on: ${name}\nresources:${resources}\n`, ...more });
  const container = (ref: string, more: string): string => `
  - container: app
    image: ${ref}
    volumes: [{ at: /busybox, path: /bin/busybox, read_only: true }, { at: /data, volume: app-data }]
    network: none
    stop: 2
    settle: 2
    ${more}`;
  const deploy = async (config: ConfigFiles): Promise<Plan> => {
    const plan = await fleet.plan(config);
    expectDone(await fleet.deploy(plan, config));
    expect(linesOf(await fleet.plan(config))).toEqual([]);
    return plan;
  };
  const failureOf = async (config: ConfigFiles): Promise<string> => {
    const report = await fleet.deploy(await fleet.plan(config), config);
    expect(report.hosts[0]?.outcome).toBe('failed');
    return JSON.stringify(report.hosts[0]);
  };
  const pinned = (): string => {
    const digest = registry.add(`acme/${name}`, image);
    return `${gatewayOf(host)}:${registry.port}/acme/${name}:1.0@${digest}`;
  };

  it('is blocked without podman, and planned with the package that brings it', async () => {
    const declared = container(pinned(), `command: ${SLEEP}`);
    const [blocked] = (await fleet.plan(files(declared))).hosts[0]?.blocked ?? [];
    expect(blocked?.reason).toMatchObject({
      code: 'PROGRAM_MISSING',
      next: 'Declare `package: podman` above.',
    });
    const plan = await fleet.plan(files(`\n  - package: podman${declared}`));
    expect(linesOf(plan)).toEqual([`${name} create package/podman`, `${name} create container/app`]);
  });

  it('is pulled by its digest, comes up again after power loss, and is adopted without its record', async () => {
    await sh(podmanInLab);
    const insecure = `mkdir -p /etc/containers/registries.conf.d && printf '[[registry]]\\nlocation = "%s"\\ninsecure = true\\n' '${gatewayOf(host)}:${registry.port}' >/etc/containers/registries.conf.d/lab.conf`;
    await sh(insecure);
    const config = files(container(pinned(), `command: ${SLEEP}`));
    const plan = await deploy(config);
    const commands = plan.hosts[0]?.changes[0]?.steps.map((step) =>
      step.do === 'run' ? step.argv[1] : step.do,
    );
    expect(commands?.[0]).toBe('pull');
    await sh("podman exec app /busybox sh -c 'echo kept >/data/mark'");

    await host.kill();
    await host.start();
    expect(linesOf(await fleet.plan(config))).toEqual([]);
    expect(await sh('podman exec app /busybox cat /data/mark')).toBe('kept');

    await sh('rm -r /var/lib/ashore');
    expect(linesOf(await deploy(config))).toEqual([`${name} adopt container/app`]);
    expect(linesOf(await deploy(files(' []')))).toEqual([`${name} forget container/app`]);
    await sh(
      'systemctl is-active app && systemctl disable --now app && rm /etc/systemd/system/app.service && systemctl daemon-reload',
    );
  });

  it('is loaded from an archive that the same plan brings, and only when that image is in it', async () => {
    const [right, wrong] = [tinyImage(`right ${name}\n`), tinyImage(`wrong ${name}\n`)];
    const withArchive = (bytes: Uint8Array, ref: string): ConfigFiles => {
      const resource = '\n  - file: /srv/app.tar\n    source: app.tar';
      const declared = `${resource}${container(ref, `archive: /srv/app.tar\n    command: ${SLEEP}`)}`;
      return new Map([...files(declared), ['deploy-configs/app.tar', bytes]]);
    };
    expect(await failureOf(withArchive(wrong.archive, right.id))).toContain(
      `podman image exists ${right.id}`,
    );
    await sh('! systemctl is-active app');
    await deploy(withArchive(right.archive, right.id));
    expect(await sh('podman exec app /busybox cat /etc/tiny')).toBe(`right ${name}`);
  });

  it('passes hostile words and values on as they are', async () => {
    const words = [
      '/busybox',
      'sh',
      '-c',
      'printf "<%s>" "$@" "$A" >/data/said; trap exit TERM; while :; do /busybox sleep 0.1; done',
      'x',
      '$HOME',
      '%n',
      `it's "x"`,
      'a\nb',
      '\\',
      '',
      '--privileged',
    ];
    await deploy(
      files(
        container(
          pinned(),
          `command: ${JSON.stringify(words)}\n    env: { A: ${JSON.stringify(` "q" '$x' %i \\n #`)} }`,
        ),
      ),
    );
    expect(await sh('podman exec app /busybox cat /data/said')).toBe(
      `<$HOME><%n><it's "x"><a\nb><\\><><--privileged>< "q" '$x' %i \\n #>`,
    );
  });

  it('fails with the words of podman, and of the program', async () => {
    const unknown = pinned().replace(/.{8}$/, '00000000');
    expect(await failureOf(files(container(unknown, `command: ${SLEEP}`)))).toMatch(
      /"IMAGE_UNKNOWN".*manifest unknown/,
    );
    const closed = pinned().replace('/acme/', '/private/');
    expect(await failureOf(files(container(closed, `command: ${SLEEP}`)))).toMatch(
      /"REGISTRY_REFUSED".*unauthorized/,
    );
    expect(await sh('systemctl is-active app')).toBe('active');
    const dies = '[/busybox, sh, -c, "echo no such table: orders; exit 3"]';
    expect(await failureOf(files(container(pinned(), `command: ${dies}`)))).toContain(
      'no such table: orders',
    );
    const missing = await failureOf(files(container(pinned(), 'command: [/bin/shop]')));
    await sh('systemctl stop app; systemctl reset-failed app || :');
    expect(missing).toMatch(/"EXEC_MISSING".*no such file or directory/);
    const foreign = `${gatewayOf(host)}:${registry.port}/acme/foreign:1.0@${registry.add('acme/foreign', foreignImage())}`;
    const other = await failureOf(files(container(foreign, 'command: [/app]')));
    await sh('systemctl stop app; systemctl reset-failed app || :');
    expect(other).toMatch(/"IMAGE_FOREIGN".*image platform \(.*\) does not match/);
  });

  it('leaves alone what somebody else runs under its name', async () => {
    await deploy(files(container(pinned(), `command: ${SLEEP}`)));
    await deploy(files(' []'));
    await sh(
      `podman run -d --name app --network none -v /bin/busybox:/busybox:ro ${pinned().replace(/:1\.0@/, '@')} /busybox sleep 1000`,
    );
    const [blocked] =
      (await fleet.plan(files(container(pinned(), `command: ${SLEEP}`)))).hosts[0]?.blocked ?? [];
    expect(blocked?.reason.code).toBe('CONTAINER_TAKEN');
    await sh('podman rm -f -t 0 app; podman volume exists app-data');
  });
});

/** This machine's address on the lab's bridge. */
function gatewayOf({ address }: LabHost): string {
  return address.replace(/\.\d+$/, '.1');
}
