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
import { onLines } from '../../../src/relay/protocol/lines.ts';
import {
  type CallHearing,
  type CallSpec,
  type CallStatistics,
  type CallSums,
  type FloorSpec,
  type RelayReport,
  type RelayRequest,
  type RtpAddress,
  relayReportSchema,
} from '../../../src/relay/protocol/protocol.ts';
import { encodeHeaderInto, RTP_HEADER_BYTES } from '../../../src/rtp/packet.ts';
import { ownAddress } from '../../kit/loopback.ts';
import { Line } from './line.ts';

const PROGRAM = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
/** Where phones reach the host, where Asterisk has its side of calls, and where phones are. */
export const HOST = ownAddress();
export const ASTERISK = ownAddress();
export const PHONE = ownAddress();
const FRAME_SAMPLES = 160;
const PATIENCE_MS = 10_000;

export type Report<T extends RelayReport['type']> = Extract<RelayReport, { type: T }>;

export const HEARING: CallHearing = { conference: '3000', volume: 0, noise: false, deaf: false, packetMs: 20 };

/** How the relay's process is started. */
type HarnessOptions = {
  /** The driver of its sockets. */
  readonly driver?: 'libc' | 'dgram';
  /** How many files it may have open. */
  readonly openFiles?: number;
};

/** A call, with both ends of it. */
export type HarnessCall = { readonly spec: CallSpec; readonly asterisk: Line; readonly phone: Line };

/** A relay process of its own, and its controller, Asterisk and phones, as far as it can tell. */
export class RelayHarness {
  readonly #directory: string;
  #process: ChildProcess | null = null;
  #control: Socket | null = null;
  readonly #sockets: UdpSocket[] = [];
  readonly #lines: Line[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  reports: RelayReport[] = [];

  readonly #options: HarnessOptions;

  private constructor(directory: string, options: HarnessOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  static async start(options: HarnessOptions = {}): Promise<RelayHarness> {
    const directory = await mkdtemp(join(tmpdir(), 'rostrum-relay-'));
    const lab = new RelayHarness(directory, options);
    const passwordFile = join(directory, 'password');
    await writeFile(passwordFile, 'none', { mode: 0o600 });
    const relay = { threads: 2, socket: join(directory, 'relay.sock') };
    const asterisk = { url: 'http://127.0.0.1:8088', passwordFile };
    await writeFile(join(directory, 'rostrum.yaml'), stringify({ asterisk, profiles: directory, relay }));
    await lab.startRelay();
    return lab;
  }

  /** Starts it, or starts it again, and connects. @returns what it says first */
  async startRelay(): Promise<Report<'hello'>> {
    this.#process = this.#spawn('rostrum.yaml', this.#options.driver);
    return this.connect();
  }

  /** Starts another one beside it. @returns how that ends */
  async startSecondRelay(): Promise<{ status: number | null; stderr: string }> {
    const second = this.#spawn('rostrum.yaml', this.#options.driver);
    let stderr = '';
    second.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    const [status] = (await once(second, 'close')) as [number | null];
    return { status, stderr };
  }

  #spawn(config: string, driver: HarnessOptions['driver'], ...args: string[]): ChildProcess {
    const { openFiles } = this.#options;
    const relay = [process.execPath, PROGRAM, 'relay', ...args, '--config', join(this.#directory, config)];
    const [program = '', ...rest] = openFiles ? ['prlimit', `--nofile=${openFiles}`, ...relay] : relay;
    const env = { ...process.env, ...(driver && { ROSTRUM_UDP: driver === 'dgram' ? driver : '' }) };
    const child = spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe'], env });
    child.stderr?.resume();
    return child;
  }

  /** Of the relay that runs. */
  get relayPid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Starts a relay that is to take over. @returns its exit status, or null once it runs and the one before has ended */
  async upgradeRelay({ config = 'rostrum.yaml', driver = this.#options.driver } = {}): Promise<number | null> {
    const before = this.#process;
    const successor = this.#spawn(config, driver, '--take-over');
    const failed = once(successor, 'exit').then(([code]) => code as number);
    if (!before) return failed;
    const ended = once(before, 'exit').then(() => null);
    const code = await Promise.race([failed, ended]);
    if (code === null) this.#process = successor;
    return code;
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
        const hello = await this.report('hello');
        const { driver } = this.#options;
        if (driver && driver !== hello.sockets) throw new Error(`not ${driver}, but ${hello.sockets}`);
        return hello;
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

  /** All that is wanted. */
  tellAll(floors: readonly FloorSpec[], calls: readonly CallSpec[]): void {
    this.tell({ type: 'everything', peers: [], floors: [...floors], calls: [...calls] });
  }

  get isConnected(): boolean {
    return this.#control?.destroyed === false;
  }

  /** The next report of a kind, which is then taken. */
  async report<T extends RelayReport['type']>(type: T): Promise<Report<T>> {
    const isIt = (report: RelayReport) => report.type === type;
    const index = await until(
      () => this.reports.findIndex(isIt),
      () => `no report "${type}": ${JSON.stringify(this.reports)}`,
    );
    return this.reports.splice(index, 1)[0] as Report<T>;
  }

  /** Rejects if somebody else has the port. */
  async socket({ host = HOST, port = 0 } = {}): Promise<UdpSocket> {
    const socket = createSocket('udp4');
    socket.bind(port, host);
    await once(socket, 'listening');
    this.#sockets.push(socket);
    return socket;
  }

  /** One end of a call. */
  async line(host: string, options: { codec?: CallSpec['codec']; port?: number } = {}): Promise<Line> {
    const line = await Line.open(host, options);
    this.#lines.push(line);
    return line;
  }

  /** A call of whose RTP the relay is to be told; nobody has sent anything yet. */
  async call(channelId: string, given: Partial<CallSpec> = {}): Promise<HarnessCall> {
    const codec = given.codec === undefined ? 'PCMU' : given.codec;
    const port = await evenPort();
    const asterisk = await this.line(ASTERISK, { codec, port });
    const phone = await this.line(PHONE, { codec });
    const spec: CallSpec = {
      channelId,
      local: { host: HOST, port },
      asterisk: asterisk.address,
      phone: phone.address,
      sources: [PHONE],
      signalling: null,
      codec,
      gate: null,
      tones: false,
      talkLevel: null,
      hearing: null,
      source: null,
      ...given,
    };
    phone.sendTo(spec.local);
    return { spec, asterisk, phone };
  }

  /** A call whose port the relay has opened, and which both ends know. */
  async openCall(channelId: string, given: Partial<CallSpec> = {}): Promise<HarnessCall> {
    const call = await this.call(channelId, given);
    this.tell({ type: 'call', call: call.spec });
    const { asterisk } = call;
    await this.report('call-open');
    await until(
      () => asterisk.arrivals.length - 1,
      () => `nothing has come to Asterisk of call ${channelId}`,
    );
    if (asterisk.peer) asterisk.sendTo(asterisk.peer);
    return call;
  }

  /** Changes how a member hears as a listener; with null, the member's voice passes. */
  hear({ spec }: HarnessCall, hearing: Partial<CallHearing> | null): void {
    this.tell({ type: 'call', call: { ...spec, hearing: hearing && { ...HEARING, ...hearing } } });
  }

  async statistics(channelId: string): Promise<CallStatistics> {
    this.tell({ type: 'ask-statistics', channelId });
    const { statistics } = await this.report('call-statistics');
    if (!statistics) throw new Error(`there is no call ${channelId}`);
    return statistics;
  }

  /** The latest report about all calls together. */
  get sums(): CallSums | undefined {
    return this.reports.findLast((report) => report.type === 'calls')?.sums;
  }

  /** A floor on which Asterisk sends a tone. @returns what was wished for, and where the relay has it */
  async floor(freqHz: number, levelDbov: number): Promise<{ spec: FloorSpec; local: RtpAddress; asterisk: UdpSocket }> {
    const asterisk = await this.socket({ host: ASTERISK });
    const spec: FloorSpec = {
      conference: '3000',
      asterisk: { host: ASTERISK, port: asterisk.address().port },
      port: null,
      noiseDbov: null,
      floorNoise: false,
      sampleRateHz: 8000,
      nodes: [],
    };
    this.tell({ type: 'floor', floor: spec });
    const { local } = await this.report('floor');
    this.sendFloor(asterisk, local, freqHz, levelDbov);
    return { spec, local, asterisk };
  }

  /** Sends a tone as Asterisk sends the mix of a floor. */
  sendFloor(from: UdpSocket, to: RtpAddress, freqHz: number, levelDbov: number): void {
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
        from.send(packet, to.port, to.host);
      }
    }, 5);
    this.#timers.push(timer);
  }

  /** Ends all calls and floors, and connects anew, for the next test: a relay takes long to start. */
  async reset(): Promise<void> {
    this.#hangUp();
    await this.connect();
    this.tellAll([], []);
  }

  #hangUp(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    for (const line of this.#lines.splice(0)) line.close();
    for (const socket of this.#sockets.splice(0)) socket.close();
  }

  async stop(): Promise<void> {
    this.#hangUp();
    this.#control?.destroy();
    await this.killRelay();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** Waits until there is an index. @throws Error if there is none for long */
async function until(index: () => number, problem: () => string): Promise<number> {
  for (const startedMs = performance.now(); performance.now() - startedMs < PATIENCE_MS; await sleep(5)) {
    if (index() >= 0) return index();
  }
  throw new Error(problem());
}

/** The port above is for RTCP. */
async function evenPort(): Promise<number> {
  for (;;) {
    const port = await freePort(HOST);
    if (port % 2 === 0) return port;
  }
}
