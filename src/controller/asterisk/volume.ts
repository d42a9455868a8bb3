/** Loudness of one volume step. */
const STEP_DB = 3;

/** VOLUME takes a factor: positive ones multiply, negative ones divide, and 0 leaves the sound as it is. */
export function volumeFactor(steps: number): string {
  if (steps === 0) return '0';
  const factor = 10 ** ((Math.abs(steps) * STEP_DB) / 20);
  return (Math.sign(steps) * factor).toFixed(4);
}
