import { EVENT_BYTES } from '../../rtp/incoming-stream.ts';
import type { RtpView } from '../../rtp/packet.ts';
import { FIRST_DYNAMIC_TYPE } from './codec-watch.ts';

/** The end of an event is lost if nothing more of it has come for so long. */
const LONGEST_GAP_MS = 500;
/** Of the last packets of an event, in the second byte of the payload (RFC 4733, section 2.3). */
const END_BIT = 0x80;

/** HOT PATH. Whether a packet is a telephone event, whatever payload type it has. */
export function isTelephoneEvent({ payloadType, payloadStart, payloadEnd }: RtpView): boolean {
  return payloadEnd - payloadStart === EVENT_BYTES && payloadType >= FIRST_DYNAMIC_TYPE;
}

/** HOT PATH. Until when an event lasts, as far as one of its packets shows. */
export function eventEndsMs({ payloadStart }: RtpView, packet: Buffer, nowMs: number): number {
  const isOver = ((packet[payloadStart + 1] as number) & END_BIT) !== 0;
  return isOver ? nowMs : nowMs + LONGEST_GAP_MS;
}
