// What a check asks of a host, as data; the words in which a plan shows it; and what the run's own look is called with.
// A look changes nothing on the host, except a command, which does what it does.
import { z } from 'zod';
import { quoteCommand } from './shell.ts';

const Port = z.int().min(1).max(65_535);

/** Where an HTTP server is asked, and what for. */
export const Url = z.strictObject({ host: z.string(), port: Port, path: z.string() });
export type Url = z.infer<typeof Url>;

export const LIMITS = ['p50', 'p95', 'failures', 'restarts', 'memory', 'errors'] as const;
/** percent: more than before, of `failures` of all requests · else: milliseconds, restarts or lines. */
export const Limit = z.strictObject({ of: z.enum(LIMITS), most: z.number().min(0), percent: z.boolean() });
export type Limit = z.infer<typeof Limit>;

export const Probe = z.discriminatedUnion('is', [
  z.strictObject({ is: z.literal('unit'), unit: z.string() }),
  z.strictObject({ is: z.literal('tcp'), host: z.string(), port: Port }),
  z.strictObject({
    is: z.literal('http'),
    url: Url,
    status: z.int(),
    /** Text that the body must hold. */
    body: z.string().nullable(),
    /** Names and values. */
    headers: z.array(z.tuple([z.string(), z.string()])),
  }),
  z.strictObject({ is: z.literal('command'), argv: z.array(z.string()).min(1), user: z.string().nullable() }),
  /** Asks again and again for some seconds, and keeps the numbers for a later bake. */
  z.strictObject({ is: z.literal('measure'), url: Url, as: z.string() }),
  /** The same after the changes, until the time is over or a limit is passed. */
  z.strictObject({ is: z.literal('bake'), url: Url, as: z.string(), limits: z.array(Limit) }),
]);
export type Probe = z.infer<typeof Probe>;

/** `http://localhost:8080/ answers 200`. */
export function formatProbe(probe: Probe): string {
  switch (probe.is) {
    case 'unit':
      return `${probe.unit} is active`;
    case 'tcp':
      return `${formatHost(probe.host)}:${probe.port} takes connections`;
    case 'http': {
      const headers = probe.headers.map(([name, value]) => ` with ${name}: ${JSON.stringify(value)}`);
      const body = probe.body === null ? '' : ` and ${JSON.stringify(probe.body)} in the body`;
      return `${formatUrl(probe.url)} answers ${probe.status}${headers.join('')}${body}`;
    }
    case 'command':
      return `${probe.user === null ? '' : `as ${probe.user}: `}${quoteCommand(probe.argv)} succeeds`;
    case 'measure':
      return `${formatUrl(probe.url)} is measured`;
    case 'bake':
      return `${formatUrl(probe.url)} keeps to ${limitWords(probe.limits).join(', ')}`;
    default:
      return probe satisfies never;
  }
}

export function formatUrl({ host, port, path }: Url): string {
  return `http://${formatHost(host)}${port === 80 ? '' : `:${port}`}${path}`;
}

/** What the bake holds without being told is said as well. */
function limitWords(limits: readonly Limit[]): readonly string[] {
  const said = limits.map(formatLimit);
  return limits.some(({ of }) => of === 'failures') ? said : [...said, 'failures as before'];
}

function formatLimit({ of, most, percent }: Limit): string {
  if (of === 'failures') return `${of} ${most}%`;
  const unit = of === 'p50' || of === 'p95' ? ' ms' : '';
  return `${of} ${percent ? `+${most}%` : `${most}${unit}`}`;
}

/** The words after the name of the shell function that looks. */
export function probeWords(probe: Probe): readonly string[] {
  switch (probe.is) {
    case 'unit':
      return ['unit', probe.unit];
    case 'tcp':
      return ['tcp', probe.host, String(probe.port)];
    case 'http':
      return [
        'http',
        ...urlWords(probe.url),
        String(probe.status),
        probe.body ?? '',
        ...probe.headers.flat(),
      ];
    case 'command':
      return ['command', ...(probe.user === null ? [] : ['runuser', '-u', probe.user, '--']), ...probe.argv];
    case 'measure':
      return ['measure', ...urlWords(probe.url), probe.as];
    case 'bake': {
      const limits = probe.limits.flatMap(({ of, most, percent }) => [of, String(most), percent ? '%' : '']);
      return ['bake', ...urlWords(probe.url), probe.as, ...limits];
    }
    default:
      return probe satisfies never;
  }
}

function urlWords({ host, port, path }: Url): readonly string[] {
  return [host, String(port), path];
}

function formatHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
