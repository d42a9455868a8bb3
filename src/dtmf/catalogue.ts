import type { Action } from './action.ts';
import { admin } from './actions/admin.ts';
import { api } from './actions/api.ts';
import { count } from './actions/count.ts';
import { deaf } from './actions/deaf.ts';
import { deafMute } from './actions/deaf-mute.ts';
import { exec } from './actions/exec.ts';
import { hand } from './actions/hand.ts';
import { hangup } from './actions/hangup.ts';
import { hold } from './actions/hold.ts';
import { invite } from './actions/invite.ts';
import { kickLast } from './actions/kick-last.ts';
import { agcLevel, listenVolume, talkVolume, vadLevel } from './actions/level.ts';
import { lock } from './actions/lock.ts';
import { menu } from './actions/menu.ts';
import { music } from './actions/music.ts';
import { mute } from './actions/mute.ts';
import { muteAll } from './actions/mute-all.ts';
import { nextHand } from './actions/next-hand.ts';
import { none } from './actions/none.ts';
import { playback } from './actions/playback.ts';
import { privateTalk } from './actions/private.ts';
import { record } from './actions/record.ts';
import { term } from './actions/term.ts';
import { transfer } from './actions/transfer.ts';
import { voice } from './actions/voice.ts';
import { webhook } from './actions/webhook.ts';

/** Every action that a controls profile may put on a key. */
export const ACTIONS: readonly Action[] = [
  hangup,
  mute,
  deaf,
  deafMute,
  admin,
  voice,
  hand,
  nextHand,
  talkVolume,
  listenVolume,
  vadLevel,
  agcLevel,
  count,
  menu,
  playback,
  muteAll,
  lock,
  kickLast,
  record,
  hold,
  privateTalk,
  transfer,
  invite,
  music,
  webhook,
  exec,
  api,
  term,
  none,
];

export function findAction(name: string): Action | undefined {
  return ACTIONS.find((action) => action.name === name);
}

export type ParsedAction = { ok: true; name: string; argument: string } | { ok: false; message: string };

/** Parses an action as a controls profile has it: `mute`, or `playback:welcome` where it takes an argument. */
export function parseActionCall(text: string): ParsedAction {
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  const argument = colon < 0 ? '' : text.slice(colon + 1).trim();
  const action = findAction(name);
  if (!action) {
    return { ok: false, message: `no action "${name}"; there are ${ACTIONS.map((each) => each.name).join(', ')}` };
  }
  if (!action.argument && argument !== '') return { ok: false, message: `${name} takes nothing after it` };
  const problem = action.problem?.(argument) ?? null;
  return problem ? { ok: false, message: `${name}: ${problem}` } : { ok: true, name, argument };
}
