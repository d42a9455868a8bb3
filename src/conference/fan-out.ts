import { isAlone } from './arrangement.ts';
import { type Conference, controlsOf } from './conference.ts';
import type { Member } from './member.ts';
import type { Turn } from './turn.ts';

/**
 * Who of the audience hears the relay instead of the floor bridge, where each listener costs a thread of Asterisk.
 */

/** What the relay is told about a floor. */
export type FloorLeg = {
  /** Comfort noise for listeners at the relay; null for none. */
  readonly noiseDbov: number | null;
  /** Whether those on the floor hear it as well. */
  readonly floorNoise: boolean;
  /** Of the sound that is exchanged. */
  readonly sampleRateHz: 8000 | 16_000;
  /** Other nodes with members of this conference. */
  readonly nodes: readonly string[];
};

/** Moves under way at the same time: each takes some requests, and callers who join must not wait for them. */
const AT_ONCE = 2;

/** Decides it anew after each input. Moves happen few at a time; each one that is through makes room for the next. */
export function fanOut(turn: Turn): void {
  const { conference } = turn;
  const fannedOut = isFannedOut(conference);
  if (fannedOut !== conference.fannedOut) turn.change({ fannedOut });
  if (!fannedOut && !conference.relay && conference.members.counts.offBridge === 0) return;
  let moving = 0;
  const waiting: Member[] = [];
  for (const member of conference.members.values()) {
    const fits = belongsAtRelay(turn.conference, member);
    if (!fits && (member.path === 'moving' || member.path === 'relay')) {
      turn.patch(member.channelId, { path: 'bridge' });
    } else if (member.path === 'moving') moving++;
    else if (fits && member.path === 'bridge' && moving + waiting.length < AT_ONCE) waiting.push(member);
  }
  for (const { channelId } of waiting.slice(0, Math.max(0, AT_ONCE - moving))) {
    turn.patch(channelId, { path: 'moving' });
  }
}

/** The member's phone and the relay talk directly. */
export function fannedOut(turn: Turn, member: Member): void {
  if (member.path === 'moving') turn.patch(member.channelId, { path: 'relay' });
}

/** They cannot, or not any more: he stays in the bridge. */
export function fanOutFailed(turn: Turn, member: Member): void {
  if (member.path === 'moving' || member.path === 'relay') turn.patch(member.channelId, { path: 'refused' });
}

/** With a relay that has just come, everybody may try again. */
export function relayChanged(turn: Turn, present: boolean): void {
  turn.change({ relay: present });
  for (const { channelId, path } of turn.members) if (path === 'refused') turn.patch(channelId, { path: 'bridge' });
}

/** Null while nobody needs the relay. */
export function floorLegOf(conference: Conference): FloorLeg | null {
  const { status, settings, members, relay, fannedOut, remote } = conference;
  if (!relay || members.size === 0 || (status !== 'running' && status !== 'ending')) return null;
  const noiseDbov = settings.profile.audio.comfortNoise || null;
  if (noiseDbov === null && !fannedOut && (remote?.nodes.length ?? 0) === 0) return null;
  // A floor is one mix: its noise is for all speakers or for none.
  const floorNoise = noiseDbov !== null && members.counts.speakersWithoutNoise === 0;
  const { sampleRateHz } = settings.profile.audio;
  return { noiseDbov, floorNoise, sampleRateHz, nodes: remote?.nodes ?? [] };
}

/** Once it is, it takes half as many to end it, so that it does not go back and forth. */
function isFannedOut({ relay, settings, members, fannedOut }: Conference): boolean {
  const { audience, fanOutFrom } = settings.profile;
  if (!relay || audience === 'bridge') return false;
  if (audience === 'fanout') return true;
  return members.counts.listeners >= (fannedOut ? fanOutFrom / 2 : fanOutFrom);
}

function belongsAtRelay(conference: Conference, member: Member): boolean {
  const { relay, fannedOut, settings } = conference;
  const { place, flags } = member;
  if (!relay || place.at !== 'floor' || flags.speaker || flags.deaf || isAlone(conference)) return false;
  // His keys are to be heard by the others.
  if (controlsOf(conference, member).passThrough) return false;
  // In the bridge he would hear the noise that he does not want.
  return (
    fannedOut || (!flags.cng && settings.profile.audio.comfortNoise !== 0 && settings.profile.audience !== 'bridge')
  );
}
