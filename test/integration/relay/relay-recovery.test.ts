import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ownAddress } from '../../kit/loopback.ts';
import { hears, WITHIN } from './judge.ts';
import { ASTERISK, HEARING, HOST, RelayHarness } from './relay-harness.ts';

const FLOOR_HZ = 440;
const LEVEL_DBOV = -20;

let lab: RelayHarness;

beforeEach(async () => {
  lab = await RelayHarness.start();
});
afterEach(() => lab.stop());

/** A floor with a tone, a listener of it, and a speaker; both phones are behind NAT. */
async function everything() {
  const floor = await lab.floor(FLOOR_HZ, LEVEL_DBOV);
  const behindNat = { phone: { host: '192.168.1.9', port: 4000 } };
  const calls = [await lab.call('listener', { hearing: HEARING, ...behindNat }), await lab.call('speaker', behindNat)];
  const [listener, speaker] = calls as [(typeof calls)[0], (typeof calls)[0]];
  for (const { spec, phone, asterisk } of calls) {
    lab.tell({ type: 'call', call: spec });
    await lab.report('call-open');
    phone.say(700, LEVEL_DBOV);
    await expect.poll(() => asterisk.peer, WITHIN).not.toBeNull();
    if (asterisk.peer) asterisk.sendTo(asterisk.peer);
  }
  speaker.asterisk.say(300, LEVEL_DBOV);
  await hears(listener.phone, FLOOR_HZ);
  await hears(speaker.phone, 300);
  const sources = [await lab.report('call-source'), await lab.report('call-source')];
  // As a controller keeps them.
  const specs = calls.map(({ spec }) => ({
    ...spec,
    source: sources.find(({ channelId }) => channelId === spec.channelId)?.source ?? null,
  }));
  return { ...floor, listener, speaker, specs };
}

it('what is no message harms nothing, and a controller that connects again learns how things are', async () => {
  const { spec, local, listener, speaker, specs } = await everything();
  lab.tellText('{"type":"nonsense"}\n{"type":"floor","floor":{"conference":7}}\n[]\nnull\n');
  lab.tell({ type: 'ping' });
  await lab.report('pong');
  lab.tellText('this is no JSON\n');
  await expect.poll(() => lab.isConnected, WITHIN).toBe(false);
  const before = listener.phone.arrivals.length;
  const { calls } = await lab.connect();
  expect(calls.map(({ channelId }) => channelId)).toEqual(['listener', 'speaker']);
  // It does not know where floors are, and Asterisk has not moved.
  lab.tellAll([{ ...spec, asterisk: null, port: null }], specs);
  expect(await lab.report('floor')).toMatchObject({ local });
  await sleep(300);
  await hears(listener.phone, FLOOR_HZ);
  await hears(speaker.phone, 300);
  const sequences = listener.phone.arrivals.slice(before).map(({ sequence }) => sequence);
  expect(sequences).toEqual(sequences.map((_, index) => ((sequences[0] ?? 0) + index) & 0xffff));
});

it('a relay that was killed goes on where it was, on the same ports, when it is told again', async () => {
  const { spec, local, listener, speaker, specs } = await everything();
  await lab.killRelay();
  await expect.poll(() => listener.phone.level(FLOOR_HZ), WITHIN).toBeLessThan(-60);
  expect((await lab.startRelay()).calls).toEqual([]);
  const atMs = performance.now();
  lab.tellAll([{ ...spec, port: local.port }], specs);
  expect(await lab.report('floor')).toMatchObject({ local });
  await hears(listener.phone, FLOOR_HZ);
  // Asterisk finds the relay at another port, as it follows what it gets (`rtp_symmetric`).
  const greeting = () => speaker.asterisk.arrivals.find((arrival) => arrival.atMs > atMs)?.from;
  await expect.poll(greeting, WITHIN).toBeDefined();
  speaker.asterisk.sendTo(greeting() ?? speaker.spec.local);
  await hears(speaker.phone, 300);
  await hears(speaker.asterisk, 700);
});

it('a phone that sends nothing is heard again where it was, also behind NAT', async () => {
  const { spec, local, listener, specs } = await everything();
  listener.phone.hush();
  await lab.killRelay();
  await lab.startRelay();
  const before = listener.phone.arrivals.length;
  lab.tellAll([{ ...spec, port: local.port }], specs);
  await expect.poll(() => listener.phone.arrivals.length - before, WITHIN).toBeGreaterThan(20);
  await hears(listener.phone, FLOOR_HZ);
});

it('a phone is heard again where it has said that it is, and not where it was before', async () => {
  const { spec, local } = await lab.floor(FLOOR_HZ, LEVEL_DBOV);
  const { spec: before, phone } = await lab.openCall('listener', { hearing: HEARING });
  phone.say(700, LEVEL_DBOV);
  expect(await lab.report('call-source')).toMatchObject({ source: phone.address });
  phone.hush();
  const there = await lab.line(ownAddress(), { codec: before.codec });
  const described = { ...before, phone: there.address, sources: [there.address.host], source: phone.address };
  lab.tell({ type: 'call', call: described });
  await hears(there, FLOOR_HZ);
  const { source } = await lab.report('call-source');
  await lab.killRelay();
  await lab.startRelay();
  const [soFar, soFarThere] = [phone.arrivals.length, there.arrivals.length];
  lab.tellAll([{ ...spec, port: local.port }], [{ ...described, source }]);
  await expect.poll(() => there.arrivals.length - soFarThere, WITHIN).toBeGreaterThan(20);
  expect(phone.arrivals).toHaveLength(soFar);
});

it('a floor whose port somebody else has by now gets another, and a call is told of', async () => {
  const { spec, local, asterisk, listener, specs } = await everything();
  await lab.killRelay();
  await lab.socket({ host: '127.0.0.1', port: local.port });
  await lab.socket({ host: HOST, port: specs[1]?.local.port ?? 0 });
  await lab.startRelay();
  lab.tellAll([{ ...spec, port: local.port }], specs);
  const { local: moved } = await lab.report('floor');
  expect(moved.port).not.toBe(local.port);
  expect(await lab.report('call-failed')).toMatchObject({ channelId: 'speaker' });
  lab.sendFloor(asterisk, moved, 1000, LEVEL_DBOV);
  await hears(listener.phone, 1000);
});

it('what is not wanted any more ends: floors, and calls with their ports', async () => {
  const { spec, listener, speaker, specs } = await everything();
  lab.tellAll([spec], specs.slice(1));
  await expect.poll(() => listener.phone.level(FLOOR_HZ), WITHIN).toBeLessThan(-60);
  await hears(speaker.phone, 300);
  await expect.poll(() => lab.socket({ host: HOST, port: listener.spec.local.port }), WITHIN).toBeDefined();
  lab.tellAll([], []);
  await expect.poll(() => speaker.phone.level(300), WITHIN).toBeLessThan(-60);
  await expect.poll(() => lab.sums?.calls, WITHIN).toBe(0);
});

it('a floor does not take what others than Asterisk send', async () => {
  const { local, listener } = await everything();
  lab.sendFloor(await lab.socket({ host: ASTERISK }), local, 1000, -10);
  await sleep(500);
  expect(listener.phone.level(1000)).toBeLessThan(-55);
  await hears(listener.phone, FLOOR_HZ);
});
