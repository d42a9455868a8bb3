import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRtpInto, emptyRtpView, RTP_HEADER_BYTES } from '../../../../src/rtp/packet.ts';
import { MAX_DATAGRAM_BYTES } from '../../../kit/hostile/capture.ts';
import {
  HOSTILE_KINDS,
  type HostileKind,
  type HostilePacket,
  hostileSource,
  learn,
  nextHostilePacket,
} from '../../../kit/hostile/hostile-packets.ts';

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const datagrams = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 10 });

function take(
  count: number,
  kinds: readonly HostileKind[],
  options: { seed?: number; valid?: readonly Uint8Array[] } = {},
): HostilePacket[] {
  const source = hostileSource({ seed: 1, kinds, ...options });
  return Array.from({ length: count }, () => nextHostilePacket(source));
}

function lengths(packets: readonly HostilePacket[]): number[] {
  return packets.map(({ bytes }) => bytes.length);
}

/** A packet that is no RTP, with a header worth keeping. */
const TRUNK_LIKE = Uint8Array.from({ length: 120 }, (_, i) => (i < 8 ? i : 200 - i));

describe('hostile packets', () => {
  it('are the same for the same seed, and others for another', () => {
    const digest = (seed: number) => take(500, HOSTILE_KINDS, { seed }).map(({ bytes }) => bytes.toString('latin1'));
    expect(digest(1)).toEqual(digest(1));
    expect(digest(1)).not.toEqual(digest(2));
  });

  it('are of every kind, about as often', () => {
    const counts = new Map<HostileKind, number>();
    for (const { kind } of take(13_000, HOSTILE_KINDS)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual([...HOSTILE_KINDS].sort());
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(200);
  });

  it('are of random lengths, from nothing to a whole Ethernet frame', () => {
    const random = lengths(take(10_000, ['random']));
    expect([Math.min(...random), Math.max(...random)]).toEqual([0, 1500]);
  });

  it('are oversized up to what UDP can carry', () => {
    const oversized = lengths(take(500, ['oversized']));
    expect(Math.min(...oversized)).toBeGreaterThan(1500);
    expect(Math.max(...oversized)).toBe(MAX_DATAGRAM_BYTES);
  });

  it('are replays of exactly what was learned', () => {
    const valid = [Uint8Array.of(1, 2, 3), TRUNK_LIKE];
    const replayed = new Set(take(50, ['replayed'], { valid }).map(({ bytes }) => bytes.toString('hex')));
    expect(replayed).toEqual(new Set(valid.map((one) => Buffer.from(one).toString('hex'))));
  });

  it('differ from the valid ones otherwise, whatever is learned, and leave them as they are', () => {
    const spoiled = HOSTILE_KINDS.filter((kind) => kind !== 'replayed' && kind !== 'random');
    fc.assert(
      fc.property(seeds, fc.uint8Array({ maxLength: 300 }), (seed, learned) => {
        const before = Buffer.from(learned);
        for (const { bytes } of take(100, spoiled, { seed, valid: [learned] })) {
          expect(bytes.equals(before)).toBe(false);
          expect(bytes.length).toBeLessThanOrEqual(MAX_DATAGRAM_BYTES);
        }
        expect(before.equals(learned)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('can all be made from the largest packet', () => {
    const largest = new Uint8Array(MAX_DATAGRAM_BYTES).fill(0x80);
    expect(Math.max(...lengths(take(300, HOSTILE_KINDS, { valid: [largest] })))).toBe(MAX_DATAGRAM_BYTES);
  });

  it('are mutated in few places, mostly', () => {
    const mutated = take(1000, ['mutated'], { valid: [TRUNK_LIKE] });
    const sameLength = mutated.filter(({ bytes }) => bytes.length === TRUNK_LIKE.length);
    expect(sameLength.length).toBeGreaterThan(200);
    for (const { bytes } of sameLength) {
      expect(TRUNK_LIKE.filter((byte, i) => byte !== bytes[i]).length).toBeLessThanOrEqual(8);
    }
    expect(mutated.length - sameLength.length).toBeGreaterThan(200);
  });

  it('are truncated anywhere, in the header often', () => {
    const cut = take(2000, ['truncated'], { valid: [TRUNK_LIKE] });
    for (const { bytes } of cut) expect(bytes.equals(TRUNK_LIKE.subarray(0, bytes.length))).toBe(true);
    expect(new Set(lengths(cut)).size).toBe(TRUNK_LIKE.length);
  });

  it('keep a header and have a random rest', () => {
    const packets = take(200, ['header'], { valid: [TRUNK_LIKE] });
    for (const { bytes } of packets) expect(bytes[0]).toBe(TRUNK_LIKE[0]);
    expect(
      packets.filter(({ bytes }) => bytes.subarray(0, 8).equals(TRUNK_LIKE.subarray(0, 8))).length,
    ).toBeGreaterThan(100);
    expect(lengths(packets).filter((length) => length === TRUNK_LIKE.length).length).toBeGreaterThan(50);
  });

  it('take part in what is learned later, of which only so much is kept', () => {
    const source = hostileSource({ seed: 1, kinds: ['replayed'] });
    expect(nextHostilePacket(source).bytes.length).toBe(RTP_HEADER_BYTES + 160);
    for (let n = 0; n < 10_000; n++) learn(source, Uint8Array.of(n & 0xff));
    expect(source.valid.length).toBe(4096);
    expect(nextHostilePacket(source).bytes.length).toBe(1);
  });
});

describe('packets that look like RTP', () => {
  const drops = (kind: HostileKind, count = 500) =>
    take(count, [kind]).map(({ bytes }) => decodeRtpInto(emptyRtpView(), bytes));

  it('never make the decoder of the phone throw, whatever is learned', () => {
    fc.assert(
      fc.property(seeds, datagrams, (seed, valid) => {
        const view = emptyRtpView();
        for (const { bytes } of take(100, HOSTILE_KINDS, { seed, valid })) {
          if (decodeRtpInto(view, bytes) !== null) continue;
          expect(view.payloadStart).toBeGreaterThanOrEqual(RTP_HEADER_BYTES);
          expect(view.payloadEnd).toBeGreaterThanOrEqual(view.payloadStart);
          expect(view.payloadEnd).toBeLessThanOrEqual(bytes.length);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('belong to a stream that was learned, but for the SSRC of some', () => {
    const stream = take(1, ['replayed'])[0]?.bytes ?? Buffer.alloc(0);
    const ssrcs = (kind: HostileKind) =>
      new Set(take(50, [kind], { valid: [stream] }).map(({ bytes }) => bytes.readUInt32BE(8)));
    expect(ssrcs('rtp-jump')).toEqual(new Set([stream.readUInt32BE(8)]));
    expect(ssrcs('rtp-ssrc').size).toBe(50);
    const sequences = new Set(take(200, ['rtp-jump'], { valid: [stream] }).map(({ bytes }) => bytes.readUInt16BE(2)));
    for (const edge of [0, 0x7fff, 0x8000, 0xffff]) expect(sequences).toContain(edge);
  });

  it('say that they have more CSRCs than fit', () => {
    expect(new Set(drops('rtp-csrc'))).toEqual(new Set(['bad-length']));
  });

  it('have padding and extensions that fit, and others that do not', () => {
    for (const kind of ['rtp-padding', 'rtp-extension'] as const) {
      const reasons = drops(kind);
      for (const reason of [null, 'bad-length']) {
        expect(reasons.filter((one) => one === reason).length).toBeGreaterThan(50);
      }
    }
  });

  it('are of all payload types, those of RTCP included', () => {
    expect(drops('rtp-payload-type').filter((reason) => reason === 'rtcp').length).toBeGreaterThan(50);
    const types = new Set(take(5000, ['rtp-payload-type']).map(({ bytes }) => (bytes[1] ?? 0) & 0x7f));
    expect(types.size).toBe(128);
  });

  it('are telephone events that no telephone sends, some of them with real keys', () => {
    const packets = take(1000, ['rtp-event']);
    const payloads = packets.map(({ bytes }) => bytes.subarray(RTP_HEADER_BYTES));
    expect(payloads.filter(({ length }) => length !== 4).length).toBeGreaterThan(100);
    const keys = payloads.filter(({ length }) => length >= 4).map((payload) => payload[0] ?? 0);
    expect(keys.filter((key) => key < 16).length).toBeGreaterThan(200);
    expect(keys.filter((key) => key >= 16).length).toBeGreaterThan(200);
  });
});
