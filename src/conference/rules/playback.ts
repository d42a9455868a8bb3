import type { PlaybackOperation } from '../model/commands.ts';
import { type Conference, controlsOf, countMembers } from '../model/conference.ts';
import { keysInWords } from '../model/keys-in-words.ts';
import type { Member } from '../model/member.ts';
import type { Playback, PlaybackControl } from '../model/playback.ts';
import { forward } from './cluster-out.ts';
import type { Transition } from './transition.ts';

/** As much as is spoken at once. */
const LONGEST_MENU = 1900;

/** Playing to the conference, prompts about it, and music. */

/** Plays to everybody; what was being played ends. */
export function play(transition: Transition, media: readonly string[], volume: number): void {
  stopPlayback(transition);
  const elsewhere = transition.conference.remote?.playing;
  if (elsewhere)
    forward(transition, elsewhere, { type: 'control-playback', operation: { type: 'stop' } }, { mayFail: true });
  begin(transition, media, volume);
  transition.publish({ type: 'playback', state: 'started', media });
}

function begin(transition: Transition, media: readonly string[], volume: number, fromMs = 0): void {
  const playback = newPlayback(transition, media, volume);
  transition.change({ playback });
  transition.do({ type: 'play', playback, sounds: transition.soundsOf(media), ...(fromMs > 0 && { fromMs }) });
}

export function newPlayback(transition: Transition, media: readonly string[], volume: number): Playback {
  const { name, playbacks } = transition.conference;
  transition.change({ playbacks: playbacks + 1 });
  // Not of any other conference either, nor of one of that name before.
  return { id: `play-${name}-${transition.nowMs}-${playbacks}`, media, paused: false, volume };
}

export function controlPlayback(transition: Transition, operation: PlaybackOperation): void {
  const { playback, remote } = transition.conference;
  if (!playback && remote?.playing) return forward(transition, remote.playing, { type: 'control-playback', operation });
  if (!playback) return transition.refuseAsImpossible('nothing is being played');
  if (operation.type === 'stop') return stopPlayback(transition);
  if (isRefused(transition, playback, operation)) return;
  const { id, media, volume } = playback;
  if (operation.type === 'seek') {
    transition.do({ type: 'control-playback', id, operation: { type: 'stop' } });
    return begin(transition, media, volume, operation.positionMs);
  }
  transition.do({ type: 'control-playback', id, operation });
  const current = controlled(playback, operation);
  transition.change({ playback: current });
  if (operation.type === 'pause' || operation.type === 'resume') {
    transition.publish({ type: 'playback', state: current.paused ? 'paused' : 'resumed', media });
  }
}

/** Refuses to move what is paused. Asterisk would refuse it too. */
export function isRefused(transition: Transition, { paused }: Playback, { type }: PlaybackOperation): boolean {
  const isMoved = ['forward', 'back', 'restart', 'seek'].includes(type);
  if (isMoved && paused) transition.refuseAsImpossible('it is paused: resume it first');
  return isMoved && paused;
}

/** The playback as an operation makes it. */
export function controlled(playback: Playback, operation: PlaybackControl): Playback {
  if (operation.type === 'volume') return { ...playback, volume: operation.volume };
  if (operation.type === 'pause' || operation.type === 'resume') {
    return { ...playback, paused: operation.type === 'pause' };
  }
  return playback;
}

export function playbackEnded(transition: Transition, id: string): void {
  const { playback } = transition.conference;
  if (playback?.id !== id) return;
  transition.change({ playback: null });
  transition.publish({ type: 'playback', state: 'ended', media: playback.media });
}

export function stopPlayback(transition: Transition): void {
  const { playback } = transition.conference;
  if (!playback) return;
  transition.do({ type: 'control-playback', id: playback.id, operation: { type: 'stop' } });
  playbackEnded(transition, playback.id);
}

/** Tells the others that somebody came or went, with a tone or by name, as long as they are few. */
export function announceArrival(
  transition: Transition,
  { spokenName, flags }: Member,
  prompt: 'joined' | 'left',
): void {
  if (flags.ghost || flags.quiet) return;
  const { announce, announceUpTo } = transition.profile.sound;
  const admitted = countMembers(transition.conference);
  // A member who is left alone is told as well.
  const others = prompt === 'joined' ? admitted - 1 : admitted;
  if (announce === 'none' || others < 1 || admitted > announceUpTo) return;
  const values = { count: admitted };
  transition.announce(spokenName ? [`has-${prompt}`] : [prompt], { values, ...(spokenName && { name: spokenName }) });
}

/** The beginning of the names of recordings in which members say their names. */
export function namePrefix({ name, startedAtMs }: Conference): string {
  return `rostrum/names/${name}-${startedAtMs}-`;
}

/** Tells one member how many members there are. */
export function tellCount(transition: Transition, member: Member): void {
  transition.prompt(member, ['count'], { values: { count: countMembers(transition.conference) } });
}

/** Tells everybody how many members there are. */
export function announceCount(transition: Transition): void {
  transition.announce(['count'], { values: { count: countMembers(transition.conference) }, once: 'count' });
}

/** Says what the member's keys do, one after the other. */
export function announceKeys(transition: Transition, member: Member): void {
  const keys = keysInWords(controlsOf(transition.conference, member));
  const lines = keys.map(({ sequence, words }) => `${spell(sequence)}: ${words}.`);
  transition.prompt(member, ['menu'], { values: { menu: lines.join(' ').slice(0, LONGEST_MENU) } });
}

/** Music for the floors of all nodes, which one of them plays. */
export function music(transition: Transition, on: boolean): void {
  const elsewhere = transition.conference.remote?.music ?? null;
  if (on && elsewhere !== null) return;
  if (!on && elsewhere !== null) forward(transition, elsewhere, { type: 'music', on }, { mayFail: true });
  setMusic(transition, on);
}

export function setMusic(transition: Transition, on: boolean): void {
  if (transition.conference.musicOn === on) return;
  transition.change({ musicOn: on });
  if (transition.profile.sound.music !== 'none') floorMusic(transition);
}

/** Music for the floor as it should be, or none. */
export function floorMusic(transition: Transition): void {
  const { music } = transition.profile.sound;
  const plays = transition.conference.musicOn && music !== 'none';
  transition.do({ type: 'floor-music', musicClass: plays ? music : null });
}

function spell(sequence: string): string {
  return [...sequence].map((key) => (key === '#' ? 'pound' : key === '*' ? 'star' : key)).join(' ');
}
