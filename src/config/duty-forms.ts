// The forms of `checks`, `bake` and `hooks` in a stack, as they are written.
import { z } from 'zod';
import { Selector } from './selector.ts';

const Word = z.string({ error: 'a text; numbers in quotes' }).regex(/^[^\0]*$/, 'a text without NUL');
const Argv = z
  .array(Word)
  .min(1)
  .refine(([program]) => program !== '', 'the program has no name');
const Line = z.string().regex(/^[^\0\r\n]*$/, 'a text on one line');
const Percent = z.string().regex(/^\d{1,4}%$/, 'a percentage, such as 50%');
const Growth = z.union([z.number().min(0), Percent]);
const Share = z.string().regex(/^(?:100|\d{1,2}(?:\.\d{1,2})?)%$/, 'a share from 0% to 100%, such as 0.5%');
const Most = z.int().min(0);

/** Seconds, minutes or hours. */
export const Time = z
  .string({
    error: ({ input }) => (typeof input === 'number' ? `a time with its unit, such as ${input}s` : undefined),
  })
  .regex(/^[1-9]\d{0,5}[smh]$/, 'a time such as 30s, 5m or 1h')
  .describe('A time such as 30s, 5m or 1h.');

const Within = Time.optional().describe('Time for all of it, from the first look on; 30s unless given.');
const User = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/, 'not a login name')
  .optional()
  .describe('User to run it as; root, or the login without sudo, when left out.');

export const UrlText = z
  .string()
  .refine(
    (text) => urlOf(text) !== undefined,
    'an address such as http://localhost:8080/healthz; https is for a `command` check',
  )
  .describe('Address as the host itself reaches it; http only.');

export const CheckForm = z.union([
  z.strictObject({
    unit: z
      .string()
      .regex(/^[A-Za-z0-9:_.@\\-]+$/, 'the name of a unit')
      .describe('A unit that must be active.'),
    within: Within,
  }),
  z.strictObject({
    tcp: z
      .union([z.int().min(1).max(65_535), z.string().regex(/^\S+:\d{1,5}$/, 'a port, or host:port')])
      .describe('A port that must take connections, or host:port.'),
    within: Within,
  }),
  z.strictObject({
    http: UrlText,
    status: z.int().min(100).max(599).optional().describe('Status that it must answer; 200 unless given.'),
    body: Word.optional().describe('Text that the body must hold.'),
    header: z
      .record(z.string().regex(/^[A-Za-z0-9-]+$/, 'the name of a header'), Line)
      .optional()
      .describe('Headers that the answer must have, with their values.'),
    within: Within,
  }),
  z.strictObject({
    command: Argv.describe('A program and its arguments that must succeed; tried again until it does.'),
    user: User,
    within: Within,
  }),
]);
export type CheckForm = z.infer<typeof CheckForm>;

export const BakeForm = z.strictObject({
  for: Time.describe('How long the host is watched after its checks hold.'),
  http: UrlText.optional().describe(
    'Address that is asked ten times a second; that of the first http check unless given.',
  ),
  limits: z
    .strictObject({
      p50: Growth.optional(),
      p95: Growth.optional(),
      failures: Share.optional(),
      memory: Percent.optional(),
      restarts: Most.optional(),
      errors: Most.optional(),
    })
    .refine((limits) => Object.keys(limits).length > 0, 'at least one limit is needed')
    .describe(
      'What ends it: p50 and p95 in milliseconds or in percent more than before the change, where a request that fails is slower than all others; failures, the share of requests that fail, no larger than before unless given; memory in percent more; restarts and error lines in the journal.',
    ),
});
export type BakeForm = z.infer<typeof BakeForm>;

export const HookForm = z.strictObject({
  run: Argv.describe('The program and its arguments, one each; no shell reads them.'),
  user: User,
  directory: z
    .string()
    .regex(/^\/[^\0]*$/, 'an absolute path')
    .optional()
    .describe('Directory to run it in.'),
  limit: z
    .int()
    .positive()
    .max(86_400)
    .optional()
    .describe('Seconds after which it is ended; 600 when left out.'),
  on: Selector.optional(),
  once: z
    .literal(true)
    .optional()
    .describe(
      'On one host only, which then goes alone: that of `on`; else the first one for `before`, the last one for `after`.',
    ),
});
export type HookForm = z.infer<typeof HookForm>;

/** Values may be variables here, so they are looked at when these are filled in, host by host. */
const Raw = z.record(z.string(), z.unknown());

export const DutyKeys = {
  checks: z
    .array(Raw)
    .optional()
    .describe('What must be so on a host after its changes, before the next wave begins.'),
  bake: Raw.optional().describe('Watches the host for a while, and compares with before.'),
  hooks: z
    .strictObject({
      before: z.array(Raw).optional().describe('Before the first change of a host.'),
      after: z.array(Raw).optional().describe('When its checks hold.'),
      on_failure: z.array(Raw).optional().describe('When something failed on the host.'),
      always: z
        .array(Raw)
        .optional()
        .describe('Last, once `before` has begun there: whether it went well, failed or was cancelled.'),
    })
    .optional()
    .describe('Commands around the changes of a host.'),
  on_failure: z
    .enum(['leave', 'restore'])
    .optional()
    .describe(
      'What becomes of a host when a change or a check of it fails: `leave` it as it is then, or `restore` its files, links and units.',
    ),
};

export function secondsOf(time: string): number {
  const unit = { s: 1, m: 60, h: 3600 }[time.slice(-1)] ?? 1;
  return Number(time.slice(0, -1)) * unit;
}

/** Undefined for what is no plain http address. */
export function urlOf(text: string): { host: string; port: number; path: string } | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, port, pathname, search, username, password } = new URL(text);
  if (protocol !== 'http:' || hostname === '' || username !== '' || password !== '') return undefined;
  const host = hostname.replace(/^\[|\]$/g, '');
  return { host, port: port === '' ? 80 : Number(port), path: `${pathname}${search}` };
}
