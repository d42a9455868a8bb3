import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { audioFilter, type Filter, nothing } from '../../../src/udp/filter.ts';
import { wordsOf } from '../../../src/udp/socket-address.ts';
import { interpret } from './interpret.ts';

const WHOLE = 0xffff_ffff;
const PHONE = '192.0.2.7';
const UDP_AND_RTP_HEADERS_BYTES = 20;

type Packet = { host: string; port: number; sequence: number; payloadBytes: number };

function isLetThrough(filter: Filter, { host, port, sequence, payloadBytes }: Packet): boolean {
  const words = wordsOf(host);
  // RFC 791 and RFC 8200.
  const [headerBytes, sourceAt] = words.length === 1 ? [20, 12] : [40, 8];
  const ipHeader = new DataView(new ArrayBuffer(headerBytes));
  for (const [index, word] of words.entries()) ipHeader.setUint32(sourceAt + 4 * index, word);
  const packet = new DataView(new ArrayBuffer(UDP_AND_RTP_HEADERS_BYTES + payloadBytes));
  packet.setUint16(0, port);
  packet.setUint16(10, sequence);
  const bytes = interpret(filter, ipHeader, packet);
  expect([0, WHOLE]).toContain(bytes);
  return bytes === WHOLE;
}

const AUDIO: Packet = { host: PHONE, port: 4000, sequence: 1, payloadBytes: 160 };

describe('a filter for the audio of a phone', () => {
  const filter = audioFilter({ hosts: [PHONE, '255.255.255.255'], port: 4000, every: 16 });

  it('lets one packet in so many through', () => {
    const through = Array.from({ length: 512 }, (_, index) => (65_280 + index) & 0xffff).filter((sequence) =>
      isLetThrough(filter, { ...AUDIO, sequence }),
    );
    expect(through).toHaveLength(32);
    expect(through.every((sequence) => sequence % 16 === 0)).toBe(true);
  });

  it('lets everything through that is shorter than audio', () => {
    expect(isLetThrough(filter, { ...AUDIO, payloadBytes: 47 })).toBe(true);
    expect(isLetThrough(filter, { ...AUDIO, payloadBytes: 48 })).toBe(false);
    // A telephone event.
    expect(isLetThrough(filter, { ...AUDIO, payloadBytes: 4 })).toBe(true);
  });

  it('lets everything through from another port of the phone', () => {
    expect(isLetThrough(filter, { ...AUDIO, port: 4001 })).toBe(true);
  });

  it('drops everything from other hosts', () => {
    expect(isLetThrough(filter, { ...AUDIO, host: '192.0.2.8', sequence: 16 })).toBe(false);
    expect(isLetThrough(filter, { ...AUDIO, host: '192.0.2.8', payloadBytes: 4 })).toBe(false);
    expect(isLetThrough(filter, { ...AUDIO, host: '255.255.255.255', sequence: 16 })).toBe(true);
  });

  it('lets every host in without a list', () => {
    const everyHost = audioFilter({ hosts: [], port: 4000, every: 16 });
    expect(isLetThrough(everyHost, { ...AUDIO, host: '198.51.100.1', sequence: 16 })).toBe(true);
    expect(isLetThrough(everyHost, { ...AUDIO, host: '198.51.100.1' })).toBe(false);
  });

  it('drops no audio as long as the port is not known', () => {
    const unknown = audioFilter({ hosts: [PHONE], port: null, every: 16 });
    expect(isLetThrough(unknown, AUDIO)).toBe(true);
    expect(isLetThrough(unknown, { ...AUDIO, host: '192.0.2.8' })).toBe(false);
  });

  it('knows up to 250 hosts', () => {
    const hosts = Array.from({ length: 250 }, (_, index) => `192.0.2.${index}`);
    const many = audioFilter({ hosts, port: 4000, every: 2 });
    for (const host of hosts) expect(isLetThrough(many, { ...AUDIO, host, sequence: 2 })).toBe(true);
    expect(isLetThrough(many, { ...AUDIO, host: '192.0.2.250', sequence: 2 })).toBe(false);
    expect(() => audioFilter({ hosts: [...hosts, '192.0.2.250'], port: 4000, every: 2 })).toThrow(RangeError);
  });

  it('does what its description says for any packet', () => {
    const hosts = [PHONE, '10.0.0.1', '203.0.113.255'];
    const aPacket = fc.record({
      host: fc.oneof(fc.constantFrom(...hosts), fc.ipV4()),
      port: fc.constantFrom(4000, 4001, 0, 65_535),
      sequence: fc.nat(65_535),
      payloadBytes: fc.nat(400),
    });
    const options = fc.record({
      hosts: fc.subarray(hosts),
      port: fc.constantFrom(4000, null),
      every: fc.nat(15).map((bits) => 2 ** bits),
    });
    fc.assert(
      fc.property(options, aPacket, (wanted, packet) => {
        const isKnown = wanted.hosts.length === 0 || wanted.hosts.includes(packet.host);
        const isAudio = packet.port === wanted.port && packet.payloadBytes >= 48;
        const expected = isKnown && (!isAudio || packet.sequence % wanted.every === 0);
        expect(isLetThrough(audioFilter(wanted), packet)).toBe(expected);
      }),
    );
  });

  it.each([0, -1, 3, 65_536, 0.5, Number.NaN])('cannot let one in %s through', (every) => {
    expect(() => audioFilter({ hosts: [], port: 4000, every })).toThrow(RangeError);
  });

  it('compares each part of an IPv6 address', () => {
    const hosts = ['2001:db8::7', 'fd00:1:2:3:4:5:6:7'];
    const phones = audioFilter({ hosts, port: 4000, every: 16 });
    for (const host of hosts) {
      expect(isLetThrough(phones, { ...AUDIO, host, sequence: 16 })).toBe(true);
      expect(isLetThrough(phones, { ...AUDIO, host })).toBe(false);
    }
    const strangers = [
      '2001:db9::7',
      '2001:db8:1::7',
      '2001:db8:0:0:0:1::7',
      '2001:db8::8',
      '::7',
      'fd00:1:2:3:4:5:6:8',
    ];
    for (const host of strangers) expect(isLetThrough(phones, { ...AUDIO, host, sequence: 16 })).toBe(false);
  });

  it.each(['phone.example.org', '192.0.2', 'fe80::1%eth0'])('does not know the host %s', (host) => {
    expect(() => audioFilter({ hosts: [host], port: 4000, every: 1 })).toThrow(
      expect.objectContaining({ code: 'EINVAL' }),
    );
  });
});

describe('the filter for nothing', () => {
  it('drops everything', () => {
    expect(isLetThrough(nothing(), AUDIO)).toBe(false);
    expect(isLetThrough(nothing(), { ...AUDIO, payloadBytes: 0 })).toBe(false);
  });
});
