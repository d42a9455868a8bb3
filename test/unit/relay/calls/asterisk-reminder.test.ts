import { describe, expect, it } from 'vitest';
import { AsteriskReminder } from '../../../../src/relay/calls/asterisk-reminder.ts';
import { decodeRtpInto, emptyRtpView, encodeHeaderInto, RTP_HEADER_BYTES } from '../../../../src/rtp/packet.ts';

const MIDDLE = 0.5;
const reminder = (share = MIDDLE) => new AsteriskReminder((end) => Math.floor(share * end), 0);

function packetOf(place: { sequence: number; timestamp: number; ssrc: number }): Buffer {
  const packet = Buffer.alloc(RTP_HEADER_BYTES + 160);
  encodeHeaderInto(packet, { payloadType: 8, marker: true, ...place });
  return packet;
}

describe('what reminds Asterisk of where the relay is', () => {
  it('is due soon after the last packet of a phone that is passed on, and seldom of a listener', () => {
    const reminding = reminder();
    reminding.passed(packetOf({ sequence: 1, timestamp: 2, ssrc: 3 }), 1000);
    expect(reminding.isDue(false, 1149)).toBe(false);
    expect(reminding.isDue(false, 1150)).toBe(true);
    expect(reminding.isDue(true, 5999)).toBe(false);
    expect(reminding.isDue(true, 6000)).toBe(true);
    reminding.next(6000);
    expect(reminding.isDue(true, 10_999)).toBe(false);
  });

  it('is not due at the same time for all listeners', () => {
    expect(reminder(0).isDue(true, 2500)).toBe(true);
    expect(reminder(0.999).isDue(true, 7400)).toBe(false);
  });

  it('is comfort noise of a stream, which is that of the phone as soon as there is one', () => {
    const reminding = reminder();
    const view = emptyRtpView();
    expect(decodeRtpInto(view, reminding.next(0))).toBeNull();
    expect(view).toMatchObject({ payloadType: 13, ssrc: 0x8000_0000 });
    const place = { sequence: 65_535, timestamp: 4_000_000_000, ssrc: 77 };
    reminding.passed(packetOf(place), 20);
    expect(decodeRtpInto(view, reminding.next(220))).toBeNull();
    expect(view).toMatchObject({ payloadType: 13, marker: false, ...place });
  });
});
