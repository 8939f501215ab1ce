// Who did what with a package and when, from logs as apt 2.6 and 3.0 and dpkg write them.
import { expect, it } from 'vitest';
import { parseSightings } from '../../src/kinds/apt/log.ts';

const HISTORY = `0  13:58:01

Start-Date: 2026-11-22  13:58:40
Commandline: apt-get -y -o Acquire::http::Proxy=http://ada:secret@proxy remove curl
Requested-By: ada (1000)
Remove: curl:amd64 (8.14.1-2), libcurl4t64:amd64 (8.14.1-2)
End-Date: 2026-11-22  13:58:41

Start-Date: 2026-11-22  14:10:00
Commandline: /usr/bin/unattended-upgrade
Upgrade: jq:amd64 (1.7.1-5, 1.7.1-6)
End-Date: 2026-11-22  14:10:05
`;

function doings(...rows: readonly (readonly string[])[]): string {
  return rows.map((row) => row.map((field) => `${field}\0`).join('')).join('');
}

it('names an account only where apt has noted it, and never what an option of a command holds', () => {
  const sightings = parseSightings(
    doings(
      ['curl', '2026-11-22T12:58:40Z', '2026-11-22 13:58:40'],
      ['jq', '2026-11-22T13:10:03Z', '2026-11-22 14:10:03'],
      ['tree', '2026-11-22T12:58:41Z', '2026-11-22 13:58:41'],
    ),
    HISTORY,
  );
  expect(Object.fromEntries(sightings)).toEqual({
    curl: { at: '2026-11-22T12:58:40Z', by: 'ada', how: 'apt-get remove curl' },
    jq: { at: '2026-11-22T13:10:03Z', how: '/usr/bin/unattended-upgrade' },
    // dpkg did it in the same second, and apt says nothing of it.
    tree: { at: '2026-11-22T12:58:41Z' },
  });
});

it('says nothing where there are no logs', () => {
  expect(parseSightings('', '').size).toBe(0);
});
