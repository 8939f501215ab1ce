// The log: one JSON object a line on stdout. Keys, tokens and secrets are cut out wherever they stand in a line.
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

const SECRET_NAMES = ['token', 'privateKey', 'private_key', 'secret', 'password', 'authorization'];
/** PEM bodies, GitHub's tokens and JSON web tokens: https://github.blog/engineering/behind-githubs-new-authentication-token-formats/ */
const SECRET_TEXT =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)|gh[oprsu]_[A-Za-z0-9_]{20,}|github_pat_\w{20,}|eyJ[\w-]+\.[\w-]+\.[\w-]+/g;

export function createLog(level: string, destination: DestinationStream = pino.destination(1)): Logger {
  const redacting = { write: (line: string) => destination.write(line.replace(SECRET_TEXT, '[redacted]')) };
  const paths = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `*.*.*.${name}`]);
  return pino({ level, redact: { paths, censor: '[redacted]' } }, redacting);
}
