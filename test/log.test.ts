import { describe, expect, it } from 'vitest';
import { createLog } from '../src/log.ts';

function logged(write: (log: ReturnType<typeof createLog>) => void): string {
  const lines: string[] = [];
  write(createLog('info', { write: (line) => void lines.push(line) }));
  return lines.join('');
}

const KEY = '-----BEGIN RSA PRIVATE KEY-----\nMIIEhunter2\n-----END RSA PRIVATE KEY-----';
const TOKEN = `ghs_${'hunter2'.repeat(5)}`;
const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJodW50ZXIyIjoxfQ.c2lnbmF0dXJlaHVudGVyMg';

describe('createLog', () => {
  it.each([
    ['a key in the message', KEY, 'hunter2'],
    ['a key that was cut off', KEY.slice(0, 45), 'MIIE'],
    ['an installation token', `authorization: token ${TOKEN}`, 'hunter2'],
    ['a fine-grained token', `github_pat_${'hunter2'.repeat(5)}`, 'hunter2'],
    ['a JSON web token', `bearer ${JWT}`, 'c2lnbmF0'],
  ])('cuts out %s', (_, text, secret) => {
    expect(logged((log) => log.info(text))).not.toContain(secret);
    expect(logged((log) => log.error({ err: new Error(text) }))).not.toContain(secret);
    expect(logged((log) => log.info({ deep: { down: [text] } }))).not.toContain(secret);
  });

  it.each(['token', 'privateKey', 'secret', 'password', 'authorization'])(
    'cuts out whatever is called %s',
    (name) => {
      const line = logged((log) =>
        log.info({ [name]: 'hunter2', request: { headers: { [name]: 'hunter2' } } }),
      );
      expect(line).not.toContain('hunter2');
    },
  );

  it('leaves all else as it is, one object a line', () => {
    const line = logged((log) => log.child({ id: 'guid' }).info({ event: 'push' }, 'delivery'));
    expect(JSON.parse(line)).toMatchObject({ id: 'guid', event: 'push', msg: 'delivery' });
  });
});
