import { expire } from '../../dtmf/collector.ts';
import { controlsOf } from '../model/conference.ts';
import {
  callEndsMs,
  conferenceEndsMs,
  desertedEndsMs,
  emptyEndsMs,
  firstDue,
  graceEndsMs,
  staggerMs,
  warningMs,
} from '../model/deadlines.ts';
import { isAdmitted, type Member } from '../model/member.ts';
import { pinTimedOut } from './admission.ts';
import { broadcast } from './cluster-out.ts';
import { act, notConfirmed } from './dtmf.ts';
import { finish, releaseAll, terminate } from './ending.ts';
import { helpDue } from './help.ts';
import { leave } from './leaving.ts';
import { acceptName } from './naming.ts';
import type { Transition } from './transition.ts';

/** Changes that time alone brings about. */
export function tick(transition: Transition): void {
  const { conference, nowMs } = transition;
  transition.woken = true;
  if (nowMs >= emptyEndsMs(conference)) return finish(transition);
  if (conference.status === 'ending' && nowMs >= conference.endsAtMs) return releaseAll(transition);
  // Each member is no longer due afterwards, so there is an end. A key of one member may make another one due.
  for (let due = firstDue(conference, nowMs); due; due = firstDue(transition.conference, nowMs))
    tickMember(transition, due);
  helpDue(transition);
  if (transition.conference.status !== 'running') return;
  if (nowMs >= graceEndsMs(transition.conference)) return terminate(transition, 'ENDED', 'admin-left');
  if (nowMs >= desertedEndsMs(transition.conference)) return terminate(transition, 'ENDED');
  const endMs = conferenceEndsMs(transition.conference) + staggerMs(transition.conference);
  if (nowMs >= endMs) return terminate(transition, 'TIME');
  if (!transition.conference.warned && nowMs >= endMs - warningMs(transition.conference)) {
    transition.change({ warned: true });
    broadcast(transition, { type: 'warned' });
    transition.announce(['time-warning']);
  }
}

/** It closes at another time: members whose conference lasts longer than they were told are warned again. */
export function closingChanged(transition: Transition, closesAtMs: number): void {
  const { conference, nowMs } = transition;
  if (closesAtMs === conference.closesAtMs) return;
  transition.change({ closesAtMs });
  const isNear = nowMs >= conferenceEndsMs(transition.conference) - warningMs(conference);
  if (conference.warned && !isNear) transition.change({ warned: false });
}

function tickMember(transition: Transition, member: Member): void {
  const { conference, nowMs } = transition;
  if (member.pinEntry && nowMs >= member.pinEntry.deadlineMs) pinTimedOut(transition, member, member.pinEntry);
  if (member.reviewDueMs !== null && nowMs >= member.reviewDueMs) acceptName(transition, member);
  if (member.confirming && nowMs >= member.confirming.deadlineMs) notConfirmed(transition, member);
  if (nowMs >= member.dtmf.deadlineMs) {
    const { collector, fired } = expire(member.dtmf, Object.keys(controlsOf(conference, member).keys), nowMs);
    transition.patch(member.channelId, { dtmf: collector });
    act(transition, member.id, fired);
  }
  // A key, or too many wrong PINs, may have changed that.
  const current = transition.conference.members.get(member.channelId);
  if (!current || !isAdmitted(current)) return;
  const endMs = callEndsMs(conference, current);
  if (nowMs >= endMs) leave(transition, member, 'TIME', 'time-over');
  else if (!member.warned && nowMs >= endMs - warningMs(conference)) {
    transition.patch(member.channelId, { warned: true });
    transition.prompt(member, ['time-warning']);
  }
}
