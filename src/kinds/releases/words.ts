// What a plan says of a release: why it is fetched, switched or unpacked again. Pure.
import type { KindChange } from '../../core/kind.ts';
import { bytesOf } from '../../core/step.ts';
import { linkedRelease } from './look.ts';
import type { Releases } from './look.ts';
import { layoutOf } from './steps.ts';
import type { ReleaseWant } from './steps.ts';

type Described = Pick<KindChange, 'verb' | 'reason' | 'fields' | 'data'>;

export function describeSwitch(
  { sum }: ReleaseWant,
  releases: Releases,
  { there, again }: { readonly there: boolean; readonly again: boolean },
): Described {
  const none = releases.current === null;
  const from = there ? 'it is there from before, but unpacked otherwise' : 'it is not on the host yet';
  const back = again ? 'it is there from before, so only the link changes' : from;
  return {
    verb: none ? 'create' : 'update',
    reason: `${none ? 'no release is in use' : 'another release is in use'}; ${back}`,
    fields: [{ name: 'release', before: linkedRelease(releases) ?? releases.current, after: sum }],
  };
}

export function describeAgain(want: ReleaseWant, before: string | null): Described {
  return {
    verb: 'replace',
    reason: 'it was unpacked otherwise than is declared; what was written below it goes',
    fields: [{ name: 'layout', before, after: layoutOf(want) }],
    data: 'lost',
  };
}

/** A look reaches no network, so only the size of what comes with the plan is known. */
export function plainNotes({ url, content }: ReleaseWant): readonly string[] {
  if (url !== null) return [`the host gets it from ${url}; how large it is shows in the deploy`];
  return content === null ? [] : [`${Math.ceil(bytesOf(content).length / 1024)} KiB, from the repository`];
}
