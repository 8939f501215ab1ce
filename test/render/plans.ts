// Plans and reports to render: the ones of the golden files, written as an engine would make them.
import type { BlockedResource, Change, Duty, HostPlan, Plan, Rollout } from '../../src/core/plan.ts';
import { Plan as PlanSchema, digestOf } from '../../src/core/plan.ts';
import type { Reason } from '../../src/core/reason.ts';

export const COMMIT = 'a1b2c3d4e5f60718293a4b5c6d7e8f9001122334';
export const BASE = '9f8e7d6c5b4a39281706f5e4d3c2b1a000112233';

export function link({ file, line }: { readonly file: string; readonly line: number }): string {
  return `https://github.com/acme/shop/blob/${COMMIT}/${file}#L${line}`;
}

export function plan(
  hosts: readonly HostPlan[],
  stacks: readonly string[] = ['shop'],
  rollout?: Rollout,
): Plan {
  const made = { stacks: [...stacks], hosts: [...hosts], ...(rollout ? { rollout } : {}) };
  return PlanSchema.parse({
    format: 1,
    digest: digestOf(made),
    commit: COMMIT,
    config: 'c'.repeat(64),
    at: '2026-11-22T14:02:11.482Z',
    ...made,
  });
}

export function host(name: string, changes: readonly Change[], more: Partial<HostPlan> = {}): HostPlan {
  return {
    host: name,
    login: `deploy@${name}.example.org:22`,
    changes: [...changes],
    blocked: [],
    unchanged: 13,
    failure: null,
    ...more,
  };
}

export function change(ref: string, more: Partial<Change> = {}): Change {
  return {
    ref,
    stack: 'shop',
    verb: 'update',
    causes: ['this-change'],
    reason: 'the content differs',
    fields: [],
    steps: [],
    before: 'b'.repeat(64),
    want: 'd'.repeat(64),
    origin: 'created',
    interrupts: [],
    notes: [],
    where: { file: 'deploy-configs/shop.yml', line: 14, column: 5 },
    ...more,
  };
}

export function blocked(ref: string, reason: Reason, line = 9): BlockedResource {
  return { ref, stack: 'shop', reason, where: { file: 'deploy-configs/shop.yml', line, column: 5 } };
}

export const UNREACHABLE: Reason = {
  code: 'HOST_UNREACHABLE',
  message: 'connect to 10.0.0.31:22 timed out after 10 s, twice',
  evidence: { output: 'connect ETIMEDOUT 10.0.0.31:22' },
};

export const OWNER_MISSING: Reason = {
  code: 'OWNER_MISSING',
  message: 'user `shop` exists neither on web3 nor in the plan',
  evidence: { command: 'getent passwd shop', status: 2, output: '' },
};

const INSTALL: readonly Change[] = [
  change('package/nginx', {
    verb: 'create',
    reason: 'not installed',
    fields: [{ name: 'version', before: null, after: '1.26.3-3+deb13u1' }],
    steps: [
      {
        do: 'run',
        argv: ['apt-get', 'install', '-y', '--no-install-recommends', 'nginx=1.26.3-3+deb13u1'],
        limit: 600,
      },
    ],
    notes: ['Brings along `libnginx-mod-http-geoip2`, `nginx-common`.'],
    where: { file: 'deploy-configs/shop.yml', line: 6, column: 5 },
  }),
  change('user/shop', {
    verb: 'create',
    reason: 'there is no such user',
    fields: [
      { name: 'system', before: null, after: 'true' },
      { name: 'shell', before: null, after: '/usr/sbin/nologin' },
    ],
    steps: [
      { do: 'run', argv: ['useradd', '--system', '--user-group', '--shell', '/usr/sbin/nologin', 'shop'] },
    ],
    where: { file: 'deploy-configs/shop.yml', line: 7, column: 5 },
  }),
  change('file/etc/shop/config.json', {
    verb: 'create',
    reason: 'not there yet',
    fields: [
      { name: 'owner', before: null, after: 'shop' },
      { name: 'mode', before: null, after: '0640' },
      { name: 'content', before: null, after: '{\n  "port": 8080,\n  "workers": 4\n}\n', as: 'text' },
    ],
    steps: [
      {
        do: 'put',
        path: '/etc/shop/config.json',
        owner: 'shop',
        group: 'shop',
        mode: '0640',
        content: { text: '{\n  "port": 8080,\n  "workers": 4\n}\n' },
      },
    ],
    where: { file: 'deploy-configs/shop.yml', line: 9, column: 5 },
  }),
  change('service/shop', {
    verb: 'create',
    reason: 'the unit does not exist',
    fields: [
      { name: 'enabled', before: null, after: 'true' },
      { name: 'running', before: null, after: 'true' },
      {
        name: 'unit',
        before: null,
        after: '[Unit]\nDescription=Shop\n\n[Service]\nExecStart=/opt/shop/bin/shop\nUser=shop\n',
        as: 'text',
      },
    ],
    steps: [
      {
        do: 'put',
        path: '/etc/systemd/system/shop.service',
        owner: 'root',
        group: 'root',
        mode: '0644',
        content: {
          text: '[Unit]\nDescription=Shop\n\n[Service]\nExecStart=/opt/shop/bin/shop\nUser=shop\n',
        },
      },
      { do: 'run', argv: ['systemctl', 'daemon-reload'] },
      { do: 'run', argv: ['systemctl', 'enable', '--now', 'shop.service'] },
      { do: 'settle', unit: 'shop.service', seconds: 5 },
    ],
    where: { file: 'deploy-configs/shop.yml', line: 14, column: 5 },
  }),
];

export const FIRST_DEPLOY = plan([host('web1', INSTALL, { unchanged: 0 })]);

const NEW_WORKERS: readonly Change[] = [
  change('file/etc/shop/config.json', {
    fields: [
      {
        name: 'content',
        before: '{\n  "port": 8080,\n  "workers": 4\n}\n',
        after: '{\n  "port": 8080,\n  "workers": 8\n}\n',
        as: 'text',
      },
    ],
    steps: [
      {
        do: 'put',
        path: '/etc/shop/config.json',
        owner: 'shop',
        group: 'shop',
        mode: '0640',
        content: { text: '{\n  "port": 8080,\n  "workers": 8\n}\n' },
      },
    ],
    where: { file: 'deploy-configs/shop.yml', line: 9, column: 5 },
  }),
  change('service/shop', {
    verb: 'restart',
    reason: '`/etc/shop/config.json` changes and stands in restart_on',
    steps: [
      { do: 'run', argv: ['systemctl', 'restart', 'shop.service'] },
      { do: 'settle', unit: 'shop.service', seconds: 5 },
    ],
    interrupts: [{ what: 'shop.service', how: 'restart' }],
  }),
];

const DB_CHANGES: readonly Change[] = [
  change('file/etc/postgresql/17/main/conf.d/shop.conf', {
    fields: [{ name: 'mode', before: '0600', after: '0644' }],
    steps: [
      {
        do: 'own',
        path: '/etc/postgresql/17/main/conf.d/shop.conf',
        owner: null,
        group: null,
        mode: '0644',
      },
    ],
    reason: 'the mode differs',
    where: { file: 'deploy-configs/db.yml', line: 4, column: 5 },
  }),
  change('database/shop_old', {
    verb: 'delete',
    reason: 'declared as absent',
    data: 'lost',
    steps: [{ do: 'run', argv: ['dropdb', '--', 'shop_old'], user: 'postgres' }],
    notes: ['1.2 GB in 14 tables; the last connection was 41 days ago.'],
    where: { file: 'deploy-configs/db.yml', line: 11, column: 5 },
  }),
];

export const MIXED = plan(
  [
    host('web1', NEW_WORKERS),
    host('web2', NEW_WORKERS),
    host('web3', NEW_WORKERS.slice(0, 1), { blocked: [blocked('file/etc/shop/tls.key', OWNER_MISSING, 21)] }),
    host('db1', DB_CHANGES),
    host('cache1', [], { unchanged: 0, failure: UNREACHABLE }),
    ...['mail1', 'mail2', 'dns1'].map((name) => host(name, [])),
  ],
  ['shop', 'db'],
);

export const DRIFT = plan([
  host('web1', NEW_WORKERS),
  host('web2', [
    ...NEW_WORKERS,
    change('file/etc/ssh/sshd_config.d/50-shop.conf', {
      causes: ['drift'],
      reason: 'the host has left what was applied on 2026-11-02 by plan 5e11aa0c9d21',
      fields: [
        {
          name: 'content',
          before: 'PermitRootLogin yes\nPasswordAuthentication no\n',
          after: 'PermitRootLogin no\nPasswordAuthentication no\n',
          as: 'text',
        },
      ],
      steps: [
        {
          do: 'put',
          path: '/etc/ssh/sshd_config.d/50-shop.conf',
          owner: 'root',
          group: 'root',
          mode: '0644',
          content: { text: 'PermitRootLogin no\nPasswordAuthentication no\n' },
        },
      ],
      where: { file: 'deploy-configs/base.yml', line: 31, column: 5 },
    }),
  ]),
  host('web3', [
    change('package/curl', {
      verb: 'adopt',
      causes: ['undeployed'],
      reason: 'is there already and is declared now',
      origin: 'adopted',
      where: { file: 'deploy-configs/base.yml', line: 8, column: 5 },
    }),
  ]),
]);

export const EMPTY = plan([host('web1', []), host('web2', [], { unchanged: 12 })]);

const DRAIN: Duty = {
  ref: 'hook/shop: before /usr/local/bin/drain',
  stack: 'shop',
  when: 'before',
  steps: [{ do: 'run', argv: ['/usr/local/bin/drain'], limit: 60, directory: '/' }],
  where: { file: 'deploy-configs/shop.yml', line: 40, column: 7 },
};

const HEALTH: Duty = {
  ref: 'check/shop: http://localhost:8080/health answers 200',
  stack: 'shop',
  when: 'check',
  steps: [
    {
      do: 'check',
      probe: {
        is: 'http',
        url: { host: 'localhost', port: 8080, path: '/health' },
        status: 200,
        body: null,
        headers: [],
      },
      within: 30,
      watch: ['shop.service'],
    },
  ],
  where: { file: 'deploy-configs/shop.yml', line: 43, column: 5 },
};

/** Three waves over six hosts, with a hook and a check. */
export const WAVES = plan(
  ['web1', 'web2', 'web3', 'web4', 'web5', 'web6'].map((name) =>
    host(name, INSTALL.slice(0, 2), { duties: [DRAIN, HEALTH] }),
  ),
  ['shop'],
  {
    waves: [['web1'], ['web2', 'web3'], ['web4', 'web5', 'web6']],
    stopAfter: { shop: 1 },
  },
);
