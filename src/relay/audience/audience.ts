import { TICKS_PER_FRAME } from '../../rtp/packet.ts';
import { AudienceGroup, type Place } from './audience-group.ts';
import type { AudienceListener, Hearing } from './audience-listener.ts';
import { ConferenceSound, type SampleRateHz } from './conference-sound.ts';
import { EncodedFrames, type FramesPerPacket } from './encoded-frames.ts';

const FRAME_MS = 20;
/** After so many packets to listeners, those of speakers that have come meanwhile are passed on. */
const SENDS_BEFORE_SPEAKERS = 64;
/** An encoding for one listener takes about as long as so many sends. */
const SENDS_PER_OWN_ENCODING = 8;
/**
 * A listener keeps an encoding of their own for so long after a prompt. A decoder of G.722 depends on the sound before:
 * in this time the two encoders come to agree, and the change cannot be heard. The frames of a prompt may also come
 * unevenly.
 */
const OWN_AFTER_PROMPT_FRAMES = 10;

/**
 * The listeners of one conference in one media thread. Each frame is encoded once for all who hear the same; a listener
 * with a prompt has a mix of their own. Packets of 40 and 60 ms are put together from frames of 20 ms, and go out
 * evenly spread over the frames: a listener's first one may be that much later.
 */
export class Audience {
  readonly #serveSpeakers: () => void;
  readonly #narrow: ConferenceSound;
  readonly #wide: ConferenceSound;
  readonly #groups: AudienceGroup[] = [];
  readonly #places = new Map<AudienceListener, Place>();
  /** How many listeners have packets of one, two or three frames, by phase. */
  readonly #listenersOfPhase = [[0], [0, 0], [0, 0, 0]];
  #frame = 0;
  #sendsSinceSpeakers = 0;

  /**
   * @param options.sampleRateHz of the frames that `play` gets
   * @param deps.serveSpeakers called after each 64 sends, for more urgent work; it may remove listeners, but not place any,
   *   and it must not play to this audience
   */
  constructor({ sampleRateHz }: { sampleRateHz: SampleRateHz }, { serveSpeakers }: { serveSpeakers: () => void }) {
    this.#serveSpeakers = serveSpeakers;
    this.#narrow = new ConferenceSound(sampleRateHz, 8000);
    this.#wide = new ConferenceSound(sampleRateHz, 16_000);
  }

  get size(): number {
    return this.#places.size;
  }

  /** Adds a listener; or applies their hearing, where it has changed, without a packet too many or too few. */
  place(listener: AudienceListener): void {
    const { hearing } = listener;
    const framesPerPacket = (hearing.packetMs / FRAME_MS) as FramesPerPacket;
    const known = this.#places.get(listener);
    if (!known) return this.#placeNew(listener, framesPerPacket);
    if (known.framesPerPacket !== framesPerPacket) this.#changePacketTime(known, framesPerPacket);
    const { group } = known;
    if (group.has(hearing)) return;
    if (group.hearing.codec !== hearing.codec) known.ownMix = null;
    group.remove(known);
    this.#groupFor(hearing, group).add(known);
  }

  remove(listener: AudienceListener): void {
    const place = this.#places.get(listener);
    if (!place) return;
    this.#places.delete(listener);
    this.#count(place, -1);
    place.group.remove(place);
  }

  /** HOT PATH. 20 ms for everybody; null for no comfort noise. */
  play(samples: Int16Array, noiseDbov: number | null): void {
    this.#frame += 1;
    this.#narrow.next(samples, noiseDbov);
    this.#wide.next(samples, noiseDbov);
    for (let i = this.#groups.length - 1; i >= 0; i -= 1) {
      const group = this.#groups[i] as AudienceGroup;
      if (group.places.length > 0) this.#playTo(group);
      else this.#groups.splice(i, 1);
    }
  }

  #placeNew(listener: AudienceListener, framesPerPacket: FramesPerPacket): void {
    const group = this.#groupFor(listener.hearing, null);
    const place: Place = {
      listener,
      group,
      index: 0,
      framesPerPacket,
      phase: this.#quietestPhase(framesPerPacket),
      playedFrame: 0,
      sentAfter: null,
      sentUpTo: 0,
      ownMix: null,
    };
    this.#places.set(listener, place);
    this.#count(place, 1);
    group.add(place);
  }

  /** The next packet begins where the last one ended, if there was one, or later; never before. */
  #changePacketTime(place: Place, framesPerPacket: FramesPerPacket): void {
    this.#count(place, -1);
    const isNew = place.sentAfter === null;
    place.phase = isNew ? this.#quietestPhase(framesPerPacket) : place.sentUpTo % framesPerPacket;
    place.framesPerPacket = framesPerPacket;
    this.#count(place, 1);
  }

  /** The phase with the fewest listeners; of several, the one that has a whole packet of frames first. */
  #quietestPhase(framesPerPacket: FramesPerPacket): number {
    const counts = this.#listenersOfPhase[framesPerPacket - 1] as number[];
    let quietest = this.#frame % framesPerPacket;
    for (let frame = this.#frame + 1; frame < this.#frame + framesPerPacket; frame += 1) {
      const phase = frame % framesPerPacket;
      if ((counts[phase] as number) < (counts[quietest] as number)) quietest = phase;
    }
    return quietest;
  }

  #count({ framesPerPacket, phase }: Place, change: 1 | -1): void {
    const counts = this.#listenersOfPhase[framesPerPacket - 1] as number[];
    counts[phase] = (counts[phase] as number) + change;
  }

  /** @param former the group of the listener until now */
  #groupFor({ codec, volume, noise, deaf }: Hearing, former: AudienceGroup | null): AudienceGroup {
    const hearing = { codec, volume, noise, deaf };
    const known = this.#groups.find((group) => group.has(hearing));
    if (known) return known;
    const group = new AudienceGroup(hearing, former);
    this.#groups.push(group);
    return group;
  }

  /** HOT PATH. */
  #playTo(group: AudienceGroup): void {
    group.encode(group.sampleRateHz === 8000 ? this.#narrow : this.#wide);
    const { places } = group;
    // Backwards: where a place is removed meanwhile, one that had its turn already takes the free index.
    for (let i = places.length - 1; i >= 0; i -= 1) {
      const place = places[i];
      if (place !== undefined && place.playedFrame !== this.#frame) this.#playToOne(group, place);
      if (this.#sendsSinceSpeakers < SENDS_BEFORE_SPEAKERS) continue;
      this.#sendsSinceSpeakers = 0;
      this.#serveSpeakers();
    }
  }

  /** HOT PATH. */
  #playToOne(group: AudienceGroup, place: Place): void {
    place.playedFrame = this.#frame;
    const prompt = place.listener.prompt(group.sampleRateHz);
    if (prompt !== null) this.#encodePrompt(group, place, prompt);
    else if (place.ownMix !== null) this.#encodeAfterPrompt(group, place);
    const { framesPerPacket } = place;
    if (this.#frame % framesPerPacket !== place.phase) return;
    const packet = (place.ownMix?.encoded ?? group.encoded).packet(framesPerPacket);
    const after = this.#frame - framesPerPacket;
    const frames = place.sentAfter === null ? framesPerPacket : after - place.sentAfter;
    place.sentAfter = after;
    place.sentUpTo = this.#frame;
    place.listener.send(packet, packet.length, frames * TICKS_PER_FRAME);
    this.#sendsSinceSpeakers += 1;
  }

  /** HOT PATH, where a prompt is played. */
  #encodePrompt(group: AudienceGroup, place: Place, prompt: Int16Array): void {
    if (place.ownMix === null) {
      place.ownMix = { encoded: new EncodedFrames(group.hearing.codec), framesWithoutPrompt: 0 };
      place.ownMix.encoded.branchFrom(group.encoded);
    }
    place.ownMix.framesWithoutPrompt = 0;
    group.encodeWithPrompt(place.ownMix.encoded, prompt);
    this.#sendsSinceSpeakers += SENDS_PER_OWN_ENCODING;
  }

  /** HOT PATH, after a prompt. */
  #encodeAfterPrompt(group: AudienceGroup, place: Place): void {
    const own = place.ownMix;
    if (own === null) return;
    own.framesWithoutPrompt += 1;
    group.encodeAlone(own.encoded);
    if (own.framesWithoutPrompt > OWN_AFTER_PROMPT_FRAMES) place.ownMix = null;
  }
}
