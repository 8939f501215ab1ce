// Reports to render, as deploys of the plans beside this file could have ended.
import type { HostPlan, Plan } from '../../src/core/plan.ts';
import type { Reason } from '../../src/core/reason.ts';
import { Report } from '../../src/core/report.ts';
import type { ChangeReport, HostReport, Outcome } from '../../src/core/report.ts';

export function report(plan: Plan, hosts: readonly HostReport[], endedAt: string | null): Report {
  return Report.parse({
    format: 1,
    run: 'pr-12-a1b2c3d-1',
    plan: plan.digest,
    commit: plan.commit,
    by: 'ada',
    startedAt: '2026-11-22T14:05:00.000Z',
    endedAt,
    hosts: [...hosts],
  });
}

export const ENDED = '2026-11-22T14:06:31.000Z';

/** A host's report in which its changes ended as listed; those left over were not started. */
export function hostReport(
  host: HostPlan,
  outcomes: readonly Outcome[],
  more: Partial<HostReport> = {},
): HostReport {
  return {
    host: host.host,
    outcome: 'done',
    changes: [...host.changes, ...(host.duties ?? [])].map((entry, index) => {
      const duty = 'when' in entry ? { duty: entry.when } : {};
      return changeReport(entry.ref, outcomes[index] ?? 'not-started', duty);
    }),
    reason: null,
    remaining: [],
    ...more,
  };
}

export function changeReport(ref: string, outcome: Outcome, more: Partial<ChangeReport> = {}): ChangeReport {
  const ran = outcome === 'applied' || outcome === 'failed';
  return { ref, outcome, seconds: ran ? 1.25 : null, output: '', reason: null, ...more };
}

export const UNIT_FAILED: Reason = {
  code: 'UNIT_FAILED',
  message:
    'shop.service did not stay up: start limit hit after 3 restarts, Result=exit-code, exit status 203',
  evidence: {
    command: 'systemctl restart shop.service',
    status: 1,
    journal: [
      'Nov 22 14:06:27 web1 systemd[1]: Started shop.service - Shop.',
      'Nov 22 14:06:27 web1 (shop)[4120]: shop.service: Failed to locate executable /opt/shop/bin/shop: No such file or directory',
      'Nov 22 14:06:27 web1 systemd[1]: shop.service: Main process exited, code=exited, status=203/EXEC',
      "Nov 22 14:06:27 web1 systemd[1]: shop.service: Failed with result 'exit-code'.",
    ].join('\n'),
  },
};

export const SICK: Reason = {
  code: 'HEALTH_WRONG',
  message:
    'check/shop: http://localhost:8080/health answers 200: not so within 30 s; seen last: it answered 500 (30 s of 30 s)',
  evidence: {
    command: 'systemctl status shop.service',
    output:
      'the last answer:\nHTTP/1.1 500 X\n\nthe rope store cannot be reached\nwhat listens: 0.0.0.0:22, 0.0.0.0:8080',
    journal: [
      'the journal of shop.service:',
      '2026-11-22T14:06:01+00:00 web1 shop[812]: rope store: connection refused',
    ].join('\n'),
  },
};

export const LOST: Reason = {
  code: 'RUN_LOST',
  message: 'the host went away while `service/shop` was being restarted and has not come back',
};

export const STALE: Reason = {
  code: 'PLAN_STALE',
  message: 'file/etc/shop/config.json is neither as it was planned from nor as it should become',
  evidence: { output: 'mode: 0640 when planned, 0600 now' },
};
