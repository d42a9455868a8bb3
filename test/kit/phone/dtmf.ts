import { type Sound, tones } from './sound.ts';

/*
 * Telephone-event payload, RFC 4733 section 2.3:
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |     event     |E|R| volume    |          duration             |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

const EVENT_OFFSET = 0;
const FLAGS_OFFSET = 1;
const DURATION_OFFSET = 2;
/** The usual one; an answer takes that of the offer. */
export const TELEPHONE_EVENT_PAYLOAD_TYPE = 101;
export const EVENT_PAYLOAD_BYTES = 4;

const END_BIT = 0x80;
/** Power in -dBm0; what most telephones send. */
const VOLUME = 10;
/** RFC 4733, section 2.5.1.4: the last packet is sent three times. */
const END_PACKETS = 3;

/** The event code of a key is its index (RFC 4733, table 3). */
const KEYS = '0123456789*#ABCD';

/** The keys as they are on a telephone, with the frequencies of their rows and columns. */
const PAD = '123A456B789C*0#D';
const LOW_HZ = [697, 770, 852, 941];
const HIGH_HZ = [1209, 1336, 1477, 1633];

export interface DtmfEvent {
  readonly key: string;
  readonly end: boolean;
  /** In samples at 8000 Hz since the start of the event. */
  readonly durationSamples: number;
}

/** True when every character of `keys` is one of 0-9 * # A-D. */
export function areKeys(keys: string): boolean {
  return [...keys].every((key) => KEYS.includes(key));
}

/** The two tones of a key, as a phone sends them that knows no telephone events (ITU-T Q.23). */
export function dtmfTones(key: string, levelDbov = -13): Sound {
  const at = PAD.indexOf(key);
  const [low = 0, high = 0] = [LOW_HZ[Math.floor(at / 4)], HIGH_HZ[at % 4]];
  return tones([low, high].map((freqHz) => ({ freqHz, levelDbov })));
}

/** Body of a SIP INFO with `Content-Type: application/dtmf-relay`. */
export function formatDtmfRelay(key: string, durationMs: number): string {
  return `Signal=${key}\r\nDuration=${durationMs}\r\n`;
}

/** Writes one event payload into `out` at `offset`; returns its length of 4 bytes. */
export function encodeEventInto(out: Buffer, offset: number, event: DtmfEvent): number {
  out[offset + EVENT_OFFSET] = KEYS.indexOf(event.key);
  out[offset + FLAGS_OFFSET] = (event.end ? END_BIT : 0) | VOLUME;
  out.writeUInt16BE(Math.min(event.durationSamples, 0xffff), offset + DURATION_OFFSET);
  return EVENT_PAYLOAD_BYTES;
}

/** Reads one event payload; null when it is too short or no key. */
export function decodeEvent(packet: Buffer, start: number, end: number): DtmfEvent | null {
  if (end - start < EVENT_PAYLOAD_BYTES) return null;
  const key = KEYS[packet[start + EVENT_OFFSET] as number];
  if (key === undefined) return null;
  const flags = packet[start + FLAGS_OFFSET] as number;
  return { key, end: (flags & END_BIT) !== 0, durationSamples: packet.readUInt16BE(start + DURATION_OFFSET) };
}

/** One packet a pressed key asks to send now. All packets of an event carry the timestamp of its start. */
export interface DtmfPacket extends DtmfEvent {
  readonly marker: boolean;
  readonly timestamp: number;
}

/** What an odd phone sends in place of a packet; null sends nothing. @param nth packet of the key, from 0 */
export type AlterDtmf = (packet: DtmfPacket, nth: number) => Partial<DtmfPacket> | null;

interface PressedKey {
  readonly key: string;
  readonly toneSamples: number;
  readonly gapSamples: number;
  readonly alter?: AlterDtmf | undefined;
}

/** Turns keys into event packets, one call per ptime. Keys wait in order, at most `MAX_QUEUED_KEYS`. */
export class DtmfSender {
  readonly #queue: PressedKey[] = [];
  #startTimestamp = 0;
  #sentSamples = 0;
  #gapLeftSamples = 0;
  #nth = 0;

  get idle(): boolean {
    return this.#queue.length === 0 && this.#gapLeftSamples <= 0;
  }

  /** Returns false when `MAX_QUEUED_KEYS` keys wait already. */
  press(key: PressedKey): boolean {
    if (this.#queue.length >= MAX_QUEUED_KEYS) return false;
    this.#queue.push(key);
    return true;
  }

  /** The packets of the ptime that begins at RTP `timestamp`; an empty list means: send audio. */
  next(timestamp: number, ptimeSamples: number): readonly DtmfPacket[] {
    if (this.#gapLeftSamples > 0) {
      this.#gapLeftSamples -= ptimeSamples;
      return [];
    }
    const pressed = this.#queue[0];
    if (pressed === undefined) return [];
    const marker = this.#sentSamples === 0;
    if (marker) this.#startTimestamp = timestamp;
    this.#sentSamples += ptimeSamples;
    const end = this.#sentSamples >= pressed.toneSamples;
    const durationSamples = this.#sentSamples;
    const packet = { key: pressed.key, end, durationSamples, marker, timestamp: this.#startTimestamp };
    if (!end) return this.#altered([packet], pressed);
    const repeated = { ...packet, marker: false };
    const packets = this.#altered([packet, ...Array<DtmfPacket>(END_PACKETS - 1).fill(repeated)], pressed);
    this.#queue.shift();
    this.#nth = 0;
    this.#sentSamples = 0;
    this.#gapLeftSamples = pressed.gapSamples;
    return packets;
  }

  #altered(packets: readonly DtmfPacket[], { alter }: PressedKey): readonly DtmfPacket[] {
    if (!alter) return packets;
    return packets.flatMap((packet) => {
      const altered = alter(packet, this.#nth++);
      return altered === null ? [] : { ...packet, ...altered };
    });
  }
}

export const MAX_QUEUED_KEYS = 128;

/** Makes one key out of all packets of an event, lost and repeated ones included. */
export class DtmfReceiver {
  #lastTimestamp: number | null = null;
  #lastSsrc = 0;

  /** The key when this packet is the first one seen of its event, else null. */
  push(event: DtmfEvent, timestamp: number, ssrc: number): string | null {
    if (timestamp === this.#lastTimestamp && ssrc === this.#lastSsrc) return null;
    this.#lastTimestamp = timestamp;
    this.#lastSsrc = ssrc;
    return event.key;
  }
}
