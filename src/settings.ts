// process.env → checked settings; nothing else reads the environment. All that is wrong is said at once, each with
// what to do about it, and no value is ever repeated: it may be a secret.
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** How hosts are logged in to, and what opens secrets. At least one of the first two is there. */
export interface SshSettings {
  readonly keyPath: string | undefined;
  readonly agentSocket: string | undefined;
  /** Private key that planning uses alone; undefined: planning logs in as deploying does. */
  readonly planKeyPath?: string | undefined;
  /** File of the age identity; undefined: no configuration that uses secrets can be planned. */
  readonly ageKeyPath?: string | undefined;
  /** Directory of the secrets that are on this machine and not in a repository. */
  readonly secretsPath?: string | undefined;
}

export interface Settings {
  readonly appId: number;
  readonly privateKey: string;
  readonly webhookSecret: string;
  readonly webhookPath: string;
  /** Of GitHub Enterprise Server; undefined is github.com. */
  readonly apiUrl: string | undefined;
  readonly ssh: SshSettings;
  /** Path of the file that says which repository may reach which hosts; undefined: each may reach all. */
  readonly repositories?: string | undefined;
  /** Directory of the store. */
  readonly data: string;
  /** PostgreSQL in its place, as a URL with a password in it. */
  readonly database?: string | undefined;
  /** Seconds for what is under way when the server is told to end. */
  readonly grace?: number;
  /** Seconds of silence after which other servers take over from this one. */
  readonly lease?: number;
  readonly host: string;
  readonly port: number;
  /** Where metrics are read; undefined: nowhere. */
  readonly metrics?: { readonly host: string; readonly port: number } | undefined;
  readonly logLevel: LogLevel;
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface SettingProblem {
  readonly name: string;
  readonly message: string;
  readonly hint: string;
}

export type ParsedSettings<T> =
  | { readonly settings: T }
  | {
      readonly problems: readonly SettingProblem[];
      /** What could be read all the same, so that the files that it names are looked at as well. */
      readonly rest: Pick<Settings, 'ssh' | 'repositories'>;
    };

export type Environment = Readonly<Record<string, string | undefined>>;

/** The settings of the server, from this process's environment. */
export function readSettings(): ParsedSettings<Settings> {
  return parseSettings(process.env, (path) => readFileSync(path, 'utf8'));
}

/** What the terminal needs: how to log in to hosts. */
export function readSshSettings(): ParsedSettings<SshSettings> {
  const { ssh, problems } = parseSsh(process.env);
  return problems.length > 0 ? { problems, rest: { ssh } } : { settings: ssh };
}

export function parseSettings(
  env: Environment,
  readText: (path: string) => string,
): ParsedSettings<Settings> {
  const plain = Plain.safeParse(withoutEmpty(env));
  const key = parsePrivateKey(env, readText);
  const { ssh, problems: sshProblems } = parseSsh(env);
  const problems = [
    ...(plain.success ? [] : plain.error.issues.map((issue) => toProblem(issue, env))),
    ...('hint' in key ? [key] : []),
    ...sshProblems,
  ];
  const repositories = repositoriesOf(env);
  if (!plain.success || 'hint' in key || sshProblems.length > 0) {
    return { problems, rest: { ssh, repositories } };
  }
  const { data } = plain;
  const settings = {
    appId: data.APP_ID,
    privateKey: key.pem,
    webhookSecret: data.WEBHOOK_SECRET,
    webhookPath: data.WEBHOOK_PATH,
    apiUrl: data.GITHUB_API_URL?.replace(/\/+$/, ''),
    ssh,
    repositories,
    data: data.ASHORE_DATA,
    database: data.DATABASE_URL,
    grace: data.ASHORE_GRACE,
    lease: data.ASHORE_LEASE,
    host: data.HOST,
    port: data.PORT,
    metrics: data.ASHORE_METRICS_ADDRESS,
    logLevel: data.LOG_LEVEL,
  };
  return { settings };
}

export function formatSettingProblem({ name, message, hint }: SettingProblem): string {
  return `${name} ${message}. ${hint}.`;
}

/** Probot itself falls back to the first of these when no secret is set. */
const WELL_KNOWN = [
  'development',
  'secret',
  'changeme',
  'password',
  'webhook',
  'probot',
  'ashore',
  'github',
  'test',
];

/** `host:port`, an IPv6 address in brackets. */
const ADDRESS = /^(\[[0-9a-fA-F:]+\]|[^:\s[\]]+):(\d{1,5})$/;

const Plain = z.object({
  APP_ID: z.coerce
    .number('is not a number')
    .int('is not a whole number')
    .positive('is not a positive number'),
  WEBHOOK_SECRET: z
    .string('is not set')
    .min(32, { error: 'is shorter than 32 characters', abort: true })
    .refine((secret) => !isGuessable(secret), 'can be guessed'),
  WEBHOOK_PATH: z.string().startsWith('/', 'does not begin with /').default('/api/github/webhooks'),
  GITHUB_API_URL: z.url({ protocol: /^https?$/, error: 'is not an http(s) address' }).optional(),
  ASHORE_REPOSITORIES: z.string('is not set'),
  ASHORE_DATA: z.string().default('./data'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'is not an address of PostgreSQL' }).optional(),
  ASHORE_GRACE: parseSeconds(1, 3600, 8),
  ASHORE_LEASE: parseSeconds(3, 3600, 30),
  HOST: z.string().default('localhost'),
  PORT: z.coerce
    .number('is not a number')
    .int('is not a whole number')
    .min(0, 'is negative')
    .max(65_535, 'is too large')
    .default(3000),
  ASHORE_METRICS_ADDRESS: z
    .string()
    .regex(ADDRESS, 'is not host:port')
    .transform(splitAddress)
    .refine(({ port }) => port <= 65_535, 'has a port that is too large')
    .optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, `is none of ${LOG_LEVELS.join(', ')}`).default('info'),
});

function splitAddress(address: string): { host: string; port: number } {
  const [, host = '', port = ''] = ADDRESS.exec(address) ?? [];
  return { host: host.replaceAll(/[[\]]/g, ''), port: Number(port) };
}

function parseSeconds(from: number, to: number, unlessGiven: number) {
  const message = `is not a number of seconds from ${from} to ${to}`;
  return z.coerce.number(message).min(from, message).max(to, message).default(unlessGiven);
}

const HINTS: Readonly<Record<string, string>> = {
  APP_ID: "Take it from the App's settings page on GitHub",
  WEBHOOK_SECRET: "Make one with `openssl rand -hex 32` and put the same into the App's settings on GitHub",
  WEBHOOK_PATH: 'Leave it out for /api/github/webhooks',
  GITHUB_API_URL: 'Leave it out for github.com; for GitHub Enterprise Server it is https://<host>/api/v3',
  ASHORE_REPOSITORIES:
    'Name the YAML file that says which repository may reach which hosts, or set it to `all` where everybody with write in any repository of the installation may reach every host',
  DATABASE_URL:
    'Leave it out for one server with a store of its own, or set it to postgres://user:password@host/database',
  ASHORE_GRACE: 'Leave it out for 8',
  ASHORE_LEASE: 'Leave it out for 30',
  HOST: 'Leave it out for localhost, or set 0.0.0.0 inside a container',
  PORT: 'Leave it out for 3000',
  ASHORE_METRICS_ADDRESS:
    'Leave it out for none, or set it to an address that only your monitoring reaches, such as 127.0.0.1:9464',
  LOG_LEVEL: 'Leave it out for info',
};

function toProblem(issue: z.core.$ZodIssue, env: Environment): SettingProblem {
  const name = String(issue.path[0]);
  const missing = withoutEmpty(env)[name] === undefined;
  return { name, message: missing ? 'is not set' : issue.message, hint: HINTS[name] ?? 'See app.yml' };
}

/** A variable that is set to nothing counts as not set. */
function withoutEmpty(env: Environment): Environment {
  return Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
}

function isGuessable(secret: string): boolean {
  const lower = secret.toLowerCase();
  const repeated = WELL_KNOWN.some((word) => lower.replaceAll(word, '').length < lower.length / 2);
  return repeated || new Set(secret).size < 8;
}

function parsePrivateKey(
  env: Environment,
  readText: (path: string) => string,
): { readonly pem: string } | SettingProblem {
  const { PRIVATE_KEY: inline, PRIVATE_KEY_PATH: path } = withoutEmpty(env);
  const name = inline === undefined ? 'PRIVATE_KEY_PATH' : 'PRIVATE_KEY';
  const hint =
    "Generate a private key on the App's settings page on GitHub and set PRIVATE_KEY_PATH to the .pem file";
  if (inline === undefined && path === undefined) {
    return { name: 'PRIVATE_KEY or PRIVATE_KEY_PATH', message: 'is not set', hint };
  }
  try {
    const text = inline ?? readText(path ?? '');
    // Some hosters keep only one line, with \n as two characters.
    const pem = text.includes('\\n') ? text.replaceAll('\\n', '\n') : text;
    if (createPrivateKey(pem).asymmetricKeyType === 'rsa') return { pem };
    return { name, message: 'is not an RSA key', hint };
  } catch (error) {
    const unreadable = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return {
      name,
      message: unreadable ? 'names a file that is not there' : 'is not a readable private key in PEM form',
      hint,
    };
  }
}

function repositoriesOf(env: Environment): string | undefined {
  const { ASHORE_REPOSITORIES: path } = withoutEmpty(env);
  return path === 'all' ? undefined : path;
}

function parseSsh(env: Environment): {
  readonly ssh: SshSettings;
  readonly problems: readonly SettingProblem[];
} {
  const set = withoutEmpty(env);
  const { ASHORE_SSH_KEY_PATH: keyPath, SSH_AUTH_SOCK: agentSocket, ASHORE_PLAN_KEY_PATH: planKeyPath } = set;
  const { ASHORE_AGE_KEY_PATH: ageKeyPath, ASHORE_SECRETS: secretsPath } = set;
  const noAgeKey = {
    name: 'ASHORE_AGE_KEY_PATH',
    message: 'is not set, but ASHORE_SECRETS is',
    hint: 'Make an identity with age-keygen and name its file: what may be kept of a secret is keyed by it',
  };
  const noKey = {
    name: 'ASHORE_SSH_KEY_PATH or SSH_AUTH_SOCK',
    message: 'is not set',
    hint: 'Name the private key that the hosts let in, or start an ssh-agent that holds it',
  };
  return {
    ssh: { keyPath, agentSocket, planKeyPath, ageKeyPath, secretsPath },
    problems: [
      ...(secretsPath !== undefined && ageKeyPath === undefined ? [noAgeKey] : []),
      ...(keyPath === undefined && agentSocket === undefined ? [noKey] : []),
    ],
  };
}
