import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** One test as `scripts/check-features.ts` reads it: `access: a PIN of users lets in`. */
export type TestResult = { readonly name: string; readonly passed: boolean };

function resultOf(test: TestCase): TestResult {
  const file = basename(test.module.moduleId, '.test.ts');
  return { name: `${file}: ${test.fullName.replaceAll(' > ', ' ')}`, passed: test.result().state === 'passed' };
}

/**
 * Counts tests for `scripts/test`, into the file that ROSTRUM_TEST_COUNT names, and tells which passed in the one of ROSTRUM_TEST_RESULTS. What fails outside of a test counts as one
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
    const results = process.env['ROSTRUM_TEST_RESULTS'];
    if (results) writeFileSync(results, JSON.stringify(tests.map(resultOf)));
  }
}

// biome-ignore lint/style/noDefaultExport: vitest loads reporters by their default export
export default CountReporter;
