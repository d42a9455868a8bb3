import { encodeHeaderInto, RTP_HEADER_BYTES } from '../../rtp/packet.ts';
import { silenceOf, staticTypeOf } from './silence.ts';

/** If Asterisk has received nothing for so long, the next tick of the call sends a reminder. */
const EVERY_MS = 150;
/** Listeners get only prompts from Asterisk. The intervals differ, so that not all reminders are due at once. */
const EVERY_MS_OF_LISTENER = 5000;
/** From this offset on, the RTP header has the position in the stream. */
const SEQUENCE_OFFSET = 2;

/**
 * Makes Asterisk send the RTP of a call to the relay. Asterisk sends to the address that it last received RTP from.
 * Each refresh of the session resets that to the address in the phone's description. So Asterisk gets comfort noise,
 * which it ignores, while the phone sends nothing or the relay forwards nothing.
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
      payloadType: staticTypeOf(null),
      marker: false,
      sequence: random(0x1_0000),
      timestamp: random(0x1_0000_0000),
      ssrc: random(0x1_0000_0000),
    });
  }

  /** HOT PATH. Asterisk gets this packet of the phone. The next reminder continues the same stream. */
  passed(packet: Buffer, nowMs: number): void {
    this.#atMs = nowMs;
    packet.copy(this.#packet, SEQUENCE_OFFSET, SEQUENCE_OFFSET, RTP_HEADER_BYTES);
  }

  isDue(isListener: boolean, nowMs: number): boolean {
    return nowMs - this.#atMs >= (isListener ? this.#everyMsOfListener : EVERY_MS);
  }

  /** @returns the packet to send to Asterisk now; valid until the next one */
  next(nowMs: number): Buffer {
    this.#atMs = nowMs;
    return this.#packet;
  }
}
