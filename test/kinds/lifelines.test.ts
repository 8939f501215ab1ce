// What may cut us off comes out guarded, whatever kind it is; what nothing could put back is blocked.
import { describe, expect, it } from 'vitest';
import type { Blocked, ChangeRequest, KindChange, World } from '../../src/core/kind.ts';
import { guardGroup, guardPath, guardUnit, guardUser, keepPackages } from '../../src/kinds/lifelines.ts';
import { worldOf } from './trial.ts';

const PUT: KindChange = { verb: 'update', reason: 'x', fields: [], steps: [{ do: 'remove', path: '/x' }] };
const DELETE: KindChange = { ...PUT, verb: 'delete' };

function ask(id: string, logins: readonly string[] = ['deploy']): ChangeRequest<unknown, unknown> {
  const world: World = { ...worldOf(), logins };
  return { id, want: {}, have: {}, last: undefined, world };
}

const guardOf = (decided: KindChange | Blocked | undefined) =>
  decided && 'verb' in decided ? decided.guard : undefined;

describe('a path', () => {
  const change = guardPath(() => PUT);
  it.each([
    ['/etc/ssh/sshd_config.d/x.conf', ['ssh.service', 'sshd.service', 'ssh.socket']],
    ['/etc/systemd/system/ssh.service.d/x.conf', ['ssh.service', 'sshd.service', 'ssh.socket']],
    ['/etc/sudoers.d/shop', []],
    ['/etc/network/interfaces', ['networking.service', 'systemd-networkd.service', 'NetworkManager.service']],
    ['/etc/pam.d/sshd', []],
    ['/etc/passwd', []],
    ['/srv/deploy/.ssh/authorized_keys', []],
    ['/home/deploy', []],
    ['/home/deploy/.bashrc', []],
  ])('%s is guarded', (path, units) => {
    expect(guardOf(change(ask(path)))).toMatchObject({ paths: [path], units });
  });

  it.each([
    '/etc/sshd',
    '/etc/sudoers.old',
    '/home/deployer',
    '/home/deploy/app',
    '/home/ada/.bashrc',
    '/opt/x',
  ])('%s is not', (path) => expect(guardOf(change(ask(path)))).toBeUndefined());

  it('of the firewall has its rules saved, and is tried first', () => {
    const decided = change(ask('/etc/nftables.conf'));
    expect(decided).toMatchObject({
      guard: { firewall: true },
      steps: [{}, { argv: ['nft', '-c', '-f', '/etc/nftables.conf'] }],
    });
  });

  it('that goes is not tried', () => {
    expect(guardPath(() => DELETE)(ask('/etc/nftables.conf'))).toMatchObject({ steps: DELETE.steps });
  });

  it('without a step needs no guard', () => {
    const adopted = guardPath(() => ({ ...PUT, steps: [] }))(ask('/etc/sudoers'));
    expect(guardOf(adopted)).toBeUndefined();
    expect(guardPath(() => undefined)(ask('/etc/sudoers'))).toBeUndefined();
  });
});

it.each([
  ['ssh.service', true],
  ['nftables.service', true],
  ['shop.service', false],
])('the unit %s', (unit, guarded) => {
  const guard = guardOf(
    guardUnit(
      () => PUT,
      (id) => id,
    )(ask(unit)),
  );
  expect(guard !== undefined).toBe(guarded);
  if (guard) expect(guard.paths).toContain(`/etc/systemd/system/${unit}`);
});

it('our own user is changed under guard, never removed; others are their own affair', () => {
  expect(guardOf(guardUser(() => PUT)(ask('deploy')))?.paths).toContain('/etc/passwd');
  expect(guardUser(() => DELETE)(ask('deploy'))).toMatchObject({ blocked: { code: 'CUTS_OFF' } });
  expect(guardUser(() => DELETE)(ask('shop'))).toBe(DELETE);
  expect(guardOf(guardUser(() => PUT)(ask('plan', ['deploy', 'plan'])))).toBeDefined();
});

it('a group that we are in goes under guard', () => {
  const asked = { ...ask('sudo'), have: ['ada', 'deploy'] };
  const members = (have: unknown) => (Array.isArray(have) ? have.map(String) : []);
  expect(guardOf(guardGroup(() => DELETE, members)(asked))?.paths).toContain('/etc/group');
  expect(guardGroup(() => DELETE, members)(ask('crew'))).toBe(DELETE);
});

it.each([
  [['apt-get', 'remove', 'openssh-server'], ['root'], true],
  [['apt-get', 'install', 'dropbear=1', 'openssh-server-'], ['root'], true],
  [['apt-get', 'remove', 'sudo'], ['deploy'], true],
  [['apt-get', 'remove', 'sudo'], ['root'], false],
  [['apt-get', 'install', 'openssh-server=1'], ['deploy'], false],
])('%j as %j', (argv, logins, blocked) => {
  const removal: KindChange = { ...DELETE, steps: [{ do: 'run', argv }] };
  const decided = keepPackages(() => removal)(ask('x', logins));
  expect(decided !== undefined && 'blocked' in decided).toBe(blocked);
});
