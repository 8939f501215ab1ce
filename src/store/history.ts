// What runs of a repository came to, newest first: what was deployed before, and what a rollback cannot bring back.
import type { Database } from './database.ts';
import { Plan } from '../core/plan.ts';
import { Report } from '../core/report.ts';
import { z } from 'zod';

export interface PastRun {
  readonly id: string;
  readonly commit: string;
  readonly plan: Plan;
  /** null where it goes on, was refused or was lost. */
  readonly report: Report | null;
}

export interface History {
  /** The newest of them first; those whose plan is no longer kept are left out. */
  runs(repo: string, limit: number): Promise<readonly PastRun[]>;
}

const Ended = z.object({ is: z.literal('report'), report: Report });

export function openHistory(db: Database): History {
  return {
    runs: async (repo, limit) => {
      const joined = db
        .selectFrom('runs')
        .innerJoin('plans', (join) =>
          join
            .onRef('plans.repo', '=', 'runs.repo')
            .onRef('plans.pull', '=', 'runs.pull')
            .onRef('plans.digest', '=', 'runs.plan')
            .onRef('plans.commit_sha', '=', 'runs.commit_sha'),
        )
        .select(['runs.id', 'runs.commit_sha as commit', 'runs.ended', 'plans.json'])
        .where('runs.repo', '=', repo);
      const rows = await joined.orderBy('runs.started_at', 'desc').limit(limit).execute();
      return rows.map(({ id, commit, ended, json }) => {
        const parsed = Ended.safeParse(ended === null ? undefined : JSON.parse(ended));
        const report = parsed.success ? parsed.data.report : null;
        return { id, commit, plan: Plan.parse(JSON.parse(json)), report };
      });
    },
  };
}
