import { type Client, connect } from 'ari-client';
import { AriError } from './errors.ts';
import { AriHttp, type AriLogin } from './http.ts';
import { bridgeListSchema, channelListSchema, infoSchema, variableSchema } from './messages.ts';
import type { AriBridge, AriChannel, AriPort } from './port.ts';
import { routeAriClientThrough, stopRoutingThrough } from './swagger-http.ts';

const OLDEST_MAJOR_VERSION = 20;
const CONNECT_TIMEOUT_MS = 10_000;

/** ARI's REST side through ari-client, which reads the operations from Asterisk's own API description. */
export class AriClientPort implements AriPort {
  readonly #http: AriHttp;
  readonly #username: string;
  #client: Client | null = null;

  constructor(login: AriLogin) {
    this.#username = login.username;
    this.#http = new AriHttp(login);
  }

  /**
   * Checks that a suitable Asterisk answers and lets us in. To be called before anything else, and again after Asterisk
   * was away.
   * @returns Asterisk's version
   */
  async connect(): Promise<string> {
    const version = await this.#version();
    const major = Number.parseInt(version.replace(/^\D*/, ''), 10);
    if (major < OLDEST_MAJOR_VERSION) {
      throw new AriError('unsuitable', `Asterisk ${version} is too old: ${OLDEST_MAJOR_VERSION} or later is needed`);
    }
    if (!this.#client) {
      routeAriClientThrough(this.#http);
      // Credentials are the transport's business: ari-client would share them between servers.
      this.#client = await withTimeout(connect(this.#http.origin, 'unused', 'unused'));
    }
    return version;
  }

  async close(): Promise<void> {
    stopRoutingThrough(this.#http);
    await this.#http.close();
  }

  async #version(): Promise<string> {
    try {
      const info = await this.#http.request({ method: 'GET', path: '/ari/asterisk/info?only=system' });
      return infoSchema.parse(JSON.parse(info)).system.version;
    } catch (cause) {
      const { origin } = this.#http;
      if (cause instanceof AriError && cause.code === 'unauthorized') {
        const message = `Asterisk at ${origin} refuses user "${this.#username}": compare the password with ari.conf`;
        throw new AriError('unauthorized', message, { status: cause.status, cause });
      }
      if (cause instanceof AriError && cause.status !== 404) throw cause;
      throw new AriError('unsuitable', `${origin} is not an Asterisk with ARI: load res_ari and its modules`, {
        cause,
      });
    }
  }

  async applicationExists(applicationName: string): Promise<boolean> {
    return (await orOnStatus(404, this.#operations.applications.get({ applicationName }), null)) !== null;
  }

  async sendUserEvent(application: string, eventName: string): Promise<void> {
    await this.#operations.events.userEvent({ application, eventName });
  }

  async getGlobalVariable(variable: string): Promise<string | null> {
    const answer = await orOnStatus(404, this.#operations.asterisk.getGlobalVar({ variable }), null);
    return variableSchema.parse(answer);
  }

  async setGlobalVariable(variable: string, value: string): Promise<void> {
    await this.#operations.asterisk.setGlobalVar({ variable, value });
  }

  async setEventFilter(applicationName: string, types: readonly string[]): Promise<void> {
    const filter = { allowed: types.map((type) => ({ type })) };
    await this.#operations.applications.filter({ applicationName, filter });
  }

  async listChannels(): Promise<AriChannel[]> {
    return channelListSchema.parse(await this.#operations.channels.list());
  }

  async listBridges(): Promise<AriBridge[]> {
    return bridgeListSchema.parse(await this.#operations.bridges.list());
  }

  async createMixingBridge(bridgeId: string): Promise<void> {
    const created = this.#operations.bridges.create({ bridgeId, name: bridgeId, type: 'mixing,proxy_media' });
    // 409: there is one with this id.
    await orOnStatus(409, created, null);
  }

  async destroyBridge(bridgeId: string): Promise<void> {
    await this.#operations.bridges.destroy({ bridgeId });
  }

  async addChannel(bridgeId: string, channel: string, { mute }: { mute: boolean }): Promise<void> {
    await this.#operations.bridges.addChannel({
      bridgeId,
      channel,
      mute,
      absorbDTMF: true,
      inhibitConnectedLineUpdates: true,
    });
  }

  async answer(channelId: string): Promise<void> {
    await this.#operations.channels.answer({ channelId });
  }

  async hangUp(channelId: string, cause: number): Promise<void> {
    await this.#operations.channels.hangup({ channelId, reason_code: String(cause) });
  }

  async setDeaf(channelId: string, deaf: boolean): Promise<void> {
    const channels = this.#operations.channels;
    await channels[deaf ? 'mute' : 'unmute']({ channelId, direction: 'out' });
  }

  async getVariable(channelId: string, variable: string): Promise<string | null> {
    const answer = await orOnStatus(404, this.#operations.channels.getChannelVar({ channelId, variable }), null);
    return variableSchema.parse(answer);
  }

  async setVariable(channelId: string, variable: string, value: string): Promise<void> {
    await this.#operations.channels.setChannelVar({ channelId, variable, value });
  }

  get #operations(): Client {
    if (!this.#client) throw new AriError('unreachable', `not connected to ${this.#http.origin}`);
    return this.#client;
  }
}

/** The answer, or a value in its place if Asterisk refuses with this HTTP status. */
async function orOnStatus<T>(status: number, answer: Promise<unknown>, otherwise: T): Promise<unknown | T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AriError && error.status === status) return otherwise;
    throw error;
  }
}

async function withTimeout<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    const error = new AriError('unreachable', 'Asterisk did not describe its API in time');
    timer = setTimeout(reject, CONNECT_TIMEOUT_MS, error);
  });
  try {
    return await Promise.race([promise, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
