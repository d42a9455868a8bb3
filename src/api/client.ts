import { request } from 'node:http';

/** A refusal by the controller, or its absence (`no-controller`). The other codes are those of the API. */
export class ApiClientError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ApiClientError';
    this.code = code;
  }
}

const TIMEOUT_MS = 15_000;

/** Calls the admin API of the controller at a unix socket. */
export class ApiClient {
  readonly #socketPath: string;

  constructor(options: { socketPath: string }) {
    this.#socketPath = options.socketPath;
  }

  /** @param path below `/v1`; its parts must be URI-encoded */
  async get<T>(path: string): Promise<T> {
    return JSON.parse(await this.#request('GET', path)) as T;
  }

  async post<T>(path: string, body?: object): Promise<T> {
    return JSON.parse(await this.#request('POST', path, body)) as T;
  }

  #request(method: string, path: string, body?: object): Promise<string> {
    const socketPath = this.#socketPath;
    return new Promise((resolve, reject) => {
      const fail = (cause: NodeJS.ErrnoException) => {
        const why =
          cause.code === 'EACCES' ? 'belongs to another user' : `is not answered (${cause.code ?? cause.message})`;
        const message = `no controller: ${socketPath} ${why}; start one with "rostrum start", or name its --socket`;
        reject(new ApiClientError('no-controller', message, { cause }));
      };
      const headers = body ? { 'content-type': 'application/json' } : {};
      const outgoing = request({ socketPath, method, path: `/v1${path}`, headers, timeout: TIMEOUT_MS }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', fail);
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          if (answer.statusCode === 200) return resolve(text);
          const { code, message } = JSON.parse(text) as { code: string; message: string };
          reject(new ApiClientError(code, message));
        });
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
      outgoing.on('error', fail);
      outgoing.end(body ? JSON.stringify(body) : undefined);
    });
  }
}
