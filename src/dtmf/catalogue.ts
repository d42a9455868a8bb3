import type { Action } from './action.ts';
import { deaf } from './actions/deaf.ts';
import { deafMute } from './actions/deaf-mute.ts';
import { hangup } from './actions/hangup.ts';
import { mute } from './actions/mute.ts';

/** Every action that a controls profile may put on a key. */
export const ACTIONS: readonly Action[] = [hangup, mute, deaf, deafMute];

export function findAction(name: string): Action | undefined {
  return ACTIONS.find((action) => action.name === name);
}
