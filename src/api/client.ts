import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
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

  /**
   * Writes an answer that is no JSON into a stream.
   * @param open makes the stream, from the headers of the answer
   * @returns how many bytes were written
   */
  async download(path: string, open: (headers: IncomingHttpHeaders) => Promise<Writable>): Promise<{ bytes: number }> {
    const answer = await this.#send('GET', path);
    if (answer.statusCode !== 200) throw refusal(parsed(await text(answer)));
    const target = await open(answer.headers).catch((error) => {
      // Nobody reads it, and the process would wait for its rest.
      answer.destroy();
      throw error;
    });
    await pipeline(answer, target, { end: target !== process.stdout });
    return { bytes: Number(answer.headers['content-length']) };
  }

  async #request<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await this.#send(method, path, body);
    const value = parsed(await text(answer).catch((cause) => this.#fail(cause)));
    if (answer.statusCode === 200) return value as T;
    throw refusal(value);
  }

  /** Sends a request. @returns the answer, whose content is still to come */
  async #send(method: string, path: string, body?: object): Promise<IncomingMessage> {
    const socketPath = this.#socketPath;
    await checkServer(dirname(socketPath)).catch((cause: NodeJS.ErrnoException) => {
      // Errors with a code are those of the file system, as for a socket that is not there.
      if (cause.code === undefined) throw new ApiClientError('no-controller', cause.message, { cause });
    });
    return new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { ...userHeader(process.env), ...(body && { 'content-type': 'application/json' }) };
      const timeout = this.#timeoutMs;
      const outgoing = request({ socketPath, method, path: `/v1${path}`, headers, timeout }, resolve);
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
      outgoing.on('error', reject);
      outgoing.end(body && JSON.stringify(body));
    }).catch((cause) => this.#fail(cause));
  }

  #fail(cause: NodeJS.ErrnoException): never {
    const why =
      cause.code === 'EACCES'
        ? 'may not be used by this user: root and the group of its directory may'
        : `is not answered (${cause.code ?? cause.message})`;
    const message = `no controller: ${this.#socketPath} ${why}; start one with "rostrum start", or name its --socket`;
    throw new ApiClientError('no-controller', message, { cause });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ApiClientError('bad-answer', 'what answers at the socket is not a controller', { cause });
  }
}

function refusal(answer: unknown): ApiClientError {
  const { code, message } = answer as { code: string; message: string };
  return new ApiClientError(code, message, { answer });
}
