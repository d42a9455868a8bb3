import type { Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RtpAddress } from '../../../src/relay/protocol/protocol.ts';
import { encodeInto } from '../../../src/rtp/packet.ts';
import { HOSTILE_KINDS, hostileSource, nextHostilePacket } from '../../kit/hostile/hostile-packets.ts';
import { ownAddress } from '../../kit/loopback.ts';
import { expectOneStream, hears, isReminder, missing, WITHIN } from './judge.ts';
import { ASTERISK, type HarnessCall, HEARING, PHONE, RelayHarness } from './relay-harness.ts';

const STRANGER = ownAddress();
const FLOOR_HZ = 440;
const VOICE_HZ = 700;
const ASTERISK_HZ = 300;
const STRANGE_HZ = 1000;
const LEVEL_DBOV = -20;
/** The most that fits into an IPv4 packet. */
const HUGE_BYTES = 65_507;
const HOSTILE_PACKETS = 200;

let lab: RelayHarness;
let listener: HarnessCall;
let speaker: HarnessCall;
let floor: RtpAddress;
let stranger: Socket;

beforeAll(async () => {
  lab = await RelayHarness.start();
});
beforeEach(async () => {
  floor = (await lab.floor(FLOOR_HZ, LEVEL_DBOV)).local;
  listener = await lab.openCall('listener', { hearing: HEARING });
  speaker = await lab.openCall('speaker');
  speaker.asterisk.say(ASTERISK_HZ, LEVEL_DBOV);
  for (const { phone } of [listener, speaker]) phone.say(VOICE_HZ, LEVEL_DBOV);
  await allHear();
  stranger = await lab.socket({ host: STRANGER });
});
afterEach(() => lab.reset());
afterAll(() => lab.stop());

async function allHear(): Promise<void> {
  await hears(listener.phone, FLOOR_HZ);
  await hears(speaker.phone, ASTERISK_HZ);
  await hears(speaker.asterisk, VOICE_HZ);
}

/** An RTP packet of 20 ms, of any stream. */
function rtp(ssrc: number, sequence: number, payloadBytes = 160): Buffer {
  const packet = Buffer.alloc(12 + payloadBytes);
  const header = { payloadType: 0, marker: false, sequence, timestamp: 160 * sequence, ssrc };
  encodeInto(packet, header, Buffer.alloc(payloadBytes, 0x55));
  return packet;
}

/** Everything that is sent to a port, from nothing up to the largest packet. */
function* attack(ssrc: number): Generator<Buffer> {
  for (let bytes = 0; bytes <= 20; bytes++) yield rtp(ssrc, bytes).subarray(0, bytes);
  const kinds = HOSTILE_KINDS.filter((kind) => kind !== 'oversized');
  const source = hostileSource({ seed: 7, kinds });
  for (let count = 0; count < HOSTILE_PACKETS; count++) yield nextHostilePacket(source).bytes;
  yield Buffer.concat([Buffer.from([0x80, 200, 0, 6]), Buffer.alloc(24)]);
  // A stranger cannot know the phone's SSRC. Here it does.
  for (let sequence = 0; sequence < 50; sequence++) yield rtp(ssrc, sequence);
  for (const ofSsrc of [ssrc, 7]) yield rtp(ofSsrc, 50, HUGE_BYTES - 12);
  yield Buffer.alloc(HUGE_BYTES, 0xff);
}

/** One after the other, as a full buffer would lose those of phones too. @returns how many there were */
async function each(packets: Iterable<Buffer>, send: (packet: Buffer) => void): Promise<number> {
  let count = 0;
  for (const packet of packets) {
    send(packet);
    count += 1;
    await sleep(packet.length > 2000 ? 40 : 1);
  }
  return count;
}

const send = (from: Socket, { host, port }: RtpAddress, packets: Iterable<Buffer>): Promise<number> =>
  each(packets, (packet) => from.send(packet, port, host));

const above = ({ host, port }: RtpAddress): RtpAddress => ({ host, port: port + 1 });
const dropped = () => Object.values(lab.sums?.dropped ?? {}).reduce((sum, count) => sum + count, 0);

/** Begins to watch. @returns how to check that everybody has got the right packets since then, and no others */
function watch() {
  const lines = [listener.phone, speaker.phone, speaker.asterisk, listener.asterisk];
  const before = lines.map((line) => line.arrivals.length);
  const others = lines.map((line) => line.others);
  return async () => {
    await allHear();
    const since = lines.map((line, i) => line.arrivals.slice(before[i]).filter((arrival) => !isReminder(arrival)));
    const [toListener = [], toSpeaker = [], fromSpeaker = [], fromListener = []] = since;
    expectOneStream(toListener);
    expectOneStream(toSpeaker);
    expect(missing(fromSpeaker)).toBe(0);
    // Asterisk gets what the phone sends, and nothing else.
    expect(new Set(fromSpeaker.map(({ ssrc }) => ssrc)).size).toBe(1);
    expect(new Set(fromSpeaker.map(({ payload }) => payload.length))).toEqual(new Set([160]));
    expect(fromListener).toEqual([]);
    expect(lines.map((line) => line.others)).toEqual(others);
    for (const line of lines.slice(0, 3)) expect(line.level(STRANGE_HZ)).toBeLessThan(-55);
    lab.tell({ type: 'ping' });
    await lab.report('pong');
  };
}

describe('a packet of a stranger', () => {
  it("to the RTP port of a speaker's call is counted by its reason, and nobody hears it", async () => {
    const expectUndisturbed = watch();
    await expect.poll(() => lab.sums, WITHIN).toBeDefined();
    const before = dropped();
    const sent = await send(stranger, speaker.spec.local, attack(speaker.phone.ssrc));
    await expectUndisturbed();
    await expect.poll(dropped, WITHIN).toBe(before + sent);
    for (const [reason, count] of Object.entries(lab.sums?.dropped ?? {})) expect(count, reason).toBeGreaterThan(0);
    expect(lab.sums?.dropped['too-short']).toBeGreaterThanOrEqual(12);
    expect(lab.sums?.dropped['other-source']).toBeGreaterThanOrEqual(50);
  });

  it.each([
    ["the RTP port of a listener's call", () => listener.spec.local],
    ["the RTCP port of a listener's call", () => above(listener.spec.local)],
    ["the RTCP port of a speaker's call", () => above(speaker.spec.local)],
    ["Asterisk's side", () => speaker.asterisk.peer],
    ["the RTCP port of Asterisk's side", () => above(speaker.asterisk.peer ?? floor)],
    ['the floor', () => floor],
  ])('to %s disturbs nobody', async (_, target) => {
    const expectUndisturbed = watch();
    await send(stranger, target() ?? floor, attack(speaker.phone.ssrc));
    await expectUndisturbed();
    for (const channelId of ['listener', 'speaker']) {
      expect(await lab.statistics(channelId)).toMatchObject({ packetsLost: 0, packetsLostByPhone: null });
    }
  });

  it('is heard by nobody if many come, as a phone would send them', async () => {
    const expectUndisturbed = watch();
    const line = await lab.line(STRANGER, { codec: 'PCMU' });
    line.say(STRANGE_HZ, -10);
    for (const target of [speaker.spec.local, listener.spec.local, speaker.asterisk.peer, floor]) {
      line.sendTo(target ?? floor);
      const before = speaker.asterisk.arrivals.length;
      await expect.poll(() => speaker.asterisk.arrivals.length - before, WITHIN).toBeGreaterThan(30);
      expect(speaker.asterisk.level(STRANGE_HZ)).toBeLessThan(-55);
    }
    await expectUndisturbed();
    expect(line.arrivals).toEqual([]);
  });
});

describe('a datagram that is no RTP', () => {
  const broken = [...Array(12).keys()].map((bytes) => rtp(1, 1).subarray(0, bytes));
  const noise = [Buffer.alloc(HUGE_BYTES, 0x3f), Buffer.alloc(HUGE_BYTES, 0xff), Buffer.alloc(200, 0x11)];

  it("is not passed on from a phone's address either, nor counts as its RTCP", async () => {
    const expectUndisturbed = watch();
    const neighbour = await lab.socket({ host: PHONE });
    for (const { spec } of [listener, speaker]) {
      await send(neighbour, spec.local, [...broken, ...noise]);
      await send(neighbour, above(spec.local), [...broken, ...noise]);
    }
    await each([...broken, ...noise], (packet) => speaker.phone.sendBytes(packet));
    await expectUndisturbed();
    expect(await lab.statistics('listener')).toMatchObject({ packetsLost: 0, packetsLostByPhone: null });
  });

  it('is not passed on from Asterisk, nor heard on the floor', async () => {
    const expectUndisturbed = watch();
    for (const { asterisk } of [speaker, listener]) {
      await each([...broken, ...noise], (packet) => asterisk.sendBytes(packet));
    }
    const neighbour = await lab.socket({ host: ASTERISK });
    await send(neighbour, floor, [...broken, ...noise, rtp(1, 1, 320)]);
    await send(neighbour, speaker.asterisk.peer ?? floor, attack(speaker.phone.ssrc));
    await expectUndisturbed();
  });
});

it('a huge packet of Asterisk reaches the phone, and one for a listener is a prompt that is too long', async () => {
  const [before, ofListener] = [speaker.phone.arrivals.length, listener.phone.arrivals.length];
  speaker.asterisk.send(0, new Uint8Array(HUGE_BYTES - 12).fill(0xff));
  listener.asterisk.send(0, new Uint8Array(HUGE_BYTES - 12).fill(0xff));
  const longest = () => Math.max(...speaker.phone.arrivals.slice(before).map(({ payload }) => payload.length));
  await expect.poll(longest, WITHIN).toBe(HUGE_BYTES - 12);
  expect(missing(speaker.phone.arrivals.slice(before))).toBe(0);
  await allHear();
  expectOneStream(listener.phone.arrivals.slice(ofListener));
});
