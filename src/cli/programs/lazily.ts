type Run = (...given: never[]) => void | Promise<void>;

/**
 * The action of a command that loads its code when it runs, so that the frequent commands start fast.
 * @param load gives the function that is called with the arguments and the options of the command
 */
export function lazily(load: () => Promise<Run>): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const run = await load();
    // Commander adds the command itself as the last one.
    await run(...(given.slice(0, -1) as never[]));
  };
}
