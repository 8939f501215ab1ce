// The last lines of a test run: what needed a second try, what failed and why, why tests were skipped, and `N passed, N failed, N skipped`.
// They stand alone: whoever sees only the end of a log knows from it what went wrong.
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';

interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly lines: readonly string[];
}

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const { lines, passed, failed, skipped } = summarise(modules);
    // After the reporters before this one have written theirs.
    process.on('exit', () => {
      for (const line of lines) console.log(line);
      console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
    });
  }
}

function summarise(modules: readonly TestModule[]): Summary {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  // A file that could not be collected, or whose set-up failed, must not pass for a success.
  const broken = modules
    .flatMap((module) => [module, ...module.children.allSuites()])
    .filter((suite) => suite.errors().length > 0);
  const inState = (state: string): TestCase[] => tests.filter((test) => test.result().state === state);
  return {
    passed: inState('passed').length,
    failed: inState('failed').length + broken.length,
    skipped: inState('skipped').length,
    lines: [
      ...tests
        .filter((test) => test.diagnostic()?.flaky === true)
        .map((test) => `passed at the second try: ${nameOf(test)}`),
      ...new Set(inState('skipped').map(skippedLine)),
      ...broken.map((suite) => `failed: ${nameOf(suite)}: ${firstWords(suite.errors()[0]?.message)}`),
      ...inState('failed').map(
        (test) => `failed: ${nameOf(test)}: ${firstWords(test.result().errors?.[0]?.message)}`,
      ),
    ],
  };
}

/** A file whose set-up failed skips all its tests without a note: one line says so for all of them. */
function skippedLine(test: TestCase): string {
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  return note
    ? `skipped: ${nameOf(test)}: ${note}`
    : `skipped: tests of ${test.module.relativeModuleId}: no reason given`;
}

function nameOf(what: TestCase | TestSuite | TestModule): string {
  return what.type === 'module'
    ? what.relativeModuleId
    : `${what.module.relativeModuleId} > ${what.fullName}`;
}

function firstWords(message: string | undefined): string {
  return (message ?? 'no message').replaceAll(/\s+/g, ' ').slice(0, 400);
}
