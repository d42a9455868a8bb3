import type { Client } from 'ari-client';
import { withTimeout } from '../timing/with-timeout.ts';
import { ariRequests } from './ari-requests.ts';
import { AriError } from './errors.ts';
import { AriHttp, type AriLogin } from './http.ts';
import { infoSchema } from './messages.ts';
import type { AriPort } from './port.ts';
import { connect, routeAriClientThrough, stopRoutingThrough } from './swagger-http.ts';

const OLDEST_MAJOR_VERSION = 20;
const CONNECT_TIMEOUT_MS = 10_000;

/** ARI's REST side through ari-client, which reads the operations from Asterisk's own API description. */
export class AriConnection {
  readonly requests: AriPort;
  readonly #http: AriHttp;
  #client: Client | null = null;

  constructor(login: AriLogin) {
    this.#http = new AriHttp(login);
    this.requests = ariRequests(this.#http, () => {
      if (!this.#client) throw new AriError('unreachable', `not connected to ${this.#http.origin}`);
      return this.#client;
    });
  }

  /**
   * Checks that a suitable Asterisk answers and lets us in. To be called before anything else, and again after Asterisk
   * was away.
   * @returns Asterisk's version
   */
  async connect(login: AriLogin): Promise<string> {
    this.#http.logIn(login);
    const version = await this.#version(login);
    const major = Number.parseInt(version.replace(/^\D*/, ''), 10);
    if (major < OLDEST_MAJOR_VERSION) {
      throw new AriError('unsuitable', `Asterisk ${version} is too old: ${OLDEST_MAJOR_VERSION} or later is needed`);
    }
    if (!this.#client) {
      routeAriClientThrough(this.#http);
      // Credentials are the transport's business: ari-client would share them between servers.
      this.#client = await withTimeout(connect(this.#http.origin, 'unused', 'unused'), CONNECT_TIMEOUT_MS, () => {
        throw new AriError('unreachable', 'Asterisk did not describe its API in time');
      });
    }
    return version;
  }

  /** Rejects with an `AriError`: `unauthorized` if the login is not accepted any more. */
  async checkLogin(): Promise<void> {
    await this.#http.get('/ari/asterisk/ping');
  }

  async close(): Promise<void> {
    stopRoutingThrough(this.#http);
    await this.#http.close();
  }

  async #version({ username }: AriLogin): Promise<string> {
    try {
      const info = await this.#http.get('/ari/asterisk/info?only=system');
      return infoSchema.parse(JSON.parse(info)).system.version;
    } catch (cause) {
      const { origin } = this.#http;
      const status = cause instanceof AriError ? cause.status : 0;
      if (cause instanceof AriError && cause.code === 'unauthorized') {
        const message = `Asterisk at ${origin} refuses user "${username}": compare the password with ari.conf`;
        throw new AriError('unauthorized', message, { status, cause });
      }
      if (cause instanceof AriError && status !== 404) throw cause;
      const message = `${origin} is not an Asterisk with ARI: load res_ari and its modules`;
      throw new AriError('unsuitable', message, { status, cause });
    }
  }
}
