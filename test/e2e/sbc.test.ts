import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { waitUntil } from '../kit/phone/wait.ts';
import { harness } from './harness.ts';

/** What an SBC sees of a node: what is answered to its requests, and with which headers. */

const lab = harness({ profile: { idleSeconds: 1 } });

const HOST = '127.0.0.1';
const SDP = `v=0\r\no=- 1 1 IN IP4 ${HOST}\r\ns=-\r\nc=IN IP4 ${HOST}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n`;

/** All responses to a request, up to the final one. A call that it begins is ended. */
async function ask(method: string, user: string, headers: readonly string[] = [], body = ''): Promise<string[]> {
  const { host, port } = lab.node.server;
  const socket = createSocket('udp4').bind(0, HOST);
  await once(socket, 'listening');
  const responses: string[] = [];
  socket.on('message', (message) => responses.push(message.toString()));
  const isFinal = (response: string | undefined) => /^SIP\/2.0 [2-6]/.test(response ?? '');
  const local = `${HOST}:${socket.address().port}`;
  const send = (each: string, cseq: number, toTag: string, more: readonly string[], content: string) => {
    const lines = [
      `${each} sip:${user}${host}:${port} SIP/2.0`,
      `Via: SIP/2.0/UDP ${local};rport;branch=z9hG4bK${each}${cseq}${local}`,
      `From: <sip:sbc@${local}>;tag=sbc`,
      `To: <sip:${user}${host}:${port}>${toTag}`,
      `Call-ID: ${local}`,
      `CSeq: ${cseq} ${each}`,
      `Contact: <sip:sbc@${local}>`,
      'Max-Forwards: 70',
      ...more,
      ...(content ? ['Content-Type: application/sdp'] : []),
      `Content-Length: ${content.length}`,
    ];
    socket.send(`${lines.join('\r\n')}\r\n\r\n${content}`, port, host);
  };
  send(method, 1, '', headers, body);
  await waitUntil({ waitedFor: `an answer to ${method}`, timeoutMs: 5000 }, () => isFinal(responses.at(-1)) || null);
  const heard = [...responses];
  if (method === 'INVITE') {
    const toTag = /^To:.*(;tag=\S+)/im.exec(heard.at(-1) ?? '')?.[1] ?? '';
    send('ACK', 1, toTag, [], '');
    send('BYE', 2, toTag, [], '');
    await waitUntil({ waitedFor: 'an answer to BYE', timeoutMs: 5000 }, () => responses.length > heard.length || null);
  }
  socket.close();
  return heard;
}

const statusOf = (response: string) => Number(response.slice('SIP/2.0 '.length, 'SIP/2.0 200'.length));
const portIn = (response: string) => /^m=audio (\d+)/m.exec(response)?.[1];

it('OPTIONS are answered with 200: of the host, and of a number that the dialplan has', async () => {
  for (const [user, status] of [
    ['', 200],
    ['3000@', 200],
    ['999@', 404],
  ] as const) {
    expect((await ask('OPTIONS', user)).map(statusOf)).toEqual([status]);
  }
});

it('a call is told its port with 183, before it is answered, and keeps it', async () => {
  const responses = await ask('INVITE', '3000@', [], SDP);
  expect(responses.map(statusOf)).toEqual([100, 183, 200]);
  const [, early = '', answer = ''] = responses;
  expect(portIn(early)).toMatch(/^\d+$/);
  expect(portIn(answer)).toBe(portIn(early));
});

it('a session timer is agreed on with those who support it, not below 90 s, and with nobody else', async () => {
  const expires = async (...headers: string[]) => {
    const answer = (await ask('INVITE', '3000@', headers, SDP)).at(-1) ?? '';
    return [statusOf(answer), /^Session-Expires: *(\d+)/im.exec(answer)?.[1] ?? /^Min-SE: *(\d+)/im.exec(answer)?.[1]];
  };
  expect(await expires('Supported: timer', 'Session-Expires: 600')).toEqual([200, '600']);
  expect(await expires('Supported: timer', 'Session-Expires: 60')).toEqual([422, '90']);
  expect(await expires()).toEqual([200, undefined]);
});
