// What a checker says of a unit, and what of it is worth a note once the rest of the plan is known.
import { expect, it } from 'vitest';
import { judgeVerdict } from '../../src/kinds/files/verdict.ts';
import type { Verdict } from '../../src/kinds/files/verdict.ts';
import { worldOf } from './trial.ts';

const PATH = '/etc/systemd/system/hello.service';
const MISSING = 'hello.service: Command /usr/local/bin/hello is not executable: No such file or directory';
const ODD = "hello.service:3: Unknown key 'Descripton' in section [Unit], ignoring.";

it.each<[string, Parameters<typeof worldOf>[0], readonly string[]]>([
  ['nothing brings it', {}, [MISSING, ODD]],
  ['a file that the plan makes', { 'file//usr/local/bin/hello': 'create' }, [ODD]],
  ['a link that the plan makes', { 'symlink//usr/local/bin/hello': 'create' }, [ODD]],
  ['another file of the plan', { 'file//usr/local/bin/other': 'create' }, [MISSING, ODD]],
  ['a package that may hold it', { 'package/hello': 'create' }, [ODD]],
  ['a package that goes', { 'package/hello': 'delete' }, [MISSING, ODD]],
  ['a release that may hold it', { 'release//opt/hello': 'update' }, [ODD]],
])('a program that is missing: %s', (_, verbs, notes) => {
  const verdict: Verdict = { by: 'unit', is: 'taken', said: `${MISSING}\n${ODD}\n` };
  expect(judgeVerdict(PATH, undefined, verdict, worldOf(verbs))).toEqual({ notes });
});
