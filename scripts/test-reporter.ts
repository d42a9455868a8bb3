import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Counts tests for `scripts/test`, into the file that ROSTRUM_TEST_COUNT names. What fails outside of a test counts as one
 * failed test: a file that cannot be loaded, a hook of a suite, an error that nobody caught.
 */
class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (...states: string[]) => tests.filter((test) => states.includes(test.result().state)).length;
    const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const failed = count('failed') + suites.filter((suite) => suite.errors().length > 0).length + errors.length;
    // Pending is what was not run: after a failed hook, or with --bail.
    const line = `${count('passed')} passed, ${failed} failed, ${count('skipped', 'pending')} skipped`;
    const file = process.env['ROSTRUM_TEST_COUNT'];
    if (file) writeFileSync(file, line);
    else console.log(`tests: ${line}`);
  }
}

// biome-ignore lint/style/noDefaultExport: vitest loads reporters by their default export
export default CountReporter;
