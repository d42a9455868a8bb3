import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Reporter, TestCase, TestModule, TestSpecification } from 'vitest/node';

/** One test as `scripts/check-features.ts` reads it, named like `access: a PIN of users lets in`. */
export type TestResult = {
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'skipped' | 'pending';
  /** Why it was skipped, where the test says so. */
  readonly reason: string | null;
};

/** A project of vitest.config.ts while its files run. */
type Stage = { files: number; done: number; startMs: number };

/** By how much a file makes its stage longer, on two cores, where most stages run several at a time. */
const SECONDS_PER_FILE: Readonly<Record<string, number>> = {
  unit: 0.15,
  integration: 5,
  e2e: 11,
  measuring: 24,
};
const PROGRESS_MS = 20_000;

/**
 * Says which stage of the tests runs and how far it is. At the end it writes to the directory that ROSTRUM_TEST_RUN
 * names, for `scripts/test`: the count of tests, and the result of each. What fails outside of a test counts as one
 * failed test: a file that cannot be loaded, a hook of a suite, an error that nobody caught.
 */
class StageReporter implements Reporter {
  readonly #stages = new Map<string, Stage>();
  #saidMs = 0;

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    for (const { project } of specifications) {
      const stage = this.#stages.get(project.name) ?? { files: 0, done: 0, startMs: 0 };
      this.#stages.set(project.name, { ...stage, files: stage.files + 1 });
    }
  }

  onTestModuleStart({ project: { name } }: TestModule): void {
    const stage = this.#stages.get(name);
    if (!stage || stage.startMs > 0) return;
    stage.startMs = performance.now();
    const aboutSeconds = stage.files * (SECONDS_PER_FILE[name] ?? 1);
    this.#say(`${name}: ${stage.files} files, about ${durationOf(aboutSeconds)}`);
  }

  onTestModuleEnd({ project: { name } }: TestModule): void {
    const stage = this.#stages.get(name);
    if (!stage) return;
    stage.done += 1;
    const seconds = (performance.now() - stage.startMs) / 1000;
    if (stage.done === stage.files) this.#say(`${name}: done in ${durationOf(seconds)}`);
    else if (performance.now() - this.#saidMs > PROGRESS_MS) {
      this.#say(`${name}: ${stage.done} of ${stage.files} files, ${durationOf(seconds)}`);
    }
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const results = tests.map(resultOf);
    for (const { name, reason } of results) if (reason !== null) console.log(`skipped: ${name}: ${reason}`);
    const retried = tests.filter(({ options }) => options.retry);
    for (const test of retried) console.log(`failed: ${resultOf(test).name}: a test must not be retried`);
    const count = (...states: string[]) => results.filter(({ state }) => states.includes(state)).length;
    const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const outside = suites.filter((suite) => suite.errors().length > 0).length + errors.length;
    const failed = count('failed') + outside + retried.length;
    // Pending is what was not run: after a failed hook, or with --bail.
    const line = `${count('passed')} passed, ${failed} failed, ${count('skipped', 'pending')} skipped`;
    const run = process.env['ROSTRUM_TEST_RUN'];
    if (run === undefined) {
      console.log(`tests: ${line}`);
      return;
    }
    writeFileSync(join(run, 'count'), line);
    writeFileSync(join(run, 'results.json'), JSON.stringify(results));
  }

  #say(line: string): void {
    this.#saidMs = performance.now();
    console.log(line);
  }
}

function resultOf(test: TestCase): TestResult {
  const file = basename(test.module.moduleId, '.test.ts');
  const result = test.result();
  return {
    name: `${file}: ${test.fullName.replaceAll(' > ', ' ')}`,
    state: result.state,
    reason: result.state === 'skipped' ? (result.note ?? null) : null,
  };
}

function durationOf(seconds: number): string {
  return seconds < 100 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

// biome-ignore lint/style/noDefaultExport: vitest loads reporters by their default export
export default StageReporter;
