import { expire } from '../../dtmf/collector.ts';
import { controlsOf, hasAdmin } from '../model/conference.ts';
import { adminGraceEndsMs, callEndsMs, conferenceEndsMs, firstDue, staggerMs, warningMs } from '../model/deadlines.ts';
import { isAdmitted, isAway, type Member } from '../model/member.ts';
import { pinDeadlineMs } from '../model/pin-entry.ts';
import { namePrefix, pinOpened, pinTimedOut } from './admission.ts';
import { order } from './cluster-out.ts';
import { act } from './dtmf.ts';
import { leave, left } from './leaving.ts';
import { stopPlayback } from './playback.ts';
import type { Turn } from './transition.ts';

/** How long the announcement of the end may take before members are released regardless. */
export const END_ANNOUNCEMENT_MS = 10_000;

/** What time alone brings about. */
export function tick(turn: Turn): void {
  const { conference, nowMs } = turn;
  turn.woken = true;
  if (conference.status === 'empty' && nowMs >= conference.endsAtMs) return finish(turn);
  if (conference.status === 'ending' && nowMs >= conference.endsAtMs) return releaseAll(turn);
  // Each member is no longer due afterwards, so there is an end. A key of one member may make another one due.
  for (let due = firstDue(conference, nowMs); due; due = firstDue(turn.conference, nowMs)) tickMember(turn, due);
  if (turn.conference.status !== 'running') return;
  if (nowMs >= adminGraceEndsMs(turn.conference)) return terminate(turn, 'ENDED');
  const endMs = conferenceEndsMs(turn.conference) + staggerMs(turn.conference);
  if (nowMs >= endMs) return terminate(turn, 'TIME');
  if (!turn.conference.warned && nowMs >= endMs - warningMs(turn.conference)) {
    turn.change({ warned: true });
    order(turn, { type: 'warned' });
    turn.announce(['time-warning']);
  }
}

function tickMember(turn: Turn, member: Member): void {
  const { conference, nowMs } = turn;
  if (member.pinEntry && nowMs >= pinDeadlineMs(member.pinEntry)) {
    if (member.pinEntry.asked) pinTimedOut(turn, member);
    else pinOpened(turn, member);
  }
  if (nowMs >= member.keys.deadlineMs) {
    const { collector, fired } = expire(member.keys, Object.keys(controlsOf(conference, member).keys), nowMs);
    turn.patch(member.channelId, { keys: collector });
    act(turn, member.id, fired);
  }
  // A key, or too many wrong PINs, may have changed that.
  const current = turn.conference.members.get(member.channelId);
  if (!current || !isAdmitted(current)) return;
  const endMs = callEndsMs(conference, current);
  if (nowMs >= endMs) leave(turn, member, 'TIME', 'time-over');
  else if (!member.warned && nowMs >= endMs - warningMs(conference)) {
    turn.patch(member.channelId, { warned: true });
    turn.prompt(member, ['time-warning']);
  }
}

/** Ends the conference: members hear that it does, and are released. */
export function terminate(turn: Turn, result: 'ENDED' | 'TIME'): void {
  const { conference } = turn;
  if (conference.status === 'empty' || conference.status === 'running') order(turn, { type: 'terminate', result });
  if (conference.status === 'empty') return endEmpty(turn, result);
  if (conference.status !== 'running') return;
  beginToEnd(turn, result);
  turn.announce([conference.adminLeftAtMs === null ? 'conference-ending' : 'admin-left'], { sequel: 'end' });
}

/** Nobody has to be told. */
export function endEmpty(turn: Turn, result: 'ENDED' | 'TIME'): void {
  turn.publish({ type: 'ending', result });
  finish(turn);
}

/** Members are released when they have heard that it ends. */
export function beginToEnd(turn: Turn, result: 'ENDED' | 'TIME'): void {
  const { conference, nowMs } = turn;
  turn.become({ ...conference, status: 'ending', result, endsAtMs: nowMs + END_ANNOUNCEMENT_MS });
  turn.publish({ type: 'ending', result });
}

/** Everybody goes, on every node. */
export function releaseAll(turn: Turn): void {
  if (turn.conference.status === 'ending') order(turn, { type: 'release' });
  letAllGo(turn);
}

/** Everybody here goes. */
export function letAllGo(turn: Turn): void {
  const { conference } = turn;
  if (conference.status !== 'ending') return;
  for (const member of turn.members) {
    leave(turn, member, conference.result);
    const current = turn.conference.members.get(member.channelId);
    // Nobody knows when the member comes back from the dialplan; then the call goes on there.
    if (current && isAway(current)) left(turn, current);
  }
  turn.become({ ...turn.conference, status: 'ending', result: conference.result, endsAtMs: Number.POSITIVE_INFINITY });
}

export function finish(turn: Turn): void {
  stopPlayback(turn);
  const { conference } = turn;
  if (conference.recording) turn.do({ type: 'stop-recording', name: conference.recording.name });
  turn.become({ ...conference, status: 'ended', recording: null });
  turn.do({ type: 'close-floor' });
  const { announce } = conference.settings.profile.sound;
  if (announce === 'name') turn.do({ type: 'delete-names', prefix: namePrefix(conference) });
  turn.publish({ type: 'ended' });
}

/** Notes that moderators came or that the last one went. */
export function watchAdmins(turn: Turn): void {
  const { conference, nowMs } = turn;
  const { endWithoutAdmin } = conference.settings.profile.access;
  const present = hasAdmin(conference);
  const adminSeen = conference.adminSeen || present;
  const leftAtMs = endWithoutAdmin && adminSeen && !present ? (conference.adminLeftAtMs ?? nowMs) : null;
  if (adminSeen !== conference.adminSeen || leftAtMs !== conference.adminLeftAtMs) {
    turn.change({ adminSeen, adminLeftAtMs: leftAtMs });
  }
}
