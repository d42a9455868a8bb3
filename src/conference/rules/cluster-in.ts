import { countElsewhere } from '../model/conference.ts';
import type { Broadcast, RemoteView, SharedChange } from '../model/remote.ts';
import { beginToEnd, endEmpty, letAllGo } from './ending.ts';
import { lowerHands, muteMembers, setFlagsOfAll } from './flags-and-hands.ts';
import { helpAsked } from './help.ts';
import { kickAll, openDoor } from './leaving.ts';
import type { Transition } from './transition.ts';

/** Messages of other nodes about a conference. They have announced it: the sound of one floor is heard on all. */

/** The conference has changed elsewhere. */
export function remoteChanged(transition: Transition, remote: RemoteView): void {
  const { status, recorded } = transition.conference;
  transition.change({ remote, recorded: recorded || remote.recording !== null });
  if (status === 'empty' && countElsewhere(transition.conference) === 0) openDoor(transition);
}

/** @param anew the setting was changed just now: it counts for all members, even if the value is the same */
export function applyShared(transition: Transition, change: SharedChange, anew: boolean): void {
  const { locked, mutedAll } = transition.conference;
  switch (change.setting) {
    case 'locked':
      if (change.value === locked) return;
      transition.change({ locked: change.value });
      return transition.publish({ type: 'locked', locked: change.value });
    case 'mutedAll':
      if (change.value !== mutedAll || anew) muteMembers(transition, change.value);
  }
}

export function applyBroadcast(transition: Transition, broadcast: Broadcast): void {
  const { status } = transition.conference;
  switch (broadcast.type) {
    case 'terminate':
      if (status === 'empty') return endEmpty(transition, broadcast.result);
      return status === 'running' ? beginToEnd(transition, broadcast.result) : undefined;
    case 'release':
      return letAllGo(transition);
    case 'warned':
      return transition.change({ warned: true });
    case 'kick-all':
      return kickAll(transition, broadcast.audience);
    case 'set-flags-of-all':
      return setFlagsOfAll(transition, broadcast.audience, broadcast.changes);
    case 'lower-hands':
      return lowerHands(transition);
    case 'help-asked':
      return helpAsked(transition);
  }
}
