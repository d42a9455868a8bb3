import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Cluster } from '../controller/cluster/cluster.ts';
import { newApp } from './app.ts';
import { ApiError } from './errors.ts';
import { callRoute } from './node-routes.ts';

/** An SBC needs few. */
const MAX_CONNECTIONS = 100;
const REQUEST_TIMEOUT_MS = 5000;
const IDLE_TIMEOUT_MS = 30_000;
const MAX_BODY_BYTES = 1024;

type Address = { host: string; port: number };

/** `GET /route` and nothing else, over TCP, for SBCs. Anybody who reaches it learns names and SIP addresses of nodes. */
export class RouteServer {
  readonly #listen: Address;
  readonly #app: FastifyInstance;

  constructor(options: { listen: Address }, deps: { cluster: Pick<Cluster, 'routeOf'> }) {
    this.#listen = options.listen;
    this.#app = newApp({
      bodyLimit: MAX_BODY_BYTES,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionTimeout: IDLE_TIMEOUT_MS,
      keepAliveTimeout: IDLE_TIMEOUT_MS,
      forceCloseConnections: true,
      http: { headersTimeout: REQUEST_TIMEOUT_MS },
    });
    this.#app.server.maxConnections = MAX_CONNECTIONS;
    makeRoom(this.#app.server);
    callRoute(this.#app.withTypeProvider<ZodTypeProvider>(), deps.cluster);
  }

  /** @throws ApiError `address-unusable` */
  async start(): Promise<void> {
    const { host, port } = this.#listen;
    try {
      await this.#app.listen({ host, port });
    } catch (cause) {
      const message = `cluster.routeListen: nothing can listen at ${host}:${port} (${(cause as Error).message})`;
      throw new ApiError('address-unusable', message, { cause });
    }
  }

  async stop(): Promise<void> {
    await this.#app.close();
  }
}

/** Where all connections are taken, the one that has been idle for longest is closed: programs that only connect keep no SBC out. */
function makeRoom(server: Server): void {
  const idle = new Set<Socket>();
  let open = 0;
  server.on('connection', (socket: Socket) => {
    open += 1;
    idle.add(socket);
    socket.once('close', () => {
      open -= 1;
      idle.delete(socket);
    });
    const [longest] = idle;
    if (open >= MAX_CONNECTIONS && longest !== socket) longest?.destroy();
  });
  server.on('request', ({ socket }, response) => {
    idle.delete(socket);
    response.once('close', () => socket.destroyed || idle.add(socket));
  });
}
