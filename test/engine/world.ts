// A kind so small that the engine's decisions can be read off its specs, and builders of what the engine is asked.
import { z } from 'zod';
import { formatRef } from '../../src/core/address.ts';
import type { Reader, Target } from '../../src/core/host.ts';
import { fingerprint, sha256 } from '../../src/core/json.ts';
import { defineKind } from '../../src/core/kind.ts';
import type { AnyKind } from '../../src/core/kind.ts';
import type { LedgerEntry } from '../../src/core/ledger.ts';
import type { Resource } from '../../src/core/resource.ts';
import type { Observation } from '../../src/engine/observe.ts';
import type { HostQuestion } from '../../src/engine/plan.ts';

interface NoteSpec {
  text: string;
  needs?: string[];
  /** Restarts, as a service does, when this note is changed in the same plan. */
  follows?: string;
}

/** A note is a file that holds its text; states are the texts. `stuck` cannot be planned. */
export const note: AnyKind = defineKind<NoteSpec, string>({
  name: 'note',
  about: 'A text on a host.',
  id: z.string(),
  spec: z.strictObject({
    text: z.string(),
    needs: z.array(z.string()).exactOptional(),
    follows: z.string().exactOptional(),
  }),
  read: async () => new Map(),
  change({ id, want, have, last, world }) {
    if (want?.text === 'stuck') return { blocked: { code: 'PATH_OCCUPIED', message: `${id} is stuck` } };
    if (!want) {
      const ours = last === have;
      return ours
        ? { verb: 'delete', reason: 'no longer declared', fields: [], steps: [{ do: 'remove', path: id }] }
        : { verb: 'forget', reason: 'changed since', fields: [], steps: [] };
    }
    const fields = [{ name: 'text', before: have ?? null, after: want.text }];
    if (have === undefined)
      return { verb: 'create', reason: 'not there', fields, steps: [put(id, want.text)] };
    if (have !== want.text)
      return { verb: 'update', reason: 'another text', fields, steps: [put(id, want.text)] };
    if (want.follows !== undefined && world.planned('note', want.follows)) {
      const interrupts = [{ what: id, how: 'restart' as const }];
      return {
        verb: 'restart',
        reason: `${want.follows} changes`,
        fields: [],
        steps: [put(id, want.text)],
        interrupts,
      };
    }
    return undefined;
  },
  needs: (_id, want) => (want.needs ?? []).map((id) => ({ kind: 'note', id })),
  remember: (want) => want.text,
});

function put(path: string, text: string) {
  return { do: 'put' as const, path, owner: null, group: null, mode: null, content: { text } };
}

export const target: Target = {
  host: 'web1',
  address: '127.0.0.1',
  port: 22,
  user: 'deploy',
  hostKeys: [],
  sudo: true,
  state: '/var/lib/ashore',
  jump: null,
};

export function resource(id: string, spec: Partial<NoteSpec> = {}, more: Partial<Resource> = {}): Resource {
  return {
    address: { host: 'web1', kind: 'note', id },
    stack: 'shop',
    want: { text: id, ...spec },
    where: { file: 'deploy-configs/shop.yml', line: 1, column: 1 },
    ...more,
  };
}

export function entry(id: string, more: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    ref: `note/${id}`,
    stack: 'shop',
    want: fingerprint({ text: id }),
    last: id,
    origin: 'created',
    commit: 'c0ffee',
    plan: 'p',
    run: 'r',
    by: 'ada',
    at: '2026-01-01T00:00:00Z',
    seen: fingerprint(id),
    line: 0,
    ...more,
  };
}

export function observation(
  states: Record<string, string>,
  entries: readonly LedgerEntry[] = [],
): Observation {
  return {
    ledger: {
      digest: sha256(''),
      entries: new Map(entries.map((one) => [one.ref, one])),
      lines: entries.length,
      unproven: new Map(),
    },
    states: new Map(Object.entries(states).map(([id, text]) => [`note/${id}`, text])),
    looked: new Set([...Object.keys(states).map((id) => `note/${id}`), ...entries.map((one) => one.ref)]),
    torn: null,
    unreadable: new Map(),
  };
}

export function question(resources: readonly Resource[], more: Partial<HostQuestion> = {}): HostQuestion {
  return {
    host: 'web1',
    login: 'deploy@127.0.0.1:22',
    resources,
    declared: new Set(resources.map((one) => formatRef(one.address))),
    stacks: ['shop'],
    logins: ['deploy'],
    base: new Map(),
    stackWhere: () => ({ file: 'deploy-configs/shop.yml', line: 1, column: 1 }),
    ...more,
  };
}

/** Answers every look with the same bytes: for kinds that do not look. */
export function ledgerReader(stdout: string, status = 0): Reader {
  return { look: async () => ({ status, stdout: new TextEncoder().encode(stdout), stderr: '' }) };
}
