// What a run says in perl, which perl-base brings to every Debian. Constant, as the shell texts are.
import { readFileSync } from 'node:fs';

export const BOUNDED_TEXT = read('bounded.pl');
export const PROBE_TEXT = read('probe.pl');

function read(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}
