import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { expectNothingLost, expectOneStream, falls, hears, longestGapMs, missing, WITHIN } from './judge.ts';
import type { Arrival, Line } from './line.ts';
import { type HarnessCall, HEARING, PHONE, RelayHarness } from './relay-harness.ts';

const FLOOR_HZ = 440;
const VOICE_HZ = 700;
const ASTERISK_HZ = 300;
const LEVEL_DBOV = -20;
/** Enough for each thread of the relay to have some. */
const OTHER_LISTENERS = 5;
const PACKET_MS = 20;

let lab: RelayHarness;

afterEach(() => lab.stop());

/** Listeners who hear a floor, and a speaker; all phones speak. */
async function conference(driver: 'libc' | 'dgram' = 'libc') {
  lab = await RelayHarness.start({ driver });
  await lab.floor(FLOOR_HZ, LEVEL_DBOV);
  const listeners: HarnessCall[] = [];
  for (let i = 0; i < OTHER_LISTENERS; i++) {
    listeners.push(await lab.openCall(`listener-${i}`, { hearing: HEARING }));
  }
  const speaker = await lab.openCall('speaker');
  speaker.asterisk.say(ASTERISK_HZ, LEVEL_DBOV);
  for (const { phone } of [...listeners, speaker]) phone.say(VOICE_HZ, LEVEL_DBOV);
  const allHear = async () => {
    for (const { phone } of listeners) await hears(phone, FLOOR_HZ);
    await hears(speaker.phone, ASTERISK_HZ);
    await hears(speaker.asterisk, VOICE_HZ);
  };
  await allHear();
  return {
    listeners,
    speaker,
    allHear,
    lines: [...listeners.map(({ phone }) => phone), speaker.phone, speaker.asterisk],
  };
}

/** Begins to watch lines. @returns how to get the packets that have come to them since then */
function arrivalsOf(lines: readonly Line[]): () => Arrival[][] {
  const before = lines.map((line) => line.arrivals.length);
  return () => lines.map((line, i) => line.arrivals.slice(before[i]));
}

describe.each(['libc', 'dgram'] as const)('a phone that cannot be reached for a while, through %s', (driver) => {
  it.each([
    ['speaks when it is there again', true],
    ['is silent when it is there again', false],
  ])('hears again where it was, and nobody else loses anything: it %s', async (_, speaks) => {
    const { speaker, allHear, lines } = await conference(driver);
    const gone = [
      await lab.openCall('gone-listener', { hearing: HEARING }),
      await lab.openCall('gone-speaker'),
    ] as const;
    gone[1].asterisk.say(ASTERISK_HZ, LEVEL_DBOV);
    for (const { phone } of gone) phone.say(VOICE_HZ, LEVEL_DBOV);
    await hears(gone[0].phone, FLOOR_HZ);
    await hears(gone[1].phone, ASTERISK_HZ);
    const since = arrivalsOf(lines);
    const ports = gone.map(({ phone }) => phone.address.port);
    for (const { phone } of gone) phone.close();
    const sentBefore = (await lab.statistics('gone-listener')).packetsSent;
    // The phone's machine answers each of these with "port unreachable".
    const sent = async () => (await lab.statistics('gone-listener')).packetsSent - sentBefore;
    await expect.poll(sent, WITHIN).toBeGreaterThan(50);
    for (const [index, { spec }] of gone.entries()) {
      const back = await lab.line(PHONE, { codec: spec.codec, port: ports[index] ?? 0 });
      back.sendTo(spec.local);
      if (speaks) back.say(VOICE_HZ, LEVEL_DBOV);
      await hears(back, index === 0 ? FLOOR_HZ : ASTERISK_HZ);
      if (speaks && index === 1) await hears(gone[1].asterisk, VOICE_HZ);
      await expect.poll(() => back.arrivals.length, WITHIN).toBeGreaterThan(50);
      expectOneStream(back.arrivals);
    }
    await allHear();
    for (const arrivals of since()) expectNothingLost(arrivals);
    expect(speaker.phone.others).toBe(0);
  });
});

describe.each(['libc', 'dgram'] as const)(
  'a voice that is given and taken ten times a second, through %s',
  (driver) => {
    it('leaves the phone one stream without a gap, and others lose nothing', async () => {
      const { allHear, lines } = await conference(driver);
      const call = await lab.openCall('changing', { hearing: HEARING });
      call.asterisk.say(ASTERISK_HZ, LEVEL_DBOV);
      call.phone.say(VOICE_HZ, LEVEL_DBOV);
      await hears(call.phone, FLOOR_HZ);
      const since = arrivalsOf([call.phone, call.asterisk, ...lines]);
      for (let times = 0; times < 40; times++) {
        lab.hear(call, null);
        await sleep(50);
        lab.hear(call, {});
        await sleep(50);
      }
      const [toPhone = [], toAsterisk = [], ...others] = since();
      expectOneStream(toPhone);
      // The member's voice passes all the time, since Asterisk gets a second of it after the member was a speaker.
      expect(missing(toAsterisk)).toBe(0);
      for (const arrivals of others) expectNothingLost(arrivals);
      const machineMs = Math.max(...others.map(longestGapMs)) - PACKET_MS;
      expect(longestGapMs(toPhone)).toBeLessThan(60 + machineMs);
      // Both were heard, in turns.
      expect(toPhone.filter(({ marker }) => marker).length).toBeGreaterThan(60);
      expect(toPhone.length * PACKET_MS).toBeGreaterThan(3500);
      lab.hear(call, null);
      await falls(call.phone, FLOOR_HZ);
      await hears(call.phone, ASTERISK_HZ);
      await hears(call.asterisk, VOICE_HZ);
      await allHear();
    });
  },
);

it('a relay beside one that runs ends with its reason, and the calls of the first one lose nothing', async () => {
  const { allHear, lines } = await conference();
  const since = arrivalsOf(lines);
  const { status, stderr } = await lab.startSecondRelay();
  expect(stderr).toMatch(/^rostrum: another relay is running: \S+ answers; stop it first$/m);
  expect(status).toBe(6);
  // The second relay has looked whether one runs, which takes the place of the controller for a moment.
  expect((await lab.connect()).calls).toHaveLength(OTHER_LISTENERS + 1);
  await allHear();
  for (const arrivals of since()) expectNothingLost(arrivals);
});
