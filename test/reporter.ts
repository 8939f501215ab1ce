// The last lines of the test run: what needed a second try, why tests were skipped, and `N passed, N failed, N skipped`.
import type { Reporter, TestModule } from 'vitest/node';

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const reasons: string[] = [];
    for (const module of modules) {
      // A file that could not be collected has no tests, and must not pass for a success.
      if (module.errors().length > 0) counts.failed += 1;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (test.diagnostic()?.flaky === true) reasons.push(`passed at the second try: ${test.fullName}`);
        if (result.state === 'passed') counts.passed += 1;
        else if (result.state === 'failed') counts.failed += 1;
        else {
          counts.skipped += 1;
          const note = result.state === 'skipped' && result.note ? result.note : 'no reason given';
          reasons.push(`skipped: ${test.fullName}: ${note}`);
        }
      }
    }
    // After the reporters before this one have written theirs.
    process.on('exit', () => {
      for (const reason of reasons) console.log(reason);
      console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    });
  }
}
