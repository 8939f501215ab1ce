// How a container is declared.
import { z } from 'zod';
import { SecretName } from '../../core/secret.ts';
import { Absent, Path } from '../paths/path.ts';

const Word = z.string({ error: 'a text; numbers in quotes' }).regex(/^[^\0]*$/, 'a text without NUL');

/** What podman-run(1) splits `--volume` by. */
const Plain = Path.regex(/^[^:,\p{Cc}]+$/u, 'a path without colons, commas and control characters');

const Volume = z.strictObject({
  at: Plain.describe('Where it is in the container'),
  volume: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'letters, digits, `_`, `.` and `-`')
    .max(200)
    .optional()
    .describe('Name of a volume of podman; it is made when it is not there, and never removed by Ashore'),
  path: Plain.optional().describe('In place of `volume`: a path of the host'),
  read_only: z.boolean().optional().describe('The container cannot write there'),
});

const ADDRESS = String.raw`(?:(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]+\]):)?`;

export const ContainerSpec = z.strictObject({
  image: z
    .string()
    .optional()
    .describe(
      'The image, pinned: `registry.example/name@sha256:…`, also with a tag before the `@` for people. With `archive`: the id of the image, `sha256:…`.',
    ),
  archive: Path.optional().describe(
    'An archive of images on the host (docker or OCI), which the image is loaded from; brought by `file` or `release`',
  ),
  command: z.array(Word).optional().describe('Arguments for the image, one each; no shell reads them'),
  entrypoint: z
    .array(Word)
    .min(1)
    .optional()
    .describe('The program in place of that of the image, with its first arguments'),
  ports: z
    .array(
      z
        .string({ error: 'a text in quotes, such as "127.0.0.1:8080:80"' })
        .regex(
          new RegExp(String.raw`^${ADDRESS}\d{1,5}(?:-\d{1,5})?:\d{1,5}(?:-\d{1,5})?(?:/(?:tcp|udp|sctp))?$`),
          'host:container, such as "127.0.0.1:8080:80" or "53:53/udp"',
        ),
    )
    .optional()
    .describe('Ports of the host and of the container: `"8080:80"`, `"127.0.0.1:8080:80"`, `"53:53/udp"`'),
  network: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, '`host`, `none` or the name of a network of podman')
    .max(200)
    .optional()
    .describe('`host`, `none`, or a network of podman that is there; podman’s own bridge when left out'),
  volumes: z
    .array(Volume)
    .optional()
    .describe('What of the host is in the container: `at`, with `volume` or `path`, and `read_only`'),
  env: z
    .record(
      z.string(),
      z.union([z.string(), z.number(), z.boolean(), z.strictObject({ secret: SecretName })]),
    )
    .optional()
    .describe(
      'Variables; `{ secret: <name> }` stands for the text of a secret. They are in a file that only root may read.',
    ),
  user: z
    .string({ error: 'a name or number in quotes' })
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/, 'user or user:group')
    .optional()
    .describe('User, and group after a colon, in the container; those of the image when left out'),
  read_only: z.boolean().optional().describe('The container cannot write to its own file system'),
  restart: z
    .enum(['always', 'on-failure', 'no'])
    .optional()
    .describe('When systemd starts it again; `always` when left out'),
  stop: z
    .int()
    .min(1)
    .max(600)
    .optional()
    .describe('Seconds from asking it to stop until it is killed; 10 when left out'),
  restart_on: z.array(Path).optional().describe('Files; when one changes, the container is restarted'),
  settle: z
    .int()
    .min(2)
    .max(120)
    .optional()
    .describe('Seconds that it must stay up after it was started; 5 when left out'),
  absent: Absent.optional().describe('It is stopped, and its unit deleted; image and volumes stay'),
});
export type ContainerSpec = z.infer<typeof ContainerSpec>;
