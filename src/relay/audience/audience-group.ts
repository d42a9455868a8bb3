import { applyGainInto } from '../../audio/gain.ts';
import { Mixer } from '../../audio/mixer.ts';
import type { AudienceListener, Hearing } from './audience-listener.ts';
import type { ConferenceSound, SampleRateHz } from './conference-sound.ts';
import { EncodedFrames, type FramesPerPacket } from './encoded-frames.ts';

/** The settings that distinguish groups. */
type GroupHearing = Omit<Hearing, 'packetMs'>;

/** A listener's place in the audience. */
export type Place = {
  readonly listener: AudienceListener;
  group: AudienceGroup;
  /** The index in `group.places`. */
  index: number;
  framesPerPacket: FramesPerPacket;
  /** A packet is due when the number of the frame, divided by `framesPerPacket`, leaves this. */
  phase: number;
  /** The number of the frame that was played to the listener last. */
  playedFrame: number;
  /** Their last packet has the frames after the one number and up to the other; null before the first packet. */
  sentAfter: number | null;
  sentUpTo: number;
  ownMix: OwnMix | null;
};

/** The stream of one listener while something is played to them alone, and for a moment afterwards. */
type OwnMix = {
  readonly encoded: EncodedFrames;
  /** The frames since the last one of a prompt. */
  framesWithoutPrompt: number;
};

/** Listeners of one conference who get the same sound in the same codec: each frame is encoded once for all of them. */
export class AudienceGroup {
  readonly hearing: GroupHearing;
  readonly sampleRateHz: SampleRateHz;
  readonly places: Place[] = [];
  readonly encoded: EncodedFrames;
  readonly #louder: Int16Array;
  readonly #prompt: Int16Array;
  readonly #mixed: Int16Array;
  readonly #mixer: Mixer;
  #frame: Int16Array;

  /** @param former the group whose stream this one continues, if it has the same codec; null for none */
  constructor(hearing: GroupHearing, former: AudienceGroup | null) {
    this.hearing = hearing;
    this.sampleRateHz = hearing.codec === 'G722' ? 16_000 : 8000;
    this.encoded = new EncodedFrames(hearing.codec);
    if (former?.hearing.codec === hearing.codec) this.encoded.continueFrom(former.encoded);
    else this.encoded.beginWithSilence();
    const samples = this.sampleRateHz / 50;
    this.#louder = new Int16Array(samples);
    this.#prompt = new Int16Array(samples);
    this.#mixed = new Int16Array(samples);
    this.#mixer = new Mixer(samples);
    this.#frame = this.#louder;
  }

  has({ codec, volume, noise, deaf }: GroupHearing): boolean {
    const hearing = this.hearing;
    return codec === hearing.codec && volume === hearing.volume && noise === hearing.noise && deaf === hearing.deaf;
  }

  add(place: Place): void {
    place.group = this;
    place.index = this.places.push(place) - 1;
  }

  remove(place: Place): void {
    const last = this.places.pop() as Place;
    if (last === place) return;
    this.places[place.index] = last;
    last.index = place.index;
  }

  /** HOT PATH. The next 20 ms, at the rate of this group. */
  encode(sound: ConferenceSound): void {
    const { volume } = this.hearing;
    const frame = sound.frame(this.hearing);
    if (volume !== 0) applyGainInto(this.#louder, frame, volume);
    this.#frame = volume === 0 ? frame : this.#louder;
    this.encoded.encode(this.#frame);
  }

  /** HOT PATH. The same 20 ms, mixed with a prompt, for one listener. */
  encodeWithPrompt(own: EncodedFrames, prompt: Int16Array): void {
    applyGainInto(this.#prompt, prompt, this.hearing.volume);
    const mixer = this.#mixer;
    mixer.reset();
    mixer.add(this.#frame);
    mixer.add(this.#prompt);
    mixer.mixInto(this.#mixed);
    own.encode(this.#mixed);
  }

  /** HOT PATH. The same 20 ms, for a listener who has heard something else until now. */
  encodeAlone(own: EncodedFrames): void {
    if (own.codec === 'G722') own.encode(this.#frame);
    else own.copyNewest(this.encoded);
  }
}
