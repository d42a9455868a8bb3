import { describe, expect, it } from 'vitest';
import { CodecWatch } from '../../../../src/relay/calls/codec-watch.ts';

const [PCMU, PCMA, COMFORT_NOISE, OPUS] = [0, 8, 13, 111];
/** A number that the phone has given its codec. */
const OWN = 97;

/** Packets of 20 ms, one of them in so many. */
function send(watch: CodecWatch, payloadType: number, { bytes = 160, every = 1, ticks = 160, codec = 'PCMU' } = {}) {
  for (let sequence = 65_530; sequence < 65_530 + 4 * every; sequence += every) {
    const packet = { payloadType, sequence: sequence & 0xffff, timestamp: (4_294_967_000 + ticks * sequence) >>> 0 };
    watch.seen(packet, bytes, codec as 'PCMU');
  }
}

/** The times of the reports, in ms, if the codec is looked at four times a second. */
function reports(watch: CodecWatch, untilMs: number, payloadTypes: readonly number[]): number[] {
  const found = [];
  for (let nowMs = 0; nowMs < untilMs; nowMs += 250) {
    for (const each of payloadTypes) send(watch, each);
    if (watch.isDue('PCMU', nowMs)) found.push(nowMs);
  }
  return found;
}

describe('a phone that sends another codec than that of its call', () => {
  it('is reported at once, and again at growing intervals as long as it does', () => {
    const found = reports(new CodecWatch(), 130_000, [PCMA]);
    expect(found).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500, 63_500, 95_500, 127_500]);
  });

  it('is reported no more often if its codec differs from packet to packet', () => {
    expect(reports(new CodecWatch(), 130_000, [PCMU, OPUS, PCMA])).toHaveLength(10);
  });

  it('is reported half a second after the call has got another codec, if it sends the former one still', () => {
    const watch = new CodecWatch();
    reports(watch, 60_000, [PCMA]);
    watch.changed(60_000);
    expect(watch.isDue('G722', 61_000)).toBe(false);
    send(watch, PCMA);
    expect([60_499, 60_500].map((nowMs) => watch.isDue('G722', nowMs))).toEqual([false, true]);
  });
});

it('a phone that sends the codec of its call, comfort noise or nothing is not reported', () => {
  for (const sent of [[PCMU], [COMFORT_NOISE], [PCMU, COMFORT_NOISE], []]) {
    expect(reports(new CodecWatch(), 10_000, sent)).toEqual([]);
  }
});

it('a call whose codec the relay does not encode is reported if its phone sends one that it does', () => {
  const watch = new CodecWatch();
  watch.seen({ payloadType: OPUS, sequence: 1, timestamp: 1 }, 160, null);
  expect(watch.isDue(null, 0)).toBe(false);
  send(watch, PCMA);
  expect(watch.isDue(null, 0)).toBe(true);
});

describe('a codec that the phone has given a number of its own', () => {
  it.each([1, 16])('is known by two packets, of which the kernel passes one in %i', (every) => {
    for (const codec of ['PCMU', 'PCMA', 'G722'] as const) {
      const watch = new CodecWatch();
      send(watch, OWN, { every, codec });
      expect([watch.payloadTypeOf(codec), watch.codecOf(OWN, codec), watch.isDue(codec, 0)]).toEqual([
        OWN,
        codec,
        false,
      ]);
      expect(watch.payloadTypeOf(null)).toBe(COMFORT_NOISE);
      expect(watch.codecOf(PCMU, codec)).toBe('PCMU');
    }
  });

  it('is known by what Asterisk sends, until that is the static number', () => {
    const watch = new CodecWatch();
    watch.told(OWN, 1, 'PCMA');
    expect(watch.payloadTypeOf('PCMA')).toBe(PCMA);
    watch.told(OWN, 160, 'PCMA');
    expect(watch.payloadTypeOf('PCMA')).toBe(OWN);
    watch.told(PCMA, 160, 'PCMA');
    expect(watch.payloadTypeOf('PCMA')).toBe(PCMA);
  });

  it('is known by a process that takes over', () => {
    const watch = new CodecWatch();
    send(watch, OWN);
    expect(new CodecWatch(watch.dynamicType).payloadTypeOf('PCMU')).toBe(OWN);
  });

  it('is no other codec, and none that follows another', () => {
    const others = [
      (watch: CodecWatch) => send(watch, OPUS, { bytes: 160, ticks: 960 }),
      (watch: CodecWatch) => send(watch, OPUS, { bytes: 20 }),
      (watch: CodecWatch) => {
        send(watch, PCMU);
        send(watch, OWN);
      },
    ];
    for (const sendTo of others) {
      const watch = new CodecWatch();
      sendTo(watch);
      expect(watch.payloadTypeOf('PCMU')).toBe(PCMU);
      expect(watch.isDue('PCMU', 0)).toBe(true);
    }
  });

  it('is forgotten where the call has no codec that the relay encodes, or another one', () => {
    const watch = new CodecWatch();
    send(watch, OWN);
    watch.changed(0);
    watch.seen({ payloadType: OWN, sequence: 1, timestamp: 160 }, 160, null);
    watch.seen({ payloadType: OWN, sequence: 2, timestamp: 320 }, 160, null);
    watch.told(OWN, 160, null);
    expect(watch.payloadTypeOf('PCMU')).toBe(PCMU);
  });
});
