import { describe, expect, it } from 'vitest';
import type { Reader } from '../../src/core/host.ts';
import { sha256 } from '../../src/core/json.ts';
import { ASIDE } from '../../src/core/kind.ts';
import type { Verb } from '../../src/core/kind.ts';
import { createSecret } from '../../src/core/secret.ts';
import type { SecretFound, SecretSources } from '../../src/core/secret.ts';
import { parseUnit } from '../../src/formats/unit.ts';
import { container } from '../../src/kinds/container.ts';
import { formatEnvFile } from '../../src/kinds/containers/env.ts';
import { hasImage, readStorage } from '../../src/kinds/containers/storage.ts';
import { fileAt, noFileAt } from './found.ts';
import { verdictOf, want, worldOf } from './trial.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const IMAGE = `registry.example:5000/acme/shop:1.4@${DIGEST}`;
const REF = `registry.example:5000/acme/shop@${DIGEST}`;
const ENV = '/etc/containers/ashore-shop.env';

function unitOf(spec: object): string {
  const wanted = want(container, 'shop', spec);
  const [, text] = /"unit":("(?:[^"\\]|\\.)*")/.exec(JSON.stringify(wanted)) ?? [];
  return String(JSON.parse(text ?? '""'));
}

function startOf(spec: object): string {
  return parseUnit(unitOf(spec))['Service']?.['ExecStart']?.[0] ?? '';
}

/** Systemd's view of the unit as it was written from `spec`, up. */
function unitState(text: string | null, more: object = {}, aside: object = {}) {
  const file = text === null ? { is: 'nothing' } : { is: 'file', text };
  const rest = { alias: null, dropIn: null, ends: false, canReload: false, needsReload: false };
  return {
    load: text === null ? 'not-found' : 'loaded',
    file: text === null ? null : sha256(text),
    enabled: text === null ? '' : 'enabled',
    run: text === null ? 'down' : 'up',
    newer: { restart: [], reload: [] },
    ...rest,
    ...more,
    [ASIDE]: { file, dropIn: { is: 'nothing' }, fragment: '', ...aside },
  };
}

interface Found {
  readonly unit?: object | null;
  readonly env?: object;
  readonly image?: boolean | null;
  readonly podman?: boolean;
  readonly named?: boolean;
  readonly archive?: boolean;
}

function have({ unit = null, env = noFileAt(ENV), image = true, podman = true, ...rest }: Found = {}) {
  const { named = false, archive = false } = rest;
  return { unit, env, image, [ASIDE]: { podman, named, archive } };
}

function change(spec: object | undefined, found: object | undefined, verbs: Record<string, Verb> = {}) {
  const wanted = spec && want(container, 'shop', spec);
  const last = container.remember?.(want(container, 'shop', SPEC));
  return container.change({ id: 'shop', want: wanted, have: found, last, world: worldOf(verbs) });
}

function commands(made: ReturnType<typeof change>): string[] {
  if (!made || 'blocked' in made) return [JSON.stringify(made)];
  return made.steps.map((step) => {
    if (step.do === 'run') return step.argv.join(' ');
    return 'path' in step ? `${step.do} ${step.path}` : step.do;
  });
}

const SPEC = { image: IMAGE };
const ARCHIVED = { image: DIGEST, archive: '/srv/shop.tar' };

describe('unit', () => {
  it('starts exactly the image that is pinned, without its tag', () => {
    expect(startOf(SPEC)).toBe(
      `/usr/bin/podman run --name=%N --replace --rm --detach --pull=never --cgroups=split --sdnotify=conmon --log-driver=passthrough ${REF}`,
    );
  });

  it('has every part of the declaration', () => {
    const line = startOf({
      image: IMAGE,
      entrypoint: ['/bin/shop', 'serve'],
      command: ['--port', '80'],
      ports: ['127.0.0.1:8080:80', '[::1]:53:53/udp'],
      network: 'host',
      volumes: [
        { at: '/data', volume: 'shop-data' },
        { at: '/etc/shop', path: '/etc/shop', read_only: true },
      ],
      env: { A: 'b' },
      user: 'shop:shop',
      read_only: true,
    });
    expect(line.split(' passthrough ')[0]).toContain(
      `--env-file=/etc/containers/ashore-%N.env --network=host --publish=127.0.0.1:8080:80 "--publish=[::1]:53:53/udp" --volume=shop-data:/data --volume=/etc/shop:/etc/shop:ro --user=shop:shop --read-only "--entrypoint=[\\"/bin/shop\\",\\"serve\\"]" ${REF} --port 80`,
    );
  });

  it('keeps hostile words whole', () => {
    const words = ['$HOME', '%n', `it's "x"`, 'a\nb', '-v', ';', '\\', ''];
    const line = startOf({ image: IMAGE, command: words });
    expect(line.slice(line.indexOf(REF) + REF.length + 1)).toBe(
      String.raw`"$$HOME" "%%n" "it's \"x\"" "a\u000ab" -v ";" "\\" ""`,
    );
  });
});

describe('change', () => {
  const text = unitOf(SPEC);

  it('pulls, writes, enables and starts', () => {
    const made = change(SPEC, have({ image: false }));
    expect(made).toMatchObject({ verb: 'create', fields: [{ name: 'image pull', after: REF }, {}, {}, {}] });
    expect(commands(made)).toEqual([
      `podman pull --quiet ${REF}`,
      'put /etc/systemd/system/shop.service',
      'systemctl enable shop.service',
      'systemctl start shop.service',
      'settle',
    ]);
  });

  it('is in sync', () => {
    expect(change(SPEC, have({ unit: unitState(text) }))).toBeUndefined();
  });

  it('brings back an image that is gone, and interrupts nothing for it', () => {
    const made = change(SPEC, have({ unit: unitState(text), image: false }));
    expect(made).toMatchObject({ verb: 'update', interrupts: [] });
    expect(commands(made)).toEqual([`podman pull --quiet ${REF}`]);
  });

  it('is restarted for another image and for another environment', () => {
    const other = { image: IMAGE.replaceAll('aaaa', 'bbbb') };
    const restart = { interrupts: [{ what: 'shop.service', how: 'restart' }] };
    expect(change(other, have({ unit: unitState(text) }))).toMatchObject(restart);
    const [spec, found] = [{ ...SPEC, env: { A: '2' } }, fileAt(ENV, 'A=1\n', '0600')];
    const made = change(spec, have({ unit: unitState(unitOf(spec)), env: found }));
    expect(made).toMatchObject(restart);
    expect(commands(made)).toEqual([`put ${ENV}`, 'systemctl restart shop.service', 'settle']);
  });

  it('loads an archive and sees that the image was in it', () => {
    expect(commands(change(ARCHIVED, have({ image: false, archive: true }))).slice(0, 2)).toEqual([
      'podman load --quiet --input /srv/shop.tar',
      `podman image exists ${DIGEST}`,
    ]);
  });

  it.each<readonly [string, object, Found, Record<string, Verb>, string]>([
    ['podman is missing', SPEC, { podman: false }, {}, 'PROGRAM_MISSING'],
    [
      'podman comes with the plan',
      SPEC,
      { podman: false, image: false },
      { 'package/podman': 'create' },
      'create',
    ],
    ['the archive is missing', ARCHIVED, { image: false }, {}, 'IMAGE_MISSING'],
    ['it comes as a file', ARCHIVED, { image: false }, { 'file//srv/shop.tar': 'create' }, 'create'],
    [
      'it comes in a release',
      { ...ARCHIVED, archive: '/srv/x/current/a.tar' },
      { image: false },
      { 'release//srv/x': 'update' },
      'create',
    ],
    [
      'it goes',
      ARCHIVED,
      { image: false, archive: true },
      { 'file//srv/shop.tar': 'delete' },
      'IMAGE_MISSING',
    ],
    ['its name is taken', SPEC, { named: true }, {}, 'CONTAINER_TAKEN'],
    [
      'it is taken and systemd was asked',
      SPEC,
      { named: true, unit: unitState(null) },
      {},
      'CONTAINER_TAKEN',
    ],
    ['it is its own', SPEC, { named: true, unit: unitState(text) }, {}, 'in sync'],
    [
      'its unit is a package’s',
      SPEC,
      { unit: unitState(null, { load: 'loaded' }, { fragment: '/lib/systemd/system/shop.service' }) },
      {},
      'UNIT_UNSUITABLE',
    ],
    [
      'the directory of its environment comes with podman',
      { ...SPEC, env: { A: 'b' } },
      {
        podman: false,
        env: noFileAt(ENV, { place: 'missing' }),
      },
      { 'package/podman': 'create' },
      'create',
    ],
  ])('%s', (_name, spec, found, verbs, verdict) => {
    expect(verdictOf(change(spec, have(found), verbs))).toBe(verdict);
  });

  it.each([undefined, { absent: true }])('goes without its image and its volumes: %j', (spec) => {
    const made = change(spec, have({ unit: unitState(text) }));
    expect(made).toMatchObject({
      verb: 'delete',
      data: 'kept',
      interrupts: [{ what: 'shop.service', how: 'stop' }],
    });
    expect(commands(made)).toEqual([
      'systemctl stop shop.service',
      'systemctl disable shop.service',
      'remove /etc/systemd/system/shop.service',
      'systemctl daemon-reload',
      expect.stringContaining('reset-failed'),
    ]);
  });

  it('is left when its unit was changed by hand', () => {
    const made = change(undefined, have({ unit: unitState(`${text}#\n`) }));
    expect(verdictOf(made)).toBe('forget');
  });
});

describe('declaration', () => {
  const refused = (spec: object, secrets?: SecretSources): unknown => {
    const sources = { read: () => undefined, ...(secrets ? { secrets } : {}) };
    const resolved = container.resolve?.(container.spec.parse(spec), sources);
    return resolved && 'unresolved' in resolved ? resolved.unresolved.message : resolved;
  };

  it.each([
    [{}, /^image is needed/],
    [
      { image: 'registry.example/shop:1.4' },
      /^a tag may be another image tomorrow; .* docker:\/\/registry\.example\/shop:1\.4$/,
    ],
    [{ image: `shop@${DIGEST}` }, /with that of its registry/],
    [{ image: `-v/x@${DIGEST}` }, /with that of its registry/],
    [{ image: IMAGE, archive: '/a.tar' }, /by its id/],
    [{ image: DIGEST }, /needs archive/],
    [{ image: IMAGE, volumes: [{ at: '/x' }] }, /one of volume and path/],
    [{ image: IMAGE, env: { 'A B': 'x' } }, /no name of a variable/],
    [{ image: IMAGE, env: { A: 'x\ny' } }, /of one line only/],
    [{ image: IMAGE, absent: true }, /image says how it should be/],
  ])('%j is refused', (spec, message) => {
    expect(refused(spec)).toMatch(message);
  });

  it.each([
    { image: IMAGE, ports: ['80'] },
    { image: IMAGE, ports: ['80:80 --privileged'] },
    { image: IMAGE, network: '-x' },
    { image: IMAGE, user: '--privileged' },
    { image: IMAGE, volumes: [{ at: '/x:/y', volume: 'a' }] },
    { image: IMAGE, volumes: [{ at: '/x', volume: '../a' }] },
  ])('%j is no such thing', (spec) => {
    expect(container.spec.safeParse(spec).success).toBe(false);
  });

  it('holds no secret, only its seal', () => {
    const seal = (sum: string): string => sha256(`key ${sum}`);
    const find = (name: string): SecretFound => createSecret([name], Buffer.from('hunter22\n'), seal);
    const secrets = {
      find,
      compose: (names: readonly string[], bytes: Uint8Array) => createSecret(names, bytes, seal),
    };
    const resolved = refused({ image: IMAGE, env: { A: 'b', P: { secret: 'db' } } }, secrets);
    expect(resolved).toMatchObject({
      want: { env: { mode: '0600', content: { secret: ['db'], seal: seal(sha256('A=b\nP=hunter22\n')) } } },
    });
    expect(JSON.stringify(resolved)).not.toContain('hunter');
  });
});

it('writes values as podman reads them', () => {
  expect(formatEnvFile({ A: ' x "y" ', B: `it's $1 \\n#`, C: 7, D: '' })).toBe(
    `A= x "y" \nB=it's $1 \\n#\nC=7\nD=\n`,
  );
  expect(formatEnvFile({ A: ['x'] })).toMatchObject({ problem: expect.stringMatching(/cannot be written/) });
});

/** Of podman 4.3.1 on Debian 12 and 5.4.2 on Debian 13: an image that was imported, and a container that was started by hand. */
const RECORDED = {
  bookworm:
    'images\0[{"id":"805dc002be058e0b26c53aec96e3fa74fa00ce240fdb166c8cd2d08418577eef","digest":"sha256:b319d8b3f41838f767b4b7ef0a805fce8aece7bf293756263317ca8a42314524","names":["localhost/trial:1"],"names-history":["localhost/trial:1"],"layer":"46895937bf5bc7d85c089d03450aa4f8e29eb10174a2c611eec2bb7d6e650bbb","metadata":"{\\"signatures-sizes\\":{\\"sha256:b319d8b3f41838f767b4b7ef0a805fce8aece7bf293756263317ca8a42314524\\":[]}}","big-data-names":["manifest"],"big-data-sizes":{"manifest":343},"big-data-digests":{"manifest":"sha256:b319d8b3f41838f767b4b7ef0a805fce8aece7bf293756263317ca8a42314524"},"created":"2026-11-22T19:24:38.938393863Z"}]\0containers\0[{"id":"94a31ceb7833e0b594d92df10959fe169e502bc1f2d17a685c833e59a3138770","names":["hand"],"image":"805dc002be058e0b26c53aec96e3fa74fa00ce240fdb166c8cd2d08418577eef","layer":"d5e0e8980702354b31889a736162013cdaa76627c3868f7eebdddb28ad5730d1","created":"2026-11-22T19:35:46.523754616Z","flags":{"MountLabel":"","ProcessLabel":""}}]\0',
  trixie:
    'images\0[{"id":"90aee47c8a5b50b32e8e17f04e7320b0045460cdb49cd8c15264d5a8f1b4a893","digest":"sha256:45199c26e038088d89bf641510a62cf9cd70ab6386da5a2a809732b724075bb3","names":["localhost/trial:1"],"names-history":["localhost/trial:1"],"layer":"10993a6a50f4b9b7351f919b0d3627601d9cd6192917a65b832e60b8b6c690d3","metadata":"{}","big-data-digests":{"manifest":"sha256:45199c26e038088d89bf641510a62cf9cd70ab6386da5a2a809732b724075bb3"},"created":"2026-11-22T19:24:44.728083678Z"}]\0containers\0[{"id":"0ce62336ecbb45c4f4fc17c3c72c9a03c7fd357badc04e23d806393dc1858e12","names":["hand"],"image":"90aee47c8a5b50b32e8e17f04e7320b0045460cdb49cd8c15264d5a8f1b4a893","created":"2026-11-22T19:35:48.94547814Z"}]\0',
} as const;

function saying(stdout: string): Reader {
  return { look: async () => ({ status: 0, stdout: new TextEncoder().encode(stdout), stderr: '' }) };
}

describe('storage', () => {
  it.each([
    [
      'bookworm',
      '805dc002be058e0b26c53aec96e3fa74fa00ce240fdb166c8cd2d08418577eef',
      'sha256:b319d8b3f41838f767b4b7ef0a805fce8aece7bf293756263317ca8a42314524',
    ],
    [
      'trixie',
      '90aee47c8a5b50b32e8e17f04e7320b0045460cdb49cd8c15264d5a8f1b4a893',
      'sha256:45199c26e038088d89bf641510a62cf9cd70ab6386da5a2a809732b724075bb3',
    ],
  ] as const)('of %s', async (suite, id, digest) => {
    const storage = await readStorage(saying(RECORDED[suite]));
    expect([...storage.containers]).toEqual(['hand']);
    expect(hasImage(storage, `localhost/trial@${digest}`)).toBe(true);
    expect(hasImage(storage, `localhost/other@${digest}`)).toBe(false);
    expect(hasImage(storage, `localhost/trial@${DIGEST}`)).toBe(false);
    expect(hasImage(storage, `sha256:${id}`)).toBe(true);
    expect(hasImage(storage, DIGEST)).toBe(false);
  });

  it('is empty where podman never ran, and a failure where it is not understood', async () => {
    expect(await readStorage(saying(''))).toEqual({ images: [], containers: new Set() });
    await expect(readStorage(saying('images\0{}\0'))).rejects.toThrow(/READ_FAILED/);
    await expect(readStorage(saying('images\0[{"id"'))).rejects.toThrow(/READ_FAILED/);
  });
});
