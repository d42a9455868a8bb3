import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { encodeInto, type RtpHeader } from '../../../src/rtp/packet.ts';
import type { Endpoint } from '../loopback.ts';
import { waitUntil } from './wait.ts';

const HOST = '127.0.0.1';
const ANSWER_TIMEOUT_MS = 10_000;

type Server = { readonly host: string; readonly port: number };

/** One call of a phone by hand: what it says by SIP, in SDP and in RTP is what the test writes. */
export class HandPhone {
  /** The RTP that has come. */
  readonly packets: Buffer[] = [];
  readonly #server: Server;
  readonly #sip: Socket;
  readonly #rtp: Socket;
  readonly #name: string;
  #dialled = '';
  #cseq = 0;
  #toTag = '';
  #answer = '';
  #relay: Endpoint | null = null;

  private constructor(server: Server, name: string, sip: Socket, rtp: Socket) {
    this.#server = server;
    this.#name = name;
    this.#sip = sip;
    this.#rtp = rtp;
    rtp.on('message', (packet) => this.packets.push(packet));
    sip.on('message', (message) => this.#receive(message.toString()));
  }

  /** @param name its number */
  static async open(server: Server, name: string): Promise<HandPhone> {
    return new HandPhone(server, name, await udp(), await udp());
  }

  get rtpPort(): number {
    return this.#rtp.address().port;
  }

  /** A description of its audio. @param more lines behind it, each with its end */
  sdp(payloadTypes: readonly number[], more = ''): string {
    const session = `v=0\r\no=- 1 1 IN IP4 ${HOST}\r\ns=-\r\nc=IN IP4 ${HOST}\r\nt=0 0\r\n`;
    return `${session}m=audio ${this.rtpPort} RTP/AVP ${payloadTypes.join(' ')}\r\n${more}`;
  }

  /** Calls a number. @returns the answer, with a description; the ACK is not sent yet */
  async invite(dialled: string, body: string): Promise<string> {
    this.#dialled = dialled;
    this.#cseq = 1;
    await this.#request('INVITE', body);
    const waitedFor = `an answer to ${this.#name}`;
    await waitUntil({ waitedFor, timeoutMs: ANSWER_TIMEOUT_MS }, () => this.#answer || null);
    if (!this.#answer.startsWith('SIP/2.0 200')) throw new Error(`${this.#name} is refused: ${this.#answer}`);
    return this.#answer;
  }

  ack(body = ''): Promise<void> {
    return this.#request('ACK', body);
  }

  /** Calls a number with an offer, and acknowledges the answer. @returns the answer */
  async call(dialled: string, offer: string): Promise<string> {
    const answer = await this.invite(dialled, offer);
    await this.ack();
    return answer;
  }

  /** Sends a packet of RTP to where the answer says. */
  send(header: RtpHeader, payload: Uint8Array): void {
    if (this.#relay === null) return;
    const packet = Buffer.alloc(12 + payload.length);
    this.#rtp.send(packet, 0, encodeInto(packet, header, payload), this.#relay.port, this.#relay.address);
  }

  /** Hangs up. */
  async close(): Promise<void> {
    this.#cseq += 1;
    if (this.#toTag) await this.#request('BYE', '');
    this.#sip.close();
    this.#rtp.close();
  }

  #receive(text: string): void {
    if (!/^SIP\/2\.0 [2-6]/.test(text) || !text.includes('1 INVITE')) return;
    this.#answer = text;
    this.#toTag = /^To:.*(;tag=\S+)/im.exec(text)?.[1] ?? '';
    const [, address] = /^c=IN IP4 (\S+)/m.exec(text) ?? [];
    const [, port] = /^m=audio (\d+)/m.exec(text) ?? [];
    if (address) this.#relay = { address, port: Number(port) };
  }

  #request(method: string, body: string): Promise<void> {
    const { host, port } = this.#server;
    const sipPort = this.#sip.address().port;
    const text = [
      `${method} sip:${this.#dialled}@${host}:${port} SIP/2.0`,
      `Via: SIP/2.0/UDP ${HOST}:${sipPort};branch=z9hG4bK${method}-${this.#cseq}-${this.rtpPort}`,
      'Max-Forwards: 70',
      `From: <sip:${this.#name}@${HOST}>;tag=${this.#name}`,
      `To: <sip:${this.#dialled}@${host}>${this.#toTag}`,
      `Call-ID: ${this.#name}-${this.rtpPort}`,
      `CSeq: ${this.#cseq} ${method}`,
      `Contact: <sip:${this.#name}@${HOST}:${sipPort}>`,
      ...(body ? ['Content-Type: application/sdp'] : []),
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
    return new Promise((sent) => this.#sip.send(text, port, host, () => sent()));
  }
}

async function udp(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, HOST);
  await once(socket, 'listening');
  return socket;
}
