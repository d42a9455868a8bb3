import { expect, it } from 'vitest';
import { WayToAsterisk } from '../../../../src/relay/calls/way-to-asterisk.ts';
import { emptyRtpView, encodeInto, RTP_HEADER_BYTES } from '../../../../src/rtp/packet.ts';

const FRAME_MS = 20;
const PACKET_BYTES = RTP_HEADER_BYTES + 160;

function speaker() {
  const sent: number[] = [];
  const beganMs = performance.now();
  const way = new WayToAsterisk(0, { send: (packet) => sent.push(packet.length), onHeld: () => {}, onKey: () => {} });
  /** The packet of this number comes now. */
  const push = (sequence: number, atMs: number): number => {
    const packet = Buffer.alloc(PACKET_BYTES);
    const header = { payloadType: 0, marker: false, sequence, timestamp: 160 * sequence, ssrc: 7 };
    encodeInto(packet, header, Buffer.alloc(160, 0x55));
    const view = { ...emptyRtpView(), ...header, payloadStart: RTP_HEADER_BYTES, payloadEnd: PACKET_BYTES };
    way.audio(view, packet, 'PCMU', beganMs + atMs);
    return sent.length;
  };
  return { way, sent, push, beganMs };
}

it('a speaker who was held back is not, after all that waits was sent', () => {
  const { way, sent, push, beganMs } = speaker();
  for (let sequence = 0; sequence < 15; sequence++) push(sequence, 300);
  expect(sent.length).toBeLessThan(5);
  way.flush(beganMs + 310);
  expect(sent).toHaveLength(15);
  for (let sequence = 15; sequence < 50; sequence++) expect(push(sequence, sequence * FRAME_MS)).toBe(sequence + 1);
});

it('Asterisk is reminded of a phone that is silent since all that waits was sent', () => {
  const { way, sent, push, beganMs } = speaker();
  for (let sequence = 0; sequence < 15; sequence++) push(sequence, 300);
  way.flush(beganMs + 310);
  way.tick(false, beganMs + 450);
  expect(sent).toHaveLength(15);
  way.tick(false, beganMs + 470);
  expect(sent).toHaveLength(16);
});
