// The part of a run that guards: what is saved before the guarded changes, and the script that puts it back. Pure.
import type { Guard } from '../core/guard.ts';
import { SETTLE_MORE } from '../core/limit.ts';
import type { RunChange } from '../core/run.ts';
import { quoteCommand } from '../core/shell.ts';
import { GUARD_TEXT, SAVED_TEXT, UNDO_TEXT } from './texts.ts';

export function formatSaving(guards: readonly Guard[]): string {
  const { paths, units, firewall } = gather(guards);
  const calls = [
    ...paths.map((path, index) => quoteCommand(['save', String(index), path])),
    ...units.map((unit, index) => quoteCommand(['save_unit', String(index), unit])),
    ...(firewall ? ['save_firewall'] : []),
  ];
  const lines = calls.map((call) => `  ${call} || return`);
  return ['save_all() {', ...lines, '  :', '}', ''].join('\n');
}

/** One thing that cannot be put back does not keep the others from it. What is in a directory goes before it. */
export function formatUndo(guards: readonly Guard[], assignments: string): string {
  const { paths, units, firewall } = gather(guards);
  const calls = [
    ...paths.map((path, index) => quoteCommand(['restore', String(index), path])).toReversed(),
    'reload_systemd',
    ...units.map((unit, index) => quoteCommand(['restore_unit', String(index), unit])),
    ...(firewall ? ['restore_firewall'] : []),
  ];
  const lines = calls.map((call) => `  ${call} || FAILED=1`);
  const restore = ['restore_all() {', '  FAILED=0', ...lines, '  return "$FAILED"', '}'];
  const parts = ['#!/bin/sh', assignments, GUARD_TEXT, SAVED_TEXT, UNDO_TEXT, ...restore];
  return [...parts, 'undo "$1"', ''].join('\n');
}

/** Seconds after which the host takes the guarded changes for hung: what they may take, and the time to confirm. */
export function guardLimit(changes: readonly RunChange[], confirmWithin: number): number {
  const steps = changes.flatMap((change) => change.steps);
  const seconds = steps.map((step) => {
    if (step.do === 'settle') return step.seconds + SETTLE_MORE;
    return step.do === 'run' ? (step.limit ?? RUN_SECONDS) : 1;
  });
  return seconds.reduce((sum, each) => sum + each, confirmWithin + MARGIN);
}

const RUN_SECONDS = 60;
const MARGIN = 30;

interface Gathered {
  readonly paths: readonly string[];
  readonly units: readonly string[];
  readonly firewall: boolean;
}

function gather(guards: readonly Guard[]): Gathered {
  return {
    paths: [...new Set(guards.flatMap(({ paths }) => paths))].toSorted(),
    units: [...new Set(guards.flatMap(({ units }) => units))],
    firewall: guards.some(({ firewall }) => firewall === true),
  };
}
