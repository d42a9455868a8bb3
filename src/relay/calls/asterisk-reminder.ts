import { encodeHeaderInto, RTP_HEADER_BYTES } from '../../rtp/packet.ts';
import { payloadTypeOf, silenceOf } from './silence.ts';

/** Where Asterisk has got nothing for so long, it is reminded with the next tick of the call. */
const EVERY_MS = 150;
/** Listeners get only prompts from Asterisk. The intervals differ, so that not all reminders are due at once. */
const EVERY_MS_OF_LISTENER = 5000;
/** In the header of RTP: from there on it tells the place in a stream. */
const SEQUENCE_OFFSET = 2;

/**
 * Has Asterisk send the RTP of a call to the relay. It sends to where it has got something from; but to the address in the
 * phone's description as soon as that has come again, as with each refresh of the session. So it gets comfort noise, which is
 * nothing to it, where the phone sends nothing or the relay passes nothing on.
 */
export class AsteriskReminder {
  readonly #packet = Buffer.from(silenceOf(null));
  readonly #everyMsOfListener: number;
  #atMs: number;

  /** @param random an integer from 0 to below its argument, at most 2^32 */
  constructor(random: (end: number) => number, nowMs: number) {
    this.#atMs = nowMs;
    this.#everyMsOfListener = EVERY_MS_OF_LISTENER / 2 + random(EVERY_MS_OF_LISTENER);
    encodeHeaderInto(this.#packet, {
      payloadType: payloadTypeOf(null),
      marker: false,
      sequence: random(0x1_0000),
      timestamp: random(0x1_0000_0000),
      ssrc: random(0x1_0000_0000),
    });
  }

  /** HOT PATH. Asterisk gets this packet of the phone. The next reminder is of the same stream, which Asterisk takes for one. */
  passed(packet: Buffer, nowMs: number): void {
    this.#atMs = nowMs;
    packet.copy(this.#packet, SEQUENCE_OFFSET, SEQUENCE_OFFSET, RTP_HEADER_BYTES);
  }

  isDue(isListener: boolean, nowMs: number): boolean {
    return nowMs - this.#atMs >= (isListener ? this.#everyMsOfListener : EVERY_MS);
  }

  /** @returns what Asterisk is to get now; valid until the next packet */
  next(nowMs: number): Buffer {
    this.#atMs = nowMs;
    return this.#packet;
  }
}
