import type { Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FloorWish, ListenerWish } from '../../../src/relay/protocol.ts';
import type { Heard } from '../../kit/phone/heard.ts';
import { toneLevelDbov } from '../../kit/phone/judge.ts';
import { RelayLaboratory } from './relay-laboratory.ts';

const ADDRESS = '127.0.75.1';
const LEVEL_DBOV = -20;
const WITHIN = { timeout: 8000, interval: 20 };

let lab: RelayLaboratory;

beforeEach(async () => {
  lab = await RelayLaboratory.start();
});
afterEach(() => lab.stop());

const floorOf = (asterisk: Socket, port: number | null = null): FloorWish => ({
  conference: '3000',
  asterisk: { host: ADDRESS, port: asterisk.address().port },
  port,
  noiseDbov: null,
  floorNoise: false,
  sampleRateHz: 8000,
  nodes: [],
});
const listenerOf = (legId: string, more: Partial<ListenerWish> = {}): ListenerWish => ({
  legId,
  conference: '3000',
  volume: 0,
  noise: true,
  leg: null,
  ...more,
});
const level = (heard: Heard, freqHz: number) =>
  toneLevelDbov(heard.audio?.last(200, performance.now()).samples ?? new Int16Array(0), freqHz);
const hears = (heard: Heard, freqHz: number, dbov: number) =>
  expect.poll(() => Math.abs(level(heard, freqHz) - dbov), WITHIN).toBeLessThan(1);

/** A floor with a tone, and a listener `a` of it, at first at Asterisk and then at his phone. */
async function one() {
  const [asterisk, asterisksLeg, phone] = [await lab.socket(), await lab.socket(), await lab.socket()];
  const floor = floorOf(asterisk);
  const listener = listenerOf('a');
  lab.tell({ type: 'everything', peers: [], floors: [floor], listeners: [listener] });
  const { local } = await lab.report('floor');
  lab.sendFloor(asterisk, local.port, 440, LEVEL_DBOV);
  const first = await lab.invite('a', asterisksLeg);
  const heardByAsterisk = lab.listen(asterisksLeg);
  await hears(heardByAsterisk, 440, LEVEL_DBOV);
  const { leg: before } = await lab.report('leg');
  expect(before.remote).toEqual(before.asterisk);
  const heard = lab.listen(phone);
  expect(await lab.invite('a', phone, 2)).toEqual(first);
  const { leg } = await lab.report('leg');
  await hears(heard, 440, LEVEL_DBOV);
  return { asterisk, asterisksLeg, phone, heard, floor, local, listener, leg, port: first.port };
}

it('a listener hears the floor at his volume, a forged one not, and a call for nobody is refused', async () => {
  const { heard, listener, local, leg } = await one();
  expect(leg.remote).not.toEqual(leg.asterisk);
  lab.tell({ type: 'listener', listener: { ...listener, volume: -2 } });
  await hears(heard, 440, LEVEL_DBOV - 6);
  lab.sendFloor(await lab.socket(), local.port, 1000, -10);
  await sleep(400);
  expect(level(heard, 1000)).toBeLessThan(-60);
  expect(level(heard, 440)).toBeCloseTo(LEVEL_DBOV - 6, 0);
  expect((await lab.invite('nobody', await lab.socket())).status).toBe(404);
  lab.tell({ type: 'end-listener', legId: 'a' });
  await expect.poll(() => level(heard, 440), WITHIN).toBeLessThan(-60);
});

it('a key of the phone is told once, and one that Asterisk passes on is not', async () => {
  const { phone, asterisksLeg, port } = await one();
  for (let sequence = 0; sequence < 5; sequence++) lab.sendKey(phone, port, 5, sequence);
  expect(await lab.report('key')).toMatchObject({ legId: 'a', key: '5' });
  await lab.invite('a', asterisksLeg, 3);
  await lab.report('leg');
  for (let sequence = 0; sequence < 5; sequence++) lab.sendKey(asterisksLeg, port, 6, sequence);
  await sleep(300);
  expect(lab.reports.filter(({ type }) => type === 'key')).toEqual([]);
});

it('the leg of a listener who was ended is hung up, unless Asterisk does it or he is wanted again', async () => {
  const listeners = ['a', 'b', 'c'].map((legId) => listenerOf(legId));
  lab.tell({ type: 'everything', peers: [], floors: [], listeners });
  for (const { legId } of listeners) expect((await lab.invite(legId, await lab.socket())).status).toBe(200);
  lab.tell({ type: 'everything', peers: [], floors: [], listeners: [] });
  await lab.hangUp('b', 2);
  lab.tell({ type: 'listener', listener: listenerOf('c') });
  await expect.poll(() => [...lab.hungUp], WITHIN).toEqual(['a']);
  await sleep(300);
  expect([...lab.hungUp]).toEqual(['a']);
  const stats = () => lab.reports.findLast((report) => report.type === 'legs')?.stats;
  await expect.poll(stats, WITHIN).toMatchObject({ calls: 1, sip: { accepted: 3, ended: 1 } });
});

it('what is no message harms nothing, and a controller that connects again learns how things are', async () => {
  const { heard, leg, local } = await one();
  lab.tellText('{"type":"nonsense"}\n{"type":"floor","floor":{"conference":7}}\n[]\nnull\n');
  lab.tell({ type: 'ping' });
  await lab.report('pong');
  lab.tellText('this is no JSON\n');
  await expect.poll(() => lab.isConnected, WITHIN).toBe(false);
  expect((await lab.connect()).legs).toEqual([{ legId: 'a', leg }]);
  // It does not know where floors are, and Asterisk has not moved.
  const floor = {
    conference: '3000',
    asterisk: null,
    port: null,
    noiseDbov: null,
    floorNoise: false,
    sampleRateHz: 8000 as const,
    nodes: [],
  };
  lab.tell({ type: 'everything', peers: [], floors: [floor], listeners: [listenerOf('a')] });
  expect(await lab.report('floor')).toMatchObject({ local });
  await sleep(300);
  expect(level(heard, 440)).toBeCloseTo(LEVEL_DBOV, 0);
  expect(heard.snapshot(performance.now())).toMatchObject({ lost: 0, streams: 1 });
});

it('a relay that was killed goes on where it was, on the same ports, when it is told again', async () => {
  const { heard, floor, local, leg, listener, phone, port } = await one();
  await lab.killRelay();
  await expect.poll(() => level(heard, 440), WITHIN).toBeLessThan(-60);
  expect((await lab.startRelay()).legs).toEqual([]);
  lab.tell({
    type: 'everything',
    peers: [],
    floors: [{ ...floor, port: local.port }],
    listeners: [{ ...listener, leg }],
  });
  expect(await lab.report('floor')).toMatchObject({ local });
  await hears(heard, 440, LEVEL_DBOV);
  lab.sendKey(phone, port, 9, 0);
  expect(await lab.report('key')).toMatchObject({ legId: 'a', key: '9' });
});

it('a floor or a listener whose port somebody else has by now does not stay silent', async () => {
  const { asterisk, floor, local, leg, listener } = await one();
  await lab.killRelay();
  for (const port of [local.port, leg.port]) await lab.socket(port);
  await lab.startRelay();
  lab.tell({
    type: 'everything',
    peers: [],
    floors: [{ ...floor, port: local.port }],
    listeners: [{ ...listener, leg }, listenerOf('b')],
  });
  const { local: moved } = await lab.report('floor');
  expect(moved.port).not.toBe(local.port);
  expect(await lab.report('leg-ended')).toMatchObject({ legId: 'a' });
  const phone = await lab.socket();
  await lab.invite('b', phone);
  lab.sendFloor(asterisk, moved.port, 440, LEVEL_DBOV);
  await hears(lab.listen(phone), 440, LEVEL_DBOV);
});
