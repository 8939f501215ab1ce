// The form of hosts.yml: which hosts there are, how each is reached, and their groups and variables.
import { z } from 'zod';
import { parseHostKey } from './host-key.ts';

const NAME_FORM =
  'a name has lower-case letters, digits, `.`, `_` and `-`, begins with a letter or digit, and has at most 63 characters';

/** Names of hosts, groups and stacks. */
export const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const Name = z.string().regex(NAME, NAME_FORM);

export const Variables = z
  .record(
    z
      .string()
      .regex(
        /^[A-Za-z_][A-Za-z0-9_-]*$/,
        'a variable has letters, digits, `_` and `-`, and begins with a letter or `_`',
      ),
    z.unknown(),
  )
  .describe(
    'Variables: `${name}` in a stack takes their value. A host goes before its groups, a group before the stack.',
  );

const HostKey = z
  .string()
  .refine(
    (text) => parseHostKey(text) !== undefined,
    'not a host key; it looks like `ssh-ed25519 AAAA…` and stands on the host in /etc/ssh/ssh_host_ed25519_key.pub',
  );
const HostKeys = z
  .union([HostKey, z.array(HostKey).min(1)])
  .describe(
    'The public key of the host, or several: `ssh-ed25519 AAAA…`. It is pinned: another key is refused.',
  );
const HostAddress = z
  .string()
  .regex(
    /^([A-Za-z0-9_][A-Za-z0-9._-]*|[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9._-]+)?)$/,
    'an address is a host name or an IP address alone; the user and the port have keys of their own',
  )
  .describe('Host name or IP address.');
const User = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/, 'not a login name')
  .describe('Login user; `deploy` unless given.');
const PlanUser = User.describe(
  'Login user for planning, where the server plans with a key of its own; the same user unless given.',
);
const Port = z.int().min(1).max(65535).describe('Port of sshd; 22 unless given.');
const Sudo = z
  .boolean()
  .describe(
    'Become root by `sudo -n`. Without it the rights of the login user are used. True unless the user is root.',
  );
const StateDirectory = z
  .string()
  .regex(/^(\/(?!\.\.?(\/|$))[A-Za-z0-9._-]+)+$/, 'an absolute path of letters, digits, `.`, `_` and `-`')
  .describe('Directory on the host for the ledger and the runs; /var/lib/ashore unless given.');
const JumpHost = z.strictObject({
  address: HostAddress,
  user: User.optional(),
  port: Port.optional(),
  host_key: HostKeys,
});
const Jump = z
  .union([Name, JumpHost, z.null()])
  .describe(
    'Reached through this host: the name of another host, or its own address. Empty: reached directly.',
  );

const Login = {
  user: User.optional(),
  plan_user: PlanUser.optional(),
  port: Port.optional(),
  sudo: Sudo.optional(),
  jump: Jump.optional(),
  state: StateDirectory.optional(),
};

const Host = z.strictObject({
  address: HostAddress,
  host_key: HostKeys,
  groups: z.array(Name).optional().describe('Groups that the host is in; each stands under `groups`.'),
  vars: Variables.optional(),
  ...Login,
});

const Group = z.union([z.strictObject({ vars: Variables.optional() }), z.null()]);

export const HostsFile = z
  .strictObject({
    ssh: z.strictObject(Login).optional().describe('How hosts are reached where they do not say otherwise.'),
    groups: z.record(Name, Group).optional().describe('Groups of hosts, and the variables of each.'),
    hosts: z
      .record(Name, Host)
      .refine((hosts) => Object.keys(hosts).length > 0, 'at least one host is needed')
      .describe('The hosts, by name.'),
  })
  .describe('Hosts of deploy-configs/, and how they are reached over SSH.');
export type HostsFile = z.infer<typeof HostsFile>;
export type HostEntry = z.infer<typeof Host>;
export type JumpEntry = z.infer<typeof Jump>;
