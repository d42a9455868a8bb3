import { describe, expect, it } from 'vitest';
import { DtmfReceiver, DtmfSender, decodeEvent, encodeEventInto, formatDtmfRelay } from '../../kit/phone/dtmf.ts';
import { parseDtmfRelay } from '../../kit/sip/dtmf-relay.ts';

const PTIME_SAMPLES = 160;

describe('a pressed key', () => {
  it('becomes growing events of one timestamp with three end packets', () => {
    const sender = new DtmfSender();
    sender.press({ key: '5', toneSamples: 480, gapSamples: 320 });
    const turns = [1000, 1160, 1320, 1480, 1640].map((timestamp) => sender.next(timestamp, PTIME_SAMPLES));
    const event = { key: '5', timestamp: 1000 };
    expect(turns).toEqual([
      [{ ...event, marker: true, end: false, durationSamples: 160 }],
      [{ ...event, marker: false, end: false, durationSamples: 320 }],
      Array(3).fill({ ...event, marker: false, end: true, durationSamples: 480 }),
      [],
      [],
    ]);
    expect(sender.idle).toBe(true);
  });

  it('waits for the one before it', () => {
    const sender = new DtmfSender();
    sender.press({ key: '1', toneSamples: 160, gapSamples: 160 });
    sender.press({ key: '#', toneSamples: 160, gapSamples: 160 });
    const keys = [0, 160, 320, 480].map((at) => sender.next(at, PTIME_SAMPLES)[0]?.key);
    expect(keys).toEqual(['1', undefined, '#', undefined]);
  });

  it('is refused when too many wait', () => {
    const sender = new DtmfSender();
    const taken = Array.from({ length: 200 }, () => sender.press({ key: '1', toneSamples: 1, gapSamples: 0 }));
    expect(taken.filter(Boolean)).toHaveLength(128);
  });
});

describe('a telephone-event payload', () => {
  it('has the layout of RFC 4733', () => {
    const out = Buffer.alloc(4);
    encodeEventInto(out, 0, { key: '#', end: true, durationSamples: 800 });
    expect(out.toString('hex')).toBe('0b8a0320');
    expect(decodeEvent(out, 0, 4)).toEqual({ key: '#', end: true, durationSamples: 800 });
  });

  it('is null when it is too short or no key', () => {
    expect(decodeEvent(Buffer.alloc(3), 0, 3)).toBeNull();
    expect(decodeEvent(Buffer.from([16, 0, 0, 0]), 0, 4)).toBeNull();
  });

  it('makes one key of all packets of an event, also without its first', () => {
    const receiver = new DtmfReceiver();
    const event = { key: '7', end: false, durationSamples: 320 };
    const keys = [5000, 5000, 5000, 9000].map((timestamp) => receiver.push(event, timestamp, 1));
    expect(keys).toEqual(['7', null, null, '7']);
  });
});

describe('a dtmf-relay body', () => {
  it('is read as it was written', () => {
    expect(parseDtmfRelay(formatDtmfRelay('*', 160))).toBe('*');
    expect(parseDtmfRelay('Signal= a\nDuration=1')).toBe('A');
    expect(parseDtmfRelay('Signal=99')).toBeNull();
  });
});
