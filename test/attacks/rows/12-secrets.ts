// Row 12: a secret shows nowhere, whatever prints it, and a pull request cannot have one put where others may read it.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has, sh } from '../arena.ts';
import { openSite } from '../site.ts';
import type { Site } from '../site.ts';

const VALUE = 'Tr0ub4dor&3 "quoted" $x';

describe('12 secrets in comments and logs', () => {
  let site: Site;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ashore-attack-secrets-'));
    const identity = await generateX25519Identity();
    const ageKeyPath = join(folder, 'age.txt');
    writeFileSync(ageKeyPath, identity);
    const encrypter = new Encrypter();
    encrypter.addRecipient(await identityToRecipient(identity));
    const encrypted = Buffer.from(await encrypter.encrypt(VALUE));
    site = await openSite({ secrets: { ageKeyPath }, files: { 'secrets/db/password.age': encrypted } });
  });
  afterAll(async () => {
    await site.stop();
    rmSync(folder, { recursive: true });
  });

  const expectNowhere = (): void => {
    const store = readdirSync(site.settings.data).map((name) =>
      readFileSync(join(site.settings.data, name), 'latin1'),
    );
    const shown = [site.log(), JSON.stringify(site.repo.checkRuns()), ...store];
    const forms = [
      VALUE,
      JSON.stringify(VALUE).slice(1, -1),
      JSON.stringify(JSON.stringify(VALUE)).slice(3, -3),
    ];
    const encoded = [0, 1, 2].map((before) =>
      Buffer.from(' '.repeat(before) + VALUE)
        .toString('base64')
        .slice(4, -4),
    );
    for (const text of shown) {
      expect([...forms, ...encoded].filter((form) => text.includes(form))).toEqual([]);
    }
  };

  it('printed by a command that fails, plain and in base64', async () => {
    const print = '. /etc/attack-12.env; echo "it is $P"; printf "=%s" "$P" | base64; echo "$P" >&2; exit 3';
    const { pull, head } = await site.propose({
      'attack-12.yml': `on: web1
resources:
  - file: /etc/attack-12.env
    env: { P: { secret: db/password } }
  - command: print
    run: [sh, -c, '${print}']
`,
    });
    expect(site.said(pull)).toContain('secret db/password: set');
    await site.comment(pull, `/deploy ${site.digest(pull)}`);
    expect(await sh('web1', '. /etc/attack-12.env; printf %s "$P"')).toBe(VALUE);
    expect(site.check(head, 'ashore/deploy').conclusion).toBe('failure');
    const shown = JSON.stringify([site.repo.checkRuns(), site.said(pull)]);
    expect(shown).toContain('it is [secret db/password]');
    expect(shown).not.toContain(VALUE.slice(0, 12));
    expect(site.said(pull)).not.toContain(VALUE);
    expectNowhere();
  });

  it.each([
    [
      'put where others may read it',
      'file: /tmp/attack-12, secret: db/password, mode: "0644"',
      'may have no right to it',
    ],
    [
      'put into a file that others may read',
      'file: /tmp/attack-12, env: { A: { secret: db/password } }, mode: "0604"',
      'may have no right to it',
    ],
    ['read from elsewhere on the server', 'file: /tmp/attack-12, secret: ../../etc/shadow', 'secret'],
    ['that is not there', 'file: /tmp/attack-12, secret: db/other', 'no secret db/other'],
  ])('%s', async (_, entry, words) => {
    const { pull, head } = await site.propose({
      'attack-12b.yml': `on: web1\nresources:\n  - { ${entry} }\n`,
    });
    expect(site.check(head, 'ashore/plan').conclusion).toBe('failure');
    expect(JSON.stringify([site.said(pull), site.check(head, 'ashore/plan')])).toContain(words);
    expect(await has('web1', '/tmp/attack-12')).toBe(false);
    expectNowhere();
  });
});
