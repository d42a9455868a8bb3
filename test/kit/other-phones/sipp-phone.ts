import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../../../scripts/debian-root.ts';
import { ownAddress } from '../loopback.ts';
import { Heard } from '../phone/heard.ts';
import { SILENCE_DBOV, steadyToneLevelDbov } from '../phone/judge.ts';
import type { SipServer } from '../sip/address.ts';
import { ConsoleProgram } from './console-program.ts';
import { LISTEN_MS, type OtherPhone } from './other-phone.ts';
import { writeVoicePcap } from './voice-files.ts';

const SCENARIO = fileURLToPath(new URL('../../e2e/sipp/phone.xml', import.meta.url));
const CALL_ID = 'phone@sipp';
const MEDIA_PORT = 40_000;
/** The port that the scenario tells, `[media_port+10]`: SIPp sends from it and does not open it. */
const EAR_PORT = MEDIA_PORT + 10;
const EVENT_PAYLOAD_TYPE = 96;
const SHORT_MS = 80;
const LONG_MS = 600;
/** Ends a message between two SIPps. */
const ESCAPE = '\x1b';

/**
 * SIPp: it does not listen to RTP, so what comes to its port is judged here. It takes commands as from a second SIPp, its
 * "3PCC", and says after each that it is done.
 */
export class SippPhone implements OtherPhone {
  readonly hearsAfterHold = true;
  readonly #address = ownAddress();
  readonly #commands: Server;
  readonly #ear: UdpSocket;
  readonly #directory: string;
  readonly #server: SipServer;
  readonly #heard = new Heard(
    { keepMs: 2000, audibleDbov: -50, eventPayloadType: EVENT_PAYLOAD_TYPE },
    { onKey: () => {} },
  );
  #program: ConsoleProgram | null = null;
  #steering: Socket | null = null;
  #stepsDone = 0;

  private constructor(directory: string, server: SipServer) {
    this.#directory = directory;
    this.#server = server;
    this.#ear = createSocket('udp4', (packet) => void this.#heard.push(packet, performance.now()));
    this.#commands = createServer((socket) => {
      this.#steering = socket;
      socket.on('data', (bytes) => {
        this.#stepsDone += bytes.toString('latin1').split(ESCAPE).length - 1;
      });
    });
  }

  static async start(server: SipServer): Promise<SippPhone> {
    const phone = new SippPhone(await mkdtemp(join(tmpdir(), 'rostrum-sipp-phone-')), server);
    await writeVoicePcap(join(phone.#directory, 'voice.pcap'));
    phone.#ear.bind(EAR_PORT, phone.#address);
    phone.#commands.listen(0, phone.#address);
    await Promise.all([once(phone.#ear, 'listening'), once(phone.#commands, 'listening')]);
    return phone;
  }

  async dial(number: string): Promise<void> {
    const { host, port } = this.#server;
    const commandPort = (this.#commands.address() as { port: number }).port;
    const call = ['-sf', SCENARIO, '-s', number, '-m', '1', '-cid_str', CALL_ID, '-nostdin'];
    const local = ['-i', this.#address, '-mi', this.#address, '-mp', String(MEDIA_PORT)];
    const words = [`${host}:${port}`, ...call, ...local, '-3pcc', `${this.#address}:${commandPort}`];
    const command = [...(await findProgram('sipp')), ...words];
    this.#program = new ConsoleProgram(command, { directory: this.#directory });
    await this.#stepAfter(0);
  }

  press(key: string): Promise<void> {
    return this.#run(`press ${key},${SHORT_MS}`);
  }

  pressLong(key: string): Promise<void> {
    return this.#run(`press ${key},${LONG_MS}`);
  }

  speak(): Promise<void> {
    return this.#run('speak');
  }

  hold(): Promise<void> {
    return this.#run('offer sendonly');
  }

  resume(): Promise<void> {
    return this.#run('offer sendrecv');
  }

  hangUp(): Promise<void> {
    return this.#run('leave');
  }

  async hears(freqHz: number): Promise<number> {
    await sleep(LISTEN_MS);
    const heard = this.#heard.audio?.last(LISTEN_MS, performance.now());
    return heard ? steadyToneLevelDbov(heard.samples, freqHz) : SILENCE_DBOV;
  }

  async stop(): Promise<void> {
    await this.#program?.stop();
    this.#steering?.destroy();
    this.#commands.close();
    this.#ear.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #run(command: string): Promise<void> {
    const before = this.#stepsDone;
    this.#steering?.write(`Call-ID: ${CALL_ID}\r\n\r\ndo ${command} \r\n${ESCAPE}`);
    await this.#stepAfter(before);
  }

  async #stepAfter(before: number): Promise<void> {
    await this.#program?.until('SIPp to be done', () => this.#stepsDone > before);
  }
}
