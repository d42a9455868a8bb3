import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PacketSource, SourceCheck } from '../../../src/rtp/source-check.ts';

const TOLD = { host: '192.0.2.1', port: 4000 };
const PHONE = { address: '192.0.2.1', port: 4000 };
const NAT = { address: '198.51.100.7', port: 61_000 };
const STRANGER = { address: '203.0.113.9', port: 5000 };

function checkOf(told = TOLD): SourceCheck {
  const check = new SourceCheck();
  check.expect(told);
  return check;
}

/** Whether each of these packets of a source is the phone's. */
function verdicts(check: SourceCheck, from: PacketSource, sequences: readonly number[], ssrc = 1): boolean[] {
  return sequences.map((sequence) => check.accepts(from, { ssrc, sequence }));
}

describe("the source of a phone's RTP", () => {
  it('is believed at once where SIP told of it, whatever it sends', () => {
    const check = checkOf();
    expect(verdicts(check, PHONE, [7, 7, 900, 3])).toEqual([true, true, true, true]);
    expect(verdicts(check, PHONE, [1], 2)).toEqual([true]);
  });

  it('is believed with its third packet in sequence where it is another one, also over the wrap', () => {
    expect(verdicts(checkOf(), NAT, [65_534, 65_535, 0, 1])).toEqual([false, false, true, true]);
  });

  it('is not believed for packets that are not in sequence, or not of one SSRC, port or host', () => {
    expect(verdicts(checkOf(), NAT, [1, 3, 4, 6, 8, 10])).not.toContain(true);
    expect(verdicts(checkOf(), NAT, [5, 5, 5, 5])).not.toContain(true);
    const check = checkOf();
    const packets = [1, 2, 3, 4, 5, 6];
    expect(packets.map((sequence) => check.accepts(NAT, { ssrc: sequence % 2, sequence }))).not.toContain(true);
    const ports = packets.map((sequence) =>
      check.accepts({ ...NAT, port: 6000 + (sequence % 2) }, { ssrc: 1, sequence }),
    );
    const hosts = packets.map((sequence) =>
      check.accepts({ ...NAT, address: `203.0.113.${sequence % 2}` }, { ssrc: 1, sequence }),
    );
    expect([...ports, ...hosts]).not.toContain(true);
  });

  it('is not taken over by another one while it sends', () => {
    const check = checkOf();
    verdicts(check, NAT, [1, 2, 3]);
    for (let sequence = 4; sequence < 50; sequence++) {
      expect(verdicts(check, STRANGER, [2 * sequence, 2 * sequence + 1])).toEqual([false, false]);
      expect(verdicts(check, NAT, [sequence])).toEqual([true]);
    }
  });

  it('is learned anew when it falls silent, or SIP tells of another address', () => {
    const check = checkOf();
    verdicts(check, NAT, [1, 2, 3]);
    check.expect({ ...TOLD });
    expect(verdicts(check, NAT, [4])).toEqual([true]);
    expect(verdicts(check, STRANGER, [1, 2, 3])).toEqual([false, false, true]);
    check.expect({ host: '192.0.2.2', port: 4002 });
    expect(verdicts(check, STRANGER, [4, 5])).toEqual([false, false]);
    expect(verdicts(check, PHONE, [4])).toEqual([false]);
    expect(verdicts(check, { address: '192.0.2.2', port: 4002 }, [9])).toEqual([true]);
  });

  it('is never one that has sent less than three packets', () => {
    const stray = fc.record({
      from: fc.constantFrom(NAT, STRANGER, { ...NAT, port: 61_001 }, { ...STRANGER, address: '203.0.113.8' }),
      ssrc: fc.integer({ min: 1, max: 2 }),
      sequence: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(stray, { maxLength: 40 }), (packets) => {
        const check = checkOf();
        const sent = new Map<PacketSource, number>();
        for (const { from, ssrc, sequence } of packets) {
          sent.set(from, (sent.get(from) ?? 0) + 1);
          if (check.accepts(from, { ssrc, sequence })) expect(sent.get(from)).toBeGreaterThanOrEqual(3);
        }
        expect(check.accepts(PHONE, { ssrc: 9, sequence: 9 })).toBe(true);
      }),
    );
  });
});
