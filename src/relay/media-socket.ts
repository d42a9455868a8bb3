import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { RtpAddress } from './protocol.ts';
import type { PortOptions } from './worker-messages.ts';

/** Some hundred packets: a stream has 50 in a second, and they are read several times in it. */
const RECEIVE_BUFFER_BYTES = 64 * 1024;
/** Ports of the range that others may have before it counts as full. */
const MOST_TRIES = 200;
/** How long what was sent before a move may be under way. */
const FORMER_MS = 1000;

/**
 * One UDP port of the relay's media. It sends to where it is told; once a packet has come that is accepted, it talks with
 * that source only, which the kernel sees to. Behind NAT that is another one than was told.
 */
export class MediaSocket {
  readonly port: number;
  /** Called once when it is closed. */
  onClosed = () => {};
  readonly #socket: Socket;
  readonly #accept: (packet: Buffer, from: RemoteInfo) => boolean;
  #remote: RtpAddress | null = null;
  /** The source that it talks with. */
  #pinned: RtpAddress | null = null;
  /** That of before: what still comes from there is old, until then. */
  #former: RtpAddress | null = null;
  #formerUntilMs = 0;
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
      const fail = (error: Error) => {
        socket.close();
        reject(error);
      };
      socket.once('error', fail);
      socket.bind({ address: options.host, port: options.port }, () => {
        socket.off('error', fail);
        resolve();
      });
    });
    return new MediaSocket(socket, accept);
  }

  /** Sends there from now on, until packets come from elsewhere. */
  aim(remote: RtpAddress): void {
    if (isSame(this.#remote, remote)) return;
    this.#former = this.#pinned ?? this.#remote;
    this.#formerUntilMs = performance.now() + FORMER_MS;
    this.#remote = remote;
    if (this.#state === 'pinned') this.#unpin();
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
    this.onClosed();
  }

  /** HOT PATH. */
  #receive(packet: Buffer, from: RemoteInfo): void {
    if (this.#former && this.#isOld(from)) return;
    if (this.#accept(packet, from) && this.#state === 'open') this.#pin(from);
  }

  #isOld({ address, port }: RemoteInfo): boolean {
    if (performance.now() > this.#formerUntilMs) this.#former = null;
    return port === this.#former?.port && address === this.#former.host;
  }

  #pin({ address, port }: RemoteInfo): void {
    // There is no such port; what comes from it was forged.
    if (port === 0) return;
    const remote = this.#remote;
    this.#state = 'pinning';
    this.#socket.connect(port, address, (error?: Error) => {
      if (this.#state !== 'pinning') return;
      if (error) this.#state = 'open';
      // It was told to send elsewhere meanwhile.
      else if (this.#remote !== remote) this.#unpin();
      else {
        this.#pinned = { host: address, port };
        this.#state = 'pinned';
      }
    });
  }

  #unpin(): void {
    this.#socket.disconnect();
    this.#pinned = null;
    this.#state = 'open';
  }
}

function isSame(a: RtpAddress | null, b: RtpAddress): boolean {
  return a?.host === b.host && a.port === b.port;
}

/** Opens sockets on the ports of a range, one after the other. */
export class MediaPorts {
  readonly #options: PortOptions;
  /** Of these sockets. Bounded by the range. */
  readonly #taken = new Set<number>();
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
    if (port !== null) return this.#open(port, accept);
    for (let tries = 1; ; tries++) {
      try {
        return await this.#open(this.#take(), accept);
      } catch (error) {
        // Somebody else has it.
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries >= MOST_TRIES) throw error;
      }
    }
  }

  async #open(port: number, accept: (packet: Buffer, from: RemoteInfo) => boolean): Promise<MediaSocket> {
    const socket = await MediaSocket.open({ host: this.#options.bindAddress, port }, accept);
    this.#taken.add(port);
    socket.onClosed = () => this.#taken.delete(port);
    return socket;
  }

  /** The next one of the range that is not in use here. */
  #take(): number {
    const { first, last } = this.#options.ports;
    for (let left = last - first; left >= 0; left--) {
      const port = this.#next;
      this.#next = port >= last ? first : port + 1;
      if (!this.#taken.has(port)) return port;
    }
    return this.#next;
  }
}
