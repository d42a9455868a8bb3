import { describe, expect, it } from 'vitest';
import { encodeG711Into } from '../../../../src/audio/g711.ts';
import { G722Encoder } from '../../../../src/audio/g722.ts';
import { TalkWatch } from '../../../../src/relay/calls/talk-watch.ts';
import { emptyRtpView } from '../../../../src/rtp/packet.ts';

const LEVEL = 300;
const PACKET_MS = 20;
const HEADER_BYTES = 12;

type Codec = 'PCMU' | 'PCMA' | 'G722';

/** A phone that is as loud as it is told, packet by packet. */
function phone(codec: Codec = 'PCMU', level: number | null = LEVEL) {
  const watch = new TalkWatch(level);
  const encoder = new G722Encoder(320);
  let nowMs = 0;
  /** Sends a tone of this mean amplitude. @returns when it was reported that the phone talks */
  const send = (amplitude: number, ms: number): number[] => {
    const reports: number[] = [];
    for (const endMs = nowMs + ms; nowMs < endMs; nowMs += PACKET_MS) {
      const rate = codec === 'G722' ? 16 : 8;
      const peak = (amplitude * Math.PI) / 2;
      const samples = Int16Array.from(
        { length: rate * PACKET_MS },
        (_, at) => peak * Math.sin((2 * Math.PI * at) / (2 * rate)),
      );
      const packet = Buffer.alloc(HEADER_BYTES + 160);
      const payload = packet.subarray(HEADER_BYTES);
      if (codec === 'G722') encoder.encodeInto(samples, payload);
      else encodeG711Into(codec, samples, payload);
      const view = { ...emptyRtpView(), payloadStart: HEADER_BYTES, payloadEnd: packet.length };
      if (watch.push(view, packet, codec, nowMs)) reports.push(nowMs);
    }
    return reports;
  };
  /** Sends nothing, as phones do that suppress silence. */
  const pause = (ms: number): void => {
    nowMs += ms;
  };
  return { send, pause, watch };
}

describe('a phone that is watched', () => {
  it.each(['PCMU', 'PCMA', 'G722'] as const)('in %s talks when it is loud for 300 ms', (codec) => {
    expect(phone(codec).send(2 * LEVEL, 400)).toEqual([280]);
    expect(phone(codec).send(LEVEL / 2, 2000)).toEqual([]);
  });

  it('talks through the pauses between words, and not by a cough now and then', () => {
    const speaking = phone();
    speaking.send(1000, 200);
    speaking.send(0, 400);
    expect(speaking.send(1000, 200)).toHaveLength(1);
    const coughing = phone();
    for (let cough = 0; cough < 5; cough++) {
      expect(coughing.send(1000, 200)).toEqual([]);
      expect(coughing.send(0, 800)).toEqual([]);
    }
  });

  it('does not talk by coughs minutes apart between which it sends nothing', () => {
    const { send, pause } = phone();
    for (let cough = 0; cough < 5; cough++) {
      expect(send(1000, 100)).toEqual([]);
      pause(120_000);
    }
    expect(send(1000, 400)).toHaveLength(1);
  });

  it('is reported each 5 s while it talks, and not after its last word', () => {
    expect(phone().send(1000, 11_000)).toEqual([280, 5280, 10_280]);
    const { send } = phone();
    expect(send(1000, 5200)).toEqual([280]);
    expect(send(0, 400)).toEqual([]);
  });

  it('is asked anew whenever its level changes: what it said before does not count, nor that it was reported', () => {
    const { send, watch } = phone();
    send(1000, 200);
    watch.change(null);
    expect(send(1000, 2000)).toEqual([]);
    watch.change(LEVEL);
    expect(send(0, 100)).toEqual([]);
    expect(send(1000, 200)).toEqual([]);
    expect(send(1000, 200)).toHaveLength(1);
    watch.change(2 * LEVEL);
    expect(send(1000, 200)).toEqual([]);
    watch.change(2 * LEVEL);
    expect(send(1000, 200)).toHaveLength(1);
  });
});

it('a phone of which nobody asks, or whose codec the relay does not know, is not reported', () => {
  expect(phone('PCMU', null).send(5000, 1000)).toEqual([]);
  const { watch } = phone();
  const packet = Buffer.alloc(HEADER_BYTES + 160);
  const view = { ...emptyRtpView(), payloadStart: HEADER_BYTES, payloadEnd: packet.length };
  for (let at = 0; at < 50; at++) expect(watch.push(view, packet, null, at * PACKET_MS)).toBe(false);
});

it('phones that are watched have no buffers of their own', () => {
  const phones = 1000;
  const before = process.memoryUsage().arrayBuffers;
  const watches = Array.from({ length: phones }, () => new TalkWatch(LEVEL));
  expect((process.memoryUsage().arrayBuffers - before) / watches.length).toBeLessThan(100);
});
