import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { encodeG711Into } from '../../src/audio/g711.ts';
import type { AnnouncementText } from '../../src/relay/protocol/protocol.ts';
import { PCMU } from '../../src/trunk/audio-format.ts';
import { MAX_PACKET_BYTES } from '../../src/trunk/packet-format.ts';
import { createSenderKey, packetsSent, type SenderKey } from '../../src/trunk/sender-key.ts';
import { loadAead } from '../../src/trunk/sodium-aead.ts';
import { type OutgoingFrame, TrunkSender } from '../../src/trunk/trunk-sender.ts';
import { TrunkStream } from '../../src/trunk/trunk-stream.ts';
import { toneVoice } from './floor-voices.ts';
import type { Endpoint } from './loopback.ts';
import { boundSocket, closeSocket } from './sip/udp.ts';

const FRAME_SAMPLES = 160;
/** A second of the tone, encoded once. */
const FRAMES = 50;

/** A node that is nothing but a voice on the trunk: a tone, in valid packets under a key of its own. */
export class TrunkVoice {
  readonly nodeId: string;
  readonly #socket: Socket;
  readonly #sender: TrunkSender;
  readonly #stream: TrunkStream;
  readonly #senderKey: SenderKey;
  readonly #packet = Buffer.alloc(MAX_PACKET_BYTES);
  readonly #payloads: readonly Uint8Array[];
  readonly #frame: Extract<OutgoingFrame, { kind: 'audio' }>;

  private constructor(nodeId: string, conference: string, deps: { socket: Socket; sender: TrunkSender }) {
    this.nodeId = nodeId;
    this.#socket = deps.socket;
    this.#sender = deps.sender;
    this.#stream = new TrunkStream({ conference, redundancy: 0 });
    this.#senderKey = createSenderKey(1, randomBytes(32));
    this.#sender.use(this.#senderKey);
    const tone = toneVoice(700, -30);
    const samples = new Int16Array(FRAME_SAMPLES);
    this.#payloads = Array.from({ length: FRAMES }, (_, frame) => {
      tone(frame, samples);
      const payload = new Uint8Array(FRAME_SAMPLES);
      encodeG711Into('PCMU', samples, payload);
      return payload;
    });
    this.#frame = { kind: 'audio', frameIndex: 0, levelDbov: -30, format: PCMU, payload: new Uint8Array(0) };
  }

  static async open(options: { nodeId: string; conference: string; address: string }): Promise<TrunkVoice> {
    const { nodeId, conference, address } = options;
    const socket = createSocket({ type: 'udp4', lookup: (host, _, done) => done(null, host, 4) });
    await boundSocket(socket, { address, port: 0 });
    socket.on('message', () => {});
    return new TrunkVoice(nodeId, conference, {
      socket,
      sender: new TrunkSender({ nodeId }, { aead: await loadAead() }),
    });
  }

  /** Where it can be sent to; it listens to nothing. */
  get address(): Endpoint {
    return this.#socket.address();
  }

  /** What a relay must be told to understand it. */
  get announcement(): AnnouncementText {
    const { epoch, key } = this.#senderKey;
    const fromCounter = { high: 0, low: packetsSent(this.#senderKey) };
    return { epoch, key: Buffer.from(key).toString('base64'), fromCounter };
  }

  /** Sends 20 ms of the tone, as a packet that nobody has seen before. */
  send(frameIndex: number, target: Endpoint): void {
    const frame = this.#frame;
    frame.frameIndex = frameIndex;
    frame.payload = this.#payloads[frameIndex % FRAMES] ?? frame.payload;
    const bytes = this.#sender.encodeInto(this.#packet, this.#stream, frame);
    this.#socket.send(Buffer.from(this.#packet.subarray(0, bytes)), target.port, target.address);
  }

  close(): Promise<void> {
    return closeSocket(this.#socket);
  }
}
