import type { PlaybackOperation } from '../model/commands.ts';
import type { Member } from '../model/member.ts';
import { controlled, isRefused, newPlayback } from './playback.ts';
import { spokenTo, type Transition } from './transition.ts';

/** Playing to one member alone, in place of what is being played to them. */

export function playToMember(
  transition: Transition,
  member: Member,
  media: readonly string[],
  volume: number,
  fromMs = 0,
): void {
  const { channelId } = member;
  stopPlaybackTo(transition, member);
  const playback = newPlayback(transition, media, volume);
  transition.patch(channelId, { playback });
  const sounds = spokenTo(member, transition.soundsOf(media));
  transition.do({ type: 'play-to-member', channelId, playback, sounds, ...(fromMs > 0 && { fromMs }) });
}

export function controlPlaybackToMember(transition: Transition, member: Member, operation: PlaybackOperation): void {
  const { id: memberId, channelId, playback } = member;
  if (!playback) return transition.refuseAsImpossible(`nothing is being played to member ${memberId}`);
  if (operation.type === 'stop') return stopPlayingToMember(transition, member);
  if (isRefused(transition, playback, operation)) return;
  const { id, media, volume } = playback;
  if (operation.type === 'seek') return playToMember(transition, member, media, volume, operation.positionMs);
  transition.patch(channelId, { playback: controlled(playback, operation) });
  transition.do({ type: 'control-playback-to-member', id, operation });
}

/** Stops what is being played to a member, and prompts. */
export function stopPlayingToMember(transition: Transition, member: Member): void {
  stopPlaybackTo(transition, member);
  transition.do({ type: 'hush', channelId: member.channelId });
}

export function playbackToMemberEnded(transition: Transition, { channelId, playback }: Member, id: string): void {
  if (playback?.id === id) transition.patch(channelId, { playback: null });
}

export function stopPlaybackTo(transition: Transition, { channelId, playback }: Member): void {
  if (!playback) return;
  transition.patch(channelId, { playback: null });
  transition.do({ type: 'control-playback-to-member', id: playback.id, operation: { type: 'stop' } });
}
