import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../../scripts/debian-root.ts';
import { SAMPLE_RATE_HZ } from '../phone/g711.ts';
import type { SipServer } from '../sip/address.ts';
import { ConsoleProgram } from './console-program.ts';
import type { OtherPhone } from './other-phone.ts';
import { addedToneDbov, writeVoiceWav } from './voice-files.ts';

const ADDRESS = '127.0.0.1';
/** It chooses one itself. */
const ANY_PORT = -1;

/** linphonec: files are its microphone and its loudspeaker. */
export class Linphonec implements OtherPhone {
  readonly hearsAfterHold = true;
  readonly #program: ConsoleProgram;
  readonly #directory: string;
  readonly #server: SipServer;

  private constructor(program: ConsoleProgram, directory: string, server: SipServer) {
    this.#program = program;
    this.#directory = directory;
    this.#server = server;
  }

  /** @param sipPort where other phones call it, at 127.0.0.1; it answers at once */
  static async start(server: SipServer, callerNumber: string, sipPort = ANY_PORT): Promise<Linphonec> {
    const directory = await mkdtemp(join(tmpdir(), 'rostrum-linphonec-'));
    await writeVoiceWav(join(directory, 'voice.wav'));
    await writeFile(join(directory, 'rc'), configuration(callerNumber, sipPort));
    // Its database is there. Without it, linphonec opens no port.
    await mkdir(join(directory, '.local/share/linphone'), { recursive: true });
    const command = [...(await findProgram('linphonec')), '-a', '-c', join(directory, 'rc')];
    const program = new ConsoleProgram(command, {
      directory,
      env: { HOME: directory, XDG_RUNTIME_DIR: directory, TMPDIR: directory },
    });
    const phone = new Linphonec(program, directory, server);
    await program.waitFor('linphonec>');
    await program.type('soundcard use files\n', 'Using wav files');
    await program.type(`play ${join(directory, 'voice.wav')}\n`, 'linphonec>');
    await program.type(`record ${phone.#recording}\n`, 'linphonec>');
    return phone;
  }

  get #recording(): string {
    return join(this.#directory, 'heard.wav');
  }

  async dial(number: string): Promise<void> {
    const { host, port } = this.#server;
    await this.#program.type(`call sip:${number}@${host}:${port} --audio-only\n`, 'Media streams established');
  }

  press(key: string): Promise<void> {
    return this.#program.type(`${key}\n`, 'linphonec>');
  }

  /** Each of its keys lasts 100 ms; nothing makes one longer. */
  pressLong(key: string): Promise<void> {
    return this.press(key);
  }

  async speak(): Promise<void> {}

  hold(): Promise<void> {
    return this.#program.type('pause\n', 'is now paused');
  }

  resume(): Promise<void> {
    return this.#program.type('resume 1\n', 'Media streams established');
  }

  hangUp(): Promise<void> {
    return this.#program.type('terminate\n', 'ended');
  }

  /** Calls another phone, and lets it wait. */
  async consult(sipPort: number): Promise<void> {
    await this.#program.type(`call sip:${ADDRESS}:${sipPort} --audio-only\n`, 'Media streams established');
    await this.hold();
  }

  /** Gives its second call to the phone that it has consulted: an attended transfer (REFER with Replaces, RFC 3891). */
  handOver(): Promise<void> {
    return this.#program.type('transfer 1 --to-call 2\n', 'has been transfered');
  }

  hears(freqHz: number): Promise<number> {
    return addedToneDbov(this.#recording, freqHz, SAMPLE_RATE_HZ);
  }

  async stop(): Promise<void> {
    await this.#program.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

const configuration = (callerNumber: string, sipPort: number): string => `
[sip]
sip_port=${sipPort}
sip_tcp_port=0
sip_tls_port=0
use_ipv6=0
auto_net_state_mon=0
bind_address=${ADDRESS}
contact=sip:${callerNumber}@${ADDRESS}
[rtp]
audio_rtp_port=${ANY_PORT}
bind_address=${ADDRESS}
`;
