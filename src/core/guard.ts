// A guard: that a change may cut off our own way to its host, and what has to be put back when it did.
// Kinds say it of a change; the plan does such changes last on their host, and the host undoes them unless we confirm.
import { z } from 'zod';

export const Guard = z.strictObject({
  /** What of our way hangs on it, as the end of a sentence: `sshd reads it`. */
  why: z.string(),
  /** Saved before and put back: bytes, owner, mode, or that nothing was there; of a directory not what is in it. */
  paths: z.array(z.string()),
  /** Units of systemd, whose being enabled and running is put back; what ran is started anew on the old files. */
  units: z.array(z.string()),
  /** The rules of nftables as the kernel has them. */
  firewall: z.literal(true).optional(),
});
export type Guard = z.infer<typeof Guard>;

/** Seconds for a fresh connection to come about when the guarded changes are done. */
export const CONFIRM_WITHIN = 120;
