import { afterEach, expect, it } from 'vitest';
import { G722Decoder } from '../../src/audio/g722.ts';
import { decodeRtpInto, emptyRtpView } from '../../src/rtp/packet.ts';
import { decodeG711Wrapped } from '../kit/phone/g711.ts';
import { HandPhone } from '../kit/phone/hand-phone.ts';
import { steadyToneLevelDbov } from '../kit/phone/judge.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { listen } from './audience-harness.ts';
import { harness } from './harness.ts';

/** Phones that offer several codecs, which those of the kit do not. */

const PCMU = 0;
const G722 = 9;
const PCMA = 8;
const LEVEL_DBOV = -20;

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

/** The last 300 ms. */
function decodedG711(packets: readonly Buffer[]): Int16Array {
  const view = emptyRtpView();
  const out = new Int16Array(15 * 160);
  for (const [index, packet] of packets.slice(-15).entries()) {
    decodeRtpInto(view, packet);
    const codec = view.payloadType === PCMA ? 'PCMA' : 'PCMU';
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
