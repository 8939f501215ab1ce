// Every line that is logged while a delivery is handled names the delivery, so that one can be followed through.
import { expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
import { startRig } from './rig.ts';

it('names the delivery, and never a token', async () => {
  const lines: string[] = [];
  const rig = await startRig({ log: createLog('debug', { write: (line) => void lines.push(line) }) });
  rig.github.failNext({ path: 'git/get-blob', status: 502, times: 20 });
  const pull = await rig.open('v2');
  const delivery = rig.github.deliveries().find((each) => each.event === 'pull_request');
  await rig.stop();
  const failure = lines.filter((line) => line.includes('the delivery failed'));
  expect(failure).toHaveLength(1);
  expect(failure[0]).toContain(`"id":"${delivery?.guid}"`);
  expect(pull).toBe(1);
  expect(lines.join('')).not.toMatch(/ghs_|PRIVATE KEY|eyJ[\w-]+\./);
});
