// How a container is declared, and what is meant: a unit of systemd, a file with its environment, and an image. Pure.
import { z } from 'zod';
import type { SourceFiles, Unresolved } from '../../core/kind.ts';
import { SecretName } from '../../core/secret.ts';
import { resolveAlone } from '../absent.ts';
import { composeFile, referencesIn } from '../files/secret.ts';
import type { Want as FileWant } from '../files/spec.ts';
import { rootFile } from '../files/whole.ts';
import { Absent, Path } from '../paths/path.ts';
import { formatEnvFile } from './env.ts';
import { IMAGE_ID, imageRef, PINNED } from './image.ts';
import { containerUnit } from './unit.ts';

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

export interface Declared {
  readonly unit: string;
  readonly env: FileWant;
  /** As podman takes it. */
  readonly ref: string;
  readonly archive: string | null;
  /** Paths of the host that are in the container. */
  readonly paths: readonly string[];
  readonly restartOn: readonly string[];
  readonly settle: number;
}
export type Want = Declared | { readonly absent: true };

type Resolved = { readonly want: Want } | { readonly unresolved: Unresolved };

export function resolveContainer(spec: ContainerSpec, sources: SourceFiles): Resolved {
  if (spec.absent) {
    const alone = resolveAlone(spec);
    return 'want' in alone ? { want: { absent: true } } : alone;
  }
  const { image, archive = null, volumes = [], restart_on: restartOn = [], settle = 5 } = spec;
  if (image === undefined) return unresolved([], 'image is needed, or absent: true');
  const problem = refuseImage(image, archive) ?? refuseVolumes(volumes);
  if (problem) return { unresolved: problem };
  const unit = containerUnit(spec, image);
  if (typeof unit !== 'string') return unresolved(['command'], unit.problem);
  const env = resolveEnv(spec.env ?? {}, sources);
  if ('message' in env) return { unresolved: env };
  const paths = volumes.flatMap(({ path }) => path ?? []);
  return { want: { unit, env, ref: imageRef(image), archive, paths, restartOn, settle } };
}

function unresolved(path: Unresolved['path'], message: string): { readonly unresolved: Unresolved } {
  return { unresolved: { path, message } };
}

/** A tag may be another image tomorrow, and who plans asks no registry: what runs is what was reviewed. */
function refuseImage(image: string, archive: string | null): Unresolved | undefined {
  const path = ['image'];
  if (archive !== null && !IMAGE_ID.test(image)) {
    const message =
      'with archive, the image is given by its id: `podman images --no-trunc` shows it (sha256:…)';
    return { path, message };
  }
  if (archive !== null || PINNED.test(image)) return undefined;
  if (IMAGE_ID.test(image)) return { path, message: 'an image that is given by its id needs archive' };
  if (image.includes('@')) {
    const message =
      'the name of an image with that of its registry, and its digest: registry.example/name@sha256:…';
    return { path, message };
  }
  const message = `a tag may be another image tomorrow; pin it by its digest, which is printed by: skopeo inspect --format '{{.Digest}}' docker://${image}`;
  return { path, message };
}

function refuseVolumes(volumes: NonNullable<ContainerSpec['volumes']>): Unresolved | undefined {
  const index = volumes.findIndex(({ volume, path }) => (volume === undefined) === (path === undefined));
  return index < 0 ? undefined : { path: ['volumes', index], message: 'one of volume and path is needed' };
}

function resolveEnv(data: NonNullable<ContainerSpec['env']>, sources: SourceFiles): FileWant | Unresolved {
  if (Object.keys(data).length === 0) return { absent: true };
  const path = ['env'];
  const references = referencesIn(data, path);
  if (references.length === 0) {
    const text = formatEnvFile(data);
    return typeof text === 'string' ? rootFile({ text }, '0600') : { path, message: text.problem };
  }
  const content = composeFile({ data, references, path, sources }, formatEnvFile);
  if ('message' in content) return content;
  return { content, sha256: content.seal, owner: 'root', group: 'root', mode: '0600' };
}
