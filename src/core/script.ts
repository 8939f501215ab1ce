// A shell script sent to a host on stdin, and how its output is told from all else that a login prints.
// Nothing of a script runs before all of it has arrived, and no child of it can read the rest of it.
import { decode, HOST_PATH } from './host.ts';
import type { Executed, Target } from './host.ts';
import type { Reason } from './reason.ts';

/** The command line that reads such a script; the same words under sh, bash, zsh, fish and csh. */
export function shellCommand(target: Target): string {
  return target.sudo ? 'exec sudo -n /bin/sh -s' : 'exec /bin/sh -s';
}

/**
 * `body` is POSIX sh. `nonce` is a word that nothing else prints.
 * A function is read to its closing brace before it runs, so a script that was cut off is a syntax error; and with
 * stdin closed to it no child eats what follows. One that was cut off in the name is a command of that name, and no
 * program is called `_`, where `as` is one. The empty first lines feed a login profile that reads stdin.
 */
export function formatScript(nonce: string, body: string): Uint8Array {
  const text = `

_ashore() {
LC_ALL=C PATH=${HOST_PATH}; export LC_ALL PATH; unset CDPATH ENV; umask 077; cd / || exit 90
printf '\\n@@%s START\\n' ${nonce}
${body}
printf '\\n@@%s DONE\\n' ${nonce}
}
_ashore </dev/null; exit 0
`;
  return new TextEncoder().encode(text);
}

export type ScriptOutput =
  /** All that the body printed. */
  | { readonly is: 'done'; readonly body: Buffer }
  /** The script began and stopped before its end. */
  | { readonly is: 'cut'; readonly body: Buffer }
  /** The script never began, and why. */
  | { readonly is: 'none'; readonly reason: Reason };

/** Exit statuses say nothing here: a login shell, sudo and ssh all have their own idea of them. */
export function parseScript(target: Target, nonce: string, executed: Executed): ScriptOutput {
  const stdout = Buffer.from(executed.stdout.buffer, executed.stdout.byteOffset, executed.stdout.byteLength);
  const opening = `\n@@${nonce} START\n`;
  const start = stdout.indexOf(opening);
  if (start < 0) return { is: 'none', reason: explainSilence(target, executed) };
  const from = start + opening.length;
  const end = stdout.lastIndexOf(`\n@@${nonce} DONE\n`);
  return end < from
    ? { is: 'cut', body: stdout.subarray(from) }
    : { is: 'done', body: stdout.subarray(from, end) };
}

/** Why there was no shell to run a script, from what was printed instead. */
function explainSilence(target: Target, executed: Executed): Reason {
  const words = `${decode(executed.stdout)}\n${executed.stderr}`.trim().slice(-2000);
  const command = shellCommand(target);
  const evidence = { command, status: executed.status, output: words };
  if (target.sudo && /\bsudo(ers)?\b|not allowed to execute/i.test(words)) {
    const line = `${target.user} ALL=(root) NOPASSWD: /bin/sh -s`;
    const remedy =
      target.user === target.planUser
        ? `What is needed is printed by: ashore bootstrap ${target.host} --plan-key <file.pub>`
        : `The line that is needed in /etc/sudoers.d/ashore:\n${line}`;
    const output = `${words}\n\n${remedy}`;
    const message = `sudo did not let ${target.user} become root on ${target.host}`;
    return { code: 'HOST_SUDO', message, evidence: { ...evidence, output } };
  }
  const said = words === '' ? 'and said nothing' : `but said: ${words.split('\n').at(-1)}`;
  const message = `the login of ${target.user} on ${target.host} ran no shell ${said}`;
  return { code: 'HOST_NO_SHELL', message, evidence };
}
