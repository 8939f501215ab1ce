// Attacks by configuration, on hosts and by hosts: row 1 to 3, 7, 14, 16, 17, and what is left.
// Every attack of the list of holes that other deploy bots had is tried end to end, a file a row below rows/; one lab serves
// them all, so they are imported here.
import { afterAll, beforeAll } from 'vitest';
import { startArena, stopArena } from './arena.ts';
import './rows/01-code-at-plan-time.ts';
import './rows/02-a-plan-that-writes.ts';
import './rows/03-injection.ts';
import './rows/07-world-moved.ts';
import './rows/12-secrets.ts';
import './rows/14-forks.ts';
import './rows/16-unlock.ts';
import './rows/17-reach.ts';
import './rows/17-ssh.ts';
import './rows/18-hostile-host.ts';

beforeAll(startArena);
afterAll(stopArena);
