/** Prints for programs or for people. */
export function print(value: unknown, json: true | undefined, forPeople: () => string): void {
  process.stdout.write(`${json ? JSON.stringify(value, null, 2) : forPeople()}\n`);
}

/** How many columns there are for a table; infinitely many where nobody looks. */
export function terminalWidth(): number {
  return process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
}
