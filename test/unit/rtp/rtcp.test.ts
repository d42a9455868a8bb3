import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  emptyReportBlock,
  emptyRtcpView,
  ntpMiddleOf,
  RTCP_REPORT_BYTES_MAX,
  type RtcpReport,
  readRtcpInto,
  roundTripMs,
  writeReportInto,
} from '../../../src/rtp/rtcp.ts';

const OURS = 0xdead_beef;

function write(report: Partial<RtcpReport>): Buffer {
  const out = Buffer.alloc(RTCP_REPORT_BYTES_MAX, 0xee);
  const bytes = writeReportInto(out, { ssrc: 7, cname: 'a@b', sent: null, received: null, ...report });
  return out.subarray(0, bytes);
}

function read(datagram: Buffer) {
  const view = emptyRtcpView();
  view.bye = true;
  view.hasBlock = true;
  return { problem: readRtcpInto(view, datagram, OURS), view };
}

/** As text2pcap would have it. */
const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

/** A sender report with two blocks, the second about us; a name; a good-bye. */
const FROM_A_PHONE = hex(`
  82c8 0012 1234 5678
  e5a1 b2c3 8000 0000 0000 1000 0000 0064 0000 3e80
  0000 0001 ff00 0001 0000 0002 0000 0003 0000 0004 0000 0005
  dead beef 40ff fffe 0001 0203 0000 0050 b2c2 4000 0001 8000
  81ca 0003 1234 5678 0104 6d65 4061 0000
  81cb 0001 1234 5678`);

describe('RTCP from a phone', () => {
  it('tells what it has received from us, when it sent its report, and that it leaves', () => {
    const { problem, view } = read(FROM_A_PHONE);
    expect(problem).toBeNull();
    expect(view).toEqual({
      senderSsrc: 0x1234_5678,
      ntpMiddle: 0xb2c3_8000,
      hasBlock: true,
      block: {
        ssrc: OURS,
        fractionLost: 64,
        cumulativeLost: -2,
        highestSequence: 0x10203,
        jitterTicks: 80,
        lastSr: 0xb2c2_4000,
        delaySinceLastSr: 0x18000,
      },
      bye: true,
    });
  });

  it('may be a receiver report, without anything about us', () => {
    const { problem, view } = read(
      hex('81c9 0007 1234 5678 0000 0001 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000'),
    );
    expect(problem).toBeNull();
    expect(view).toMatchObject({ senderSsrc: 0x1234_5678, ntpMiddle: null, hasBlock: false, bye: false });
  });

  it('may have packets of other types, first or later', () => {
    const extended = hex('80cf 0001 1234 5678');
    expect(read(extended).problem).toBeNull();
    expect(read(Buffer.concat([extended, FROM_A_PHONE])).view).toMatchObject({ hasBlock: true, bye: true });
  });

  it.each([
    ['too-short', '80c9 0001 1234'],
    ['not-version-2', '40c9 0001 1234 5678'],
    ['not-rtcp', '8000 0001 1234 5678'],
    ['not-rtcp', '80e0 0001 1234 5678'],
    ['bad-length', '80c9 0002 1234 5678'],
    ['bad-length', '80c9 0001 1234 5678 8000'],
    ['bad-length', '81c9 0001 1234 5678'],
    ['bad-length', '80c8 0001 1234 5678'],
    ['bad-length', '80c8 0005 1234 5678 0000 0000 0000 0000 0000 0000 0000 0000'],
    ['not-version-2', '80c9 0001 1234 5678 0000 0000'],
  ] as const)('is refused as %s: %s', (reason, text) => {
    expect(read(hex(text)).problem).toBe(reason);
  });

  it('never throws, whatever comes', () => {
    const looksRight = fc
      .tuple(fc.nat(255), fc.constantFrom(200, 201, 202, 203), fc.nat(12), fc.uint8Array({ maxLength: 120 }))
      .map(([first, type, length, rest]) => Buffer.from([0x80 | (first & 0x3f), type, 0, length, ...rest]));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), looksRight), (bytes) => {
        const { problem } = read(Buffer.from(bytes));
        expect([null, 'too-short', 'not-version-2', 'not-rtcp', 'bad-length']).toContain(problem);
      }),
      { numRuns: 2000 },
    );
  });

  it('is refused when it is cut off anywhere but between two packets', () => {
    const whole = [76, 92, FROM_A_PHONE.length];
    for (let bytes = 0; bytes <= FROM_A_PHONE.length; bytes += 1) {
      expect(read(FROM_A_PHONE.subarray(0, bytes)).problem === null).toBe(whole.includes(bytes));
    }
  });
});

describe('RTCP to a phone', () => {
  it('is a sender report with what was received, and our name', () => {
    // A quarter of a second after noon.
    const unixMs = Date.UTC(2026, 0, 1, 12) + 250;
    const datagram = write({
      ssrc: 0x1234_5678,
      sent: { unixMs, rtpTimestamp: 0x1000, packets: 100, payloadBytes: 16_000 },
      received: { ...emptyReportBlock(), ssrc: 1, fractionLost: 64, cumulativeLost: -2, highestSequence: 0x10203 },
    });
    const ntpSeconds = (unixMs - 250 - Date.UTC(1900, 0, 1)) / 1000;
    expect(datagram.toString('hex')).toBe(
      hex(`
        81c8 000c 1234 5678
        ${ntpSeconds.toString(16)} 4000 0000 0000 1000 0000 0064 0000 3e80
        0000 0001 40ff fffe 0001 0203 0000 0000 0000 0000 0000 0000
        81ca 0003 1234 5678 0103 6140 6200 0000`).toString('hex'),
    );
  });

  it('is a receiver report where nothing was sent, empty where nothing came', () => {
    expect(write({}).toString('hex')).toBe(
      hex('80c9 0001 0000 0007 81ca 0003 0000 0007 0103 6140 6200 0000').toString('hex'),
    );
  });

  it('ends the name with at least one zero, and cuts off one that is too long', () => {
    for (const length of [0, 1, 2, 3, 4, 5, 255, 300]) {
      const datagram = write({ cname: 'x'.repeat(length) });
      expect(read(datagram).problem).toBeNull();
      expect(datagram.at(-1)).toBe(0);
      expect(datagram.length % 4).toBe(0);
      expect(datagram.toString('latin1').split('x').length - 1).toBe(Math.min(255, length));
    }
  });

  it('is read as it was written', () => {
    const u32 = fc.nat(0xffff_ffff);
    const block = fc.record({
      ssrc: fc.constant(OURS),
      fractionLost: fc.nat(255),
      cumulativeLost: fc.integer({ min: -0x80_0000, max: 0x7f_ffff }),
      highestSequence: u32,
      jitterTicks: u32,
      lastSr: u32,
      delaySinceLastSr: u32,
    });
    const sent = fc.record({ unixMs: fc.nat(2 ** 42), rtpTimestamp: u32, packets: u32, payloadBytes: u32 });
    const reports = fc.record({
      ssrc: u32,
      cname: fc.string({ maxLength: 300, unit: 'grapheme' }),
      sent: fc.option(sent),
      received: fc.option(block),
    });
    fc.assert(
      fc.property(reports, (report) => {
        const { problem, view } = read(write(report));
        expect(problem).toBeNull();
        expect(view.senderSsrc).toBe(report.ssrc);
        expect(view.hasBlock ? view.block : null).toEqual(report.received);
        const expected = report.sent && ntpMiddleOf(report.sent.unixMs);
        expect(view.ntpMiddle).toBe(expected);
      }),
    );
  });

  it('writes the most packets lost that there is room for', () => {
    for (const [lost, written] of [
      [1e9, 0x7f_ffff],
      [-1e9, -0x80_0000],
    ] as const) {
      const received = { ...emptyReportBlock(), ssrc: OURS, cumulativeLost: lost };
      expect(read(write({ received })).view.block.cumulativeLost).toBe(written);
    }
  });
});

describe('the round-trip time', () => {
  it('is what has passed since our report, without the time for which the phone has kept it', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 42), fc.nat(60_000), fc.nat(60_000), (sentMs, keptMs, travelMs) => {
        const block = {
          ...emptyReportBlock(),
          lastSr: ntpMiddleOf(sentMs),
          delaySinceLastSr: Math.round((keptMs * 65_536) / 1000),
        };
        fc.pre(block.lastSr !== 0);
        const ms = roundTripMs(block, sentMs + keptMs + travelMs);
        expect(Math.abs((ms as number) - travelMs)).toBeLessThan(0.1);
      }),
    );
  });

  it('is not known before the phone has had a report, and never negative', () => {
    expect(roundTripMs(emptyReportBlock(), 1_000_000)).toBeNull();
    const block = { ...emptyReportBlock(), lastSr: ntpMiddleOf(1_000_000), delaySinceLastSr: 200 };
    expect(roundTripMs(block, 1_000_001)).toBe(0);
  });
});
