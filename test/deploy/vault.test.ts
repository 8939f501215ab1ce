// A configuration with its secrets opened: what is a problem and where, what is found by its seal, and what is scrubbed.
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/core/run.ts';
import { createRedactor } from '../../src/core/redact.ts';
import { HostFailure } from '../../src/core/reason.ts';
import { createSecret } from '../../src/core/secret.ts';
import type { SecretKeeper } from '../../src/core/secret.ts';
import type { DeployWorld } from '../../src/deploy.ts';
import { redactError, redactRun } from '../../src/deploy/redacted.ts';
import { openConfig } from '../../src/deploy/vault.ts';
import { kinds } from '../../src/kinds/index.ts';

const never = (): never => {
  throw new Error('no host may be asked');
};

function keeper(opened: string[]): SecretKeeper {
  return {
    seal: (sum) => `sealed-${sum.slice(0, 8)}`,
    open: async (name, encrypted) => {
      opened.push(name);
      if (name === 'broken') return { is: 'unreadable', why: 'its file is damaged' };
      return encrypted ? { is: 'value', bytes: encrypted } : { is: 'missing' };
    },
  };
}

function world(secrets?: SecretKeeper): DeployWorld {
  return {
    kinds,
    connect: never,
    connectToLook: never,
    createReader: never,
    carryOut: never,
    confirm: never,
    appendLedger: never,
    now: never,
    wait: never,
    cancel: never,
    giveUp: never,
    ...(secrets ? { secrets } : {}),
  };
}

function files(resources: string) {
  const texts = {
    'hosts.yml': `hosts:\n  web1: { address: 10.0.0.1, host_key: "ssh-ed25519 ${KEY}" }\n`,
    'shop.yml': `on: web1\nresources:\n${resources}`,
    'secrets/db/password.age': 'open sesame\n',
    'secrets/unused.age': 'never opened',
  };
  return new Map(
    Object.entries(texts).map(([path, text]) => [`deploy-configs/${path}`, new TextEncoder().encode(text)]),
  );
}

const KEY = Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from('ssh-ed25519'),
  Buffer.from([0, 0, 0, 32]),
  Buffer.alloc(32, 7),
]).toString('base64');

const ENV = '  - file: /etc/shop.env\n    env: { P: { secret: db/password }, Q: "1" }\n';

describe('opening a configuration', () => {
  it('opens what is used, once, and finds what is put together by its seal', async () => {
    const opened: string[] = [];
    const found = await openConfig(
      world(keeper(opened)),
      files(`${ENV}  - file: /etc/p\n    secret: db/password\n`),
    );
    if ('problems' in found) throw new Error(JSON.stringify(found));
    expect(opened).toEqual(['db/password']);
    expect(found.config.secrets).toEqual(['db/password']);
    const seals = found.config.resources.map(
      ({ want }) => JSON.stringify(want).match(/sealed-[0-9a-f]+/)?.[0] ?? '',
    );
    expect(new Set(seals).size).toBe(2);
    for (const seal of seals) expect(String(found.vault.find(seal))).toBe('[secret db/password]');
    expect(found.vault.find('sealed-00000000')).toBeUndefined();
    // What stands beside a secret in a file is none.
    expect(found.vault.redactor.redact("P='open sesame'\nQ=1\n")).toBe("P='[secret db/password]'\nQ=1\n");
  });

  it('opens nothing for a configuration with problems, or without secrets', async () => {
    const opened: string[] = [];
    expect(await openConfig(world(keeper(opened)), files(`${ENV}    wrong: 1\n`))).toHaveProperty('problems');
    expect(
      await openConfig(world(keeper(opened)), files('  - file: /etc/p\n    content: x\n')),
    ).toHaveProperty('config');
    expect(opened).toEqual([]);
  });

  it.each([
    [
      'missing',
      'nope',
      'SECRET_MISSING',
      'there is no secret nope: no deploy-configs/secrets/nope.age, and none on the server',
    ],
    ['broken', 'broken', 'SECRET_UNREADABLE', 'the secret broken cannot be used: its file is damaged'],
  ])('a %s one is a problem at its line', async (_, name, code, message) => {
    const found = await openConfig(
      world(keeper([])),
      files(`  - file: /etc/p\n    env:\n      P: { secret: ${name} }\n`),
    );
    expect(found).toMatchObject({
      problems: [{ code, message, where: { file: 'deploy-configs/shop.yml', line: 5 } }],
    });
  });

  it('without an identity says what is to be set', async () => {
    const found = await openConfig(world(), files(ENV));
    expect(found).toMatchObject({
      problems: [{ code: 'SECRET_UNREADABLE', message: expect.stringContaining('ASHORE_AGE_KEY_PATH') }],
    });
  });
});

describe('scrubbing', () => {
  const secret = createSecret(['pw'], new TextEncoder().encode('open sesame'), (sum) => sum);
  const redactor = createRedactor([secret]);

  it('events, however a value is torn between them, and in their order', async () => {
    const events: RunEvent[] = [
      { is: 'begin', index: 0 },
      { is: 'command', index: 0, command: 'echo open sesame' },
      { is: 'output', index: 0, text: 'it is open se' },
      { is: 'output', index: 0, text: 'same, and open' },
      { is: 'end', index: 0, status: 1, seconds: 1 },
      {
        is: 'finished',
        outcome: 'failed',
        reason: {
          code: 'STEP_FAILED',
          message: 'open sesame',
          evidence: {
            command: 'x open sesame',
            status: 1,
            output: 'b3BlbiBzZXNhbWU=',
            journal: 'open sesame',
          },
        },
      },
    ];
    const seen: RunEvent[] = [];
    const carryOut = redactRun(redactor, async function* () {
      yield* events;
    });
    const session = { target: never, exec: never, close: never };
    // Neither is looked at.
    for await (const event of carryOut(Object.create(session), Object.create(null))) seen.push(event);
    expect(JSON.stringify(seen)).not.toMatch(/sesame|b3Blbi/);
    expect(seen.map((event) => event.is)).toEqual([
      'begin',
      'command',
      ...seen.flatMap((e) => (e.is === 'output' ? ['output'] : [])),
      'end',
      'finished',
    ]);
    expect(seen.map((event) => (event.is === 'output' ? event.text : '')).join('')).toBe(
      'it is [secret pw], and open',
    );
  });

  it('what two changes say in turn, without losing any of it', async () => {
    const reason = { code: 'UNIT_FAILED' as const, message: 'open sesame' };
    const carryOut = redactRun(redactor, async function* () {
      yield { is: 'output', index: 0, text: 'zero says open se' };
      yield { is: 'output', index: 1, text: 'one says open se' };
      yield { is: 'output', index: 1, text: 'same' };
      yield { is: 'end', index: 1, status: 1, seconds: 1, reason };
    });
    const said = ['', ''];
    const reasons: unknown[] = [];
    for await (const event of carryOut(Object.create(null), Object.create(null))) {
      if (event.is === 'output') said[event.index] += event.text;
      if (event.is === 'end') reasons.push(event.reason?.message);
    }
    expect(said).toEqual(['zero says open se', 'one says [secret pw]']);
    expect(reasons).toEqual(['[secret pw]']);
  });

  it('errors of every sort', () => {
    const failure = redactError(redactor, new HostFailure({ code: 'READ_FAILED', message: 'open sesame' }));
    expect(failure).toBeInstanceOf(HostFailure);
    const error = redactError(redactor, new TypeError('open sesame'));
    expect(error).toBeInstanceOf(Error);
    for (const one of [failure, error, redactError(redactor, 'open sesame')]) {
      const text = one instanceof Error ? `${one.message} ${one.stack}` : '';
      expect(text).toContain('[secret pw]');
      expect(text).not.toContain('sesame');
    }
  });
});
