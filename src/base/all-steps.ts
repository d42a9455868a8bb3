/** Does all steps of some work at once. @returns its result */
export function allSteps<Result>(work: Generator<void, Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}
