import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A network that can be cut: passes TCP connections on to a port of 127.0.0.1. */
export class TcpProxy {
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;
  /** Connections that were ever made. */
  accepted = 0;

  constructor(target: number) {
    this.#target = target;
    this.#server = createServer((near) => {
      this.accepted++;
      if (this.#isCut) return near.destroy();
      const far = connect(this.#target, '127.0.0.1');
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        one.pipe(other);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          this.#sockets.delete(one);
          other.destroy();
        });
      }
      return near;
    });
  }

  async start(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Connections that pass. */
  get open(): number {
    return this.#sockets.size / 2;
  }

  /** Connections break, new ones do not come about. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  restore(): void {
    this.#isCut = false;
  }

  /** Nothing gets through any more, and neither side is told. Later connections are not concerned. */
  freeze(): void {
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
