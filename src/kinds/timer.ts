// A command that systemd runs at given times: a timer, enabled and waiting, and the service that it starts.
// Both unit files are made from data and belong to Ashore whole; what is running when they change runs on.
import { z } from 'zod';
import type { Reader } from '../core/host.ts';
import type { Json } from '../core/json.ts';
import { ASIDE, defineKind } from '../core/kind.ts';
import type { Blocked, ChangeRequest, KindChange, Unresolved } from '../core/kind.ts';
import { formatExec, formatUnit, literal } from '../formats/unit.ts';
import { resolveAlone } from './absent.ts';
import { noteOn } from './files/follow.ts';
import { joinMembers, joinParts } from './join.ts';
import { Absent, Account, Path } from './paths/path.ts';
import { readCalendars } from './systemd/calendar.ts';
import type { Calendar } from './systemd/calendar.ts';
import { changeUnit } from './systemd/change.ts';

import { readUnitStates } from './systemd/read.ts';
import { apartUnit, ownedUnit, rememberUnit, wholeUnit } from './systemd/state.ts';
import type { State as UnitState, Want as UnitWant } from './systemd/state.ts';

const Line = z.string().regex(/^[^\p{Cc}]+$/u, 'one line of text');
const Value = z.union([z.string(), z.number(), z.boolean()]);

const Spec = z.strictObject({
  run: z
    .tuple([Path], z.string().regex(/^[^\0]*$/))
    .optional()
    .describe('The program, by its absolute path, and its arguments, one each; no shell reads them'),
  calendar: z
    .union([Line, z.array(Line).min(1)])
    .optional()
    .describe(
      'When it is run, as systemd.time(7) has it: `daily`, `Mon..Fri 03:30`; a list for several times',
    ),
  user: Account.optional().describe('User to run it as; root when left out'),
  directory: Path.optional().describe('Directory to run it in'),
  persistent: z
    .boolean()
    .optional()
    .describe('A time that was missed because the host was off is made up for at boot'),
  delay: z
    .int()
    .min(0)
    .max(604_800)
    .optional()
    .describe('Each time is put off by a random number of seconds up to this one'),
  limit: z
    .int()
    .positive()
    .max(604_800)
    .optional()
    .describe('Seconds after which it is ended; none when left out'),
  settings: z
    .record(z.string(), z.union([Value, z.array(Value)]))
    .optional()
    .describe('Further settings of the section [Service], as data'),
  absent: Absent.optional().describe('Timer and service are stopped and their files deleted'),
});
type Spec = z.infer<typeof Spec>;

interface Want {
  readonly timer: UnitWant;
  readonly service: UnitWant;
  readonly calendar: readonly string[];
  readonly user: string | null;
}

interface State {
  readonly timer: UnitState | null;
  readonly service: UnitState | null;
  readonly [ASIDE]: { readonly calendar: readonly Calendar[] };
}

export const timer = defineKind<Spec, State, Want>({
  name: 'timer',
  about: 'A command that systemd runs at given times.',
  id: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/)
    .max(200)
    .refine((id) => !/\.(?:timer|service)$/.test(id), 'a timer is named without `.timer`')
    .describe('Name of the timer, without `.timer`; its service has the same name.'),
  spec: Spec,
  resolve,
  read,
  change,
  apart: (have) => joinMembers({ timer: apartUnit(have?.timer), service: apartUnit(have?.service) }),
  owns: (id) => [...ownedUnit(`${id}.timer`), ...ownedUnit(`${id}.service`)],
  needs: (_id, { user }) => (user === null ? [] : [{ kind: 'user', id: user }]),
  remember: (want) => ({ timer: rememberUnit(want.timer), service: rememberUnit(want.service) }),
});

const Remembered = z.object({ timer: z.json(), service: z.json() });

function resolve(spec: Spec): { want: Want } | { unresolved: Unresolved } {
  if (spec.absent) {
    const alone = resolveAlone(spec);
    const gone = { absent: true } as const;
    return 'want' in alone ? { want: { timer: gone, service: gone, calendar: [], user: null } } : alone;
  }
  const { run, calendar, user } = spec;
  if (run === undefined || calendar === undefined) {
    const message = 'run and calendar are needed, or absent: true';
    return { unresolved: { path: [], message } };
  }
  const times = typeof calendar === 'string' ? [calendar] : calendar;
  const [service, timerUnit] = [serviceText(spec, run), timerText(spec, times)];
  if (typeof service !== 'string') return { unresolved: { path: ['settings'], message: service.problem } };
  if (typeof timerUnit !== 'string')
    return { unresolved: { path: ['calendar'], message: timerUnit.problem } };
  const want = {
    timer: wholeUnit(timerUnit, 2),
    service: { ...wholeUnit(service, 2), enabled: null, running: null },
  };
  return { want: { ...want, calendar: times, user: user ?? null } };
}

function serviceText({ user, directory, limit, settings }: Spec, run: readonly string[]) {
  return formatUnit({
    Unit: { Description: `${literal(run[0] ?? '')}, started by its timer` },
    Service: {
      Type: 'oneshot',
      ExecStart: formatExec(run),
      ...(user === undefined ? {} : { User: user }),
      ...(directory === undefined ? {} : { WorkingDirectory: literal(directory) }),
      ...(limit === undefined ? {} : { TimeoutStartSec: limit }),
      ...settings,
    },
  });
}

function timerText({ persistent, delay }: Spec, calendar: readonly string[]) {
  return formatUnit({
    Unit: { Description: 'The times of the service of the same name' },
    Timer: {
      OnCalendar: calendar,
      ...(persistent === undefined ? {} : { Persistent: persistent }),
      ...(delay === undefined ? {} : { RandomizedDelaySec: delay }),
    },
    Install: { WantedBy: 'timers.target' },
  });
}

async function read(host: Reader, wanted: ReadonlyMap<string, Want | undefined>) {
  const units = [...wanted].flatMap(([id, want]) => [
    [`${id}.timer`, want?.timer] as const,
    [`${id}.service`, want?.service] as const,
  ]);
  const asked = [...wanted.values()].flatMap((want) => want?.calendar ?? []);
  const [states, calendars] = await Promise.all([
    readUnitStates(host, new Map(units)),
    readCalendars(host, asked),
  ]);
  const found = new Map<string, State>();
  for (const [id, want] of wanted) {
    const own = { timer: states.get(`${id}.timer`) ?? null, service: states.get(`${id}.service`) ?? null };
    const calendar = (want?.calendar ?? []).flatMap((text) => calendars.get(text) ?? []);
    if (own.timer ?? own.service ?? calendar[0]) found.set(id, { ...own, [ASIDE]: { calendar } });
  }
  return found;
}

function change(request: ChangeRequest<Want, State>): KindChange | Blocked | undefined {
  const { id, want, have, last } = request;
  const calendar = have?.[ASIDE].calendar ?? [];
  const refused = calendar.find(({ next }) => next === null);
  if (refused) {
    const message = `systemd does not read ${JSON.stringify(refused.text)} as a time`;
    const evidence = { command: `systemd-analyze calendar`, status: 1, output: refused.said };
    return { blocked: { code: 'CONTENT_REFUSED', message, evidence } };
  }
  const known = Remembered.safeParse(last).data;
  const unit = (kind: 'timer' | 'service', remembered: Json | undefined) =>
    changeUnit({
      ...request,
      id: `${id}.${kind}`,
      want: want?.[kind],
      have: have?.[kind] ?? undefined,
      last: remembered,
    });
  const parts = [
    { name: 'service', change: unit('service', known?.service) },
    { name: 'timer', change: unit('timer', known?.timer) },
  ];
  // The timer goes first, so that nothing starts the service any more.
  const leaving = !want || 'absent' in want.timer;
  const joined = joinParts(leaving ? parts.toReversed() : parts);
  return noteOn(
    joined,
    calendar.map(({ text, next }) => `${text}: next at ${next}`),
  );
}
