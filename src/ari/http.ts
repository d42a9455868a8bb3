import { Pool } from 'undici';
import { AriError } from './errors.ts';

/** How to reach and log in to one Asterisk's ARI. */
export type AriLogin = {
  /** Base of Asterisk's HTTP server, e.g. `http://127.0.0.1:8088`. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
};

/** Asterisk serves every connection with a thread of its own; more than this gains nothing. */
const CONNECTIONS = 8;
const TIMEOUT_MS = 5000;

type HttpRequest = { method: string; path: string; body?: string | undefined };

/** HTTP to one Asterisk: pooled connections, its own credentials, and an answer or an `AriError` within 5 s. */
export class AriHttp {
  readonly origin: string;
  readonly #pool: Pool;
  #authorization: string;

  constructor(login: AriLogin) {
    this.origin = new URL(login.url).origin;
    this.#authorization = basicAuthorization(login);
    this.#pool = new Pool(this.origin, {
      connections: CONNECTIONS,
      connect: { timeout: TIMEOUT_MS },
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
  }

  /** Uses other credentials from now on. */
  logIn(login: AriLogin): void {
    this.#authorization = basicAuthorization(login);
  }

  get(path: string): Promise<string> {
    return this.request({ method: 'GET', path });
  }

  /** @returns the body of a 2xx answer */
  async request({ method, path, body }: HttpRequest): Promise<string> {
    const headers = { authorization: this.#authorization, 'content-type': 'application/json' };
    let status: number;
    let text: string;
    try {
      const answer = await this.#pool.request({ method: method.toUpperCase() as 'GET', path, headers, body });
      status = answer.statusCode;
      text = await answer.body.text();
    } catch (cause) {
      throw new AriError('unreachable', `no answer from ${this.origin}: ${(cause as Error).message}`, { cause });
    }
    if (status >= 200 && status < 300) return text;
    const code = status === 401 ? 'unauthorized' : 'refused';
    throw new AriError(code, `${method} ${path}: ${status} ${reasonIn(text)}`, { status });
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** RFC 7617. */
export function basicAuthorization({ username, password }: AriLogin): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** ARI explains refusals as `{"message": "..."}`. */
function reasonIn(text: string): string {
  try {
    return String((JSON.parse(text) as { message?: unknown }).message ?? text);
  } catch {
    return text;
  }
}
