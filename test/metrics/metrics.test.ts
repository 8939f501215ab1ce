// Metrics of the running server: what they count, that they name nobody, and that they are nowhere unless asked for.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeListener, urlOf } from '../../src/listen.ts';
import { createMeter, formatMetrics } from '../../src/metrics/meter.ts';
import { startServer } from '../../src/server.ts';
import { startRig } from '../github/rig.ts';
import type { Rig } from '../github/rig.ts';

describe('formatMetrics', () => {
  it('writes every series, also where nothing was counted, and labels in order', () => {
    const meter = createMeter();
    meter.count('plans', 'problems');
    meter.count('plans', 'plan', 2);
    meter.count('plans', 'plan');
    const text = formatMetrics(meter, { deliveries: new Map([['pending', 3]]), openRuns: 1 });
    expect(text.split('\n').filter((line) => !line.startsWith('#'))).toEqual([
      'ashore_deliveries{state="pending"} 3',
      'ashore_open_runs 1',
      'ashore_plans_total{result="plan"} 3',
      'ashore_plans_total{result="problems"} 1',
      '',
    ]);
    const types = [...text.matchAll(/^# TYPE (\w+) \w+$/gm)].map(([, name]) => name);
    expect(types).toEqual([
      'ashore_deliveries',
      'ashore_open_runs',
      'ashore_plans_total',
      'ashore_runs_total',
      'ashore_hosts_unreached_total',
      'ashore_github_failures_total',
    ]);
  });
});

describe('a server', () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await startRig({ metricsPort: 0 });
  });
  afterAll(async () => {
    await rig.stop();
  });

  const read = async (path = '/metrics', init?: RequestInit): Promise<Response> =>
    fetch(`${rig.server().metricsUrl}${path}`, init);
  const value = async (series: string): Promise<number> => {
    const text = await (await read()).text();
    const line = text.split('\n').find((each) => each.startsWith(`${series} `));
    return Number(line?.slice(series.length + 1) ?? 0);
  };

  it('counts plans, runs, deliveries, hosts that could not be reached, and what failed at GitHub', async () => {
    const pull = await rig.open('v2');
    expect(await value('ashore_plans_total{result="plan"}')).toBe(1);
    const missed = await value('ashore_hosts_unreached_total{reason="HOST_UNREACHABLE"}');
    await rig.comment(pull, '/deploy');
    await rig.repo.merge(pull, 'grace');
    await rig.settled();
    expect(await value('ashore_runs_total{outcome="done"}')).toBe(1);
    expect(await value('ashore_open_runs')).toBe(0);
    expect(await value('ashore_deliveries{state="done"}')).toBeGreaterThan(2);
    expect(await value('ashore_deliveries{state="failed"}')).toBe(0);
    rig.fleet.down.add('web2');
    rig.github.failNext({ path: 'issues/create-comment', status: 502 });
    await rig.open('v3');
    rig.fleet.down.clear();
    expect(await value('ashore_hosts_unreached_total{reason="HOST_UNREACHABLE"}')).toBeGreaterThan(missed);
    expect(await value('ashore_github_failures_total{status="502"}')).toBe(1);
  });

  it('names no repository, host, person or commit', async () => {
    const text = await (await read()).text();
    expect(text).not.toMatch(/acme|infra|web\d|grace|ada|mallory|[0-9a-f]{12}/);
    const labels = [...text.matchAll(/\{(\w+)="([^"]*)"\}/g)].map(([, name, said]) => `${name}=${said}`);
    expect(labels.every((label) => /^\w+=[a-zA-Z0-9_-]{1,30}$/.test(label))).toBe(true);
  });

  it('answers nothing else there, and no metrics where webhooks go', async () => {
    const others = [await read('/'), await read('/healthz'), await read('/metrics', { method: 'POST' })];
    expect(others.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect((await fetch(`${rig.server().url}/metrics`)).status).toBe(404);
  });

  it('does not start where the address is taken, and lets go of the other one', async () => {
    const taken = new URL(rig.server().metricsUrl ?? '');
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const port = Number(new URL(urlOf(free)).port);
    await closeListener(free);
    const data = mkdtempSync(join(tmpdir(), 'ashore-metrics-'));
    const metrics = { host: '127.0.0.1', port: Number(taken.port) };
    const started = startServer({ ...rig.settings, data, port, metrics }, { deployer: rig.fleet });
    await expect(started).rejects.toThrow(`nothing can listen on 127.0.0.1:${taken.port}`);
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
    rmSync(data, { recursive: true });
  });
});
