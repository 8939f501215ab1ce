// The work of rendering grows with the plan and no faster: in processor time, so that a busy machine changes nothing.
import { expect, it } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import { renderPlanCheck } from '../../src/render/check-run.ts';
import { renderPlanComment } from '../../src/render/comment.ts';
import { largePlan } from '../bench/compare-here.ts';
import { median } from '../bench/numbers.ts';

const ROUNDS = 5;

function view(plan: Plan) {
  const link = (): string => 'https://example.org';
  const base = '1'.repeat(40);
  return {
    plan,
    commit: plan.commit,
    base,
    merged: false,
    mode: 'merge' as const,
    link,
    notices: [],
    blockers: [],
  };
}

function costOf(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

const SURFACES: readonly (readonly [string, (plan: Plan) => unknown])[] = [
  ['a comment', (plan) => renderPlanComment({ ...view(plan), history: [] })],
  ['a check run', (plan) => renderPlanCheck(view(plan))],
];

it.each(SURFACES.flatMap(([name, render]) => [true, false].map((alike) => ({ name, render, alike }))))(
  '$name of four times the hosts costs about four times as much, alike: $alike',
  ({ render, alike }) => {
    const [small, large] = [largePlan(40, 200, alike), largePlan(160, 200, alike)];
    const costs: { readonly small: number; readonly large: number }[] = [];
    render(large);
    for (let round = 0; round < ROUNDS; round++)
      costs.push({ small: costOf(() => render(small)), large: costOf(() => render(large)) });
    // Work that grows with the square would cost sixteen times as much.
    expect(median(costs.map((one) => one.large)) / median(costs.map((one) => one.small))).toBeLessThan(9);
  },
);
