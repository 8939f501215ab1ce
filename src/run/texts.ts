// The shell texts of a run, as they stand in the files beside this one. Constant: values are set by assignments before them.
import { readFileSync } from 'node:fs';

export const LEDGER_TEXT = read('ledger.sh');
export const FRAME_TEXT = read('frame.sh');
export const SAVED_TEXT = read('saved.sh');
export const KEEP_TEXT = read('keep.sh');
export const GUARD_TEXT = read('guard.sh');
export const GUARDED_TEXT = read('guarded.sh');
export const UNDO_TEXT = read('undo.sh');
export const CONFIRM_TEXT = read('confirm.sh');
export const SETTLE_TEXT = read('settle.sh');
export const TOGETHER_TEXT = read('together.sh');
export const CHECK_TEXT = read('check.sh');
export const START_TEXT = read('start.sh');
export const FOLLOW_TEXT = read('follow.sh');
export const CANCEL_TEXT = read('cancel.sh');
export const GIVE_UP_TEXT = read('give-up.sh');
export const APPEND_TEXT = read('append.sh');

function read(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}
