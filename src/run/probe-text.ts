// The looks of a check over the network, as they stand in the perl file beside this one. Constant: values are its arguments.
import { readFileSync } from 'node:fs';

export const PROBE_TEXT = readFileSync(new URL('probe.pl', import.meta.url), 'utf8');
