import { randomBytes } from 'node:crypto';
import { type AudioFormat, PCMU } from '../../../src/trunk/audio-format.ts';
import { createSenderKey, type SenderKey } from '../../../src/trunk/sender-key.ts';
import type { Aead } from '../../../src/trunk/sodium-aead.ts';
import { TrunkReceiver } from '../../../src/trunk/trunk-receiver.ts';
import { type OutgoingFrame, TrunkSender } from '../../../src/trunk/trunk-sender.ts';
import { TrunkStream } from '../../../src/trunk/trunk-stream.ts';

export const FROM_START = { high: 0, low: 0 };

export function key(fill: number): Uint8Array {
  return new Uint8Array(32).fill(fill);
}

/** Audio that tells its frame from others. */
export function audio(frameIndex: number, format: AudioFormat = PCMU): OutgoingFrame & { kind: 'audio' } {
  const payload = Uint8Array.from({ length: format.payloadBytes }, (_, i) => frameIndex * 7 + i);
  return { kind: 'audio', frameIndex, levelDbov: -20, format, payload };
}

export function receiver(aead: Aead): TrunkReceiver {
  const options = { nodeId: 'node-b', maxNodes: 4, maxConferences: 8, retainMs: 10_000 };
  const made = new TrunkReceiver(options, { aead });
  made.conferences.add('3000');
  return made;
}

/** node-a, which sends conference 3000, and node-b, which knows its key. */
export class Pair {
  readonly senderKey: SenderKey;
  readonly sender: TrunkSender;
  readonly receiver: TrunkReceiver;
  readonly stream: TrunkStream;
  readonly #out = new Uint8Array(1400);

  constructor(options: { redundancy?: 0 | 1 | 2; epoch?: number }, deps: { aead: Aead }) {
    this.senderKey = createSenderKey(options.epoch ?? 9, randomBytes(32));
    this.sender = new TrunkSender({ nodeId: 'node-a' }, deps);
    this.sender.use(this.senderKey);
    this.receiver = receiver(deps.aead);
    this.receiver.addNode('node-a');
    this.receiver.installKey('node-a', { ...this.senderKey, fromCounter: FROM_START });
    this.stream = new TrunkStream({ conference: '3000', redundancy: options.redundancy ?? 0 });
  }

  packet(frame: OutgoingFrame, stream: TrunkStream = this.stream): Uint8Array {
    return this.#out.slice(0, this.sender.encodeInto(this.#out, stream, frame));
  }
}
