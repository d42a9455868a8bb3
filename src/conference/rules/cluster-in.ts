import type { Order, RemoteView, SharedChange } from '../model/remote.ts';
import { lowerHands, muteMembers, setFlagsOfAll } from './flags-and-hands.ts';
import { kickAll, openDoor } from './leaving.ts';
import { beginToEnd, endEmpty, letAllGo } from './timers.ts';
import type { Turn } from './transition.ts';

/** What other nodes tell a conference. They have announced it: the sound of one floor is heard on all. */

/** The conference has changed elsewhere. */
export function remoteChanged(turn: Turn, remote: RemoteView): void {
  const { status, recorded } = turn.conference;
  turn.change({ remote, recorded: recorded || remote.recording !== null });
  if (status === 'empty' && remote.admitted === 0) openDoor(turn);
}

/** @param anew it was said again, and counts for all members even where they have been told before */
export function takeShared(turn: Turn, change: SharedChange, anew: boolean): void {
  const { locked, mutedAll } = turn.conference;
  switch (change.setting) {
    case 'locked':
      if (change.value === locked) return;
      turn.change({ locked: change.value });
      return turn.publish({ type: 'locked', locked: change.value });
    case 'mutedAll':
      if (change.value !== mutedAll || anew) muteMembers(turn, change.value);
  }
}

export function takeOrder(turn: Turn, order: Order): void {
  const { status } = turn.conference;
  switch (order.type) {
    case 'terminate':
      if (status === 'empty') return endEmpty(turn, order.result);
      return status === 'running' ? beginToEnd(turn, order.result) : undefined;
    case 'release':
      return letAllGo(turn);
    case 'warned':
      return turn.change({ warned: true });
    case 'kick-all':
      return kickAll(turn, order.audience);
    case 'set-flags-of-all':
      return setFlagsOfAll(turn, order.audience, order.changes);
    case 'lower-hands':
      return lowerHands(turn);
  }
}
