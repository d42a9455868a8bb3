import { describe, expect, it } from 'vitest';
import { mediaAddressOf } from '../../scripts/machine.ts';
import { ownAddress } from '../kit/loopback.ts';
import type { Call } from '../kit/phone/call.ts';
import type { PhoneBank } from '../kit/phone/phone-bank.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { gapsMs, HEARD, listen, MOST_GAP_MS } from './audience-harness.ts';
import { boundPorts } from './crowd-harness.ts';
import { bank, harness } from './harness.ts';

const LEVEL_DBOV = -20;
const VOICE_HZ = 1300;
/** Where the phones' SIP comes from. */
const PHONES = ownAddress();
const ELSEWHERE = ownAddress();
/** What a phone behind NAT takes for its address: nobody can send there (RFC 5737). */
const PRIVATE = { host: '192.0.2.77', port: 5004 };
/** A listener's socket hears no other port before the phone was silent for 400 ms, which is looked at each 200 ms. */
const LISTENER_FOLLOWED_MS = 400 + 200 + MOST_GAP_MS;
/** A packet from an address that nobody has signalled counts when the phone has not been heard for so long. */
const ANY_SOURCE_MS = 2000;

describe.each([{ sources: 'signalled' }, { sources: 'any' }] as const)(
  'a phone behind NAT, with relay.sources: $sources,',
  ({ sources }) => {
    const lab = harness({ profile: { idleSeconds: 1 }, config: { relay: { sources } } });
    const natted = bank(() => ({ bindAddress: PHONES, server: lab.node.server, toldAddress: PRIVATE }));

    /** Phones behind NAT, one that speaks and one that listens, with one of each that is not. */
    async function four() {
      const call = (from: PhoneBank, number: string, callerNumber: string, send = silence()) =>
        from.call(number, { callerNumber, send });
      const speaking = await call(lab.phones, '4000', '200', tone(440, LEVEL_DBOV));
      const listening = await call(lab.phones, '3000', '101');
      const nattedSpeaker = await call(natted.phones, '4000', '201', tone(VOICE_HZ, LEVEL_DBOV));
      const nattedListener = await call(natted.phones, '3000', '102', tone(700, LEVEL_DBOV));
      await lab.node.waitForMembers('3000', 4);
      await Promise.all([listening, nattedSpeaker, nattedListener].map((each) => each.waitForTone(440, HEARD)));
      await Promise.all([listening, speaking, nattedListener].map((each) => each.waitForTone(VOICE_HZ, HEARD)));
      // Until the filter of the listener's socket is set.
      await listen(1000);
      for (const each of [speaking, listening, nattedSpeaker, nattedListener]) each.resetStats();
      return { speaking, listening, nattedSpeaker, nattedListener };
    }

    /** Its packets come from elsewhere from now on. Returns once the relay sends there. */
    async function move(call: Call, bindAddress?: string): Promise<void> {
      await call.move(bindAddress);
      const { received } = call.stats();
      await expect.poll(() => call.stats().received, { timeout: 5000, interval: 10 }).toBeGreaterThan(received + 20);
      await call.waitForToneLevel(440, LEVEL_DBOV);
    }

    it('hears although its SDP tells an address that nobody can reach', async () => {
      const { nattedSpeaker, nattedListener } = await four();
      for (const call of [nattedSpeaker, nattedListener]) await call.waitForToneLevel(440, LEVEL_DBOV);
    });

    it('is followed at once when its port changes in mid-call', async () => {
      const { speaking, listening, nattedSpeaker, nattedListener } = await four();
      await move(nattedSpeaker);
      await move(nattedListener);
      expect(Math.max(...gapsMs([nattedSpeaker], listening))).toBeLessThanOrEqual(MOST_GAP_MS);
      expect(Math.max(...gapsMs([nattedListener], listening))).toBeLessThanOrEqual(LISTENER_FOLLOWED_MS);
      await Promise.all([listening, speaking].map((each) => each.waitForToneLevel(VOICE_HZ, LEVEL_DBOV)));
      for (const call of [nattedSpeaker, nattedListener]) expect(call.stats().streams).toBe(1);
    });

    it(`is ${sources === 'any' ? '' : 'not '}followed to an address that nobody has signalled`, async () => {
      const { listening, nattedSpeaker, nattedListener } = await four();
      const moved = [nattedSpeaker, nattedListener];
      if (sources === 'any') {
        await Promise.all(moved.map((call) => move(call, ELSEWHERE)));
        expect(Math.max(...gapsMs(moved, listening))).toBeLessThanOrEqual(ANY_SOURCE_MS + 100 + MOST_GAP_MS);
        await listening.waitForToneLevel(VOICE_HZ, LEVEL_DBOV);
        return;
      }
      await Promise.all(moved.map((call) => call.move(ELSEWHERE)));
      await listening.waitForSilence({ freqHz: VOICE_HZ, belowDbov: -60, timeoutMs: 3000 });
      await listen(ANY_SOURCE_MS);
      for (const call of moved)
        expect(performance.now() - (call.stats().lastPacketMs ?? 0)).toBeGreaterThan(ANY_SOURCE_MS);
      // The way back is open.
      await Promise.all(moved.map((call) => move(call)));
      await listening.waitForToneLevel(VOICE_HZ, LEVEL_DBOV);
    });
  },
);

describe('a host with several addresses', () => {
  const FIRST = ownAddress();
  const SECOND = { host: ownAddress(), port: 5062 };
  const lab = harness({
    bindAddress: FIRST,
    profile: { idleSeconds: 1 },
    extra: {
      append: {
        'pjsip.conf': `
[transport-second]
type = transport
protocol = udp
bind = ${SECOND.host}:${SECOND.port}
external_media_address = ${SECOND.host}
local_net = ${mediaAddressOf(FIRST)}/32
`,
      },
    },
  });
  const second = bank(() => ({ bindAddress: PHONES, server: SECOND }));

  it('tells each phone the address that it has called, and sends from there', async () => {
    const speaking = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, LEVEL_DBOV) });
    const byFirst = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
    const bySecond = await second.phones.call('3000', { callerNumber: '102', send: silence() });
    const speakingThere = await second.phones.call('4000', { callerNumber: '201', send: tone(VOICE_HZ, LEVEL_DBOV) });
    const calls = [speaking, byFirst, bySecond, speakingThere];
    const { members } = await lab.node.waitForMembers('3000', 4);
    for (const { path } of members) expect(path).toBe('relay');
    for (const call of [byFirst, bySecond, speakingThere]) await call.waitForTone(440, HEARD);
    for (const call of [byFirst, bySecond, speaking]) await call.waitForTone(VOICE_HZ, HEARD);
    const hosts = [FIRST, FIRST, SECOND.host, SECOND.host];
    expect(calls.map(({ toldAddress }) => toldAddress?.host)).toEqual(hosts);
    for (const { heardFrom, toldAddress } of calls) {
      expect(heardFrom).toMatchObject({ host: toldAddress?.host, port: toldAddress?.port });
    }
    const ports = await boundPorts(lab.node, SECOND.host);
    for (const { toldAddress } of [bySecond, speakingThere]) {
      expect(ports).toContain(`${toldAddress?.host}:${toldAddress?.port}`);
    }
  });
});
