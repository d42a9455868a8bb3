import { expect, it } from 'vitest';
import { TrunkTarget } from '../../../../src/relay/floors/trunk-target.ts';
import type { UdpPeer } from '../../../../src/udp/udp.ts';

const THERE = { host: '192.0.2.7', port: 5004 };
const ELSEWHERE = { host: '203.0.113.1', port: 5004 };
const target = () => new TrunkTarget(THERE, {} as UdpPeer, { trustedUntilMs: 0, nowMs: 0 });

/** Packets in this time, of one each 20 ms. */
function sent(to: TrunkTarget, fromMs: number, untilMs: number): number {
  let packets = 0;
  for (let nowMs = fromMs; nowMs < untilMs; nowMs += 20) packets += Number(to.isDue(nowMs));
  return packets;
}

it('an address that another node has named gets five packets a second, and then one, until something comes from there', () => {
  const to = target();
  expect(sent(to, 0, 1000)).toBe(5);
  expect(sent(to, 20_000, 30_000)).toBe(10);
  expect([30_000, 31_000].map((nowMs) => to.heardFrom(ELSEWHERE, nowMs))).toEqual([true, false]);
  expect(sent(to, 30_000, 40_000)).toBe(10);
  expect(to.heardFrom(THERE, 40_000)).toBe(false);
  expect(sent(to, 40_000, 50_000)).toBe(500);
  expect(sent(to, 50_000, 51_000)).toBe(5);
});

it.each([THERE, ELSEWHERE])(
  'one packet a second is asked where it comes from, whether it is trusted or not: %o',
  (source) => {
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
    expect(sent(to, 60_000, 61_000)).toBe(source === THERE ? 50 : 1);
  },
);
