import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { freePort } from '../../../scripts/machine.ts';
import { encodeL16Into } from '../../../src/audio/l16.ts';
import { onLines } from '../../../src/relay/lines.ts';
import { type RelayReport, type RelayRequest, relayReportSchema } from '../../../src/relay/protocol.ts';
import { encodeHeaderInto, RTP_HEADER_BYTES } from '../../../src/rtp/packet.ts';
import { Heard } from '../../kit/phone/heard.ts';

const PROGRAM = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const ADDRESS = '127.0.75.1';
const FRAME_SAMPLES = 160;
const PATIENCE_MS = 10_000;

type Report<T extends RelayReport['type']> = Extract<RelayReport, { type: T }>;

/** A relay process of its own, and its controller, Asterisk and phones, as far as it can tell. */
export class RelayLaboratory {
  readonly #directory: string;
  readonly #sipPort: number;
  #process: ChildProcess | null = null;
  #control: Socket | null = null;
  readonly #sockets: UdpSocket[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  reports: RelayReport[] = [];

  private constructor(directory: string, sipPort: number) {
    this.#directory = directory;
    this.#sipPort = sipPort;
  }

  static async start(): Promise<RelayLaboratory> {
    const directory = await mkdtemp(join(tmpdir(), 'rostrum-relay-'));
    const lab = new RelayLaboratory(directory, await freePort('127.0.0.1'));
    const passwordFile = join(directory, 'password');
    await writeFile(passwordFile, 'none', { mode: 0o600 });
    const relay = { address: ADDRESS, sipPort: lab.#sipPort, threads: 2, socket: join(directory, 'relay.sock') };
    const asterisk = { url: 'http://127.0.0.1:8088', passwordFile };
    await writeFile(join(directory, 'rostrum.yaml'), stringify({ asterisk, profiles: directory, relay }));
    await lab.startRelay();
    return lab;
  }

  /** Starts it, or starts it again, and connects. @returns what it says first */
  async startRelay(): Promise<Report<'hello'>> {
    const args = [PROGRAM, 'relay', '--config', join(this.#directory, 'rostrum.yaml')];
    this.#process = spawn(process.execPath, args, { stdio: 'ignore' });
    return this.connect();
  }

  async killRelay(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async connect(): Promise<Report<'hello'>> {
    this.#control?.destroy();
    this.reports = [];
    const deadlineMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const socket = connect(join(this.#directory, 'relay.sock'));
      const connected = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true));
        socket.once('error', () => resolve(false));
      });
      if (connected) {
        socket.on('error', () => {});
        onLines(socket, (value) => this.reports.push(relayReportSchema.parse(value)));
        this.#control = socket;
        return this.report('hello');
      }
      if (performance.now() > deadlineMs) throw new Error('the relay does not answer');
      await sleep(20);
    }
  }

  tell(request: RelayRequest): void {
    this.#control?.write(`${JSON.stringify(request)}\n`);
  }

  tellText(text: string): void {
    this.#control?.write(text);
  }

  get isConnected(): boolean {
    return this.#control?.destroyed === false;
  }

  /** The next report of a kind, which is then taken. */
  async report<T extends RelayReport['type']>(type: T): Promise<Report<T>> {
    for (const startedMs = performance.now(); performance.now() - startedMs < PATIENCE_MS; await sleep(5)) {
      const index = this.reports.findIndex((report) => report.type === type);
      if (index >= 0) return this.reports.splice(index, 1)[0] as Report<T>;
    }
    throw new Error(`no report "${type}": ${JSON.stringify(this.reports)}`);
  }

  async socket(port = 0): Promise<UdpSocket> {
    const socket = createSocket('udp4');
    this.#sockets.push(socket);
    await new Promise<void>((resolve) => socket.bind(port, ADDRESS, resolve));
    return socket;
  }

  /** Sends a tone as Asterisk sends the mix of a floor. */
  sendFloor(from: UdpSocket, port: number, freqHz: number, levelDbov: number): void {
    const amplitude = 32_768 * Math.SQRT2 * 10 ** (levelDbov / 20);
    const samples = new Int16Array(FRAME_SAMPLES);
    let sequence = 0;
    const startedMs = performance.now();
    const timer = setInterval(() => {
      for (; sequence * 20 < performance.now() - startedMs; sequence++) {
        const at = sequence * FRAME_SAMPLES;
        for (let i = 0; i < FRAME_SAMPLES; i++) {
          samples[i] = Math.round(amplitude * Math.sin((2 * Math.PI * freqHz * (at + i)) / 8000));
        }
        const packet = Buffer.alloc(RTP_HEADER_BYTES + 2 * FRAME_SAMPLES);
        encodeHeaderInto(packet, { payloadType: 10, marker: false, sequence, timestamp: at, ssrc: freqHz });
        encodeL16Into(samples, packet.subarray(RTP_HEADER_BYTES));
        from.send(packet, port, ADDRESS);
      }
    }, 5);
    this.#timers.push(timer);
  }

  /** Calls a leg as Asterisk does. @returns the status, and where the relay wants audio */
  async invite(legId: string, media: UdpSocket, cseq = 1): Promise<{ status: number; port: number }> {
    const sip = await this.#sipSocket();
    const body = [
      'v=0',
      `o=- 1 ${cseq} IN IP4 ${ADDRESS}`,
      's=-',
      `c=IN IP4 ${ADDRESS}`,
      't=0 0',
      `m=audio ${media.address().port} RTP/AVP 0 101`,
      'a=rtpmap:101 telephone-event/8000',
      '',
    ].join('\r\n');
    const request = (method: string, to: string, content: string) =>
      sipRequest(legId, { method, cseq, from: sip, port: this.#sipPort, to, content });
    const plain = `To: <sip:${legId}@127.0.0.1>${this.#tags.get(legId) ?? ''}`;
    const answered = new Promise<string>((resolve) => {
      sip.on('message', (message) => {
        const text = message.toString();
        if (text.startsWith('BYE ')) this.hungUp.add(legId);
        else if (!text.startsWith('SIP/2.0 1')) resolve(text);
      });
    });
    sip.send(request('INVITE', plain, body), this.#sipPort, '127.0.0.1');
    const answer = await answered;
    const to = /^To: .*$/im.exec(answer)?.[0] ?? plain;
    this.#tags.set(legId, /;tag=[^\s;]+/i.exec(to)?.[0] ?? '');
    sip.send(request('ACK', to, ''), this.#sipPort, '127.0.0.1');
    return { status: Number(answer.slice(8, 11)), port: Number(/m=audio (\d+)/.exec(answer)?.[1] ?? 0) };
  }

  /** Hangs a leg up as Asterisk does. */
  async hangUp(legId: string, cseq: number): Promise<void> {
    const from = await this.#sipSocket();
    const to = `To: <sip:${legId}@127.0.0.1>${this.#tags.get(legId) ?? ''}`;
    const answered = once(from, 'message');
    const bye = sipRequest(legId, { method: 'BYE', cseq, from, port: this.#sipPort, to, content: '' });
    from.send(bye, this.#sipPort, '127.0.0.1');
    await answered;
  }

  async #sipSocket(): Promise<UdpSocket> {
    const socket = createSocket('udp4');
    this.#sockets.push(socket);
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return socket;
  }

  readonly #tags = new Map<string, string>();
  /** Legs that the relay has hung up. */
  readonly hungUp = new Set<string>();

  /** What a phone hears whose audio comes to this socket. */
  listen(socket: UdpSocket): Heard {
    const heard = new Heard({ keepMs: 5000, audibleDbov: -50, eventPayloadType: 101 }, { onKey: () => {} });
    socket.on('message', (packet) => heard.push(packet, performance.now()));
    return heard;
  }

  /** A packet of a key, RFC 4733. */
  sendKey(from: UdpSocket, port: number, key: number, sequence: number): void {
    const packet = Buffer.alloc(RTP_HEADER_BYTES + 4);
    encodeHeaderInto(packet, { payloadType: 101, marker: sequence === 0, sequence, timestamp: 1600, ssrc: 7 });
    packet.set([key, 10, (sequence * 160) >> 8, (sequence * 160) & 0xff], RTP_HEADER_BYTES);
    from.send(packet, port, ADDRESS);
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.#sockets) socket.close();
    this.#control?.destroy();
    await this.killRelay();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

type Asked = { method: string; cseq: number; from: UdpSocket; port: number; to: string; content: string };

/** A request of Asterisk about a leg. */
function sipRequest(legId: string, { method, cseq, from, port, to, content }: Asked): string {
  const own = from.address().port;
  return [
    `${method} sip:${legId}@127.0.0.1:${port} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${own};branch=z9hG4bK${legId}${cseq}${own}`,
    'Max-Forwards: 70',
    'From: <sip:asterisk@127.0.0.1>;tag=a',
    to,
    `Call-ID: call-${legId}`,
    `CSeq: ${cseq} ${method}`,
    `Contact: <sip:127.0.0.1:${own}>`,
    ...(content ? ['Content-Type: application/sdp'] : []),
    `Content-Length: ${content.length}`,
    '',
    content,
  ].join('\r\n');
}
