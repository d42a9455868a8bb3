import { expect, it } from 'vitest';
import { G722Encoder } from '../../../../src/audio/g722.ts';
import { WayToAsterisk } from '../../../../src/relay/calls/way-to-asterisk.ts';
import { emptyRtpView, encodeInto, RTP_HEADER_BYTES } from '../../../../src/rtp/packet.ts';

const FRAME_MS = 20;
const PAYLOAD_BYTES = 160;
const PACKET_BYTES = RTP_HEADER_BYTES + PAYLOAD_BYTES;

const TYPES = { PCMU: 0, G722: 9 } as const;
const CODECS = { 0: 'PCMU', 9: 'G722' } as const;
const SOFT = Buffer.alloc(PAYLOAD_BYTES, 0x55);
const GATE = { level: 300, holdMs: 200 };

function speaker(codec: 'PCMU' | 'G722' = 'PCMU') {
  const sent: Buffer[] = [];
  const beganMs = performance.now();
  const way = new WayToAsterisk(0, {
    send: (packet) => sent.push(Buffer.from(packet.subarray(RTP_HEADER_BYTES))),
    codecOf: (payloadType) => CODECS[payloadType as keyof typeof CODECS] ?? null,
    onHeld: () => {},
    onKey: () => {},
  });
  /** The packet of this number comes now. */
  const push = (sequence: number, atMs: number, payload = SOFT): number => {
    const packet = Buffer.alloc(PACKET_BYTES);
    const header = { payloadType: TYPES[codec], marker: false, sequence, timestamp: 160 * sequence, ssrc: 7 };
    encodeInto(packet, header, payload);
    const view = { ...emptyRtpView(), ...header, payloadStart: RTP_HEADER_BYTES, payloadEnd: PACKET_BYTES };
    way.audio(view, packet, codec, beganMs + atMs);
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

it('a gate takes the packets of G.722 in the order in which they are heard, whatever their order was', () => {
  const encoder = new G722Encoder(2 * PAYLOAD_BYTES);
  const payloads = Array.from({ length: 15 }, (_, packet) => {
    const samples = Int16Array.from({ length: 320 }, (_, at) => 8000 * Math.sin((packet * 320 + at) / 7));
    const payload = Buffer.alloc(PAYLOAD_BYTES);
    encoder.encodeInto(samples, payload);
    return payload;
  });
  const heard = (order: readonly number[]): Buffer[] => {
    const { way, sent, push, beganMs } = speaker('G722');
    way.setGate(GATE);
    for (const sequence of order) push(sequence, 300, payloads[sequence]);
    way.flush(beganMs + 310);
    return sent;
  };
  const inOrder = heard([...payloads.keys()]);
  expect(inOrder).toHaveLength(15);
  expect(heard([0, 1, 2, 3, 4, 5, 6, 8, 7, 9, 12, 11, 10, 13, 14])).toEqual(inOrder);
});

it('a gate whose level or hold changes in the midst of a word stays open', () => {
  const { way, sent, push } = speaker();
  const loud = Buffer.alloc(PAYLOAD_BYTES, 0x00);
  const soft = Buffer.alloc(PAYLOAD_BYTES, 0x7c);
  const silent = Buffer.alloc(PAYLOAD_BYTES, 0xff);
  way.setGate(GATE);
  push(0, 0, soft);
  push(1, 20, loud);
  way.setGate({ level: 600, holdMs: 100 });
  for (let sequence = 2; sequence < 10; sequence++) push(sequence, sequence * FRAME_MS, soft);
  expect(sent).toEqual([silent, loud, ...Array(5).fill(soft), ...Array(3).fill(silent)]);
  way.setGate(null);
  push(10, 200, soft);
  expect(sent.at(-1)).toEqual(soft);
});
