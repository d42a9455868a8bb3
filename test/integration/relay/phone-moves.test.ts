import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallSpec } from '../../../src/relay/protocol/protocol.ts';
import { ownAddress } from '../../kit/loopback.ts';
import { expectOneStream, falls, hears, missing, WITHIN } from './judge.ts';
import { type Arrival, type Line, PHONE_NOISE } from './line.ts';
import { type HarnessCall, HEARING, PHONE, RelayHarness } from './relay-harness.ts';
import { RtcpLine } from './rtcp-line.ts';

const SECOND_ADDRESS = ownAddress();
const STRANGER = ownAddress();
/** The address in the SDP of a phone behind NAT. */
const BEHIND_NAT = { host: '192.168.1.9', port: 4000 };
const FLOOR_HZ = 440;
const VOICE_HZ = 700;
/** The voice after a change. */
const THEN_HZ = 1100;
const ASTERISK_HZ = 300;
const LEVEL_DBOV = -20;

let lab: RelayHarness;

/** A listener who hears the floor, and a speaker who hears Asterisk; the phones of both speak. */
async function both(given: Partial<CallSpec> = {}): Promise<{ listener: HarnessCall; speaker: HarnessCall }> {
  const listener = await lab.openCall('listener', { hearing: HEARING, ...given });
  const speaker = await lab.openCall('speaker', given);
  speaker.asterisk.say(ASTERISK_HZ, LEVEL_DBOV);
  for (const { phone } of [listener, speaker]) phone.say(VOICE_HZ, LEVEL_DBOV);
  await hears(listener.phone, FLOOR_HZ);
  await hears(speaker.phone, ASTERISK_HZ);
  await hears(speaker.asterisk, VOICE_HZ);
  return { listener, speaker };
}

/** A phone goes on from elsewhere, with its stream or another one. */
async function move({ phone, spec }: HarnessCall, host: string, ssrc = phone.ssrc): Promise<Line> {
  phone.hush();
  const moved = await lab.line(host, { codec: spec.codec });
  moved.sendTo(spec.local);
  moved.ssrc = ssrc;
  moved.say(THEN_HZ, LEVEL_DBOV);
  return moved;
}

/** Asterisk soon gets one stream again, whose numbers go on. */
async function isHeardThere(asterisk: Line): Promise<void> {
  await hears(asterisk, THEN_HZ);
  const last = () => asterisk.arrivals.slice(-10);
  await expect.poll(() => new Set(last().map(({ ssrc }) => ssrc)).size, WITHIN).toBe(1);
  expect(missing(last())).toBe(0);
}

describe.each(['libc', 'dgram'] as const)('a phone whose relay has its sockets through %s', (driver) => {
  beforeAll(async () => {
    lab = await RelayHarness.start({ driver });
  });
  beforeEach(() => lab.floor(FLOOR_HZ, LEVEL_DBOV));
  afterEach(() => lab.reset());
  afterAll(() => lab.stop());

  it('hears behind NAT although it sends nothing but comfort noise, and Asterisk gets none from a listener', async () => {
    const listener = await lab.openCall('listener', { hearing: HEARING, phone: BEHIND_NAT });
    const speaker = await lab.openCall('speaker', { phone: BEHIND_NAT });
    speaker.asterisk.say(ASTERISK_HZ, LEVEL_DBOV);
    for (const { phone } of [listener, speaker]) phone.repeat(200, () => phone.sendComfortNoise());
    await hears(listener.phone, FLOOR_HZ);
    await hears(speaker.phone, ASTERISK_HZ);
    await expect.poll(() => speaker.asterisk.arrivals.length, WITHIN).toBeGreaterThan(10);
    const isOfPhone = ({ payload }: Arrival) => payload[0] === PHONE_NOISE;
    const first = speaker.asterisk.arrivals.findIndex(isOfPhone);
    // Until then the relay has reminded Asterisk of where to send.
    const noise = speaker.asterisk.arrivals.slice(first).filter(isOfPhone);
    expect(first).toBeGreaterThan(0);
    expect(new Set(noise.map(({ payloadType }) => payloadType))).toEqual(new Set([13]));
    expect(listener.asterisk.arrivals.filter(isOfPhone)).toEqual([]);
    for (const { phone } of [listener, speaker]) expectOneStream(phone.arrivals);
    expect(await lab.statistics('listener')).toMatchObject({ packetsLost: 0, silentSeconds: 0 });
  });

  it('hears where it has said that it is, although it sends nothing but RTCP', async () => {
    const listener = await lab.openCall('listener', { hearing: HEARING });
    const speaker = await lab.openCall('speaker');
    speaker.asterisk.say(ASTERISK_HZ, LEVEL_DBOV);
    for (const { phone, spec } of [listener, speaker]) {
      const rtcp = new RtcpLine(await lab.socket({ host: PHONE }), phone.ssrc);
      phone.repeat(100, () => rtcp.report(spec.local, {}));
    }
    await hears(listener.phone, FLOOR_HZ);
    await hears(speaker.phone, ASTERISK_HZ);
    await expect.poll(() => listener.phone.arrivals.length, WITHIN).toBeGreaterThan(100);
    expectOneStream(listener.phone.arrivals);
    for (const channelId of ['listener', 'speaker']) {
      expect(await lab.statistics(channelId)).toMatchObject({ silentSeconds: 0 });
    }
  });

  it('may begin another stream at any time', async () => {
    const { listener, speaker } = await both();
    for (const { phone } of [listener, speaker]) {
      phone.ssrc += 1;
      phone.hush();
      phone.say(THEN_HZ, LEVEL_DBOV);
    }
    await isHeardThere(speaker.asterisk);
    await hears(listener.phone, FLOOR_HZ);
    for (const { phone } of [listener, speaker]) {
      await expect.poll(() => phone.arrivals.length, WITHIN).toBeGreaterThan(30);
      expectOneStream(phone.arrivals);
    }
  });

  it.each([
    ['from another port, with another stream', PHONE, 1],
    ['from another address that its signalling has named', SECOND_ADDRESS, 0],
    ['from there, with another stream', SECOND_ADDRESS, 1],
  ])('is followed when it goes on %s', async (_, host, ssrcStep) => {
    const { listener, speaker } = await both({ sources: [PHONE, SECOND_ADDRESS] });
    const there = [
      await move(listener, host, listener.phone.ssrc + ssrcStep),
      await move(speaker, host, speaker.phone.ssrc + ssrcStep),
    ] as const;
    await hears(there[0], FLOOR_HZ);
    await hears(there[1], ASTERISK_HZ);
    await isHeardThere(speaker.asterisk);
    await falls(listener.phone, FLOOR_HZ);
    await falls(speaker.phone, ASTERISK_HZ);
    for (const line of there) expect(line.arrivals[0]?.from.host).toBe(listener.spec.local.host);
  });

  it('is heard from another host that it has described, although the kernel has passed only the former', async () => {
    const { listener } = await both();
    const there = await move(listener, SECOND_ADDRESS);
    const spec = { ...listener.spec, phone: there.address, sources: [SECOND_ADDRESS, PHONE] };
    lab.tell({ type: 'call', call: spec });
    const reported = expect.objectContaining({ channelId: 'listener', source: there.address });
    await expect.poll(() => lab.reports, WITHIN).toContainEqual(reported);
    await hears(there, FLOOR_HZ);
    there.sendKey(5, 0);
    const keys = () => listener.asterisk.arrivals.filter(({ payloadType }) => payloadType === 101);
    await expect.poll(keys, WITHIN).not.toEqual([]);
  });

  it('hears although another one of its address goes on sending to its port, as in a call that had it before', async () => {
    const [listener, speaker] = [await lab.call('listener', { hearing: HEARING }), await lab.call('speaker')];
    for (const { phone, spec } of [listener, speaker]) {
      const former = await lab.line(PHONE, { codec: spec.codec });
      former.sendTo(spec.local);
      former.say(VOICE_HZ + 300, LEVEL_DBOV);
      const opened = lab.report('call-open');
      lab.tell({ type: 'call', call: spec });
      await opened;
      // From the former one alone something has come by then.
      await expect.poll(() => former.arrivals.length, WITHIN).toBeGreaterThan(0);
      phone.say(VOICE_HZ, LEVEL_DBOV);
    }
    await hears(listener.phone, FLOOR_HZ);
    await hears(speaker.asterisk, VOICE_HZ);
  });

  it('is not followed to an address that nobody has named, not even with its own stream', async () => {
    const { listener, speaker } = await both();
    const heardBefore = speaker.asterisk.arrivals.length;
    const there = [await move(listener, STRANGER), await move(speaker, STRANGER)];
    // This is longer than the relay waits for a phone.
    await expect.poll(async () => (await lab.statistics('speaker')).silentSeconds, WITHIN).toBeGreaterThanOrEqual(2);
    await hears(listener.phone, FLOOR_HZ);
    await hears(speaker.phone, ASTERISK_HZ);
    for (const line of there) expect(line.arrivals).toEqual([]);
    // Some packets were under way.
    expect(speaker.asterisk.arrivals.length - heardBefore).toBeLessThan(10);
  });
});
