// The words as Debian 12 and 13 say them; what real hosts say is in test/e2e/causes.test.ts.
import { describe, expect, it } from 'vitest';
import type { Reason, ReasonCode } from '../../src/core/reason.ts';
import { recogniseCause } from '../../src/engine/cause.ts';

const failed = (code: ReasonCode, journal: string): Reason => ({
  code,
  message:
    'service/shop: shop.service: it failed (failed/failed, result exit-code, exit status 1, restarts 0)',
  evidence: { journal },
});

describe('words that say why', () => {
  it.each<[string, string, string]>([
    [
      'OOM_KILLED',
      '2026-11-22T14:06:27+00:00 web1 systemd[1]: shop.service: A process of this unit has been killed by the OOM killer.',
      'systemd[1]: shop.service: A process of this unit has been killed by the OOM killer.',
    ],
    [
      'IMAGE_FOREIGN',
      'podman[1]: WARNING: image platform ({arm64 linux  [] }) does not match the expected platform ({amd64 linux  [] })\nexec /app: exec format error',
      'image platform ({arm64 linux  [] }) does not match',
    ],
    [
      'IMAGE_FOREIGN',
      'podman[1]: WARNING: image platform (linux/arm64) does not match the expected platform (linux/amd64)\nexec /app: exec format error',
      'image platform (linux/arm64) does not match',
    ],
    [
      'EXEC_FORMAT',
      'shop.service: Failed at step EXEC spawning /opt/shop: Exec format error',
      'Exec format error',
    ],
    [
      'EXEC_MISSING',
      'shop.service: Failed to locate executable /opt/shop: No such file or directory',
      'Failed to locate executable /opt/shop',
    ],
    ['EXEC_MISSING', '/bin/sh: 1: shopd: not found', '/bin/sh: 1: shopd: not found'],
    [
      'PERMISSION_DENIED',
      'shop.service: Failed at step EXEC spawning /opt/shop: Permission denied',
      'Permission denied',
    ],
    [
      'IMAGE_UNKNOWN',
      'Error: initializing source docker://registry.example/shop@sha256:0: reading manifest sha256:0 in registry.example/shop: manifest unknown',
      'manifest unknown',
    ],
    [
      'REGISTRY_REFUSED',
      'Error: initializing source docker://registry.example/shop@sha256:0: unable to retrieve auth token: invalid username/password: unauthorized: authentication required',
      'unauthorized',
    ],
    ['PORT_IN_USE', 'Error: listen EADDRINUSE: address already in use :::8080', 'EADDRINUSE'],
    ['USER_MISSING', 'shop.service: Failed to determine user credentials: No such process', 'credentials'],
    ['DISK_FULL', 'install: error writing x: No space left on device', 'No space left on device'],
    ['DNS_FAILED', 'curl: (6) Could not resolve host: shop.example', 'Could not resolve host'],
    ['TLS_FAILED', 'curl: (60) SSL certificate problem: certificate has expired', 'has expired'],
  ])('%s: %s', (code, journal, sentence) => {
    const told = recogniseCause(failed('UNIT_FAILED', `something else\n${journal}\nand more`));
    expect(told.code).toBe(code);
    expect(told.message).toContain(`service/shop: `);
    expect(told.message).toContain(sentence);
    expect(told.evidence).toEqual({ journal: `something else\n${journal}\nand more` });
  });

  it('a crash loop keeps its code until a cause is known', () => {
    expect(recogniseCause(failed('CRASH_LOOP', 'out of rope')).code).toBe('CRASH_LOOP');
    expect(recogniseCause(failed('CRASH_LOOP', 'bind: Address already in use')).code).toBe('PORT_IN_USE');
  });

  it.each<[string, ReasonCode, string, readonly string[]]>([
    [
      'what a program answers its users is no word of a registry',
      'UNIT_FAILED',
      'it failed (failed/failed',
      ['shop[7]: GET /admin 401 Unauthorized', "shop[7]: panicked at 'no such table: orders'"],
    ],
    [
      'nor in a container, where podman gives its name to all',
      'UNIT_FAILED',
      'it failed (failed/failed',
      ['podman[7]: Error: GET /admin: 401 unauthorized', "podman[7]: panicked at 'no such table: orders'"],
    ],
    [
      'a user of a database is none of the host',
      'PORT_IN_USE',
      'shop[7]: bind: Address already in use',
      ['shop[7]: bind: Address already in use', 'shop[7]: FATAL unknown user foo'],
    ],
    [
      'a page that is not found is no program',
      'UNIT_FAILED',
      'it failed (failed/failed',
      ['shop[7]: GET /shop.css: not found', 'shop[7]: invalid user in session'],
    ],
    [
      'what was survived is not what came last',
      'PORT_IN_USE',
      'shop[7]: bind: Address already in use',
      [
        'shop[7]: /var/cache/shop: No space left on device, going on without',
        'shop[7]: /etc/shop/extra: Permission denied, going on without',
        'shop[7]: bind: Address already in use',
        "systemd[1]: shop.service: Failed with result 'exit-code'.",
      ],
    ],
    [
      'the end of a unit is told by systemd, the cause above it',
      'USER_MISSING',
      'Failed to determine user credentials: No such process',
      [
        'systemd[9]: shop.service: Failed to determine user credentials: No such process',
        'systemd[1]: shop.service: Main process exited, code=exited, status=217/USER',
      ],
    ],
    [
      'nothing but the end',
      'OOM_KILLED',
      "Failed with result 'oom-kill'",
      ["systemd[1]: shop.service: Failed with result 'oom-kill'."],
    ],
    [
      'podman itself',
      'IMAGE_UNKNOWN',
      'image not known',
      ['podman[7]: Error: registry.example/shop@sha256:0: image not known'],
    ],
  ])('%s: %s', (_name, code, sentence, words) => {
    const journal = words.map((line) => `2026-11-29T14:06:27+00:00 web1 ${line}\n`).join('');
    const told = recogniseCause(failed('UNIT_FAILED', journal));
    expect([told.code, told.message]).toEqual([code, expect.stringContaining(sentence)]);
    // A command that did not bring the unit up says it with its own words before.
    const output = `Job for shop.service failed.\nshop.service: it did not come up (failed/failed)\n${journal}`;
    const { message } = failed('STEP_FAILED', '');
    const step = {
      code: 'STEP_FAILED' as const,
      message,
      evidence: { command: 'systemctl start shop', output },
    };
    expect(recogniseCause(step).code).toBe(code === 'UNIT_FAILED' ? 'STEP_FAILED' : code);
  });

  it.each<[ReasonCode, string, string]>([
    [
      'REGISTRY_REFUSED',
      'podman pull --quiet a/b@sha256:0',
      'Error: denied: requested access to the resource is denied',
    ],
    ['STEP_FAILED', '/opt/shop/migrate', 'HTTP 401 unauthorized'],
    ['USER_MISSING', 'chown ghost /etc/x', "chown: invalid user: 'ghost'"],
  ])('%s by %s', (code, command, output) => {
    const message = 'command/x: a command ended with status 1';
    expect(recogniseCause({ code: 'STEP_FAILED', message, evidence: { command, output } }).code).toBe(code);
  });

  it.each<[ReasonCode, string]>([
    ['HEALTH_WRONG', 'Permission denied'],
    ['HOOK_FAILED', 'No space left on device'],
    ['RUN_LOST', 'killed by the OOM killer'],
    ['UNIT_FAILED', 'the page was not found and access is denied'],
  ])('%s stays: %s', (code, journal) => {
    expect(recogniseCause(failed(code, journal))).toEqual(failed(code, journal));
  });
});
