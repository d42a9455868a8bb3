import { describe, expect, it } from 'vitest';
import { PhoneSource, type PhoneSourceOptions } from '../../../../src/relay/calls/phone-source.ts';

/** What its description says, behind NAT; where its signalling and its packets come from; and somebody else. */
const DESCRIBED = { host: '192.168.1.9', port: 4000 };
const PHONE = '192.0.2.7';
const STRANGER = '203.0.113.66';
const SSRC = 0xabcd;

const sourceOf = (options: Partial<PhoneSourceOptions> = {}, continued: PhoneSource['state'] | null = null) =>
  new PhoneSource(
    { described: DESCRIBED, hosts: [DESCRIBED.host, PHONE], known: null, signalling: PHONE, ...options },
    continued === null ? 0 : 1000,
    continued,
  );

/** A phone that has sent from port 5000 at 0 ms. */
function heard(options: Partial<PhoneSourceOptions> = {}): PhoneSource {
  const source = sourceOf(options);
  expect(source.accepts(PHONE, 5000, SSRC, 0)).toBe('moved');
  return source;
}

describe('a phone that has sent nothing yet', () => {
  it('is where it says that it is', () => {
    expect(sourceOf()).toMatchObject({ address: DESCRIBED, isKnown: false });
    expect(sourceOf({ described: null }).address).toBeNull();
  });

  it('is where its first packet comes from, if its signalling has named that address', () => {
    const source = sourceOf();
    expect(source.accepts(STRANGER, 5000, SSRC, 0)).toBe('stranger');
    expect(source).toMatchObject({ address: DESCRIBED, isKnown: false });
    expect(source.accepts(PHONE, 5000, SSRC, 0)).toBe('moved');
    expect(source).toMatchObject({ address: { host: PHONE, port: 5000 }, isKnown: true });
    expect(source.accepts(PHONE, 5000, SSRC, 20)).toBe('same');
  });

  it('is where another process has seen it', () => {
    const source = sourceOf({ known: { host: PHONE, port: 5000 } });
    expect(source).toMatchObject({ address: { host: PHONE, port: 5000 }, isKnown: true });
    expect(source.accepts(PHONE, 5000, SSRC, 0)).toBe('same');
  });

  it('does not send from port 0', () => {
    expect(sourceOf().accepts(PHONE, 0, SSRC, 0)).toBe('stranger');
    expect(heard({ hosts: [] }).accepts(PHONE, 0, SSRC, 10_000)).toBe('stranger');
  });
});

describe('a phone that sends', () => {
  it('is followed at once to another port, with the same stream', () => {
    const source = heard();
    expect(source.accepts(PHONE, 6000, SSRC, 1)).toBe('moved');
    expect(source.address).toEqual({ host: PHONE, port: 6000 });
  });

  it('is followed to another address of its signalling, with the same stream', () => {
    expect(heard().accepts(DESCRIBED.host, 6000, SSRC, 1)).toBe('moved');
  });

  it('is not moved by another stream from its address while it is heard', () => {
    const source = heard();
    for (let nowMs = 0; nowMs <= 1000; nowMs += 20) {
      expect(source.accepts(PHONE, 5000, SSRC, nowMs)).toBe('same');
      expect(source.accepts(PHONE, 6000, SSRC + 1, nowMs + 10)).toBe('stranger');
    }
    expect(source.address).toEqual({ host: PHONE, port: 5000 });
  });

  it('is followed with another stream when it is not heard any more', () => {
    const source = heard();
    expect(source.accepts(PHONE, 6000, SSRC + 1, 100)).toBe('stranger');
    expect(source.accepts(PHONE, 6000, SSRC + 1, 101)).toBe('moved');
  });

  it('wins its stream back, from the address in its description, with whatever stream', () => {
    const source = sourceOf({ described: { host: PHONE, port: 5000 } });
    source.accepts(PHONE, 5000, SSRC, 0);
    expect(source.accepts(PHONE, 6000, SSRC + 1, 200)).toBe('moved');
    expect(source.accepts(PHONE, 5000, SSRC, 201)).toBe('moved');
    expect(source.accepts(PHONE, 5000, SSRC + 2, 202)).toBe('same');
  });

  it('changes its stream where it is', () => {
    const source = heard();
    expect(source.accepts(PHONE, 5000, SSRC + 1, 20)).toBe('same');
    expect(source.accepts(PHONE, 6000, SSRC + 1, 40)).toBe('moved');
  });
});

describe('a stranger', () => {
  it('never takes a silent phone over, not even with its stream', () => {
    const source = heard();
    for (const nowMs of [1, 2001, 60_000, 3_600_000]) {
      expect(source.accepts(STRANGER, 5000, SSRC, nowMs)).toBe('stranger');
    }
    expect(source.address).toEqual({ host: PHONE, port: 5000 });
    expect(source.accepts(PHONE, 5000, SSRC, 3_600_001)).toBe('same');
  });

  it('does not keep the phone heard', () => {
    const source = heard();
    source.accepts(STRANGER, 5000, SSRC, 100);
    expect(source.accepts(PHONE, 6000, SSRC + 1, 101)).toBe('moved');
  });
});

describe('where any address is allowed', () => {
  it('the first packet counts, wherever it comes from', () => {
    expect(sourceOf({ hosts: [] }).accepts(STRANGER, 5000, SSRC, 0)).toBe('moved');
  });

  it('another address counts only when the phone has been silent for 2 s', () => {
    const source = heard({ hosts: [] });
    expect(source.accepts(STRANGER, 5000, SSRC, 1999)).toBe('stranger');
    expect(source.accepts(STRANGER, 5000, SSRC + 1, 2000)).toBe('moved');
  });

  it('the phone wins its stream back at the address in its description', () => {
    const source = heard({ hosts: [], described: { host: PHONE, port: 5000 } });
    expect(source.accepts(STRANGER, 5000, SSRC + 1, 3000)).toBe('moved');
    expect(source.accepts(PHONE, 5000, SSRC, 3020)).toBe('moved');
  });

  it('another port of its address counts as always', () => {
    const source = heard({ hosts: [] });
    expect(source.accepts(PHONE, 6000, SSRC + 1, 50)).toBe('stranger');
    expect(source.accepts(PHONE, 6000, SSRC, 50)).toBe('moved');
  });
});

describe('a phone reports', () => {
  it('from the addresses of its signalling, whatever it has sent', () => {
    for (const source of [sourceOf(), heard()]) {
      expect([DESCRIBED.host, PHONE, STRANGER].map((host) => source.allows(host))).toEqual([true, true, false]);
    }
  });

  it('where any address is allowed, from any until it has sent, and then from there or where it says that it is', () => {
    const reports = (source: PhoneSource) => [DESCRIBED.host, PHONE, STRANGER].map((host) => source.allows(host));
    expect(reports(sourceOf({ hosts: [] }))).toEqual([true, true, true]);
    expect(reports(heard({ hosts: [] }))).toEqual([true, true, false]);
  });
});

describe('the address in the description of a phone', () => {
  it('gets audio for five seconds, unless SIP, RTP or RTCP comes from there', () => {
    expect([0, 4999, 5000].map((nowMs) => sourceOf().mayReceive(nowMs))).toEqual([true, true, false]);
    expect(sourceOf({ signalling: DESCRIBED.host }).mayReceive(60_000)).toBe(true);
    const reporting = sourceOf();
    reporting.heardRtcp(DESCRIBED.host);
    expect(reporting.mayReceive(60_000)).toBe(true);
    expect(heard().mayReceive(60_000)).toBe(true);
    expect(sourceOf({ signalling: null }).mayReceive(60_000)).toBe(true);
  });

  it('gets audio for five seconds when it is another one, once a minute', () => {
    const source = heard({ described: { host: PHONE, port: 5000 } });
    const describe = (nowMs: number, host: string) =>
      source.describe({ described: { host, port: 4000 }, hosts: [host, PHONE] }, nowMs);
    expect(describe(59_999, STRANGER)).toBe(true);
    expect(source.mayReceive(59_999)).toBe(false);
    expect(describe(60_000, '203.0.113.67')).toBe(false);
    expect([60_000, 64_999, 65_000].map((nowMs) => source.mayReceive(nowMs))).toEqual([true, true, false]);
    expect(describe(119_999, STRANGER)).toBe(false);
    expect(source.mayReceive(119_999)).toBe(false);
  });

  it('goes on to get audio from a successor, as it would have here', () => {
    const successorOf = (source: PhoneSource) => sourceOf({}, source.state);
    expect([4999, 5000].map((nowMs) => successorOf(sourceOf()).mayReceive(nowMs))).toEqual([true, false]);
    const reporting = sourceOf();
    reporting.heardRtcp(DESCRIBED.host);
    expect(successorOf(reporting).mayReceive(60_000)).toBe(true);
  });

  it('gets none if there is no such address', () => {
    expect(sourceOf({ described: null }).mayReceive(0)).toBe(false);
  });
});
