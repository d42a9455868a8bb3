import { ComfortNoise } from '../audio/comfort-noise.ts';
import { encodeG711Into } from '../audio/g711.ts';
import { applyGainInto } from '../audio/gain.ts';
import { encodeHeaderInto, RTP_HEADER_BYTES } from '../rtp/packet.ts';
import type { Listener as ListenerLeg } from './listener.ts';
import type { LegState } from './protocol.ts';

/** 20 ms at 8000 Hz. */
export const FRAME_SAMPLES = 160;

/** A packet may be in the hands of the kernel's queue while the next ones are made. */
const PACKETS_IN_TURN = 8;

type Packet = { readonly bytes: Buffer; readonly payload: Uint8Array };
type Listener = Pick<ListenerLeg, 'leg' | 'settings' | 'send'>;

/** Listeners who get the same bytes. */
type Group = {
  readonly codec: LegState['codec'];
  readonly payloadType: number;
  readonly volume: number;
  readonly noise: boolean;
  readonly packets: readonly Packet[];
  readonly listeners: Set<Listener>;
};

/** The listeners of one conference in one worker: each frame is encoded once for all who get the same. */
export class Audience {
  readonly #groups = new Map<string, Group>();
  readonly #groupOf = new Map<Listener, string>();
  readonly #mixed = new Int16Array(FRAME_SAMPLES);
  readonly #loud = new Int16Array(FRAME_SAMPLES);
  readonly #header = { payloadType: 0, marker: false, sequence: 0, timestamp: 0, ssrc: 0 };
  readonly #noise = new ComfortNoise(8000);

  constructor(options: { ssrc: number; sequence: number; timestamp: number }) {
    Object.assign(this.#header, options);
  }

  get size(): number {
    return this.#groupOf.size;
  }

  /** Puts a listener into the group that he belongs to now. */
  place(listener: Listener): void {
    this.remove(listener);
    const { leg, settings } = listener;
    if (!leg) return;
    const { codec, payloadType } = leg;
    const { volume, noise } = settings;
    const key = `${codec} ${payloadType} ${volume} ${noise}`;
    const group = this.#groups.get(key) ?? {
      codec,
      payloadType,
      volume,
      noise,
      packets: Array.from({ length: PACKETS_IN_TURN }, emptyPacket),
      listeners: new Set<Listener>(),
    };
    this.#groups.set(key, group);
    group.listeners.add(listener);
    this.#groupOf.set(listener, key);
  }

  remove(listener: Listener): void {
    const key = this.#groupOf.get(listener);
    if (key === undefined) return;
    this.#groupOf.delete(listener);
    const group = this.#groups.get(key);
    group?.listeners.delete(listener);
    if (group?.listeners.size === 0) this.#groups.delete(key);
  }

  /** HOT PATH. Sends 20 ms to everybody. */
  play(samples: Int16Array, noiseDbov: number | null): void {
    const header = this.#header;
    header.sequence = (header.sequence + 1) & 0xffff;
    header.timestamp = (header.timestamp + FRAME_SAMPLES) >>> 0;
    if (noiseDbov !== null) this.#noise.addInto(this.#mixed, samples, noiseDbov);
    for (const group of this.#groups.values()) {
      let frame = group.noise && noiseDbov !== null ? this.#mixed : samples;
      if (group.volume !== 0) {
        applyGainInto(this.#loud, frame, group.volume);
        frame = this.#loud;
      }
      const { bytes, payload } = group.packets[header.sequence % PACKETS_IN_TURN] as Packet;
      header.payloadType = group.payloadType;
      encodeHeaderInto(bytes, header);
      encodeG711Into(group.codec, frame, payload);
      for (const listener of group.listeners) listener.send(bytes);
    }
  }
}

function emptyPacket(): Packet {
  const bytes = Buffer.alloc(RTP_HEADER_BYTES + FRAME_SAMPLES);
  return { bytes, payload: bytes.subarray(RTP_HEADER_BYTES) };
}
