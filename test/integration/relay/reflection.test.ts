import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ownAddress } from '../../kit/loopback.ts';
import { hears, WITHIN } from './judge.ts';
import type { Line } from './line.ts';
import { HEARING, PHONE, RelayHarness } from './relay-harness.ts';
import { RtcpLine } from './rtcp-line.ts';

/** SIP comes from there, and audio from nowhere. */
const ELSEWHERE = ownAddress();
const FLOOR_HZ = 440;
const ASTERISK_HZ = 300;
const LEVEL_DBOV = -20;

let lab: RelayHarness;

beforeAll(async () => {
  lab = await RelayHarness.start();
});
beforeEach(() => lab.floor(FLOOR_HZ, LEVEL_DBOV));
afterEach(() => lab.reset());
afterAll(() => lab.stop());

const lately = ({ arrivals }: Line) => arrivals.filter(({ atMs }) => performance.now() - atMs < 1000).length;
const getsNothing = (phone: Line) => expect.poll(() => lately(phone), WITHIN).toBe(0);

describe('audio to an address that only a description names', () => {
  it('stops, of a conference and of Asterisk, and begins again with RTP from there', async () => {
    const listener = await lab.openCall('listener', { hearing: HEARING, signalling: ELSEWHERE });
    const speaker = await lab.openCall('speaker', { signalling: ELSEWHERE });
    speaker.asterisk.say(ASTERISK_HZ, LEVEL_DBOV);
    await Promise.all([hears(listener.phone, FLOOR_HZ), hears(speaker.phone, ASTERISK_HZ)]);
    await Promise.all([getsNothing(listener.phone), getsNothing(speaker.phone)]);
    for (const { phone } of [listener, speaker]) phone.say(700, LEVEL_DBOV);
    await Promise.all([hears(listener.phone, FLOOR_HZ), hears(speaker.phone, ASTERISK_HZ)]);
  });

  it('begins again with RTCP from there', async () => {
    const { phone, spec } = await lab.openCall('listener', { hearing: HEARING, signalling: ELSEWHERE });
    await hears(phone, FLOOR_HZ);
    await getsNothing(phone);
    new RtcpLine(await lab.socket({ host: PHONE }), phone.ssrc).report(spec.local, {});
    await hears(phone, FLOOR_HZ);
  });

  it('goes on where SIP comes from there, although the phone sends nothing', async () => {
    const { phone } = await lab.openCall('listener', { hearing: HEARING, signalling: PHONE });
    const { phone: other } = await lab.openCall('other', { hearing: HEARING, signalling: ELSEWHERE });
    await Promise.all([hears(phone, FLOOR_HZ), hears(other, FLOOR_HZ)]);
    await getsNothing(other);
    expect(lately(phone)).toBeGreaterThan(25);
    expect(phone.level(FLOOR_HZ)).toBeGreaterThan(-23);
  });
});
