import { request } from 'node:http';
import { dirname } from 'node:path';
import { CodedError } from '../base/coded-error.ts';
import { checkServer } from '../process/unix-socket.ts';
import { userHeader } from './ordered-by.ts';

/** A refusal by the controller, or its absence (`no-controller`). The other codes are those of the API. */
export class ApiClientError extends CodedError<string> {
  /** The controller's answer; null where none answered. */
  readonly answer: unknown;

  constructor(code: string, message: string, options: { cause?: unknown; answer?: unknown } = {}) {
    super(code, message, options);
    this.answer = options.answer ?? null;
  }
}

/** Calls the admin API of the controller at a unix socket. */
export class ApiClient {
  readonly #socketPath: string;
  readonly #timeoutMs: number;

  /** @param options.timeoutMs how long the controller may be silent: a command about thousands of members takes its time */
  constructor({ socketPath, timeoutMs = 60_000 }: { socketPath: string; timeoutMs?: number }) {
    this.#socketPath = socketPath;
    this.#timeoutMs = timeoutMs;
  }

  /** @param path below `/v1`; its parts must be URI-encoded */
  get<T>(path: string): Promise<T> {
    return this.#request<T>('GET', path);
  }

  delete<T>(path: string): Promise<T> {
    return this.#request<T>('DELETE', path);
  }

  post<T>(path: string, body?: object): Promise<T> {
    return this.#request<T>('POST', path, body);
  }

  async #request<T>(method: string, path: string, body?: object): Promise<T> {
    const { status, text } = await this.#exchange(method, path, body);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw new ApiClientError('bad-answer', 'what answers at the socket is not a controller', { cause });
    }
    if (status === 200) return value as T;
    const { code, message } = value as { code: string; message: string };
    throw new ApiClientError(code, message, { answer: value });
  }

  async #exchange(method: string, path: string, body?: object): Promise<{ status: number | undefined; text: string }> {
    const socketPath = this.#socketPath;
    await checkServer(dirname(socketPath)).catch((cause: NodeJS.ErrnoException) => {
      // Errors with a code are those of the file system, as for a socket that is not there.
      if (cause.code === undefined) throw new ApiClientError('no-controller', cause.message, { cause });
    });
    return new Promise((resolve, reject) => {
      const fail = (cause: NodeJS.ErrnoException) => {
        const why =
          cause.code === 'EACCES'
            ? 'may not be used by this user: root and the group of its directory may'
            : `is not answered (${cause.code ?? cause.message})`;
        const message = `no controller: ${socketPath} ${why}; start one with "rostrum start", or name its --socket`;
        reject(new ApiClientError('no-controller', message, { cause }));
      };
      const headers = { ...userHeader(process.env), ...(body && { 'content-type': 'application/json' }) };
      const timeout = this.#timeoutMs;
      const outgoing = request({ socketPath, method, path: `/v1${path}`, headers, timeout }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', fail);
        answer.on('end', () => resolve({ status: answer.statusCode, text: Buffer.concat(chunks).toString() }));
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
      outgoing.on('error', fail);
      outgoing.end(body && JSON.stringify(body));
    });
  }
}
