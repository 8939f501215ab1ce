// Names and values that would run a program on a host if any of them were ever read by a shell, an editor of texts, or apt.
// The program is a trap: once it has run, wherever and as whomever, it is known.
import type { Random } from '../core/random.ts';

/** On the PATH of a lab host during a fuzz; writes down that it ran. */
export const TRAP = 'fuzz-canary';

const SPRINGS: readonly string[] = [
  `$(${TRAP})`,
  `\`${TRAP}\``,
  `;${TRAP};`,
  `|${TRAP}`,
  `&${TRAP}&`,
  `&&${TRAP}`,
  `\n${TRAP}\n`,
  `\r${TRAP}\r`,
  `'$(${TRAP})'`,
  `"$(${TRAP})"`,
  `'\n${TRAP}\n'`,
  `'';${TRAP};'`,
  `\\';${TRAP};\\'`,
  `$((a[$(${TRAP})]))`,
  `\${x:=$(${TRAP})}`,
  `<(${TRAP})`,
  `-exec ${TRAP} ;`,
  `-oAPT::Update::Pre-Invoke::=${TRAP}`,
  `\nEOF\n${TRAP}\n`,
  `\nASHORE_LOOK\n${TRAP}\n`,
  `}\n${TRAP}\n{`,
  `*\n${TRAP}`,
  `%n%s%x`,
  `-rf`,
  `--help`,
  `~`,
  `*`,
  `\u202e${TRAP}`,
];

/** One value: some springs, with odd characters around them. */
export function hostileText(random: Random): string {
  const parts = Array.from({ length: 1 + random.number(3) }, () =>
    random.number(3) === 0 ? random.text(6) : random.pick(SPRINGS),
  );
  return parts.join(random.pick(['', ' ', '\n', "'", '"', '\\', '\t']));
}

/** As the last part of a path: what the kernel takes as a name. */
export function hostileName(random: Random): string {
  const name = hostileText(random).replaceAll(/[/\0]/g, '').slice(0, 60);
  return name === '' || name === '.' || name === '..' ? `-${name}` : name;
}
