import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallSpec } from '../../../src/relay/protocol/protocol.ts';
import { ownAddress } from '../../kit/loopback.ts';
import { hears, WITHIN } from './judge.ts';
import { type HarnessCall, HEARING, PHONE, RelayHarness, type Report } from './relay-harness.ts';
import { type Answer, RtcpLine } from './rtcp-line.ts';

const STRANGER = ownAddress();
const FLOOR_HZ = 440;
const LEVEL_DBOV = -20;
/** In ticks of the RTP clock, which are 12 ms. */
const JITTER_TICKS = 96;
/** The relay reports a phone as silent after 25 s. */
const SILENCE = { timeout: 40_000, interval: 100 };

/** A relay whose phones are silent, or nearly so. It starts before the other tests, which run meanwhile. */
let longLab: RelayHarness;
let lab: RelayHarness;

const reportedSilent = (channelId: string): Report<'call-silent'> | undefined =>
  longLab.reports.filter((report) => report.type === 'call-silent').find((report) => report.channelId === channelId);

beforeAll(async () => {
  [lab, longLab] = await Promise.all([RelayHarness.start(), RelayHarness.start()]);
  const ways: Record<string, (call: HarnessCall) => Promise<void> | void> = {
    nothing: () => {},
    'strange-rtcp': async ({ spec, phone }) => {
      const stranger = new RtcpLine(await longLab.socket({ host: STRANGER }), 66);
      phone.repeat(1000, () => stranger.report(spec.local, {}));
    },
    'only-rtcp': async ({ spec, phone }) => {
      const rtcp = new RtcpLine(await longLab.socket({ host: PHONE }), phone.ssrc);
      phone.repeat(5000, () => rtcp.report(spec.local, {}));
    },
    'comfort-noise': ({ phone }) => phone.repeat(5000, () => phone.sendComfortNoise()),
  };
  for (const [channelId, begin] of Object.entries(ways)) await begin(await longLab.openCall(channelId));
});
afterAll(() => Promise.all([lab.stop(), longLab.stop()]));

beforeEach(() => lab.floor(FLOOR_HZ, LEVEL_DBOV));
afterEach(() => lab.reset());

/** A listener who hears the floor, and the RTCP of their phone, from a port that nobody has told. */
async function listener(given: Partial<CallSpec> = {}) {
  const call = await lab.openCall('listener', { hearing: HEARING, ...given });
  await hears(call.phone, FLOOR_HZ);
  const rtcp = new RtcpLine(await lab.socket({ host: PHONE }), call.phone.ssrc);
  const ssrc = call.phone.arrivals[0]?.ssrc ?? 0;
  return { ...call, rtcp, ssrc };
}

describe('the RTCP of a phone', () => {
  it('tells how the phone hears: in the statistics of the call, and in those of all calls', async () => {
    const { spec, rtcp, ssrc } = await listener();
    expect(await lab.statistics('listener')).toMatchObject({ packetsLostByPhone: null, jitterAtPhoneMs: null });
    // A report about a stream that is not the relay's.
    rtcp.report(spec.local, { ssrc: ssrc ^ 1, cumulativeLost: 5000, jitterTicks: 8000 });
    rtcp.report(spec.local, { ssrc, cumulativeLost: 17, jitterTicks: JITTER_TICKS });
    const told = { packetsLostByPhone: 17, jitterAtPhoneMs: 12, roundTripMs: null };
    await expect.poll(() => lab.statistics('listener'), WITHIN).toMatchObject(told);
    await expect.poll(() => lab.sums, WITHIN).toMatchObject({ packetsLostByPhones: 17, worstJitterAtPhonesMs: 12 });
    rtcp.report(spec.local, { ssrc, cumulativeLost: 18, jitterTicks: 0 }, 1000);
    const later = { packetsLostByPhone: 18, jitterAtPhoneMs: 0 };
    await expect.poll(() => lab.statistics('listener'), WITHIN).toMatchObject(later);
  });

  it('is answered to where it came from, with what the phone was sent and how it is received', async () => {
    const { spec, asterisk, phone } = await lab.openCall('speaker');
    phone.say(700, LEVEL_DBOV);
    asterisk.say(300, LEVEL_DBOV);
    await hears(asterisk, 700);
    await hears(phone, 300);
    phone.lose(7);
    await expect.poll(async () => (await lab.statistics('speaker')).packetsLost, WITHIN).toBe(7);
    const rtcp = new RtcpLine(await lab.socket({ host: PHONE }), phone.ssrc);
    const sentBefore = phone.arrivals.length;
    rtcp.report(spec.local, { ssrc: phone.arrivals[0]?.ssrc ?? 0 }, 1000);
    await expect.poll(() => rtcp.answers.length, WITHIN).toBe(1);
    const [answer] = rtcp.answers;
    expect(answer).toMatchObject({
      from: { host: spec.local.host, port: spec.local.port + 1 },
      ssrc: phone.arrivals[0]?.ssrc,
      block: { ssrc: phone.ssrc, cumulativeLost: 7 },
    });
    expect(answer?.packets).toBeGreaterThanOrEqual(sentBefore);
    expect(answer?.packets).toBeLessThanOrEqual(phone.arrivals.length + 2);
    // The phone's own report is named in the answer, by which the phone knows how long both took.
    expect(answer?.block?.lastSr).not.toBe(0);
    expect(answer?.block?.delaySinceLastSr).toBe(0);
  });

  it('tells how long a packet takes to the phone and back', async () => {
    const { spec, rtcp, ssrc } = await listener();
    rtcp.report(spec.local, { ssrc });
    await expect.poll(() => rtcp.answers.length, WITHIN).toBe(1);
    rtcp.answer(spec.local, rtcp.answers[0] as Answer, { cumulativeLost: 1 }, 400);
    await expect.poll(async () => (await lab.statistics('listener')).packetsLostByPhone, WITHIN).toBe(1);
    const { roundTripMs } = await lab.statistics('listener');
    expect(roundTripMs).toBeGreaterThan(390);
    expect(roundTripMs).toBeLessThan(600);
  });

  it.each([
    ['the addresses that its signalling has named', [PHONE]],
    ['any address', []],
  ])('counts for nothing if a stranger sends it, where phones may send from %s', async (_, sources) => {
    const { spec, phone, rtcp, ssrc } = await listener({ sources });
    const stranger = new RtcpLine(await lab.socket({ host: STRANGER }), phone.ssrc);
    phone.sendComfortNoise();
    await lab.report('call-source');
    phone.repeat(100, () => stranger.report(spec.local, { ssrc, cumulativeLost: 99, jitterTicks: 8000 }, 1000));
    // The phone itself sends nothing meanwhile.
    await expect.poll(async () => (await lab.statistics('listener')).silentSeconds, WITHIN).toBeGreaterThanOrEqual(3);
    expect(await lab.statistics('listener')).toMatchObject({ packetsLostByPhone: null, jitterAtPhoneMs: null });
    rtcp.report(spec.local, { ssrc, cumulativeLost: 1 });
    await expect.poll(() => rtcp.answers.length, WITHIN).toBe(1);
    expect(await lab.statistics('listener')).toMatchObject({ packetsLostByPhone: 1, silentSeconds: 0 });
    expect(stranger.answers).toEqual([]);
  });
});

describe('a phone is taken for gone', () => {
  it.each([
    ['nothing comes from it for 25 s', 'nothing'],
    ['only a stranger sends RTCP', 'strange-rtcp'],
  ])('if %s', async (_, channelId) => {
    await expect.poll(() => reportedSilent(channelId)?.seconds, SILENCE).toBeGreaterThanOrEqual(25);
    expect(reportedSilent(channelId)?.seconds).toBeLessThan(30);
  });

  it.each(['only-rtcp', 'comfort-noise'])('but not if it sends now and then: %s', async (channelId) => {
    await expect.poll(() => reportedSilent('nothing'), SILENCE).toBeDefined();
    expect(reportedSilent(channelId)).toBeUndefined();
    expect((await longLab.statistics(channelId)).silentSeconds).toBeLessThanOrEqual(6);
  });
});
