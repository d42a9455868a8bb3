import { describe, expect, it } from 'vitest';
import { AUDIO_FORMATS, L16_16000, PCMA, PCMU } from '../../../src/trunk/audio-format.ts';
import { createSenderKey, MAX_PACKETS_PER_KEY, packetsSent } from '../../../src/trunk/sender-key.ts';
import { loadAead } from '../../../src/trunk/sodium-aead.ts';
import { TrunkSender } from '../../../src/trunk/trunk-sender.ts';
import { TrunkStream } from '../../../src/trunk/trunk-stream.ts';
import { audio, key, Pair } from './kit.ts';
import { referenceOpen } from './reference.ts';

const aead = await loadAead();
const LONGEST_NAME = 'x'.repeat(64);

function counterOf(packet: Uint8Array): bigint {
  return Buffer.from(packet).readBigUInt64BE(16);
}

describe('a trunk sender', () => {
  it('fits every format and redundancy into 1400 bytes, with the longest name', () => {
    const pair = new Pair({}, { aead });
    for (const format of AUDIO_FORMATS) {
      const stream = new TrunkStream({ conference: LONGEST_NAME, redundancy: 2 });
      const packets = [0, 1, 2, 3].map((index) => pair.packet(audio(index, format), stream));
      const sent = 1 + format.maxRedundancy;
      const expected = 24 + 8 + 64 + sent * format.payloadBytes + (sent - 1) + 16;
      expect(packets.at(-1)).toHaveLength(expected);
      expect(expected).toBeLessThanOrEqual(1400);
    }
  });

  it('sends wideband audio with one earlier frame where two are asked for', () => {
    const pair = new Pair({ redundancy: 2 }, { aead });
    pair.receiver.decode(pair.packet(audio(0, L16_16000)));
    pair.receiver.decode(pair.packet(audio(1, L16_16000)));
    expect(pair.receiver.decode(pair.packet(audio(2, L16_16000)))).toMatchObject({ frameCount: 2 });
  });

  it('sends earlier frames only where they are there, in direct succession and of the same format', () => {
    const pair = new Pair({ redundancy: 2 }, { aead });
    const countAfter = (frame: Parameters<Pair['packet']>[0]) => {
      const received = pair.receiver.decode(pair.packet(frame));
      return typeof received === 'object' && received.kind === 'audio' ? received.frameCount : received;
    };
    expect([10, 11, 12, 13].map((index) => countAfter(audio(index)))).toEqual([1, 2, 3, 3]);
    expect([20, 21].map((index) => countAfter(audio(index)))).toEqual([1, 2]);
    expect([22, 23].map((index) => countAfter(audio(index, PCMA)))).toEqual([1, 2]);
    expect(countAfter({ kind: 'silence', frameIndex: 24, noiseLevelDbov: -60 })).toMatchObject({ kind: 'silence' });
    expect([25, 26].map((index) => countAfter(audio(index, PCMA)))).toEqual([1, 2]);
  });

  it('keeps levels within what can be sent', () => {
    const pair = new Pair({}, { aead });
    const levelOf = (levelDbov: number) => {
      const received = pair.receiver.decode(pair.packet({ ...audio(0), levelDbov }));
      return typeof received === 'object' && received.kind === 'audio' ? received.frames[0].levelDbov : received;
    };
    expect([3, 0, -0.4, -26.6, -127, -Number.POSITIVE_INFINITY].map(levelOf)).toEqual([0, 0, 0, -27, -127, -127]);
  });

  it('hides everything but its header', () => {
    const pair = new Pair({ redundancy: 2 }, { aead });
    pair.packet(audio(0));
    const packet = Buffer.from(pair.packet(audio(1)));
    const body = referenceOpen(packet, pair.senderKey.key);
    expect(body.includes('3000')).toBe(true);
    expect(packet.includes('3000')).toBe(false);
    expect(packet.includes(Buffer.from(audio(1).payload.subarray(0, 8)))).toBe(false);
  });

  it('takes every counter once, also where two senders, as of two threads, have the same key', () => {
    const pair = new Pair({}, { aead });
    const other = new TrunkSender({ nodeId: 'node-a' }, { aead });
    other.use(pair.senderKey);
    const otherStream = new TrunkStream({ conference: '4000', redundancy: 0 });
    const out = new Uint8Array(1400);
    const counters = Array.from({ length: 200 }, (_, i) => {
      if (i % 3 !== 0) return counterOf(pair.packet(audio(i)));
      other.encodeInto(out, otherStream, audio(i));
      return counterOf(out);
    });
    expect(new Set(counters).size).toBe(200);
    expect(packetsSent(pair.senderKey)).toBe(200);
  });

  it('goes on with the counter when it is given the same key again', () => {
    const pair = new Pair({}, { aead });
    const first = counterOf(pair.packet(audio(0)));
    pair.sender.use(createSenderKey(10, key(3)));
    pair.packet(audio(1));
    pair.sender.use(pair.senderKey);
    expect(counterOf(pair.packet(audio(2)))).toBe(first + 1n);
  });

  it('refuses to send with a key that is used up, before its counter wraps', () => {
    const pair = new Pair({}, { aead });
    Atomics.store(pair.senderKey.nextCounter, 0, MAX_PACKETS_PER_KEY - 1);
    expect(counterOf(pair.packet(audio(0)))).toBe(BigInt(MAX_PACKETS_PER_KEY - 1));
    for (let i = 1; i <= 3; i += 1) expect(pair.packet(audio(i))).toHaveLength(0);
    expect(pair.sender.refused).toEqual({ 'no-key': 0, 'key-used-up': 3 });
    expect(packetsSent(pair.senderKey)).toBe(MAX_PACKETS_PER_KEY);
    expect(MAX_PACKETS_PER_KEY).toBeLessThan(2 ** 32);
    pair.sender.use(createSenderKey(10, key(3)));
    expect(counterOf(pair.packet(audio(4)))).toBe(0n);
  });

  it('sends nothing without a key', () => {
    const sender = new TrunkSender({ nodeId: 'node-a' }, { aead });
    const out = new Uint8Array(1400);
    const stream = new TrunkStream({ conference: '3000', redundancy: 0 });
    expect(sender.encodeInto(out, stream, audio(0))).toBe(0);
    expect(out.every((byte) => byte === 0)).toBe(true);
    expect(sender.refused['no-key']).toBe(1);
  });

  it('refuses audio that is not 20 ms and buffers that are too small, and takes no counter for it', () => {
    const pair = new Pair({}, { aead });
    const short = { ...audio(0), payload: new Uint8Array(80) };
    expect(() => pair.packet(short)).toThrow(expect.objectContaining({ code: 'bad-payload' }));
    const encode = () => pair.sender.encodeInto(new Uint8Array(211), pair.stream, audio(0, PCMU));
    expect(encode).toThrow(expect.objectContaining({ code: 'buffer-too-small' }));
    expect(packetsSent(pair.senderKey)).toBe(0);
    expect(pair.sender.encodeInto(new Uint8Array(212), pair.stream, audio(0, PCMU))).toBe(212);
  });

  it.each(['', `${LONGEST_NAME}x`, 'two words', 'über', 'a\u0000'])(
    'refuses the conference name "%s"',
    (conference) => {
      const open = () => new TrunkStream({ conference, redundancy: 0 });
      expect(open).toThrow(expect.objectContaining({ code: 'bad-conference-name' }));
    },
  );

  it('refuses keys that are not 32 bytes and epochs that are not 32 bits', () => {
    for (const [epoch, bytes] of [
      [1, 31],
      [1, 33],
      [-1, 32],
      [2 ** 32, 32],
      [0.5, 32],
    ] as const) {
      const create = () => createSenderKey(epoch, new Uint8Array(bytes));
      expect(create).toThrow(expect.objectContaining({ code: 'bad-key' }));
    }
  });
});
