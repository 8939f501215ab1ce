// Attacks by words, buttons, reviews, webhooks and policy: row 4 to 6, 8 to 13 and 15.
// Every attack of the list of holes that other deploy bots had is tried end to end, a file a row below rows/; one lab serves
// them all, so they are imported here.
import { afterAll, beforeAll } from 'vitest';
import { startArena, stopArena } from './arena.ts';
import './rows/04-who-commented.ts';
import './rows/05-approval.ts';
import './rows/05-branch-protection.ts';
import './rows/06-push-after-comment.ts';
import './rows/08-policy-of-its-own.ts';
import './rows/09-buttons.ts';
import './rows/09-gates.ts';
import './rows/10-forged-webhooks.ts';
import './rows/11-comment-provenance.ts';
import './rows/12-secrets-in-sight.ts';
import './rows/13-info-leak.ts';
import './rows/15-default-installation.ts';

beforeAll(startArena);
afterAll(stopArena);
