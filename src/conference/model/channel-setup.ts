import { equals } from '../../base/equals.ts';
import { promptSounds } from '../../prompts/prompt-sounds.ts';
import { type Conference, controlsOf, countMembers } from './conference.ts';
import type { Member } from './member.ts';

/** The sound that the relay sends to a listener. */
export type Hearing = {
  /** Steps of 3 dB. */
  readonly volume: number;
  /** With comfort noise, where the conference has some. */
  readonly noise: boolean;
  /** The listener hears nothing of the conference. */
  readonly deaf: boolean;
  readonly packetMs: 20 | 40 | 60;
};

/**
 * How a member's channel is set up in Asterisk. It follows from the state of the conference alone; what has changed in it
 * is what must be done. Bridges and functions are those of the Asterisk documentation.
 */
export type ChannelSetup = {
  readonly answered: boolean;
  readonly bridge: 'none' | 'floor' | 'audience' | `private-${number}`;
  /** The sound from the relay, in the bridge `audience`; null elsewhere. */
  readonly relay: Hearing | null;
  /** Heard by the others in the bridge. */
  readonly voice: boolean;
  readonly hearing: boolean;
  /** Keys are kept from the others. */
  readonly absorbKeys: boolean;
  /** A class of music on hold, or null. */
  readonly music: string | null;
  /** Asterisk sends the member silence, for want of anything else. */
  readonly silence: boolean;
  /** Talk detection: loudness from which the member talks, and the pause that ends it; null where nobody asks. */
  readonly talkDetect: { readonly level: number; readonly holdMs: number } | null;
  /** The sound of the phone is passed on only from this loudness until such a pause; null where all of it is. */
  readonly gate: { readonly level: number; readonly holdMs: number } | null;
  /** Loudness to which the voice is brought, or null. */
  readonly agcLevel: number | null;
  readonly denoise: boolean;
  readonly jitterBuffer: boolean;
  /** Steps of 3 dB. */
  readonly talkVolume: number;
  readonly listenVolume: number;
  /** It is measured how loud the member is. */
  readonly metered: boolean;
  /** Loudness from which the relay tells that the member talks although muted; null where nobody asks. */
  readonly mutedLevel: number | null;
};

export type ChannelSetupKey = keyof ChannelSetup;

/** A call that nobody has touched yet. */
export const UNTOUCHED: ChannelSetup = {
  answered: false,
  bridge: 'none',
  relay: null,
  voice: false,
  hearing: true,
  absorbKeys: true,
  music: null,
  silence: false,
  talkDetect: null,
  gate: null,
  agcLevel: null,
  denoise: false,
  jitterBuffer: false,
  talkVolume: 0,
  listenVolume: 0,
  metered: false,
  mutedLevel: null,
};

export const CHANNEL_SETUP_KEYS = Object.keys(UNTOUCHED) as ChannelSetupKey[];

/** @returns null for a member whose channel is to be left as it is: on the way out, or in the hands of the dialplan */
export function channelSetupOf(conference: Conference, member: Member): ChannelSetup | null {
  const { audio, audience, sound } = conference.settings.profile;
  const { place, flags, adjusted, phoneHold } = member;
  if (place.at === 'leaving' || place.at === 'away') return null;
  const bridge = bridgeOf(conference, member);
  if (bridge === 'none') {
    const music = place.at === 'waiting' || place.at === 'hold' ? musicClass(sound.music) : null;
    return { ...UNTOUCHED, answered: true, music, silence: needsSilence(member, music) };
  }
  const listenVolume = adjusted.listenVolume ?? audio.listenVolume;
  const aloneMusic = isAlone(conference) && !flags.ghost ? musicClass(sound.music) : null;
  if (bridge === 'audience') {
    const relay = { volume: listenVolume, noise: flags.cng, deaf: flags.deaf, packetMs: audience.packetMs };
    const silence = needsSilence(member, aloneMusic);
    return { ...UNTOUCHED, answered: true, bridge, relay, music: aloneMusic, silence };
  }
  const inPrivate = place.at === 'private';
  // Functions on the voice cost CPU, so only those who can be heard get them.
  const speaks = flags.speaker || inPrivate;
  const talk = { level: adjusted.vadLevel ?? audio.vadLevel, holdMs: adjusted.vadHoldMs ?? audio.vadHoldMs };
  const agcLevel = adjusted.agcLevel ?? audio.agcLevel;
  const voice = !phoneHold && (inPrivate || (flags.speaker && !flags.mute));
  return {
    answered: true,
    bridge,
    relay: null,
    voice,
    hearing: inPrivate || !flags.deaf,
    absorbKeys: !controlsOf(conference, member).passThrough,
    music: bridge === 'floor' ? aloneMusic : null,
    silence: false,
    // Asterisk does not notice that a member stops talking who was muted meanwhile.
    talkDetect: voice && flags.vad && talk.level > 0 ? talk : null,
    gate: voice && audio.gate && talk.level > 0 ? talk : null,
    agcLevel: speaks && flags.agc && agcLevel > 0 ? agcLevel : null,
    denoise: speaks && audio.denoise,
    jitterBuffer: speaks && audio.jitterBuffer,
    talkVolume: speaks ? (adjusted.talkVolume ?? audio.talkVolume) : 0,
    listenVolume,
    // Measuring a voice that nobody hears is not worth its cost.
    metered: voice && bridge === 'floor' && flags.vad && audio.energy,
    mutedLevel: isToldMuted(conference, member) && talk.level > 0 ? talk.level : null,
  };
}

/** Whether nobody but one member here, and perhaps ghosts, has been admitted, here or elsewhere. The ghosts are not alone. */
export function isAlone(conference: Conference): boolean {
  const { admitted, ghosts } = conference.members.counts;
  return admitted - ghosts === 1 && countMembers(conference) === 1;
}

/** Whether Asterisk sends this member something all the time, so that it must mix prompts into it. */
export function hearsAsterisk(conference: Conference, member: Member): boolean {
  const setup = channelSetupOf(conference, member);
  if (setup?.hearing !== true) return false;
  const { bridge, music, silence } = setup;
  return music !== null || silence || (bridge !== 'none' && bridge !== 'audience');
}

export function changedKeys(from: ChannelSetup, to: ChannelSetup): ChannelSetupKey[] {
  return CHANNEL_SETUP_KEYS.filter((key) => !equals(from[key], to[key]));
}

/** Whether the member is told when they talk although nobody hears them. */
function isToldMuted({ settings }: Conference, { place, path, flags, phoneHold }: Member): boolean {
  if (!flags.speaker || !flags.mute || !flags.vad || flags.deaf || phoneHold) return false;
  // Asterisk drops what they say before it would detect talking.
  if (place.at !== 'floor' || path.at !== 'relay') return false;
  return promptSounds(['you-are-muted'], settings.profile.sound).media.length > 0;
}

function bridgeOf(conference: Conference, member: Member): ChannelSetup['bridge'] {
  const { place, path, flags } = member;
  if (place.at === 'private') return `private-${place.room}`;
  if (place.at !== 'floor' && place.at !== 'arriving') return 'none';
  if (flags.speaker || path.at === 'bridge') return 'floor';
  // Only in the floor bridge do the others hear a member's keys.
  return controlsOf(conference, member).passThrough ? 'floor' : 'audience';
}

/** What is played to a member is mixed into what Asterisk sends them: that must be something. */
function needsSilence({ playback }: Member, music: string | null): boolean {
  return playback !== null && music === null;
}

function musicClass(name: string): string | null {
  return name === 'none' ? null : name;
}
