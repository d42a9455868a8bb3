import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '../../../scripts/debian-root.ts';
import type { SipServer } from '../sip/address.ts';
import { ConsoleProgram } from './console-program.ts';
import type { OtherPhone } from './other-phone.ts';
import { addedToneDbov, writeVoiceWav } from './voice-files.ts';

const ADDRESS = '127.0.0.1';
/** It offers the first, and gets it. */
const MODULES = ['stdio', 'g722', 'g711', 'aufile', 'aubridge', 'sndfile', 'srtp', 'dtls_srtp'];
const G722_RATE_HZ = 16_000;
/** Without the release, a key counts as held until nothing has been typed for 250 ms. NUL means nothing to it. */
const RELEASE = '\x04';
const STILL_HELD = '\0';
const STILL_HELD_EVERY_MS = 150;
const TIMES_STILL_HELD = 4;

export type BaresipOptions = {
  readonly transport?: 'udp' | 'tcp' | 'tls';
  /** The file with the certificate that it believes. */
  readonly certificate?: string;
  /** How its audio is encrypted. */
  readonly encryption?: 'srtp-mand' | 'dtls_srtp';
  /** The number of the caller is the name that belongs to it. */
  readonly password?: string;
};

/** baresip: its microphone is a file, and what it hears is recorded by its module sndfile. */
export class Baresip implements OtherPhone {
  /** Its recorder ends with a hold, for good. */
  readonly hearsAfterHold = false;
  readonly #program: ConsoleProgram;
  readonly #directory: string;
  readonly #server: SipServer;

  private constructor(program: ConsoleProgram, directory: string, server: SipServer) {
    this.#program = program;
    this.#directory = directory;
    this.#server = server;
  }

  static async start(server: SipServer, callerNumber: string, options: BaresipOptions = {}): Promise<Baresip> {
    const { transport = 'udp', certificate = null, encryption, password } = options;
    const command = await findProgram('baresip');
    const modules = join(dirname(command.at(-1) ?? ''), '../lib/baresip/modules');
    const directory = await mkdtemp(join(tmpdir(), 'rostrum-baresip-'));
    await writeVoiceWav(join(directory, 'voice.wav'));
    const secret = password ? `;auth_user=${callerNumber};auth_pass=${password}` : '';
    const encrypted = encryption ? `;mediaenc=${encryption}` : '';
    const account = `<sip:${callerNumber}@${ADDRESS};transport=${transport}>;regint=0${secret}${encrypted}\n`;
    await writeFile(join(directory, 'accounts'), account);
    await writeFile(join(directory, 'contacts'), '');
    await writeFile(join(directory, 'config'), configuration(directory, modules, certificate));
    const program = new ConsoleProgram([...command, '-f', directory], { directory });
    await program.waitFor('baresip is ready');
    return new Baresip(program, directory, server);
  }

  async dial(number: string): Promise<void> {
    const { host, port } = this.#server;
    await this.#program.type(`/dial sip:${number}@${host}:${port}\n`, 'Call established');
  }

  press(key: string): Promise<void> {
    return this.#program.type(`${key}${RELEASE}`, 'send DTMF digit end');
  }

  async pressLong(key: string): Promise<void> {
    await this.#program.type(key, 'send DTMF digit');
    for (let times = 0; times < TIMES_STILL_HELD; times++) {
      await sleep(STILL_HELD_EVERY_MS);
      await this.#program.type(STILL_HELD);
    }
    await this.#program.type(RELEASE, 'send DTMF digit end');
  }

  async speak(): Promise<void> {}

  hold(): Promise<void> {
    return this.#program.type('/hold\n', "stream: update 'audio'");
  }

  resume(): Promise<void> {
    return this.#program.type('/resume\n', "stream: update 'audio'");
  }

  hangUp(): Promise<void> {
    return this.#program.type('/hangup\n', 'terminate call');
  }

  async hears(freqHz: number): Promise<number> {
    const names = await readdir(this.#directory);
    // Their names have the time in them.
    const name = names
      .filter((each) => each.endsWith('-dec.wav'))
      .sort()
      .at(-1);
    return addedToneDbov(join(this.#directory, name ?? ''), freqHz, G722_RATE_HZ);
  }

  async stop(): Promise<void> {
    await this.#program.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

const configuration = (directory: string, modules: string, certificate: string | null): string => `
${certificate ? `sip_cafile ${certificate}\nsip_verify_server yes` : ''}
sip_listen ${ADDRESS}:0
net_interface ${ADDRESS}
module_path ${modules}
${MODULES.map((name) => `module ${name}.so`).join('\n')}
module_tmp account.so
module_app menu.so
audio_source aufile,${join(directory, 'voice.wav')}
audio_player aubridge,ear
audio_alert aubridge,ear
ausrc_srate 8000
snd_path ${directory}
`;
