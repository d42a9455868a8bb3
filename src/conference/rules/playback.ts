import { findAction, parseActionCall } from '../../dtmf/catalogue.ts';
import type { PlaybackOperation } from '../model/commands.ts';
import { controlsOf, countAdmitted } from '../model/conference.ts';
import type { Member } from '../model/member.ts';
import { forward } from './cluster-out.ts';
import type { Turn } from './transition.ts';

/** As much as is spoken at once. */
const LONGEST_MENU = 1900;

/** What the conference or one of its members is played, and the recording of it. */

/** Plays to everybody; what was being played ends. */
export function play(turn: Turn, media: readonly string[], volume: number): void {
  stopPlayback(turn);
  const elsewhere = turn.conference.remote?.playing;
  if (elsewhere) forward(turn, elsewhere, { type: 'control-playback', operation: { type: 'stop' } }, { mayFail: true });
  const { name, playbacks } = turn.conference;
  // Not of any other conference either, nor of one of that name before.
  const id = `play-${name}-${turn.nowMs}-${playbacks}`;
  const playback = { id, media, paused: false, volume };
  turn.change({ playback, playbacks: playbacks + 1 });
  turn.do({ type: 'play', playback, sounds: turn.soundsOf(media) });
  turn.publish({ type: 'playback', state: 'started', media });
}

export function controlPlayback(turn: Turn, operation: PlaybackOperation): void {
  const { playback, remote } = turn.conference;
  if (!playback && remote?.playing) return forward(turn, remote.playing, { type: 'control-playback', operation });
  if (!playback) return turn.refuse({ code: 'not-possible', message: 'nothing is being played' });
  if (operation.type === 'stop') return stopPlayback(turn);
  const moves = operation.type === 'forward' || operation.type === 'back' || operation.type === 'restart';
  // Asterisk would refuse.
  if (moves && playback.paused) return turn.refuse({ code: 'not-possible', message: 'it is paused: resume it first' });
  turn.do({ type: 'control-playback', id: playback.id, operation });
  if (operation.type === 'volume') turn.change({ playback: { ...playback, volume: operation.volume } });
  if (operation.type === 'pause' || operation.type === 'resume') {
    const paused = operation.type === 'pause';
    turn.change({ playback: { ...playback, paused } });
    turn.publish({ type: 'playback', state: paused ? 'paused' : 'resumed', media: playback.media });
  }
}

export function playbackEnded(turn: Turn, id: string): void {
  const { playback } = turn.conference;
  if (playback?.id !== id) return;
  turn.change({ playback: null });
  turn.publish({ type: 'playback', state: 'ended', media: playback.media });
}

export function stopPlayback(turn: Turn): void {
  const { playback } = turn.conference;
  if (!playback) return;
  turn.do({ type: 'control-playback', id: playback.id, operation: { type: 'stop' } });
  playbackEnded(turn, playback.id);
}

/** Plays to one member only. */
export function playToMember(turn: Turn, member: Member, media: readonly string[]): void {
  const { caller } = member;
  turn.playTo(member, { ...turn.soundsOf(media), ...(caller.language && { language: caller.language }) });
}

export function tellCount(turn: Turn, member: Member): void {
  turn.prompt(member, ['count'], { values: { count: countAdmitted(turn.conference) } });
}

/** What the member's keys do, one after the other. */
export function tellKeys(turn: Turn, member: Member): void {
  const { keys } = controlsOf(turn.conference, member);
  const lines = Object.entries(keys).flatMap(([sequence, calls]) => {
    const does = [calls].flat().flatMap((text) => {
      const call = parseActionCall(text);
      return call.ok && call.name !== 'none' ? [findAction(call.name)?.summary ?? ''] : [];
    });
    return does.length > 0 ? [`${spell(sequence)}: ${does.join('; ')}.`] : [];
  });
  turn.prompt(member, ['menu'], { values: { menu: lines.join(' ').slice(0, LONGEST_MENU) } });
}

/** Music for the floors of all nodes, which one of them plays. */
export function music(turn: Turn, on: boolean): void {
  const elsewhere = turn.conference.remote?.music ?? null;
  if (on && elsewhere !== null) return;
  if (!on && elsewhere !== null) forward(turn, elsewhere, { type: 'music', on }, { mayFail: true });
  setMusic(turn, on);
}

export function setMusic(turn: Turn, on: boolean): void {
  const { musicOn, settings } = turn.conference;
  if (musicOn === on) return;
  turn.change({ musicOn: on });
  if (settings.profile.sound.music !== 'none') floorMusic(turn);
}

/** Music for the floor as it should be, or none. */
export function floorMusic(turn: Turn): void {
  const { musicOn, settings } = turn.conference;
  const { music } = settings.profile.sound;
  turn.do({ type: 'floor-music', musicClass: musicOn && music !== 'none' ? music : null });
}

function spell(sequence: string): string {
  return [...sequence].map((key) => (key === '#' ? 'pound' : key === '*' ? 'star' : key)).join(' ');
}
