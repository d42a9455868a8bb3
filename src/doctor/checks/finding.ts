/** From the best to the worst. A note is about something that could not be looked at, or that the operator may want to know. */
export const STATES = ['ok', 'note', 'warning', 'problem'] as const;

export type State = (typeof STATES)[number];

/** The result of one check. */
export type Finding = {
  readonly state: State;
  /** The part of the node that was looked at, such as `modules`. */
  readonly check: string;
  readonly message: string;
  /** Advice for the operator. */
  readonly remedy: string | null;
};

export function ok(check: string, message: string): Finding {
  return { state: 'ok', check, message, remedy: null };
}

export function note(check: string, message: string, remedy: string | null = null): Finding {
  return { state: 'note', check, message, remedy };
}

/** Calls work, but worse or dearer than they could. */
export function warning(check: string, message: string, remedy: string): Finding {
  return { state: 'warning', check, message, remedy };
}

/** Rostrum does not start, or some calls do not work. */
export function problem(check: string, message: string, remedy: string): Finding {
  return { state: 'problem', check, message, remedy };
}

/** The worst state among findings; `ok` without any. */
export function worstOf(findings: readonly Finding[]): State {
  const worst = Math.max(0, ...findings.map(({ state }) => STATES.indexOf(state)));
  return STATES[worst] ?? 'ok';
}

/** Names in a sentence: the first few, and how many more there are. */
export function listed(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
