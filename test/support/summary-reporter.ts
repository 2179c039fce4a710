/** Closes a run with the one line that scripts look for: `N passed, N failed`, and `, N skipped` where there are any. */
import type { Reporter, TestModule } from 'vitest/node';

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== 'pending') count[state] += 1;
      }
      // A file that breaks while it loads has no tests to fail, and must not pass for that.
      if (module.state() === 'failed' && module.errors().length > 0) count.failed += 1;
    }
    count.failed += unhandledErrors.length;
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
    // After the default reporter's own summary, which it prints in the same turn.
    process.on('exit', () => console.log(`\n${count.passed} passed, ${count.failed} failed${skipped}`));
  }
}
