// The catalogue of reasons: every code says what, whose move it is and what to do, in whole sentences.
import { describe, expect, it } from 'vitest';
import {
  describeReason,
  HostFailure,
  isReasonCode,
  Reason,
  REASON_CODES,
  REASONS,
} from '../../src/core/reason.ts';

describe.each(REASON_CODES)('%s', (code) => {
  const entry = describeReason({ code, message: '' });

  it('has a class, somebody who can fix it, and words', () => {
    expect(['permanent', 'needs-person', 'transient', 'unknown']).toContain(entry.class);
    expect(['author', 'operator', 'requester', 'ashore']).toContain(entry.fixer);
    expect(entry.what).toMatch(/^(?:\p{Lu}|apt |dpkg |sudo )[^\n]*\.$/u);
    expect(entry.next).toMatch(/^(?:\/[a-z]+(?: <plan>)?|(?:\p{Lu}|\/plan[ ,]).*\.)$/u);
  });

  it('is written as codes are', () => {
    expect(code).toMatch(/^[A-Z]+(?:_[A-Z]+)*$/);
  });
});

describe('the catalogue', () => {
  it('lists every code once', () => {
    expect(REASON_CODES).toEqual(Object.keys(REASONS));
    expect(REASON_CODES.length).toBeGreaterThan(50);
  });

  it('says nothing twice', () => {
    const whats = REASON_CODES.map((code) => REASONS[code].what);
    expect(new Set(whats).size).toBe(whats.length);
  });

  it.each(['', 'plan_stale', 'NOPE', 'toString', '__proto__', 'constructor'])('has no %j', (text) => {
    expect(isReasonCode(text)).toBe(false);
    expect(Reason.safeParse({ code: text, message: '' }).success).toBe(false);
  });
});

describe('a reason', () => {
  it('has the next command of the catalogue', () => {
    expect(describeReason({ code: 'PLAN_AMBIGUOUS', message: '' })).toEqual(REASONS.PLAN_AMBIGUOUS);
  });

  it('or its own where it knows better', () => {
    expect(describeReason({ code: 'PLAN_AMBIGUOUS', message: '', next: '/deploy abc' })).toEqual({
      ...REASONS.PLAN_AMBIGUOUS,
      next: '/deploy abc',
    });
  });

  it('goes through JSON with its evidence', () => {
    const reason: Reason = {
      code: 'STEP_FAILED',
      message: 'x',
      evidence: { command: 'a', status: null, output: 'o', journal: 'j' },
      next: 'n',
    };
    expect(Reason.parse(JSON.parse(JSON.stringify(reason)))).toEqual(reason);
    expect(Reason.safeParse({ code: 1, message: 'x' }).success).toBe(false);
  });

  it('is what a HostFailure carries and says', () => {
    const failure = new HostFailure({ code: 'HOST_TIMEOUT', message: 'web1: no answer' });
    expect(failure).toMatchObject({
      name: 'HostFailure',
      message: 'HOST_TIMEOUT: web1: no answer',
      reason: { code: 'HOST_TIMEOUT', message: 'web1: no answer' },
    });
  });
});
