// Plans and reports out of a seed, of all shapes and with hostile text in every place that can hold text.
import { VERBS } from '../../src/core/kind.ts';
import { CAUSES } from '../../src/core/plan.ts';
import type { Change, HostPlan, Plan } from '../../src/core/plan.ts';
import { REASON_CODES } from '../../src/core/reason.ts';
import type { Reason } from '../../src/core/reason.ts';
import { HOST_OUTCOMES, OUTCOMES } from '../../src/core/report.ts';
import type { ChangeReport, HostReport, Report } from '../../src/core/report.ts';
import { change, host, plan } from './plans.ts';
import { ENDED, report } from './reports.ts';

export const HOSTILE: readonly string[] = [
  '```\n````\n`````',
  '</details></summary><details>',
  '<script>alert(1)</script><img src=x onerror=alert(1)>',
  '@everyone @acme/ops a@b.example',
  'fixes #12, acme/shop#3 and GH-4; see https://evil.example/x or www.evil.example',
  'a|b\\|c `tick',
  'two\nlines\n\n# heading\n- [ ] list\n> quote\n---',
  '\u001B[2J\u001B[31mred\u001B[0m\u0007 \u0000 \u202Egnp.exe',
  '![image](https://evil.example/a.png) [link](javascript:alert(1)) <https://evil.example>',
  '*bold* _under_ ~~gone~~ $math$ :tada: [^1] &lt;b&gt;',
  '| a | b |\n|---|---|',
  '\\',
  '`',
  '',
  ' ',
  '# not a heading',
  '1. not a list',
  '/deploy 000000000000',
  '-->',
  'ünïcödé 日本語 👩‍👩‍👧 \uD800',
];

/** A generator of numbers below one; xorshift32, so that a failing seed fails again. */
function numbers(seed: number): () => number {
  let state = seed * 2_654_435_761;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

class Draw {
  private readonly next: () => number;
  constructor(seed: number) {
    this.next = numbers(seed);
  }

  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  maybe(): boolean {
    return this.next() < 0.5;
  }

  one<Value>(values: readonly [Value, ...Value[]] | readonly Value[]): Value {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new RangeError('nothing to draw from');
    return value;
  }

  /** Mostly short; now and then a very long line, or very many lines. */
  text(): string {
    const kind = this.below(30);
    if (kind === 0) return this.one(HOSTILE).repeat(this.below(2000));
    if (kind === 1) return 'x'.repeat(70_000);
    if (kind === 2) return '`'.repeat(this.below(70_000));
    if (kind === 3) return `${this.one(HOSTILE)}\n`.repeat(500);
    return `${this.one(['shop', 'web', 'a b'])}${this.one(HOSTILE)}`;
  }

  many<Value>(max: number, make: () => Value): Value[] {
    return Array.from({ length: this.below(max + 1) }, make);
  }
}

export function anyPlan(seed: number): Plan {
  const draw = new Draw(seed);
  const shapes = [0, 1, 3, 40] as const;
  const hosts = Array.from({ length: draw.one(shapes) }, (_, index) => anyHost(draw, index));
  return plan(
    hosts,
    draw.many(4, () => draw.text()),
  );
}

export function anyReport(made: Plan, seed: number): Report {
  const draw = new Draw(seed + 1000);
  const hosts = made.hosts.filter(() => draw.below(5) > 0).map((planned) => anyHostReport(draw, planned));
  return report(made, hosts, draw.maybe() ? ENDED : null);
}

function anyHost(draw: Draw, index: number): HostPlan {
  const where = draw.maybe() ? null : { file: draw.text() || 'f', line: 1 + draw.below(99), column: 1 };
  return host(
    `${draw.text()}${index}`,
    draw.many(draw.one([0, 2, 12]), () => anyChange(draw)),
    {
      blocked: draw.many(2, () => ({ ref: draw.text(), stack: 'shop', reason: anyReason(draw), where })),
      unchanged: draw.below(30),
      failure: draw.below(4) === 0 ? anyReason(draw) : null,
    },
  );
}

function anyChange(draw: Draw): Change {
  const value = (): string | null => (draw.below(5) === 0 ? null : draw.text());
  const text = { as: 'text' } as const;
  return change(`file/${draw.text()}`, {
    verb: draw.one(VERBS),
    causes: CAUSES.filter(() => draw.maybe()),
    reason: draw.text(),
    fields: draw.many(3, () => {
      return { name: draw.text(), before: value(), after: value(), ...(draw.maybe() ? text : {}) };
    }),
    steps: [
      ...draw.many(2, () => ({ do: 'run' as const, argv: ['echo', draw.text().replaceAll('\0', '')] })),
      { do: 'settle', unit: draw.text(), seconds: 5 },
    ],
    interrupts: draw.many(2, () => ({
      what: draw.text(),
      how: draw.one(['restart', 'reload', 'stop'] as const),
    })),
    notes: draw.many(2, () => draw.text()),
    where: draw.maybe() ? null : { file: draw.text() || 'f', line: 1 + draw.below(99), column: 1 },
    ...(draw.maybe() ? { data: draw.one(['kept', 'lost'] as const) } : {}),
  });
}

function anyReason(draw: Draw): Reason {
  const evidence = {
    ...(draw.maybe() ? { command: draw.text() } : {}),
    ...(draw.maybe() ? { status: draw.one([null, 1, 255]) } : {}),
    ...(draw.maybe() ? { output: draw.text() } : {}),
    ...(draw.maybe() ? { journal: draw.text() } : {}),
  };
  return {
    code: draw.one(REASON_CODES),
    message: draw.text(),
    ...(draw.maybe() ? { evidence } : {}),
    ...(draw.maybe() ? { next: draw.text() } : {}),
  };
}

function anyHostReport(draw: Draw, planned: HostPlan): HostReport {
  return {
    host: planned.host,
    outcome: draw.one(HOST_OUTCOMES),
    changes: planned.changes.map(({ ref }): ChangeReport => {
      const outcome = draw.one(OUTCOMES);
      const seconds = draw.maybe() ? null : draw.below(9000) / 7;
      return { ref, outcome, seconds, output: draw.text(), reason: draw.maybe() ? null : anyReason(draw) };
    }),
    reason: draw.maybe() ? null : anyReason(draw),
    remaining: draw.one([null, [], planned.changes.slice(0, 2)]),
  };
}
