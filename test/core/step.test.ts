// Steps: what each one is as commands, and that these do on a real file system what the step says.
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/json.ts';
import {
  blobOf,
  blobPath,
  bytesOf,
  commandsOf,
  contentOf,
  formatCommand,
  Step,
} from '../../src/core/step.ts';
import type { Content } from '../../src/core/step.ts';
import { randomFrom } from './random.ts';

const EMPTY = 'blobs/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const SELECT = `blobs/${sha256('select 1')}`;

/** Every step in every form, with what a plan shows of it. */
const SHOWN: readonly (readonly [Step, readonly string[]])[] = [
  [{ do: 'run', argv: ['systemctl', 'daemon-reload'] }, ['systemctl daemon-reload']],
  [
    { do: 'run', argv: ['psql', '-f', '-'], stdin: { text: 'select 1' }, directory: '/srv/it is' },
    [`(cd '/srv/it is' && psql -f -) < ${SELECT}`],
  ],
  [{ do: 'run', argv: ['cat'], stdin: { text: '' } }, [`cat < ${EMPTY}`]],
  [{ do: 'run', argv: ['true'], directory: '/' }, ['(cd / && true)']],
  [{ do: 'run', argv: ['id'], user: 'shop' }, ['(cd / && runuser -u shop -- id)']],
  [{ do: 'run', argv: ['sleep', '1'], limit: 5 }, ['timeout -k 10 5 sleep 1']],
  [
    { do: 'run', argv: ['if', 'A=1'], limit: 60, user: 'a' },
    ['(cd / && timeout -k 10 60 runuser -u a -- if A=1)'],
  ],
  [
    { do: 'put', path: '/etc/motd', owner: 'root', group: 'adm', mode: '0640', content: { text: '' } },
    [
      `(cd -P /etc && install -o root -g adm -m 0640 -T -- /dev/stdin .motd.ashore-new) < ${EMPTY}`,
      '(cd -P /etc && sync -- .motd.ashore-new)',
      '(cd -P /etc && mv -f -T -- .motd.ashore-new motd)',
    ],
  ],
  [
    { do: 'put', path: '/motd', owner: null, group: null, mode: '0644', content: { base64: '' } },
    [
      `(cd -P / && install -m 0644 -T -- /dev/stdin .motd.ashore-new) < ${EMPTY}`,
      '(cd -P / && sync -- .motd.ashore-new)',
      '(cd -P / && mv -f -T -- .motd.ashore-new motd)',
    ],
  ],
  [{ do: 'mkdir', path: '/srv', owner: null, group: null, mode: null }, ['(cd -P / && install -d -- srv)']],
  [
    { do: 'mkdir', path: '/srv', owner: 'a', group: 'b', mode: '2775' },
    ['(cd -P / && install -d -o a -g b -m 02775 -- srv)'],
  ],
  [{ do: 'own', path: '/a', owner: 'a', group: null, mode: null }, ['(cd -P / && chown -h -- a a)']],
  [{ do: 'own', path: '/a', owner: null, group: 'b', mode: null }, ['(cd -P / && chown -h -- :b a)']],
  [{ do: 'own', path: '/a', owner: null, group: null, mode: '0600' }, ['(cd -P / && chmod -- 00600 a)']],
  [
    { do: 'own', path: '/a', owner: 'a', group: 'b', mode: '4755' },
    ['(cd -P / && chown -h -- a:b a)', '(cd -P / && chmod -- 04755 a)'],
  ],
  [{ do: 'own', path: '/a', owner: null, group: null, mode: null }, []],
  [
    { do: 'link', path: '/usr/bin/shop', target: '/opt/shop/a b' },
    [
      "(cd -P /usr/bin && ln -s -f -n -T -- '/opt/shop/a b' .shop.ashore-new)",
      '(cd -P /usr/bin && mv -f -T -- .shop.ashore-new shop)',
    ],
  ],
  [{ do: 'remove', path: '/etc/motd' }, ['(cd -P /etc && rm -f -- motd)']],
  [{ do: 'remove', path: '/var/run/pid', at: '/run' }, ['(cd -P /run && rm -f -- pid)']],
  [{ do: 'remove', path: '/srv/now/pid', at: null }, ['(cd /srv/now && rm -f -- pid)']],
  [{ do: 'rmdir', path: '/srv' }, ['(cd -P / && rmdir -- srv)']],
  [
    { do: 'keep', as: 'shop', back: false, paths: ['/etc/a b'], units: ['shop.service'] },
    ["# then set aside a copy of '/etc/a b', how shop.service stands"],
  ],
  [
    { do: 'keep', as: 'shop', back: true, paths: ['/etc/a b', '/c'], units: ['shop.service'] },
    ["# then put back '/etc/a b' /c and have shop.service run as before"],
  ],
  [{ do: 'settle', unit: 'shop.service', seconds: 5 }, ['# then shop.service must stay up for 5 s']],
];

describe('a step', () => {
  it.each(SHOWN)('%j is shown as what it runs', (step, shown) => {
    expect(commandsOf(step).map(formatCommand)).toEqual(shown);
    expect(Step.parse(JSON.parse(JSON.stringify(step)))).toEqual(step);
  });

  it('brings bytes only where it needs some', () => {
    expect(SHOWN.map(([step]) => blobOf(step)).filter((blob) => blob !== undefined)).toEqual([
      { text: 'select 1' },
      { text: '' },
      { text: '' },
      { base64: '' },
    ]);
  });

  it.each([
    ['another one', { do: 'format', path: '/' }],
    ['a key more', { do: 'remove', path: '/a', recursive: true }],
    ['no program', { do: 'run', argv: [] }],
    ['a limit of nothing', { do: 'run', argv: ['a'], limit: 0 }],
    ['a shell line', { do: 'run', argv: 'rm -rf /' }],
    ['bytes that are not base64', { do: 'run', argv: ['a'], stdin: { base64: 'é' } }],
    ['text and base64', { do: 'run', argv: ['a'], stdin: { text: '', base64: '' } }],
  ])('with %s is none', (_name, step) => {
    expect(Step.safeParse(step).success).toBe(false);
  });
});

describe('content', () => {
  const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);

  it.each([
    ['nothing', bytes(), { text: '' }],
    ['text', bytes(0x61, 0x0a), { text: 'a\n' }],
    ['a byte order mark', bytes(0xef, 0xbb, 0xbf, 0x61), { text: '\ufeffa' }],
    ['a NUL', bytes(0x61, 0x00, 0x62), { text: 'a\0b' }],
    ['the last code point', bytes(0xf4, 0x8f, 0xbf, 0xbf), { text: '\u{10ffff}' }],
    ['line ends of three systems', bytes(0x0d, 0x0a, 0x0d, 0x0a), { text: '\r\n\r\n' }],
    ['a character that was replaced before', bytes(0xef, 0xbf, 0xbd), { text: '\ufffd' }],
    ['a byte that no UTF-8 has', bytes(0x61, 0xff), { base64: 'Yf8=' }],
    ['a sequence cut off', bytes(0xe2, 0x82), { base64: '4oI=' }],
    ['an overlong form', bytes(0xc0, 0x80), { base64: 'wIA=' }],
    ['a surrogate', bytes(0xed, 0xa0, 0x80), { base64: '7aCA' }],
    ['UTF-16', bytes(0xff, 0xfe, 0x61, 0x00), { base64: '//5hAA==' }],
  ])('of %s comes back byte for byte', (_name, original, content) => {
    expect(contentOf(original)).toEqual(content);
    expect(Buffer.from(bytesOf(contentOf(original)))).toEqual(Buffer.from(original));
    expect(blobPath(contentOf(original))).toBe(`blobs/${sha256(original)}`);
  });

  it('of any bytes comes back', () => {
    const random = randomFrom(4);
    for (let round = 0; round < 500; round += 1) {
      const text = Buffer.from(random.text(20));
      const noise = Buffer.from(Array.from({ length: random.number(8) }, () => random.number(256)));
      const original = Buffer.concat([text, noise]);
      expect(Buffer.from(bytesOf(contentOf(original)))).toEqual(original);
    }
  });
});

describe('on a file system', () => {
  let work = '';

  beforeEach(() => {
    work = mkdtempSync(join(tmpdir(), 'ashore-step-'));
    mkdirSync(join(work, 'blobs'));
    mkdirSync(join(work, 'host'));
  });

  afterEach(() => {
    spawnSync('chmod', ['-R', 'u+rwX', work]);
    rmSync(work, { recursive: true });
  });

  const at = (name: string): string => join(work, 'host', name);

  function bring(content: Content | undefined): void {
    if (content) writeFileSync(join(work, blobPath(content)), bytesOf(content));
  }

  /** As a run does it: argv by argv, the first that fails ends it. */
  function runArgv(step: Step): number | null {
    bring(blobOf(step));
    for (const command of commandsOf(step)) {
      if (!('run' in command)) throw new Error('nothing to settle here');
      const [program = '', ...argv] = command.run;
      // A file and no pipe, as in the run: install(1) opens it by its name in /dev.
      const input = openSync(command.stdin === undefined ? '/dev/null' : join(work, command.stdin), 'r');
      const { status } = spawnSync(program, argv, {
        cwd: command.directory ?? work,
        stdio: [input, 'ignore', 'ignore'],
      });
      closeSync(input);
      if (status !== 0) return status;
    }
    return 0;
  }

  /** As a person does it who copies the lines out of the plan. */
  function typeShown(step: Step): number | null {
    bring(blobOf(step));
    const lines = commandsOf(step).map(formatCommand);
    return spawnSync('sh', ['-c', lines.join(' && ')], { cwd: work }).status;
  }

  /** Names, types, modes and contents of all that is on the host. */
  function snapshot(folder = at('')): unknown {
    return readdirSync(folder, { withFileTypes: true })
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((entry) => {
        const path = join(folder, entry.name);
        if (entry.isSymbolicLink()) return [entry.name, '→', readlinkSync(path)];
        const mode = (statSync(path).mode & 0o7777).toString(8);
        return [entry.name, mode, entry.isDirectory() ? snapshot(path) : readFileSync(path, 'latin1')];
      });
  }

  const unowned = { owner: null, group: null } as const;
  const ways = [
    ['as the run does it', runArgv],
    ['as the plan shows it', typeShown],
  ] as const;

  describe.each(ways)('%s', (_way, carryOut) => {
    it.each(["it's $HOME `id` *", '-rf', 'a\nb', 'é漢🎉', ' ', "'"])(
      'puts bytes at a path named %j',
      (name) => {
        const content = contentOf(Uint8Array.from([0, 255, 10, 13]));
        expect(carryOut({ do: 'put', path: at(name), ...unowned, mode: '0640', content })).toBe(0);
        expect(snapshot()).toEqual([[name, '640', '\0\u00ff\n\r']]);
      },
    );

    it('puts bytes where a link stood, and leaves its target alone', () => {
      writeFileSync(at('target'), 'old', { mode: 0o600 });
      symlinkSync('target', at('link'));
      symlinkSync('target', at('.link.ashore-new'));
      const content = { text: 'new' };
      expect(carryOut({ do: 'put', path: at('link'), ...unowned, mode: '0644', content })).toBe(0);
      expect(snapshot()).toEqual([
        ['link', '644', 'new'],
        ['target', '600', 'old'],
      ]);
    });

    it('puts no bytes where a directory is', () => {
      mkdirSync(at('a'), { mode: 0o755 });
      const step = { do: 'put', path: at('a'), ...unowned, mode: '0644', content: { text: 'x' } } as const;
      expect(carryOut(step)).not.toBe(0);
      expect(statSync(at('a')).isDirectory()).toBe(true);
    });

    it.each([
      ['243 bytes', 'x'.repeat(243)],
      ['255 bytes, as many as there may be', 'x'.repeat(255)],
      ['few characters and many bytes', '漢'.repeat(85)],
    ])('puts bytes and links at a name of %s', (_name, name) => {
      expect(carryOut({ do: 'put', path: at(name), ...unowned, mode: '0644', content: { text: 'x' } })).toBe(
        0,
      );
      expect(snapshot()).toEqual([[name, '644', 'x']]);
      expect(carryOut({ do: 'link', path: at(name), target: 'a' })).toBe(0);
      expect(snapshot()).toEqual([[name, '→', 'a']]);
    });

    it('makes a directory, and gives one that is there its mode', () => {
      const step = { do: 'mkdir', path: at('a'), ...unowned, mode: '2750' } as const;
      expect([carryOut(step), carryOut(step)]).toEqual([0, 0]);
      expect(snapshot()).toEqual([['a', '2750', []]]);
    });

    it('changes a mode', () => {
      writeFileSync(at('a'), 'x', { mode: 0o644 });
      expect(carryOut({ do: 'own', path: at('a'), ...unowned, mode: '4711' })).toBe(0);
      expect(snapshot()).toEqual([['a', '4711', 'x']]);
    });

    it('links, also where a link to a directory stands', () => {
      mkdirSync(at('old'), { mode: 0o755 });
      symlinkSync('old', at('link'));
      expect(carryOut({ do: 'link', path: at('link'), target: '-new dir/$x' })).toBe(0);
      expect(snapshot()).toEqual([
        ['link', '→', '-new dir/$x'],
        ['old', '755', []],
      ]);
    });

    it('removes a file or a link, never a tree; nothing there is fine', () => {
      mkdirSync(at('tree'), { mode: 0o755 });
      writeFileSync(at('file'), 'x');
      symlinkSync('tree', at('link'));
      const remove = (name: string) => carryOut({ do: 'remove', path: at(name) });
      expect(['file', 'link', 'none'].map(remove)).toEqual([0, 0, 0]);
      expect(remove('tree')).not.toBe(0);
      expect(snapshot()).toEqual([['tree', '755', []]]);
    });

    it('removes an empty directory only', () => {
      mkdirSync(at('empty'));
      mkdirSync(at('full/inside'), { recursive: true, mode: 0o755 });
      expect(carryOut({ do: 'rmdir', path: at('empty') })).toBe(0);
      expect(carryOut({ do: 'rmdir', path: at('full') })).not.toBe(0);
      expect(snapshot()).toEqual([['full', '755', [['inside', '755', []]]]]);
    });

    it('hands text to a program in another directory', () => {
      const argv = ['sh', '-c', 'cat >out'];
      expect(carryOut({ do: 'run', argv, stdin: { text: 'select 1' }, directory: at('') })).toBe(0);
      expect(readFileSync(at('out'), 'utf8')).toBe('select 1');
    });

    it('ends a program that takes too long', () => {
      expect(carryOut({ do: 'run', argv: ['sleep', '60'], limit: 1 })).toBe(124);
    });
  });
});
