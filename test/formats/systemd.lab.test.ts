// What systemd itself makes of the environment files and units that are written, on both Debian releases.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatEnv } from '../../src/formats/env.ts';
import { formatUnit } from '../../src/formats/unit.ts';
import type { UnitSections } from '../../src/formats/unit.ts';
import { startLab } from '../lab/lab.ts';
import type { Lab, LabHost } from '../lab/lab.ts';
import { HOSTILE } from './hostile.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await startLab([
    { name: 'old', suite: 'bookworm' },
    { name: 'new', suite: 'trixie' },
  ]);
});
afterAll(async () => {
  await lab.stop();
});

/** Runs a command that must succeed; gives what it printed. */
async function must(host: LabHost, argv: readonly string[], stdin = ''): Promise<string> {
  const outcome = await host.exec(argv, { stdin });
  expect(outcome.status, `${argv.join(' ')}: ${outcome.stderr}`).toBe(0);
  return outcome.stdout;
}

async function write(host: LabHost, path: string, text: string): Promise<void> {
  await must(host, ['sh', '-c', 'cat >"$1"', 'write', path], text);
}

function textOf(formatted: ReturnType<typeof formatUnit>): string {
  if (typeof formatted !== 'string') throw new Error(formatted.problem);
  return formatted;
}

describe.each(['old', 'new'])('%s', (name) => {
  it('gives a service the environment that was declared', async () => {
    const host = lab.host(name);
    const written = Object.entries(HOSTILE)
      .map(([key, value]) => [`V_${key}`, value] as const)
      .filter(([key, value]) => typeof formatEnv({ [key]: value }) === 'string');
    expect(written.length).toBeGreaterThan(50);
    await write(host, '/run/trial.env', textOf(formatEnv(Object.fromEntries(written))));
    const service: UnitSections = {
      Service: {
        Type: 'oneshot',
        EnvironmentFile: '/run/trial.env',
        ExecStart: `/bin/sh -c 'env -0 | base64 -w 0 >/run/trial.out'`,
      },
    };
    await write(host, '/run/systemd/system/trial-env.service', textOf(formatUnit(service)));
    await must(host, ['systemctl', 'daemon-reload']);
    await must(host, ['systemctl', 'start', 'trial-env.service']);
    const printed = Buffer.from(await must(host, ['cat', '/run/trial.out']), 'base64').toString();
    const given = printed.split('\0').filter((entry) => entry.startsWith('V_'));
    expect(given.toSorted()).toEqual(written.map(([key, value]) => `${key}=${value}`).toSorted());
  });

  it('reads of a unit what was declared', async () => {
    const host = lab.host(name);
    const description = `it's "two" # three ; four = [five] \\n $HOME 漢字`;
    const unit: UnitSections = {
      Unit: { Description: description, After: ['network.target', 'local-fs.target'] },
      Service: {
        Type: 'oneshot',
        RemainAfterExit: true,
        PrivateTmp: false,
        TimeoutStartSec: 90,
        Environment: ['A=1', '"B=two words"'],
        ExecStart: ['', '/bin/echo "a b" $$HOME %%', '/bin/true'],
      },
    };
    await write(host, '/run/systemd/system/trial-unit.service', textOf(formatUnit(unit)));
    await must(host, ['systemctl', 'daemon-reload']);
    const properties = 'Description,Environment,RemainAfterExit,PrivateTmp,TimeoutStartUSec,ExecStart,After';
    const shown = await must(host, ['systemctl', 'show', '-p', properties, 'trial-unit.service']);
    const lines = shown.split('\n');
    expect(lines).toContain(`Description=${description}`);
    expect(lines).toContain('Environment=A=1 "B=two words"');
    expect(lines).toContain('RemainAfterExit=yes');
    expect(lines).toContain('PrivateTmp=no');
    expect(lines).toContain('TimeoutStartUSec=1min 30s');
    expect(shown).toMatch(/^After=(?=.*network\.target)(?=.*local-fs\.target)/m);
    expect(lines.filter((line) => line.startsWith('ExecStart='))).toHaveLength(2);
    await must(host, ['systemd-analyze', 'verify', '/run/systemd/system/trial-unit.service']);
  });
});
