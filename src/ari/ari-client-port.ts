import { type Client, connect } from 'ari-client';
import { withTimeout } from '../timing/with-timeout.ts';
import { AriError } from './errors.ts';
import { AriHttp, type AriLogin } from './http.ts';
import {
  bridgeListSchema,
  channelListSchema,
  infoSchema,
  locationSchema,
  objectSchema,
  rtpStatisticsSchema,
  storedListSchema,
  variableSchema,
  variablesSchema,
} from './messages.ts';
import type { AriBridge, AriChannel, AriMedia, AriOriginate, AriPlay, AriPlaybackOperation, AriPort } from './port.ts';
import { routeAriClientThrough, stopRoutingThrough } from './swagger-http.ts';

const OLDEST_MAJOR_VERSION = 20;
const CONNECT_TIMEOUT_MS = 10_000;

/** ARI's REST side through ari-client, which reads the operations from Asterisk's own API description. */
export class AriClientPort implements AriPort {
  readonly #http: AriHttp;
  readonly #username: string;
  #client: Client | null = null;
  #readsSeveral = true;

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
      this.#client = await withTimeout(connect(this.#http.origin, 'unused', 'unused'), CONNECT_TIMEOUT_MS, () => {
        throw new AriError('unreachable', 'Asterisk did not describe its API in time');
      });
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
        status: cause instanceof AriError ? cause.status : 0,
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
    // Without a value, Asterisk removes it; an empty one would stay in its list.
    await this.#setVariable('/ari/asterisk/variable', variable, value === '' ? undefined : value);
  }

  async setEventFilter(applicationName: string, types: readonly string[]): Promise<void> {
    const filter = { allowed: types.map((type) => ({ type })) };
    await this.#operations.applications.filter({ applicationName, filter });
  }

  async subscribeToChannels(applicationName: string, channelIds: readonly string[]): Promise<void> {
    const eventSource = channelIds.map((channelId) => `channel:${channelId}`).join(',');
    await this.#operations.applications.subscribe({ applicationName, eventSource });
  }

  async listChannels(): Promise<AriChannel[]> {
    return channelListSchema.parse(await this.#operations.channels.list());
  }

  async listBridges(): Promise<AriBridge[]> {
    return bridgeListSchema.parse(await this.#operations.bridges.list());
  }

  async createMixingBridge(bridgeId: string): Promise<void> {
    // video_sfu, although there is no video: Asterisk then always mixes. Otherwise it changes the bridge to another
    // technology and back whenever a channel of three is added again, and may leave one of the others without sound.
    await this.#createBridge(bridgeId, 'mixing,proxy_media,video_sfu');
  }

  async createHoldingBridge(bridgeId: string): Promise<void> {
    await this.#createBridge(bridgeId, 'holding');
  }

  async #createBridge(bridgeId: string, type: string): Promise<void> {
    // 409: there is one with this id.
    await orOnStatus(409, this.#operations.bridges.create({ bridgeId, name: bridgeId, type }), null);
  }

  async destroyBridge(bridgeId: string): Promise<void> {
    await this.#operations.bridges.destroy({ bridgeId });
  }

  async addChannel(
    bridgeId: string,
    channel: string,
    { mute, absorbDtmf }: { mute: boolean; absorbDtmf: boolean },
  ): Promise<void> {
    await this.#operations.bridges.addChannel({
      bridgeId,
      channel,
      mute,
      absorbDTMF: absorbDtmf,
      inhibitConnectedLineUpdates: true,
    });
  }

  async removeChannel(bridgeId: string, channel: string): Promise<void> {
    await this.#operations.bridges.removeChannel({ bridgeId, channel });
  }

  async ring(channelId: string): Promise<void> {
    await this.#operations.channels.ring({ channelId });
  }

  async progress(channelId: string): Promise<void> {
    await this.#http.request({ method: 'POST', path: `/ari/channels/${encodeURIComponent(channelId)}/progress` });
  }

  async answer(channelId: string): Promise<void> {
    await this.#operations.channels.answer({ channelId });
  }

  async originate(call: AriOriginate): Promise<void> {
    const { channelId, otherChannelId, formats, endpoint, application, args, callerId, timeoutSeconds, variables } =
      call;
    await this.#operations.channels.originateWithId({
      channelId,
      ...(otherChannelId && { otherChannelId }),
      ...(formats && { formats }),
      endpoint,
      app: application,
      appArgs: args.join(','),
      ...(callerId && { callerId }),
      timeout: timeoutSeconds,
      ...(variables && { variables: { variables } }),
    });
  }

  async externalMedia(media: { channelId: string; application: string; host: string; format: string }): Promise<void> {
    const { channelId, application: app, host: external_host, format } = media;
    await this.#operations.channels.externalMedia({ channelId, app, external_host, format });
  }

  async hangUp(channelId: string, cause: number): Promise<void> {
    await this.#operations.channels.hangup({ channelId, reason_code: String(cause) });
  }

  async redirect(channelId: string, endpoint: string): Promise<void> {
    await this.#operations.channels.redirect({ channelId, endpoint });
  }

  async continueInDialplan(channelId: string, context?: string): Promise<void> {
    await this.#operations.channels.continueInDialplan({
      channelId,
      ...(context && { context, extension: 's', priority: 1 }),
    });
  }

  async setDeaf(channelId: string, deaf: boolean): Promise<void> {
    const channels = this.#operations.channels;
    await channels[deaf ? 'mute' : 'unmute']({ channelId, direction: 'out' });
  }

  async startMusic(channelId: string, mohClass: string): Promise<void> {
    await this.#operations.channels.startMoh({ channelId, mohClass });
  }

  async stopMusic(channelId: string): Promise<void> {
    await this.#operations.channels.stopMoh({ channelId });
  }

  async startBridgeMusic(bridgeId: string, mohClass: string): Promise<void> {
    await this.#operations.bridges.startMoh({ bridgeId, mohClass });
  }

  async stopBridgeMusic(bridgeId: string): Promise<void> {
    await this.#operations.bridges.stopMoh({ bridgeId });
  }

  async playToChannel(channelId: string, { playbackId, media, language }: AriPlay): Promise<void> {
    await this.#operations.channels.playWithId({ channelId, playbackId, media: media.join(','), lang: language });
  }

  async whisperTo(
    channelId: string,
    whisper: { channelId: string; application: string; args: readonly string[] },
  ): Promise<void> {
    await this.#operations.channels.snoopChannelWithId({
      channelId,
      snoopId: whisper.channelId,
      whisper: 'out',
      spy: 'none',
      app: whisper.application,
      appArgs: whisper.args.join(','),
    });
  }

  async spyOn(
    channelId: string,
    spy: { channelId: string; application: string; args: readonly string[] },
  ): Promise<void> {
    await this.#operations.channels.snoopChannelWithId({
      channelId,
      snoopId: spy.channelId,
      whisper: 'none',
      spy: 'in',
      app: spy.application,
      appArgs: spy.args.join(','),
    });
  }

  async playToBridge(bridgeId: string, { playbackId, media, language }: AriPlay): Promise<void> {
    await this.#operations.bridges.playWithId({ bridgeId, playbackId, media: media.join(','), lang: language });
  }

  async controlPlayback(playbackId: string, operation: AriPlaybackOperation): Promise<void> {
    await this.#operations.playbacks.control({ playbackId, operation });
  }

  async stopPlayback(playbackId: string): Promise<void> {
    await this.#operations.playbacks.stop({ playbackId });
  }

  async recordBridge(bridgeId: string, { name, format }: { name: string; format: string }): Promise<void> {
    await this.#operations.bridges.record({ bridgeId, name, format, ifExists: 'fail' });
  }

  async recordChannel(
    channelId: string,
    { name, format, maxSeconds, endKey }: { name: string; format: string; maxSeconds: number; endKey: string },
  ): Promise<void> {
    await this.#operations.channels.record({
      channelId,
      name,
      format,
      maxDurationSeconds: maxSeconds,
      terminateOn: endKey,
      beep: true,
      ifExists: 'overwrite',
    });
  }

  async pauseRecording(recordingName: string, paused: boolean): Promise<void> {
    await this.#operations.recordings[paused ? 'pause' : 'unpause']({ recordingName });
  }

  async stopRecording(recordingName: string): Promise<void> {
    await this.#operations.recordings.stop({ recordingName });
  }

  async listStoredRecordings(): Promise<string[]> {
    return storedListSchema.parse(await this.#operations.recordings.listStored());
  }

  async hasStoredRecording(recordingName: string): Promise<boolean> {
    return (await orOnStatus(404, this.#operations.recordings.getStored({ recordingName }), null)) !== null;
  }

  async deleteStoredRecording(recordingName: string): Promise<void> {
    await this.#operations.recordings.deleteStored({ recordingName });
  }

  async isRecording(recordingName: string): Promise<boolean> {
    return (await orOnStatus(404, this.#operations.recordings.getLive({ recordingName }), null)) !== null;
  }

  async readLocation(channelId: string): Promise<{ context: string; extension: string; priority: number }> {
    return locationSchema.parse(await this.#operations.channels.get({ channelId }));
  }

  async readMedia(channelId: string): Promise<AriMedia | null> {
    const [statistics, codec] = await Promise.all([
      orOnStatus(404, this.#operations.channels.rtpstatistics({ channelId }), null),
      this.getVariable(channelId, 'CHANNEL(audionativeformat)'),
    ]);
    const parsed = rtpStatisticsSchema.safeParse(statistics);
    // In parentheses, as a list of one.
    return parsed.success ? { codec: codec?.replace(/[()]/g, '') ?? '', ...parsed.data } : null;
  }

  async getVariable(channelId: string, variable: string): Promise<string | null> {
    const answer = await orOnStatus(404, this.#operations.channels.getChannelVar({ channelId, variable }), null);
    return variableSchema.parse(answer);
  }

  async readVariables<Name extends string>(
    channelId: string,
    names: readonly Name[],
  ): Promise<Record<Name, string | null>> {
    if (!this.#readsSeveral) return this.#readEach(channelId, names);
    const variables = names.map(encodeURIComponent).join(',');
    const path = `/ari/channels/${encodeURIComponent(channelId)}/variables?variables=${variables}`;
    try {
      const answer = variablesSchema.parse(JSON.parse(await this.#http.request({ method: 'GET', path })));
      return Object.fromEntries(names.map((name) => [name, answer[name] || null])) as Record<Name, string | null>;
    } catch (error) {
      if (!(error instanceof AriError) || error.status !== 404) throw error;
      // There is no such channel, or Asterisk is older than 22.10 and has no such request.
      const each = await this.#readEach(channelId, names);
      if (names.some((name) => each[name] !== null)) this.#readsSeveral = false;
      return each;
    }
  }

  async #readEach<Name extends string>(
    channelId: string,
    names: readonly Name[],
  ): Promise<Record<Name, string | null>> {
    const values = await Promise.all(names.map((name) => this.getVariable(channelId, name)));
    return Object.fromEntries(names.map((name, index) => [name, values[index] ?? null])) as Record<Name, string | null>;
  }

  async readTransport(name: string): Promise<{ bindHost: string; externalMediaAddress: string }> {
    const path = `/ari/asterisk/config/dynamic/res_pjsip/transport/${encodeURIComponent(name)}`;
    const answer = await orOnStatus(404, this.#http.request({ method: 'GET', path }), '[]');
    const options = objectSchema.parse(JSON.parse(answer));
    const [bindHost = ''] = (options.get('bind') ?? '').split(':');
    return { bindHost, externalMediaAddress: options.get('external_media_address') ?? '' };
  }

  async setVariable(channelId: string, variable: string, value: string): Promise<void> {
    await this.#setVariable(`/ari/channels/${encodeURIComponent(channelId)}/variable`, variable, value);
  }

  /** In the body: ari-client writes parameters into the URL, of which Asterisk reads 2000 characters. */
  async #setVariable(path: string, variable: string, value: string | undefined): Promise<void> {
    await this.#http.request({ method: 'POST', path, body: JSON.stringify({ variable, value }) });
  }

  get #operations(): Client {
    if (!this.#client) throw new AriError('unreachable', `not connected to ${this.#http.origin}`);
    return this.#client;
  }
}

/** The answer, or a value in its place if Asterisk refuses with this HTTP status. */
async function orOnStatus<A, T>(status: number, answer: Promise<A>, otherwise: T): Promise<A | T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AriError && error.status === status) return otherwise;
    throw error;
  }
}
