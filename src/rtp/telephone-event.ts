import { sequenceDistance } from './sequence.ts';

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
const EVENT_PAYLOAD_BYTES = 4;
const END_BIT = 0x80;

/** The event code of a key is its index (RFC 4733, table 3). */
const KEYS = '0123456789*#ABCD';

/** An event can tell no longer duration; a key pressed longer continues as one more event (section 2.5.1.3). */
const SEGMENT_MAX_UNITS = 0xffff;
/** An event that was seen to last so long may be followed by its continuation; packets in between may be lost. */
const SEGMENT_LONG_UNITS = 0xe000;
/** A packet that is behind by more than this many units of the clock (10 s at 8000 Hz) was not merely reordered. */
const LATE_MAX_UNITS = 80_000;

/** One payload. Reused from packet to packet: copy what must stay. */
export interface TelephoneEvent {
  code: number;
  end: boolean;
  /** In units of the clock, since the start of the event, which is the packet's timestamp. */
  durationUnits: number;
}

/** What is needed of the RTP header; `RtpView` has it. */
export interface TelephoneEventHeader {
  readonly ssrc: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
}

export function emptyTelephoneEvent(): TelephoneEvent {
  return { code: 0, end: false, durationUnits: 0 };
}

/**
 * HOT PATH. Reads the payload `packet[start, end)` into `event`; false when it is too short. Of several events in one
 * packet the first is read.
 */
export function decodeTelephoneEventInto(event: TelephoneEvent, packet: Buffer, start: number, end: number): boolean {
  if (end - start < EVENT_PAYLOAD_BYTES) return false;
  event.code = packet[start + EVENT_OFFSET] as number;
  event.end = ((packet[start + FLAGS_OFFSET] as number) & END_BIT) !== 0;
  event.durationUnits = packet.readUInt16BE(start + DURATION_OFFSET);
  return true;
}

/**
 * Makes one key out of all packets of an event: at the first of them that arrives, whichever that is. Packets of one
 * event have one timestamp. An event of which nothing arrives before the next one is lost: told then, it would be out of
 * place. For one phone at a time; when another SSRC sends, what was known is forgotten.
 */
export class TelephoneEventReceiver {
  #known = false;
  #ssrc = 0;
  #code = 0;
  #timestamp = 0;
  /** Of the newest packet of the event. */
  #sequence = 0;
  #ended = false;
  #longestUnits = 0;

  /** HOT PATH. The key (0-9 * # A-D) if this is the first packet of its event, else null; null for events that are no keys. */
  push(header: TelephoneEventHeader, event: Readonly<TelephoneEvent>): string | null {
    if (event.code >= KEYS.length) return null;
    if (this.#known && header.ssrc === this.#ssrc) {
      if (header.timestamp === this.#timestamp) {
        this.#update(header, event);
        return null;
      }
      if (this.#isLate(header)) return null;
      if (this.#continues(header, event)) {
        this.#begin(header, event);
        return null;
      }
    }
    this.#begin(header, event);
    return KEYS[event.code] as string;
  }

  /** Whether the packet was sent before the last event began. */
  #isLate(header: TelephoneEventHeader): boolean {
    const behind = (this.#timestamp - header.timestamp) | 0;
    // Only both together: sequence numbers wrap between keys, and a source that restarts has any timestamp.
    return behind > 0 && behind <= LATE_MAX_UNITS && sequenceDistance(this.#sequence, header.sequence) < 0;
  }

  /** Whether the packet belongs to the same key, pressed for longer than an event can tell. */
  #continues(header: TelephoneEventHeader, event: Readonly<TelephoneEvent>): boolean {
    const ahead = (header.timestamp - this.#timestamp) | 0;
    return (
      event.code === this.#code &&
      !this.#ended &&
      !header.marker &&
      this.#longestUnits >= SEGMENT_LONG_UNITS &&
      ahead >= this.#longestUnits &&
      ahead <= SEGMENT_MAX_UNITS
    );
  }

  #begin(header: TelephoneEventHeader, event: Readonly<TelephoneEvent>): void {
    this.#known = true;
    this.#ssrc = header.ssrc;
    this.#code = event.code;
    this.#timestamp = header.timestamp;
    this.#sequence = header.sequence;
    this.#ended = event.end;
    this.#longestUnits = event.durationUnits;
  }

  #update(header: TelephoneEventHeader, event: Readonly<TelephoneEvent>): void {
    if (sequenceDistance(this.#sequence, header.sequence) > 0) this.#sequence = header.sequence;
    this.#ended ||= event.end;
    this.#longestUnits = Math.max(this.#longestUnits, event.durationUnits);
  }
}
