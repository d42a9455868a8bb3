import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownAddress } from '../kit/loopback.ts';
import { randomToken } from '../kit/sip/dialog.ts';
import { boundSocket, closeSocket } from '../kit/sip/udp.ts';
import type { Choices } from './choices.ts';
import type { SoakLab } from './lab.ts';

/** Phones that do not keep to SIP, by what they do. */
export type OddPhone = { readonly name: string; readonly run: (lab: SoakLab, choices: Choices) => Promise<unknown> };

const NOISE_BYTES = 900;

export const ODD_PHONES: readonly OddPhone[] = [
  { name: 'Call-ID that is no text', run: (lab) => invite(lab, { callId: Buffer.of(0x61, 0xff) }) },
  { name: 'no ACK', run: (lab) => invite(lab, {}) },
  { name: 'no ACK, INVITE without SDP', run: (lab) => invite(lab, { withoutSdp: true }) },
  {
    name: 'names that are no text',
    run: (lab) => invite(lab, { name: Buffer.of(0xc0, 0xaf, 0x1b, 0x5b, 0x32, 0x4a) }),
  },
  {
    name: 'noise for SIP',
    run: (lab, choices) =>
      withSocket(lab, async (send) => {
        for (let count = 0; count < 50; count++) {
          send(Buffer.from(Array.from({ length: choices.between(1, NOISE_BYTES) }, () => choices.between(0, 255))));
        }
      }),
  },
  {
    name: 'noise for RTP',
    run: async (lab, choices) => {
      const ports = lab.calls.flatMap(({ toldAddress }) => (toldAddress === null ? [] : [toldAddress]));
      await withSocket(lab, async (send) => {
        for (const { host, port } of choices.some(ports, 20)) {
          // A header of RTP and anything behind it.
          const bytes = Array.from({ length: choices.between(12, 200) }, () => choices.between(0, 255));
          bytes[0] = 0x80;
          for (let count = 0; count < 20; count++) send(Buffer.from(bytes), port, host);
        }
      });
    },
  },
  {
    name: 'hold on and off at once',
    run: async (lab, choices) => {
      const call = choices.of(lab.calls);
      for (let count = 0; count < 6; count++) await call?.hold(count % 2 === 0);
    },
  },
  {
    name: 'CANCEL at once',
    run: async (lab, choices) => {
      const calls = Array.from({ length: 8 }, () => lab.dial(choices.of(['3000', '4001', '2000']) ?? '3000'));
      for (const call of calls) {
        await sleep(choices.between(0, 30));
        void call.hangUp();
      }
      await Promise.all(calls.map(({ ended }) => ended));
    },
  },
  {
    name: 'vanish',
    run: (lab, choices) => lab.vanishing(choices.of(['3000', '4001', '5002']) ?? '3000', choices.between(0, 3000)),
  },
];

type Invite = { readonly callId?: Buffer; readonly name?: Buffer; readonly withoutSdp?: boolean };
type Send = (packet: Buffer, port?: number, host?: string) => void;

/** Calls as no phone does by itself, and does not answer any more. */
function invite(lab: SoakLab, { callId, name, withoutSdp = false }: Invite): Promise<void> {
  const number = lab.nextNumber();
  return withSocket(lab, async (send, own) => {
    const [host = ''] = own.split(':');
    const description = withoutSdp
      ? ''
      : `v=0\r\no=- 1 1 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio 9000 RTP/AVP 0\r\n`;
    const head = [
      `INVITE sip:3001@${lab.node.server.host}:${lab.node.server.port} SIP/2.0`,
      `Via: SIP/2.0/UDP ${own};branch=z9hG4bK${randomToken()}`,
      'Max-Forwards: 70',
      `To: <sip:3001@${lab.node.server.host}>`,
      `Contact: <sip:${number}@${own}>`,
      'CSeq: 1 INVITE',
      ...(withoutSdp ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${description.length}`,
    ];
    const odd = [
      Buffer.from(`${head.join('\r\n')}\r\nFrom: "`),
      name ?? Buffer.alloc(0),
      Buffer.from(`" <sip:${number}@${host}>;tag=${randomToken()}\r\nCall-ID: `),
      callId ?? Buffer.alloc(0),
      Buffer.from(`${randomToken()}\r\n\r\n${description}`),
    ];
    send(Buffer.concat(odd));
    await sleep(500);
  });
}

async function withSocket(lab: SoakLab, use: (send: Send, own: string) => Promise<void>): Promise<void> {
  const socket: Socket = createSocket('udp4');
  await boundSocket(socket, { address: ownAddress(), port: 0 });
  const { address, port } = socket.address();
  try {
    const { server } = lab.node;
    await use((packet, toPort = server.port, toHost = server.host) => {
      socket.send(packet, toPort, toHost, () => {});
    }, `${address}:${port}`);
    // What was sent last must have left the socket.
    await sleep(50);
  } finally {
    await closeSocket(socket);
  }
}
