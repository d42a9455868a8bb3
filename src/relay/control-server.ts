import { chmod } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { clearSocketPath } from '../process/unix-socket.ts';
import { RelayError } from './protocol/errors.ts';
import { onLines, sendLine } from './protocol/lines.ts';
import { type RelayReport, type RelayRequest, relayRequestSchema } from './protocol/protocol.ts';

export type ControlServerDeps = {
  /** The first report to a controller that has just connected. */
  greeting: () => RelayReport;
  onRequest: (request: RelayRequest) => void;
};

/** The relay's side of the control connection: a unix socket that only this user may open. */
export class ControlServer {
  readonly #path: string;
  readonly #deps: ControlServerDeps;
  #server: Server | null = null;
  /** The controller that connected last; an older one is a leftover. */
  #controller: Socket | null = null;

  constructor(options: { socketPath: string }, deps: ControlServerDeps) {
    this.#path = options.socketPath;
    this.#deps = deps;
  }

  /** @throws RelayError `socket-in-use` if another relay answers, `socket-unusable` if the socket cannot be made */
  async start(): Promise<void> {
    const path = this.#path;
    try {
      if (!(await clearSocketPath(path))) {
        throw new RelayError('socket-in-use', `another relay is running: ${path} answers; stop it first`);
      }
      const server = createServer((socket) => this.#connected(socket));
      this.#server = server;
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(path, resolve);
      });
      await chmod(path, 0o600);
    } catch (cause) {
      if (cause instanceof RelayError) throw cause;
      const { message } = cause as Error;
      throw new RelayError('socket-unusable', `${path}: this socket cannot be made: ${message}`, { cause });
    }
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#controller?.destroy();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  /** Without a controller the report is dropped; the next controller learns the state from the greeting. */
  report(report: RelayReport): void {
    if (this.#controller) sendLine(this.#controller, report);
  }

  #connected(socket: Socket): void {
    this.#controller?.destroy();
    this.#controller = socket;
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#controller === socket) this.#controller = null;
    });
    onLines(socket, (value) => {
      const request = relayRequestSchema.safeParse(value);
      // A controller of another version may send unknown requests, which are ignored.
      if (request.success && this.#controller === socket) this.#deps.onRequest(request.data);
    });
    sendLine(socket, this.#deps.greeting());
  }
}
