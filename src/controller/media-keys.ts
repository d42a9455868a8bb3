import type { Message, MessageOf } from '../cluster/messages.ts';

export type MediaKeysDeps = {
  send: (to: string, message: Message) => boolean;
  broadcast: (message: Message) => void;
  /** Receives a key of another node. */
  take: (node: string, epoch: number, key: Uint8Array) => void;
};

/** The keys of trunk packets: each node tells the others its own, and learns who has it before it is used. */
export class MediaKeys {
  readonly #deps: MediaKeysDeps;
  /** The newest of this node. */
  #own: MessageOf<'media-key'> | null = null;
  /** Who has it. Bounded by the peers. */
  readonly #holders = new Set<string>();

  constructor(deps: MediaKeysDeps) {
    this.#deps = deps;
  }

  /** A new key of this node, for all who are up and for whoever comes up. */
  share(epoch: number, key: Uint8Array): void {
    this.#own = { type: 'media-key', epoch, key: Buffer.from(key).toString('base64') };
    this.#holders.clear();
    this.#deps.broadcast(this.#own);
  }

  /** The nodes that are up and have acknowledged the newest key. */
  get holders(): ReadonlySet<string> {
    return this.#holders;
  }

  peerUp(node: string): void {
    if (this.#own) this.#deps.send(node, this.#own);
  }

  peerDown(node: string): void {
    this.#holders.delete(node);
  }

  received(from: string, { epoch, key }: MessageOf<'media-key'>): void {
    this.#deps.take(from, epoch, Buffer.from(key, 'base64'));
    this.#deps.send(from, { type: 'media-key-ack', epoch });
  }

  acknowledged(from: string, { epoch }: MessageOf<'media-key-ack'>): void {
    if (epoch === this.#own?.epoch) this.#holders.add(from);
  }
}
