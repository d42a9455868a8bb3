import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeRtpInto, emptyRtpView } from '../../src/rtp/packet.ts';
import type { Call } from '../kit/phone/call.ts';
import { decodeG711Wrapped, encodeG711, SAMPLES_PER_MS } from '../kit/phone/g711.ts';
import { HandPhone } from '../kit/phone/hand-phone.ts';
import { toneLevelDbov } from '../kit/phone/judge.ts';
import { tone } from '../kit/phone/sound.ts';
import { HEARD, listen, relayPid } from './audience-harness.ts';
import { harness } from './harness.ts';

/** Calls that PBXs, gateways and SBCs make, and phones rarely. */

const PCMU = 0;
const FRAME = 20 * SAMPLES_PER_MS;
const OTHER_HZ = 440;
const VOICE_HZ = 1300;
const LEVEL_DBOV = -20;
/** 20 ms have whole waves, so that one frame after the other is a steady tone. */
const VOICE = encodeG711(
  'PCMU',
  Int16Array.from({ length: FRAME }, (_, i) => 4634 * Math.sin((2 * Math.PI * VOICE_HZ * i) / 8000)),
);

const lab = harness({ profile: { idleSeconds: 1 } });
let other: Call;
let phone: HandPhone;
/** Of the phone's audio. */
let position: { ssrc: number; sequence: number; timestamp: number };
let talking: NodeJS.Timeout | undefined;

beforeEach(async () => {
  other = await lab.phones.call('4000', { callerNumber: '200', send: tone(OTHER_HZ, LEVEL_DBOV) });
  phone = await HandPhone.open(lab.node.server, 'pbx');
  position = { ssrc: 7, sequence: 40_000, timestamp: 160_000 };
});

afterEach(async () => {
  clearInterval(talking);
  await phone.close();
});

/** Sends the tone from now on. */
function talk(): void {
  talking = setInterval(() => {
    position.sequence = (position.sequence + 1) & 0xffff;
    position.timestamp += FRAME;
    phone.send({ ...position, payloadType: PCMU, marker: false }, VOICE);
  }, 20);
}

/** The level of what the other speaker says in the last 300 ms. */
function heardDbov(): number {
  const view = emptyRtpView();
  const packets = phone.packets.slice(-15);
  const samples = new Int16Array(packets.length * FRAME);
  for (const [index, packet] of packets.entries()) {
    decodeRtpInto(view, packet);
    decodeG711Wrapped('PCMU', packet, view.payloadStart, view.payloadEnd, samples, index * FRAME);
  }
  return toneLevelDbov(samples, OTHER_HZ);
}

const hears = () => expect.poll(heardDbov, { timeout: HEARD.timeoutMs }).toBeCloseTo(LEVEL_DBOV, -0.3);

describe.each([
  ['speaker', '4000'],
  ['listener', '3000'],
] as const)('a %s', (role, number) => {
  const isIn = async () => {
    talk();
    await hears();
    if (role === 'speaker') await other.waitForTone(VOICE_HZ, HEARD);
    expect(await lab.node.member('3000', 'pbx')).toMatchObject({ role, path: 'relay' });
  };

  it('whose PBX sends no offer, and describes its audio with the ACK, hears and is heard', async () => {
    const offer = await phone.invite(number, '');
    expect(offer).toMatch(/^m=audio \d+ RTP\/AVP 9 0 8 /m);
    await phone.ack(phone.sdp([PCMU]));
    await isIn();
  });

  it('whose gateway offers fax beside audio hears and is heard, without fax', async () => {
    const answer = await phone.call(number, phone.sdp([PCMU], 'm=image 5002 udptl t38\r\n'));
    expect(answer).toMatch(/^m=image 0 udptl t38/m);
    await isIn();
  });
});

it.each([
  ['another SSRC and lower sequence numbers', () => ({ ssrc: 8, sequence: 20_000, timestamp: 500 })],
  ['lower sequence numbers', () => ({ ...position, sequence: 20_000 })],
])('a speaker whose stream begins again with %s is still heard', async (_, next) => {
  await phone.call('4000', phone.sdp([PCMU]));
  talk();
  await other.waitForTone(VOICE_HZ, HEARD);
  position = next();
  // Longer than what is judged.
  await listen(400);
  await other.waitForToneLevel(VOICE_HZ, LEVEL_DBOV);
  // The next relay does not know what Asterisk has received last.
  process.kill(await relayPid(lab.node), 'SIGKILL');
  await other.waitForSilence({ freqHz: VOICE_HZ, belowDbov: -60, timeoutMs: 5000 });
  await other.waitForToneLevel(VOICE_HZ, LEVEL_DBOV);
});

it('a number that is dialled with hyphens leads to the conference of the number without', async () => {
  await phone.call('30-00', phone.sdp([PCMU]));
  talk();
  await hears();
  await phone.close();
  phone = await HandPhone.open(lab.node.server, 'pbx');
  await phone.call('40-00', phone.sdp([PCMU]));
  await other.waitForTone(VOICE_HZ, HEARD);
});
