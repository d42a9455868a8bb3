import type { Refusal } from './commands.ts';
import type { Conference } from './conference.ts';
import type { Effect } from './effects.ts';

/** The outcome of an input: the conference as it is now, and the effects. */
export type Outcome = { conference: Conference; effects: Effect[]; refusal?: Refusal };
