import { describe, expect, it } from 'vitest';
import type { Look, Reader } from '../../src/core/host.ts';
import { HostFailure } from '../../src/core/reason.ts';
import { readStats, refuseOther } from '../../src/kinds/paths/found.ts';
import { showPath } from '../../src/kinds/paths/path.ts';
import { worldOf } from './trial.ts';

/** Gives one recorded answer, whatever is asked. */
function recorded(stdout: string, more: Partial<Look> = {}): Reader {
  return { look: async () => ({ status: 0, stdout: new TextEncoder().encode(stdout), stderr: '', ...more }) };
}

/** Printed on Debian 12 by `stat --printf '%f\0%h\0%s\0%u\0%U\0%g\0%G\0%Z\0%n\0'`. */
const RECORDED = [
  ['81a4', '1', '12', '0', 'root', '0', 'root', '1795381446', '/etc/hostname'],
  ['89ed', '2', '55528', '0', 'root', '0', 'root', '1795381446', '/usr/bin/mount'],
  ['43ff', '11', '4096', '0', 'root', '0', 'root', '1795381446', '/tmp'],
  ['a1ff', '1', '7', '0', 'root', '0', 'root', '1795381446', '/bin'],
  ['11a4', '1', '0', '4242', 'UNKNOWN', '4242', 'UNKNOWN', '1795381446', '/tmp/a pipe\n'],
  ['c1b6', '1', '0', '0', 'root', '0', 'root', '1795381446', '/run/systemd/notify'],
  ['21b6', '1', '0', '0', 'root', '0', 'root', '1795381446', '/dev/null'],
  ['61b0', '1', '0', '0', 'root', '6', 'disk', '1795381446', '/dev/vda'],
  ['0000', '1', '0', '0', 'root', '0', 'root', '1795381446', '/odd'],
];
const ROOT = { owner: 'root', uid: '0', group: 'root', gid: '0' };

describe('readStats', () => {
  it('knows every type, mode and owner', async () => {
    const stats = await readStats(recorded(RECORDED.map((fields) => `${fields.join('\0')}\0`).join('')), [
      '/etc/hostname',
    ]);
    expect(Object.fromEntries(stats)).toEqual({
      '/etc/hostname': {
        found: { is: 'file', ...ROOT, mode: '0644' },
        links: 1,
        size: 12,
        changedAt: 1_795_381_446,
      },
      '/usr/bin/mount': {
        found: { is: 'file', ...ROOT, mode: '4755' },
        links: 2,
        size: 55_528,
        changedAt: 1_795_381_446,
      },
      '/tmp': {
        found: { is: 'directory', ...ROOT, mode: '1777' },
        links: 11,
        size: 4096,
        changedAt: 1_795_381_446,
      },
      '/bin': {
        found: { is: 'symlink', ...ROOT, mode: '0777' },
        links: 1,
        size: 7,
        changedAt: 1_795_381_446,
      },
      '/tmp/a pipe\n': {
        found: { is: 'fifo', owner: '4242', uid: '4242', group: '4242', gid: '4242', mode: '0644' },
        links: 1,
        size: 0,
        changedAt: 1_795_381_446,
      },
      '/run/systemd/notify': {
        found: { is: 'socket', ...ROOT, mode: '0666' },
        links: 1,
        size: 0,
        changedAt: 1_795_381_446,
      },
      '/dev/null': {
        found: { is: 'character-device', ...ROOT, mode: '0666' },
        links: 1,
        size: 0,
        changedAt: 1_795_381_446,
      },
      '/dev/vda': {
        found: { is: 'block-device', ...ROOT, group: 'disk', gid: '6', mode: '0660' },
        links: 1,
        size: 0,
        changedAt: 1_795_381_446,
      },
      '/odd': {
        found: { is: 'unknown', ...ROOT, mode: '0000' },
        links: 1,
        size: 0,
        changedAt: 1_795_381_446,
      },
    });
  });

  it.each([
    ['81a4', '1', '12'].join('\0'),
    `${RECORDED[0]?.join('\0')}`,
    `${RECORDED[0]?.slice(1).join('\0')}\0`,
  ])('takes an answer that was cut off for a failure: %j', async (stdout) => {
    await expect(readStats(recorded(stdout), ['/x'])).rejects.toThrow('cut off');
  });

  it.each([1, 124, 126, 127])('takes status %d for a failure, never for absence', async (status) => {
    const reading = readStats(recorded('', { status, stderr: 'xargs: stat: No such file or directory' }), [
      '/x',
    ]);
    await expect(reading).rejects.toThrow(HostFailure);
  });
});

describe('refuseOther', () => {
  it('says what is there, and what to do where something can be declared', () => {
    expect(refuseOther('/x', 'socket', 'file', worldOf())).toEqual({
      code: 'PATH_OCCUPIED',
      message: '/x is a socket on the host',
    });
    expect(refuseOther('/x', 'directory', 'file', worldOf())?.next).toBe(
      'Declare `directory: /x` with `absent: true` above.',
    );
    expect(refuseOther('/x', 'file', 'file', worldOf())).toBeUndefined();
    expect(refuseOther('/x', 'directory', 'file', worldOf({ 'directory//x': 'delete' }))).toBeUndefined();
    expect(refuseOther('/x', 'directory', 'file', worldOf({ 'directory//x': 'update' }))).toBeDefined();
  });
});

describe('showPath', () => {
  it.each([
    ['/etc/motd', '/etc/motd'],
    ['/ü', '/ü'],
    ['/a b', '"/a b"'],
    ['/a\nb', '"/a\\nb"'],
    ['/\u001b[31m', '"/\\u001b[31m"'],
  ])('%j', (path, shown) => {
    expect(showPath(path)).toBe(shown);
  });
});
