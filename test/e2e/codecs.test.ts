import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { G722Decoder } from '../../src/audio/g722.ts';
import { decodeRtpInto, emptyRtpView } from '../../src/rtp/packet.ts';
import { decodeG711Wrapped } from '../kit/phone/g711.ts';
import { steadyToneLevelDbov } from '../kit/phone/judge.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { listen } from './audience-harness.ts';
import { harness } from './harness.ts';

/** Phones that offer several codecs, which those of the kit do not. */

const HOST = '127.0.0.1';
const PCMU = 0;
const G722 = 9;
const PCMA = 8;
const LEVEL_DBOV = -20;

const lab = harness({ profile: { idleSeconds: 1 } });

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function udp(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, HOST);
  await once(socket, 'listening');
  closing.push(() => socket.close());
  return socket;
}

/** A listener's phone by hand: it offers these payload types, takes the answer, and keeps the RTP that comes. */
async function listenWith(offered: readonly number[]) {
  const sip = await udp();
  const rtp = await udp();
  const packets: Buffer[] = [];
  rtp.on('message', (packet) => packets.push(packet));
  const [sipPort, rtpPort] = [sip.address().port, rtp.address().port];
  const request = (method: string, cseq: number, to: string, body: string) =>
    [
      `${method} sip:3000@${lab.node.server.host}:${lab.node.server.port} SIP/2.0`,
      `Via: SIP/2.0/UDP ${HOST}:${sipPort};branch=z9hG4bK${cseq}-${rtpPort}`,
      'Max-Forwards: 70',
      `From: <sip:hd@${HOST}>;tag=hd`,
      `To: <sip:3000@${lab.node.server.host}>${to}`,
      `Call-ID: hd-${rtpPort}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: <sip:hd@${HOST}:${sipPort}>`,
      ...(body ? ['Content-Type: application/sdp'] : []),
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
  const offer = `v=0\r\no=hd 1 1 IN IP4 ${HOST}\r\ns=-\r\nc=IN IP4 ${HOST}\r\nt=0 0\r\nm=audio ${rtpPort} RTP/AVP ${offered.join(' ')}\r\n`;
  const send = (text: string) =>
    new Promise((sent) => sip.send(text, lab.node.server.port, lab.node.server.host, sent));
  const answered = new Promise<string>((resolve) => {
    sip.on('message', (message) => {
      const text = message.toString();
      if (text.startsWith('SIP/2.0 200') && text.includes('1 INVITE')) resolve(text);
    });
  });
  await send(request('INVITE', 1, '', offer));
  const answer = await answered;
  const tag = /^To:.*(;tag=\S+)/im.exec(answer)?.[1] ?? '';
  await send(request('ACK', 1, tag, ''));
  closing.push(() => send(request('BYE', 2, tag, '')));
  return { packets, answeredWith: /m=audio \d+ RTP\/AVP (.*)/.exec(answer)?.[1]?.trim() };
}

it.each([
  { offered: [G722, PCMU, PCMA], codec: 'g722', type: G722 },
  { offered: [PCMU, PCMA], codec: 'ulaw', type: PCMU },
  { offered: [PCMA], codec: 'alaw', type: PCMA },
])('a phone that offers $offered gets $codec from the relay', async ({ offered, codec, type }) => {
  const speaker = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, LEVEL_DBOV) });
  const phone = await listenWith(offered);
  expect(phone.answeredWith?.split(' ')[0]).toBe(String(type));
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
