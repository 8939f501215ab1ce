// What a container's declaration means: a unit of systemd, a file with its environment, and an image. Pure.
import type { SourceFiles, Unresolved } from '../../core/kind.ts';
import { resolveAlone } from '../absent.ts';
import { composeFile, referencesIn } from '../files/secret.ts';
import type { Want as FileWant } from '../files/spec.ts';
import { rootFile } from '../files/whole.ts';
import { formatEnvFile } from './env.ts';
import { IMAGE_ID, imageRef, PINNED } from './image.ts';
import { containerUnit } from './unit.ts';
import type { ContainerSpec } from './spec.ts';

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
