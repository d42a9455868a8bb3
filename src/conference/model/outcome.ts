import type { Refusal } from './commands.ts';
import type { Conference } from './conference.ts';
import type { Effect } from './effects.ts';

/** What an input leads to: the conference as it is now, and what must be done about it. */
export type Outcome = { conference: Conference; effects: Effect[]; refusal?: Refusal };
