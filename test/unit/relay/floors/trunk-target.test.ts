import { expect, it } from 'vitest';
import { TrunkTarget } from '../../../../src/relay/floors/trunk-target.ts';
import type { UdpPeer } from '../../../../src/udp/udp.ts';

const THERE = { host: '192.0.2.7', port: 5004 };
const ELSEWHERE = { host: '203.0.113.1', port: 6000 };
const peerAt = (host: string, port: number) => `${host}:${port}` as unknown as UdpPeer;
const target = () => new TrunkTarget(THERE, peerAt, { trustedUntilMs: 0, nowMs: 0 });

/** Packets in this time, of one each 20 ms. */
function sent(to: TrunkTarget, fromMs: number, untilMs: number): number {
  let packets = 0;
  for (let nowMs = fromMs; nowMs < untilMs; nowMs += 20) packets += Number(to.isDue(nowMs));
  return packets;
}

it('an address that another node has named gets five packets a second, and then one, until something comes from it', () => {
  const to = target();
  expect(sent(to, 0, 1000)).toBe(5);
  expect(sent(to, 20_000, 30_000)).toBe(10);
  to.heardFrom(THERE, 40_000);
  expect(sent(to, 40_000, 50_000)).toBe(500);
  expect(sent(to, 50_000, 51_000)).toBe(5);
  expect(to.to).toBe('192.0.2.7:5004');
});

it('a node that sends from another address than it has named gets its packets there, until it sends from the named one', () => {
  const to = target();
  to.heardFrom(ELSEWHERE, 0);
  expect([sent(to, 0, 1000), to.to]).toEqual([50, '203.0.113.1:6000']);
  to.heardFrom(THERE, 1000);
  expect([sent(to, 1000, 2000), to.to]).toEqual([50, '192.0.2.7:5004']);
});

it.each([THERE, ELSEWHERE])('one packet a second is asked where it comes from: %o', (source) => {
  let asked = 0;
  const from = {
    port: source.port,
    get host() {
      asked += 1;
      return source.host;
    },
  };
  const to = target();
  for (let nowMs = 0; nowMs < 60_000; nowMs += 20) to.heardFrom(from, nowMs);
  expect(asked).toBe(60);
  expect(sent(to, 60_000, 61_000)).toBe(50);
});
