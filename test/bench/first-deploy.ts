// A plan and its deploy on a clock, and on what its seconds go: by what is reported while it goes on.
import type { Report } from '../../src/core/report.ts';
import { timed } from './by-ashore.ts';
import type { Server } from './by-ashore.ts';
import type { Sample } from './numbers.ts';

export async function timeFirstDeploy(server: Server): Promise<Sample> {
  const began = performance.now();
  const secondsSince = (): number => (performance.now() - began) / 1000;
  const marks = { planned: 0, running: 0, ended: 0 };
  let last: Report | undefined;
  const sample = await timed(async () => {
    const plan = await server.plan();
    marks.planned = secondsSince();
    await server.deploy(plan, (report) => {
      const outcome = report.hosts[0]?.outcome;
      if (outcome === 'running') marks.running ||= secondsSince();
      if (outcome === 'done') marks.ended ||= secondsSince();
      last = report;
    });
  });
  const { planned, running, ended } = marks;
  const run = { whole: ended - running, ...partsOfRun(last) };
  const parts = {
    plan_seconds: planned,
    look_before_seconds: running - planned,
    run_apt_seconds: run.apt,
    run_rest_seconds: run.whole - run.apt - run.start - run.settle,
    run_start_services_seconds: run.start,
    run_settle_seconds: run.settle,
    look_after_seconds: sample.seconds - ended,
  };
  return { ...sample, parts };
}

/** The services begin one after the other and are watched together: the last one's time is the watching, what the first took beside it the starts. */
function partsOfRun(report: Report | undefined): Readonly<Record<'apt' | 'start' | 'settle', number>> {
  const secondsOf = (kind: string): number[] =>
    (report?.hosts[0]?.changes ?? []).flatMap(({ ref, seconds }) =>
      ref.startsWith(`${kind}/`) && seconds !== null ? [seconds] : [],
    );
  const services = secondsOf('service');
  const settle = Math.min(...services);
  return {
    apt: secondsOf('package').reduce((sum, seconds) => sum + seconds, 0),
    start: Math.max(...services) - settle,
    settle,
  };
}
