// `ashore explain`: what a reason code means.
import { EXIT } from '../command-line.ts';
import type { Exit } from '../command-line.ts';
import { suggest } from '../core/problem.ts';
import { describeReason, isReasonCode, REASON_CODES, REASONS } from '../core/reason.ts';
import { complain, print } from './say.ts';

export function explain(text: string | undefined): Exit {
  const code = text?.toUpperCase();
  if (code === undefined) {
    const width = Math.max(...REASON_CODES.map(({ length }) => length));
    print(REASON_CODES.map((each) => `${each.padEnd(width)}  ${REASONS[each].what}`).join('\n'));
    return EXIT.done;
  }
  if (!isReasonCode(code)) {
    const near = suggest(code, REASON_CODES);
    const hint = near ? `did you mean ${near}?` : `there are\n${REASON_CODES.join('\n')}`;
    return complain(`there is no reason code ${text}; ${hint}`);
  }
  const { class: kind, fixer, what, next } = describeReason({ code, message: '' });
  print(`${code}: ${what}\nclass: ${kind}\nwho: ${fixer}\nnext: ${next}`);
  return EXIT.done;
}
