/** The options with the defaults for those that are left out or undefined. */
export function withDefaults<Options extends object, Defaults extends object>(
  options: Options,
  defaults: Defaults,
): Omit<Options, keyof Defaults> & Defaults {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return { ...defaults, ...given } as Omit<Options, keyof Defaults> & Defaults;
}
