// The order in which test files begin: those that wait longest for their hosts first, so that none of them is left alone at the end.
// vitest would go by what it remembers; on a new machine, as CI's, that is nothing.
import { existsSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

const LONGEST = [
  'test/e2e/kinds-bookworm.test.ts',
  'test/e2e/kinds-trixie.test.ts',
  'test/attacks/on-hosts.test.ts',
  'test/attacks/on-github.test.ts',
  'test/waves/waves.test.ts',
  'test/waves/pull-request.test.ts',
  'test/chaos/chaos.lab.test.ts',
  'test/e2e/pull-request-fails.test.ts',
  'test/e2e/kinds-container.test.ts',
  'test/e2e/kinds-service.test.ts',
  'test/e2e/guard-bookworm.test.ts',
  'test/e2e/guard-trixie.test.ts',
  'test/e2e/crash-loop.test.ts',
  'test/e2e/checks.test.ts',
];

export class LongestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const gone = LONGEST.filter((file) => !existsSync(file));
    if (gone.length > 0) throw new Error(`test/sequencer.ts names what is not there: ${gone.join(', ')}`);
    const size = ({ moduleId }: TestSpecification): number => statSync(moduleId).size;
    return Promise.resolve(files.toSorted((a, b) => this.#rank(a) - this.#rank(b) || size(b) - size(a)));
  }

  /** What needs no host is short, and fills the gaps at the end. */
  #rank({ moduleId, project }: TestSpecification): number {
    const place = LONGEST.indexOf(relative(this.ctx.config.root, moduleId));
    if (place >= 0) return place;
    return LONGEST.length + (project.name === 'unit' ? 1 : 0);
  }
}
