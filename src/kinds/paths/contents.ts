// SHA-256 of regular files, and the bytes of those that are not as wanted, in one look that opens nothing else.
import type { Reader } from '../../core/host.ts';
import { sha256 } from '../../core/json.ts';
import type { Field } from '../../core/kind.ts';
import { readText } from '../../core/look.ts';
import { bytesOf } from '../../core/step.ts';
import type { Content } from '../../core/step.ts';
import { parseRecords } from './records.ts';

/** Largest file whose old bytes are brought back to be shown. */
const SHOWN_BYTES = 256 * 1024;

export interface OldContent {
  /** Null: the login may not read it. */
  readonly sha256: string | null;
  /** Null where it is as wanted, too large, or moved while it was read. */
  readonly bytes: Uint8Array | null;
  /** Marked by chattr +i; only looked for where the content is not as wanted. */
  readonly immutable: boolean;
  /** Every account of the host may read it; only looked for where the content is not as wanted. */
  readonly open: boolean;
}

/** `wanted` gives the SHA-256 that each path should have; null where none is wanted. What is no regular file is left out. */
export async function readContents(
  host: Reader,
  wanted: ReadonlyMap<string, string | null>,
): Promise<ReadonlyMap<string, OldContent>> {
  if (wanted.size === 0) return new Map();
  const stdin = [...wanted].flatMap(([path, sum]) => [sum ?? '-', path]).join('\0');
  // -x: never a pair torn apart by the size limit; -s holds 256 pairs of the longest paths.
  const argv = ['xargs', '-0', '-r', '-x', '-n', '512', '-s', '1500000', 'sh', '-c', BATCH, 'look'];
  return parseContents(await readText(host, argv, { stdin }), wanted);
}

/**
 * Arguments are pairs of a wanted sum and a path. Where all of them are plain files as wanted, one process says so, and that is
 * told by `=`; a name that would have to be escaped for it goes the other way. Else, first what each path is (`seen`, a letter
 * each), then the sums, then what only those need that are not as wanted. Each tool runs once for all paths and its answers
 * are told apart by their order; where their number is not right (a file vanished meanwhile), it is asked again one by one, or
 * not at all. sha256sum -z, because without it names with newlines are escaped. `for`, because each `set` and `shift` copies
 * all arguments.
 */
const BATCH = `
fits() { count=$1; shift; [ $# -eq "$count" ]; }
paths() { while [ $# -gt 1 ]; do printf '%s\\0' "$2"; shift 2; done; }
expected() {
  want=
  for word do
    if [ -z "$want" ]; then want=$word; continue; fi
    case $want$word in -* | *[![:print:]]* | *\\\\*) echo no; return ;; esac
    if [ ! -f "$word" ] || [ -L "$word" ] || [ ! -r "$word" ]; then echo no; return; fi
    printf '%s  %s\\n' "$want" "$word"
    want=
  done
}
if expected "$@" | sha256sum -c --strict --status - 2>/dev/null; then
  want=
  for word do
    if [ -z "$want" ]; then want=$word; else printf '%s\\0=\\0\\0\\0\\0' "$word"; want=; fi
  done
  exit 0
fi
seen= want=
for word do
  if [ -z "$want" ]; then want=$word; continue; fi
  want=
  if [ ! -f "$word" ] || [ -L "$word" ]; then seen=\${seen}-
  elif [ -r "$word" ]; then seen=\${seen}r
  else seen=\${seen}c
  fi
done
readable() {
  want=
  for word do
    if [ -z "$want" ]; then want=$word; continue; fi
    want=
    case $seen in r*) printf '%s\\0' "$word" ;; esac
    seen=\${seen#?}
  done
}
sums=$(readable "$@" | xargs -0 -r sha256sum -z -- 2>/dev/null | cut -z -b 1-64 | tr '\\0' ' ')
each=$(printf %s "$seen" | tr -d c-)
fits \${#each} $sums || sums=
none=1
for word do
  if [ -n "$none" ]; then set --; none=; fi
  if [ -z "$want" ]; then want=$word; continue; fi
  case $seen in
    c*) printf '%s\\0-\\0\\0\\0\\0' "$word" ;;
    r*)
      [ -n "$sums" ] || own=$(sha256sum -z -- "$word" 2>/dev/null | cut -z -b 1-64 | tr -d '\\0')
      sum=\${sums:-$own}
      sum=\${sum%% *}
      sums=\${sums#* }
      if [ "$sum" = "$want" ] || [ -z "$sum" ]; then printf '%s\\0%s\\0\\0\\0\\0' "$word" "\${sum:--}"
      else set -- "$@" "$sum" "$word"; fi
      ;;
  esac
  want= seen=\${seen#?}
done
[ $# -gt 1 ] || exit 0
nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
[ "$(id -u)" -eq 0 ] || nobody='setpriv --ambient-caps=-all --inh-caps=-all'
opens=$(paths "$@" | $nobody xargs -0 sh -c '
  for path do if [ -r "$path" ]; then printf "open "; else printf "closed "; fi; done' look 2>/dev/null)
fits $(($# / 2)) $opens || opens=
sizes=$(paths "$@" | xargs -0 stat -c %s -- 2>/dev/null | tr '\\n' ' ')
fits $(($# / 2)) $sizes || sizes=
flags=-
if command -v lsattr >/dev/null; then flags=$(paths "$@" | xargs -0 lsattr -d -- 2>/dev/null | cut -d ' ' -f 1 | tr '\\n' ' '); fi
fits $(($# / 2)) $flags || [ "$flags" = - ] || flags=
while [ $# -gt 1 ]; do
  [ -n "$flags" ] || own=$(lsattr -d -- "$2" 2>/dev/null)
  flag=\${flags:-$own} size=\${sizes%% *}
  printf '%s\\0' "$2" "$1" "\${flag%% *}" "\${opens%% *}"
  if [ "\${size:-$LIMIT}" -lt "$LIMIT" ]; then printf +; base64 -w 0 2>/dev/null <"$2"; fi
  printf '\\0'
  flags=\${flags#* } sizes=\${sizes#* } opens=\${opens#* }
  shift 2
done
`.replaceAll('$LIMIT', String(SHOWN_BYTES + 1));

function parseContents(text: string, wanted: ReadonlyMap<string, string | null>): Map<string, OldContent> {
  const contents = new Map<string, OldContent>();
  for (const [path = '', sum = '', flags = '', open = '', encoded = ''] of parseRecords(text, 5)) {
    const bytes = encoded.startsWith('+') ? Buffer.from(encoded.slice(1), 'base64') : null;
    contents.set(path, {
      sha256: sum === '-' ? null : sum === '=' ? (wanted.get(path) ?? null) : sum,
      // What does not have that sum was written to between the two reads.
      bytes: bytes && sha256(bytes) === sum ? bytes : null,
      immutable: flags.includes('i'),
      open: open === 'open',
    });
  }
  return contents;
}

/** One side of a content field. `content` null: it cannot be shown; `sha256` null: nor may its sum. */
export interface ShownContent {
  readonly sha256: string | null;
  readonly size: number;
  readonly content: Content | null;
  /** What is said in place of everything else; a secret has neither sum nor size. */
  readonly instead?: string;
}

/** As text where both sides are text that a person can read, else by sum and size. Null: not there. */
export function contentField(before: ShownContent | null, after: ShownContent | null): Field {
  const texts = [before, after].map((side) => side && readableText(side.content));
  const [was = null, is = null] = texts;
  if ((before === null || was !== null) && (after === null || is !== null)) {
    return { name: 'content', before: was, after: is, as: 'text' };
  }
  return { name: 'content', before: before && formatSide(before), after: after && formatSide(after) };
}

function formatSide(side: ShownContent): string {
  return side.instead ?? formatSum(side);
}

function readableText(content: Content | null): string | null {
  if (!content || !('text' in content) || content.text.includes('\0')) return null;
  return bytesOf(content).length > SHOWN_BYTES ? null : content.text;
}

/** Of a secret that can be guessed, the sum would be enough to check a guess. */
function formatSum({ sha256: sum, size }: ShownContent): string {
  return sum === null ? `${size} bytes that not everybody may read` : `sha256:${sum} (${size} bytes)`;
}
