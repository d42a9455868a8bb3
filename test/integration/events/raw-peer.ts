import { once } from 'node:events';
import { WebSocket } from 'ws';
import { dialTls } from '../../../src/events/mesh/tls.ts';
import { SECRET } from './ground.ts';

/** Speaks the mesh protocol by hand, so that it can do so wrongly. */
export class RawPeer {
  readonly socket: WebSocket;
  /** Control messages received, as JSON. */
  readonly controls: string[] = [];
  closeCode: number | null = null;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('message', (data: Buffer) => {
      if (data.toString('latin1', 0, 1) === 'c') this.controls.push(data.toString('utf8', 1));
    });
    socket.on('close', (code) => {
      this.closeCode = code;
    });
  }

  /** @param id what it calls itself towards TLS */
  static async dial(port: number, id: string, secret = SECRET): Promise<RawPeer> {
    const socket = new WebSocket('wss://rostrum/events', {
      perMessageDeflate: false,
      createConnection: () =>
        dialTls({
          host: '127.0.0.1',
          port,
          ownId: id,
          peerId: 'any',
          secretFor: () => Buffer.from(secret),
          onRevoked: () => {},
        }),
    });
    const peer = new RawPeer(socket);
    await once(socket, 'open');
    return peer;
  }

  hello(node: string, incarnation: string, more: object = {}): void {
    this.control({ type: 'hello', protocol: { major: 2, minor: 0 }, node, incarnation, ...more });
  }

  control(json: object): void {
    this.socket.send(Buffer.from(`c${JSON.stringify(json)}`));
  }

  message(text: string): void {
    this.socket.send(Buffer.from(`m${text}`));
  }
}
