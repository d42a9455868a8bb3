import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';

/** An HTTP proxy, through which a host without a network of its own reaches archives of packages. */
export class WebProxy {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(address: string): Promise<WebProxy> {
    const server = createServer(pass);
    server.on('connect', tunnel);
    server.listen(0, address);
    await once(server, 'listening');
    return new WebProxy(server);
  }

  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `http://${address}:${port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** What the host has already of an archive's lists counts as the newest, so that the archive does not change under a test. */
function pass(incoming: IncomingMessage, response: ServerResponse): void {
  if (incoming.headers['if-modified-since']) {
    response.writeHead(304).end();
    return;
  }
  const outgoing = request(incoming.url ?? '', { method: incoming.method, headers: incoming.headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  outgoing.on('error', () => response.destroy());
  incoming.pipe(outgoing);
}

function tunnel({ url = '' }: IncomingMessage, client: Duplex): void {
  const [host = '', port] = url.split(':');
  const server = connect(Number(port), host, () => {
    client.write('HTTP/1.1 200 OK\r\n\r\n');
    client.pipe(server).pipe(client);
  });
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
}
