import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { RtpAddress } from './protocol.ts';
import type { PortOptions } from './worker-messages.ts';

/** Some hundred packets: a stream has 50 in a second, and they are read several times in it. */
const RECEIVE_BUFFER_BYTES = 64 * 1024;
/** Tries of other ports than the next one before the range counts as full. */
const MOST_TRIES = 200;

/**
 * One UDP port of the relay's media. It sends to where it is told; once a packet has come that is accepted, it talks with
 * that source only, which the kernel sees to. Behind NAT that is another one than was told.
 */
export class MediaSocket {
  readonly port: number;
  readonly #socket: Socket;
  readonly #accept: (packet: Buffer, from: RemoteInfo) => boolean;
  #remote: RtpAddress | null = null;
  /** Where it was sent to before: what still comes from there is old. */
  #former: RtpAddress | null = null;
  #state: 'open' | 'pinning' | 'pinned' | 'closed' = 'open';

  private constructor(socket: Socket, accept: (packet: Buffer, from: RemoteInfo) => boolean) {
    this.#socket = socket;
    this.#accept = accept;
    this.port = socket.address().port;
    socket.on('message', (packet, from) => this.#receive(packet, from));
    // A phone that has hung up refuses our last packets: no failure of ours.
    socket.on('error', () => {});
  }

  /** @param accept looks at each packet; returns whether its source is the one to talk with */
  static async open(
    options: { host: string; port: number },
    accept: (packet: Buffer, from: RemoteInfo) => boolean,
  ): Promise<MediaSocket> {
    const socket = createSocket({
      type: 'udp4',
      recvBufferSize: RECEIVE_BUFFER_BYTES,
      // The default look-up leaves the send path for every packet; all our addresses are numeric.
      lookup: (host, _, done) => done(null, host, 4),
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address: options.host, port: options.port }, () => {
        socket.off('error', reject);
        resolve();
      });
    });
    return new MediaSocket(socket, accept);
  }

  /** Sends there from now on, until packets come from elsewhere. */
  aim(remote: RtpAddress): void {
    if (isSame(this.#remote, remote)) return;
    this.#former = this.#remote;
    this.#remote = remote;
    if (this.#state !== 'pinned') return;
    this.#socket.disconnect();
    this.#state = 'open';
  }

  /** HOT PATH. */
  send(packet: Uint8Array): void {
    if (this.#state === 'pinned') this.#socket.send(packet);
    else if (this.#state === 'open' && this.#remote) this.#socket.send(packet, this.#remote.port, this.#remote.host);
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#socket.close();
  }

  /** HOT PATH. */
  #receive(packet: Buffer, from: RemoteInfo): void {
    if (this.#former && from.port === this.#former.port && from.address === this.#former.host) return;
    if (this.#accept(packet, from) && this.#state === 'open') this.#pin(from);
  }

  #pin({ address, port }: RemoteInfo): void {
    const remote = this.#remote;
    this.#state = 'pinning';
    this.#socket.connect(port, address, () => {
      if (this.#state !== 'pinning') return;
      this.#state = 'pinned';
      if (this.#remote === remote) return;
      // It was told to send elsewhere meanwhile.
      this.#socket.disconnect();
      this.#state = 'open';
    });
  }
}

function isSame(a: RtpAddress | null, b: RtpAddress): boolean {
  return a?.host === b.host && a.port === b.port;
}

/** Opens sockets on the ports of a range, one after the other. */
export class MediaPorts {
  readonly #options: PortOptions;
  #next: number;

  constructor(options: PortOptions) {
    this.#options = options;
    this.#next = options.nextPort;
  }

  /**
   * @param port the one to have; null for any of the range
   * @throws the error of the last port that was tried
   */
  async open(port: number | null, accept: (packet: Buffer, from: RemoteInfo) => boolean): Promise<MediaSocket> {
    const host = this.#options.bindAddress;
    if (port !== null) return MediaSocket.open({ host, port }, accept);
    for (let tries = 1; ; tries++) {
      try {
        return await MediaSocket.open({ host, port: this.#take() }, accept);
      } catch (error) {
        // Somebody else has it.
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries >= MOST_TRIES) throw error;
      }
    }
  }

  #take(): number {
    const { first, last } = this.#options.ports;
    const port = this.#next;
    this.#next = port >= last ? first : port + 1;
    return port;
  }
}
