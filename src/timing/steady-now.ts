/**
 * Milliseconds since 1970, by the wall clock as it was when this process started. Deadlines are kept by it, because it
 * neither jumps nor goes back when the wall clock is set.
 */
export function steadyNow(): number {
  return Math.floor(performance.timeOrigin + performance.now());
}
