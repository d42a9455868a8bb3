import { afterEach, expect, it } from 'vitest';
import { G722Decoder } from '../../src/audio/g722.ts';
import { decodeRtpInto, emptyRtpView } from '../../src/rtp/packet.ts';
import { decodeG711Wrapped } from '../kit/phone/g711.ts';
import { HandPhone } from '../kit/phone/hand-phone.ts';
import { steadyToneLevelDbov } from '../kit/phone/judge.ts';
import { framesOf, silence, tone } from '../kit/phone/sound.ts';
import { listen } from './audience-harness.ts';
import { harness } from './harness.ts';

/** Phones that offer several codecs, which those of the kit do not. */

const PCMU = 0;
const G722 = 9;
const PCMA = 8;
/** A dynamic one. */
const OWN = 97;
const LEVEL_DBOV = -20;
/** A packet of 20 ms has a whole number of its periods. */
const VOICE_HZ = 1000;

const lab = harness({ profile: { idleSeconds: 1 } });

let phone: HandPhone | undefined;
afterEach(async () => {
  await phone?.close();
  phone = undefined;
});

it.each([
  { offered: [G722, PCMU, PCMA], codec: 'g722', type: G722 },
  { offered: [PCMU, PCMA], codec: 'ulaw', type: PCMU },
  { offered: [PCMA], codec: 'alaw', type: PCMA },
])('a phone that offers $offered gets $codec from the relay', async ({ offered, codec, type }) => {
  const speaker = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, LEVEL_DBOV) });
  phone = await HandPhone.open(lab.node.server, 'hd');
  const answer = await phone.call('3000', phone.sdp(offered));
  expect(/m=audio \d+ RTP\/AVP (\d+)/.exec(answer)?.[1]).toBe(String(type));
  await lab.node.waitForMembers('3000', 2);
  const { id, path } = await lab.node.member('3000', 'hd');
  expect(path).toBe('relay');
  const status = JSON.parse((await lab.node.cli('member', '3000', String(id), 'status', '--json')).stdout);
  expect(status.media.codec).toBe(codec);
  await listen(500);
  const view = emptyRtpView();
  const types = phone.packets.slice(-20).map((packet) => {
    decodeRtpInto(view, packet);
    return view.payloadType;
  });
  expect(new Set(types)).toEqual(new Set([type]));
  const heard = type === G722 ? decodedG722(phone.packets) : decodedG711(phone.packets);
  expect(steadyToneLevelDbov(heard, 440, type === G722 ? 16_000 : 8000)).toBeCloseTo(LEVEL_DBOV, -0.3);
  expect(speaker.end).toBeNull();
});

it.each([
  ['PCMU', '3000'],
  ['PCMA', '3000'],
  ['G722', '3000'],
  ['PCMU', '4000'],
  ['PCMA', '4000'],
] as const)(
  'a phone that calls %s by a number of its own hears by it and is heard, having called %s',
  async (codec, dialled) => {
    const speaker = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, LEVEL_DBOV) });
    phone = await HandPhone.open(lab.node.server, 'own');
    await phone.call(dialled, phone.sdp([OWN], `a=rtpmap:${OWN} ${codec}/8000\r\n`));
    await lab.node.waitForMembers('3000', 2);
    const { id, path } = await lab.node.member('3000', 'own');
    expect(path).toBe('relay');
    // What G.722 makes of these bytes is not judged.
    const voice = framesOf(tone(VOICE_HZ, LEVEL_DBOV), codec === 'G722' ? 'PCMU' : codec, 160)?.frames[0];
    const payload = voice ?? new Uint8Array(160);
    const header = { payloadType: OWN, marker: false, sequence: 0, timestamp: 0, ssrc: 4711 };
    const speaking = setInterval(() => {
      phone?.send(header, payload);
      header.sequence += 1;
      header.timestamp += 160;
    }, 20);
    try {
      await listen(500);
      phone.packets.length = 0;
      await listen(1000);
      const view = emptyRtpView();
      const types = phone.packets.map((packet) => {
        decodeRtpInto(view, packet);
        return view.payloadType;
      });
      expect(types.length).toBeGreaterThan(30);
      expect(new Set(types)).toEqual(new Set([OWN]));
      const heard = codec === 'G722' ? decodedG722(phone.packets) : decodedG711(phone.packets, codec);
      expect(steadyToneLevelDbov(heard, 440, codec === 'G722' ? 16_000 : 8000)).toBeCloseTo(LEVEL_DBOV, -0.3);
      await lab.node.command('3000', { type: 'set-flags', memberId: id, changes: { speaker: true } });
      if (codec !== 'G722') await speaker.waitForToneLevel(VOICE_HZ, LEVEL_DBOV);
    } finally {
      clearInterval(speaking);
    }
  },
);

/** The last 300 ms. */
function decodedG711(packets: readonly Buffer[], own: 'PCMU' | 'PCMA' = 'PCMU'): Int16Array {
  const view = emptyRtpView();
  const out = new Int16Array(15 * 160);
  for (const [index, packet] of packets.slice(-15).entries()) {
    decodeRtpInto(view, packet);
    const codec = view.payloadType === PCMA ? 'PCMA' : own;
    decodeG711Wrapped(codec, packet, view.payloadStart, view.payloadEnd, out, index * 160);
  }
  return out;
}

/** The last 300 ms. */
function decodedG722(packets: readonly Buffer[]): Int16Array {
  const decoder = new G722Decoder(320);
  const view = emptyRtpView();
  const out = new Int16Array(packets.length * 320);
  for (const [index, packet] of packets.entries()) {
    decodeRtpInto(view, packet);
    decoder.decodeInto(
      packet.subarray(view.payloadStart, view.payloadEnd),
      out.subarray(index * 320, (index + 1) * 320),
    );
  }
  return out.subarray(-4800);
}

it('a listener who offers one codec gets it, whatever the others have', async () => {
  const speaker = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, LEVEL_DBOV) });
  const listener = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
  await listener.waitForToneLevel(440, LEVEL_DBOV);
  expect(speaker.end).toBeNull();
});
