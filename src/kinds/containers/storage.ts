// What podman keeps for root: its images and containers, by the lists in its storage (containers-storage.conf(5)). Podman itself is not
// asked: it writes when it looks, and as another account than root it would look into a storage of its own.
import { z } from 'zod';
import type { Reader } from '../../core/host.ts';
import { readText } from '../../core/look.ts';
import { HostFailure } from '../../core/reason.ts';
import { parseRecords } from '../paths/records.ts';
import { repositoryOf } from './image.ts';

export interface Storage {
  readonly images: readonly Image[];
  /** Names of the containers. */
  readonly containers: ReadonlySet<string>;
}

const Image = z.object({
  id: z.string(),
  digest: z.string().optional(),
  names: z.array(z.string()).nullish(),
  'big-data-digests': z.record(z.string(), z.string()).nullish(),
});
type Image = z.infer<typeof Image>;

const Container = z.object({ names: z.array(z.string()).nullish() });

/** A storage that may not be looked into ends the look: what is in it must not pass for missing. */
const LISTS = `
root=$(sed -n 's/^[[:space:]]*graphroot[[:space:]]*=[[:space:]]*"\\(.*\\)"[[:space:]]*$/\\1/p' /etc/containers/storage.conf 2>/dev/null | tail -n 1)
root=\${root:-/var/lib/containers/storage}
if [ -d "$root" ] && [ ! -x "$root" ]; then echo "$root may not be looked into" >&2; exit 1; fi
for what in images containers; do
  for list in "$root"/*-"$what/$what.json"; do
    [ -e "$list" ] || continue
    printf '%s\\0' "$what"
    cat -- "$list" || exit 1
    printf '\\0'
  done
done`;

export async function readStorage(host: Reader): Promise<Storage> {
  const records = parseRecords(await readText(host, ['sh', '-c', LISTS]), 2);
  const listed = (what: string): readonly string[] =>
    records.filter(([name]) => name === what).map(([, list = '']) => list);
  const containers = listed('containers').flatMap((list) => parseList(list, z.array(Container)));
  return {
    images: listed('images').flatMap((list) => parseList(list, z.array(Image))),
    containers: new Set(containers.flatMap(({ names }) => names ?? [])),
  };
}

/** Whether podman would find it without asking a registry; `ref` as imageRef() gives it. */
export function hasImage({ images }: Storage, ref: string): boolean {
  const [name = '', digest] = ref.split('@');
  if (digest === undefined) return images.some(({ id }) => `sha256:${id}` === ref);
  return images.some((image) => {
    const names = image.names ?? [];
    if (!names.some((one) => repositoryOf(one) === name)) return false;
    const manifests = Object.entries(image['big-data-digests'] ?? {}).filter(([key]) =>
      key.startsWith('manifest'),
    );
    return image.digest === digest || names.includes(ref) || manifests.some(([, sum]) => sum === digest);
  });
}

function parseList<Entry>(text: string, list: z.ZodType<Entry[]>): readonly Entry[] {
  const parsed = z.string().transform(parseJson).pipe(list).safeParse(text);
  if (parsed.success) return parsed.data;
  const message = 'the storage of podman is not as it is known';
  throw new HostFailure({
    code: 'READ_FAILED',
    message,
    evidence: { output: parsed.error.message.slice(0, 2000) },
  });
}

function parseJson(text: string, context: z.RefinementCtx): unknown {
  try {
    return text === '' ? [] : JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: `no JSON: ${text.slice(0, 200)}` });
    return z.NEVER;
  }
}
