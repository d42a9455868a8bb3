/**
 * The result of some work, or what `late` gives when the time is over; rejects with what `late` throws. The work goes on.
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
