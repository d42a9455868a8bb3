import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ownAddress } from '../../kit/loopback.ts';
import { expectOneStream, falls, hears, isSilent, WITHIN } from './judge.ts';
import { type HarnessCall, HOST, PHONE, RelayHarness } from './relay-harness.ts';

const STRANGER = ownAddress();
const FLOOR_HZ = 440;
const LEVEL_DBOV = -20;

/** Tests of calls that must pass with either driver. */
export function describeCalls(driver: 'libc' | 'dgram'): void {
  let lab: RelayHarness;

  beforeAll(async () => {
    lab = await RelayHarness.start({ driver });
  });
  afterEach(() => lab.reset());
  afterAll(() => lab.stop());

  describe('a call that passes through', () => {
    it('is heard both ways, and the phone gets one stream from the port that it was told', async () => {
      const call = await lab.openCall('a');
      call.phone.say(700, -20);
      call.asterisk.say(300, -15);
      await hears(call.asterisk, 700, -20);
      await hears(call.phone, 300, -15);
      // Asterisk begins another stream, as it does for each prompt.
      call.asterisk.ssrc += 1;
      await sleep(300);
      expect(call.phone.peer).toEqual(call.spec.local);
      expectOneStream(call.phone.arrivals);
      expect(await lab.report('call-source')).toMatchObject({ channelId: 'a', source: call.phone.address });
    });

    it.each(['PCMU', 'PCMA', 'G722'] as const)('is reported to talk in %s if that is asked for', async (codec) => {
      const call = await lab.openCall('a', { codec });
      call.phone.say(700, -20);
      await hears(call.asterisk, 700, -20);
      expect(lab.reports.filter(({ type }) => type === 'call-talks')).toEqual([]);
      lab.tell({ type: 'call', call: { ...call.spec, talkLevel: 300 } });
      expect(await lab.report('call-talks')).toEqual({ type: 'call-talks', channelId: 'a' });
    });

    it('brings keys to Asterisk, in one stream with the audio', async () => {
      const call = await lab.openCall('a');
      call.phone.say(700, -20);
      for (let packet = 0; packet < 8; packet++) call.phone.sendKey(5, packet, 96);
      const keys = () => call.asterisk.arrivals.filter(({ payloadType }) => payloadType === 96);
      await expect.poll(() => keys().length, WITHIN).toBe(8);
      expect(keys()[7]?.payload).toEqual(Buffer.from([5, 0x8a, 4, 96]));
      await expect.poll(() => call.asterisk.arrivals.length, WITHIN).toBeGreaterThan(20);
      // Before them, the relay reminds Asterisk of its address.
      const passed = call.asterisk.arrivals.filter(({ payloadType }) => payloadType !== 13);
      expect(new Set(passed.map(({ ssrc }) => ssrc)).size).toBe(1);
    });
  });

  describe('a listener', () => {
    it.each(['PCMU', 'PCMA', 'G722'] as const)(
      'hears the floor in %s, and Asterisk gets keys, and audio only for a moment after',
      async (codec) => {
        await lab.floor(FLOOR_HZ, LEVEL_DBOV);
        const call = await lab.openCall('a', { codec });
        call.phone.say(700, -20);
        await hears(call.asterisk, 700, -20);
        lab.hear(call, {});
        await hears(call.phone, FLOOR_HZ, LEVEL_DBOV);
        await isSilent(call.asterisk);
        const before = call.asterisk.arrivals.length;
        for (let packet = 0; packet < 8; packet++) call.phone.sendKey(9, packet);
        await expect.poll(() => call.asterisk.arrivals.length, WITHIN).toBeGreaterThan(before);
        await isSilent(call.asterisk);
        const types = call.asterisk.arrivals.slice(before).map(({ payloadType }) => payloadType);
        expect(types.filter((type) => type === 101)).toHaveLength(8);
        expect(types.length).toBeGreaterThan(30);
        expect(types.length).toBeLessThan(80);
        expectOneStream(call.phone.arrivals);
      },
    );

    it('hears it louder, not at all, and again, without a gap in the stream', async () => {
      await lab.floor(FLOOR_HZ, LEVEL_DBOV);
      const call = await lab.openCall('a');
      call.phone.say(700, -20);
      lab.hear(call, { volume: 2 });
      await hears(call.phone, FLOOR_HZ, LEVEL_DBOV + 6);
      lab.hear(call, { deaf: true });
      await falls(call.phone, FLOOR_HZ);
      lab.hear(call, { volume: -2 });
      await hears(call.phone, FLOOR_HZ, LEVEL_DBOV - 6);
      expectOneStream(call.phone.arrivals.slice(3));
    });

    it('hears comfort noise if they want it', async () => {
      const { spec } = await lab.floor(FLOOR_HZ, -60);
      lab.tell({ type: 'floor', floor: { ...spec, noiseDbov: -40 } });
      const [quiet, noisy] = [await lab.openCall('a'), await lab.openCall('b')];
      lab.hear(quiet, {});
      lab.hear(noisy, { noise: true });
      await hears(quiet.phone, FLOOR_HZ, -60);
      await expect.poll(() => noisy.phone.power(), WITHIN).toBeGreaterThan(-44);
      expect(quiet.phone.power()).toBeLessThan(-55);
    });

    it.each([20, 40, 60] as const)('gets packets of %i ms', async (packetMs) => {
      await lab.floor(FLOOR_HZ, LEVEL_DBOV);
      const call = await lab.openCall('a');
      lab.hear(call, { packetMs });
      await hears(call.phone, FLOOR_HZ, LEVEL_DBOV);
      await expect.poll(() => call.phone.arrivals.length, WITHIN).toBeGreaterThan(6);
      const last = call.phone.arrivals.slice(-5);
      expect(last.map(({ payload }) => payload.length)).toEqual(Array(5).fill(packetMs * 8));
      expect(((last[4]?.timestamp ?? 0) - (last[3]?.timestamp ?? 0)) >>> 0).toBe(packetMs * 8);
    });

    it('hears what Asterisk plays to them over the conference', async () => {
      await lab.floor(FLOOR_HZ, LEVEL_DBOV);
      const call = await lab.openCall('a');
      lab.hear(call, {});
      await hears(call.phone, FLOOR_HZ, LEVEL_DBOV);
      const stop = call.asterisk.say(1000, -20);
      await hears(call.phone, 1000, -20);
      expect(Math.abs(call.phone.level(FLOOR_HZ) - LEVEL_DBOV)).toBeLessThan(1.5);
      stop();
      await falls(call.phone, 1000);
      await hears(call.phone, FLOOR_HZ, LEVEL_DBOV);
    });

    it('who speaks is passed on, and listens again, in one stream', async () => {
      await lab.floor(FLOOR_HZ, LEVEL_DBOV);
      const call = await lab.openCall('a');
      call.phone.say(700, -20);
      lab.hear(call, {});
      await hears(call.phone, FLOOR_HZ, LEVEL_DBOV);
      call.asterisk.say(300, -15);
      lab.hear(call, null);
      await hears(call.asterisk, 700, -20);
      await hears(call.phone, 300, -15);
      await falls(call.phone, FLOOR_HZ);
      lab.hear(call, {});
      await falls(call.asterisk, 700);
      await hears(call.phone, FLOOR_HZ, LEVEL_DBOV);
      const { arrivals } = call.phone;
      expect(new Set(arrivals.map(({ ssrc }) => ssrc)).size).toBe(1);
      expect(arrivals.map(({ sequence }) => sequence)).toEqual(
        arrivals.map((_, index) => ((arrivals[0]?.sequence ?? 0) + index) & 0xffff),
      );
    });

    it('in another thread hears the same, and all of them until they are ended', async () => {
      await lab.floor(FLOOR_HZ, LEVEL_DBOV);
      const calls = [
        await lab.openCall('a'),
        await lab.openCall('b'),
        await lab.openCall('c'),
        await lab.openCall('d'),
      ];
      for (const call of calls) lab.hear(call, {});
      for (const { phone } of calls) await hears(phone, FLOOR_HZ, LEVEL_DBOV);
      lab.tell({ type: 'end-call', channelId: 'a' });
      await falls((calls[0] as HarnessCall).phone, FLOOR_HZ);
      for (const { phone } of calls.slice(1)) await hears(phone, FLOOR_HZ, LEVEL_DBOV);
      // Its port is free again.
      await expect.poll(() => lab.socket({ port: calls[0]?.spec.local.port ?? 0 }), WITHIN).toBeDefined();
    });
  });

  describe('the source of a phone', () => {
    it('that describes its audio again is the new address, and the codec the new one', async () => {
      await lab.floor(FLOOR_HZ, LEVEL_DBOV);
      const call = await lab.openCall('a', { codec: 'PCMU' });
      lab.hear(call, {});
      await hears(call.phone, FLOOR_HZ, LEVEL_DBOV);
      // It has sent nothing so far.
      const anew = await lab.line(PHONE, { codec: 'PCMA' });
      anew.sendTo(call.spec.local);
      const spec = { ...call.spec, phone: anew.address, codec: 'PCMA' } as const;
      lab.hear({ ...call, spec }, {});
      await hears(anew, FLOOR_HZ, LEVEL_DBOV);
      await falls(call.phone, FLOOR_HZ);
      // One that sends another codec may have described it. If nobody does anything about it, it is said again.
      anew.repeat(20, () => anew.send(0, new Uint8Array(160)));
      for (const _ of ['first', 'again']) {
        expect(await lab.report('call-codec')).toEqual({ type: 'call-codec', channelId: 'a' });
      }
    });

    it('that changes its codec with each packet makes few reports', async () => {
      const { phone } = await lab.openCall('a', { codec: 'PCMU' });
      let packets = 0;
      phone.repeat(5, () => phone.send(packets++ % 2 === 0 ? 8 : 9, new Uint8Array(160)));
      await lab.report('call-codec');
      await expect.poll(() => packets, WITHIN).toBeGreaterThan(200);
      expect(lab.reports.filter(({ type }) => type === 'call-codec').length).toBeLessThan(4);
    });

    it('is followed to another port, and a stranger is not', async () => {
      await lab.floor(FLOOR_HZ, LEVEL_DBOV);
      const call = await lab.openCall('a');
      const stop = call.phone.say(700, -20);
      lab.hear(call, {});
      await hears(call.phone, FLOOR_HZ, LEVEL_DBOV);
      const stranger = await lab.line(STRANGER, { codec: 'PCMU' });
      stranger.sendTo(call.spec.local);
      stranger.ssrc = call.phone.ssrc;
      stranger.say(1000, -10);
      await sleep(600);
      expect(stranger.arrivals).toEqual([]);
      await hears(call.phone, FLOOR_HZ, LEVEL_DBOV);
      // The NAT has forgotten the phone.
      stop();
      const moved = await lab.line(PHONE, { codec: 'PCMU' });
      moved.sendTo(call.spec.local);
      moved.ssrc = call.phone.ssrc;
      moved.say(700, -20);
      await hears(moved, FLOOR_HZ, LEVEL_DBOV);
      await falls(call.phone, FLOOR_HZ);
      expect(stranger.arrivals).toEqual([]);
    });

    it('of a stranger is counted, and Asterisk hears nothing of them', async () => {
      const call = await lab.openCall('a');
      call.phone.say(700, -20);
      await hears(call.asterisk, 700, -20);
      const dropped = () => lab.sums?.dropped['other-source'] ?? 0;
      await expect.poll(() => lab.sums, WITHIN).toBeDefined();
      const before = dropped();
      const stranger = await lab.line(STRANGER, { codec: 'PCMU' });
      stranger.sendTo(call.spec.local);
      stranger.say(1000, -10);
      for (let packet = 0; packet < 8; packet++) stranger.sendKey(5, packet);
      await sleep(300);
      expect(call.asterisk.level(1000)).toBeLessThan(-50);
      expect(call.asterisk.arrivals.filter(({ payloadType }) => payloadType === 101)).toEqual([]);
      await expect.poll(dropped, WITHIN).toBeGreaterThan(before + 8);
    });
  });

  describe('statistics', () => {
    it('are told of a call, and of all together', async () => {
      await lab.floor(FLOOR_HZ, LEVEL_DBOV);
      const [listener, speaker] = [await lab.openCall('a'), await lab.openCall('b')];
      speaker.phone.say(700, -20);
      lab.hear(listener, {});
      await hears(listener.phone, FLOOR_HZ, LEVEL_DBOV);
      await hears(speaker.asterisk, 700, -20);
      await sleep(400);
      lab.tell({ type: 'ask-statistics', channelId: 'b' });
      const { statistics } = await lab.report('call-statistics');
      expect(statistics?.packetsReceived).toBeGreaterThan(5);
      expect(statistics).toMatchObject({ packetsLost: 0, silentSeconds: 0, packetsLostByPhone: null });
      expect(statistics?.jitterMs).toBeLessThan(20);
      lab.tell({ type: 'ask-statistics', channelId: 'nobody' });
      expect(await lab.report('call-statistics')).toMatchObject({ channelId: 'nobody', statistics: null });
      await expect.poll(() => lab.sums, WITHIN).toMatchObject({ calls: 2, listeners: 1 });
    });
  });

  it('a port that somebody else has is told of, and no other call suffers', async () => {
    const call = await lab.openCall('a');
    const taken = await lab.call('b');
    await lab.socket({ host: HOST, port: taken.spec.local.port });
    lab.tell({ type: 'call', call: taken.spec });
    expect(await lab.report('call-failed')).toMatchObject({ channelId: 'b', message: expect.any(String) });
    call.phone.say(700, -20);
    await hears(call.asterisk, 700, -20);
  });

  it('a port that is just being left is waited for', async () => {
    const { spec, asterisk, phone } = await lab.call('a');
    const former = createSocket('udp4').bind(spec.local.port, HOST);
    await once(former, 'listening');
    lab.tell({ type: 'call', call: spec });
    phone.say(700, -20);
    // The relay has tried by then.
    lab.tell({ type: 'ping' });
    await lab.report('pong');
    former.close();
    await lab.report('call-open');
    await hears(asterisk, 700, -20);
  });
}
