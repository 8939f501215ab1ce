// Every attack of the list of holes that other deploy bots had, tried end to end. One lab serves them all, so they are one
// file; a single row runs with `npm run attacks -- -t '5 approval'`. What begins with OPEN works today: it fails once it is closed.
import { afterAll, beforeAll } from 'vitest';
import { startArena, stopArena } from './arena.ts';
import './rows/01-code-at-plan-time.ts';
import './rows/02-a-plan-that-writes.ts';
import './rows/03-injection.ts';
import './rows/04-who-commented.ts';
import './rows/05-approval.ts';
import './rows/06-push-after-comment.ts';
import './rows/07-world-moved.ts';
import './rows/08-policy-of-its-own.ts';
import './rows/09-buttons.ts';
import './rows/10-forged-webhooks.ts';
import './rows/11-comment-provenance.ts';
import './rows/12-secrets-in-sight.ts';
import './rows/12-secrets.ts';
import './rows/13-info-leak.ts';
import './rows/14-forks.ts';
import './rows/15-default-installation.ts';
import './rows/16-unlock.ts';
import './rows/17-ssh.ts';
import './rows/18-hostile-host.ts';

beforeAll(startArena);
afterAll(stopArena);
