// A token that GitHub takes back before its time costs one more request, and nothing that was asked for.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

describe('a token that was taken back', () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(async () => {
    await rig.stop();
  });

  const tokens = (): number => rig.github.calls().get('apps/create-installation-access-token') ?? 0;

  it('is asked for anew, once, and the comment is answered', async () => {
    const pull = await rig.open('one');
    const before = tokens();
    rig.github.expireTokens();
    await rig.comment(pull, '/help');
    expect(rig.said(pull).join('\n')).toContain('/plan [host…]');
    expect(tokens()).toBe(before + 1);
  });

  it('is given up where GitHub gives no other', async () => {
    const pull = await rig.open('two');
    const before = tokens();
    rig.github.expireTokens();
    rig.github.failNext({ path: 'apps/create-installation-access-token', status: 401, times: 100 });
    await rig.comment(pull, '/help');
    expect(rig.said(pull).join('\n')).not.toContain('/plan [host…]');
    expect(tokens()).toBeGreaterThan(before);
  });
});
