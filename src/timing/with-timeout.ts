/**
 * The result of some work, or the result of `late` after the time-out; rejects if `late` throws. The work continues.
 */
export async function withTimeout<T>(work: Promise<T>, withinMs: number, late: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, withinMs).unref();
  }).then(late);
  try {
    return await Promise.race([work, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
