import type { Client } from 'ari-client';
import { AriError } from './errors.ts';
import type { AriHttp } from './http.ts';
import {
  applicationSchema,
  bridgeListSchema,
  channelListSchema,
  channelSchema,
  locationSchema,
  maxFilesSchema,
  objectSchema,
  rtpStatisticsSchema,
  storedListSchema,
  storedSchema,
  variableSchema,
  variablesSchema,
} from './messages.ts';
import type { AriPort, AriSnoop } from './port.ts';

/**
 * The requests to one Asterisk: through ari-client, or by HTTP where that cannot send them.
 * @param ari gives ari-client; it throws an `AriError` until there is a connection
 */
export function ariRequests(http: AriHttp, ari: () => Client): AriPort {
  let readsSeveral = true;

  const createBridge = async (bridgeId: string, type: string) => {
    // 409: there is one with this id.
    await nullOnStatus(409, ari().bridges.create({ bridgeId, name: bridgeId, type }));
  };

  const snoop = (channelId: string, { channelId: snoopId, application: app, args }: AriSnoop, how: SnoopDirections) =>
    ari().channels.snoopChannelWithId({ channelId, snoopId, ...how, app, appArgs: args.join(',') });

  /** In the body: ari-client writes parameters into the URL, of which Asterisk reads 2000 characters. */
  const postVariable = async (path: string, variable: string, value: string | undefined) => {
    await http.request({ method: 'POST', path, body: JSON.stringify({ variable, value }) });
  };

  const getVariable: AriPort['getVariable'] = async (channelId, variable) =>
    variableSchema.parse(await nullOnStatus(404, ari().channels.getChannelVar({ channelId, variable })));

  const readEach: AriPort['readVariables'] = async (channelId, names) => {
    const read = async (name: string) => [name, await getVariable(channelId, name)];
    return Object.fromEntries(await Promise.all(names.map(read)));
  };

  return {
    applicationExists: async (applicationName) => isThere(ari().applications.get({ applicationName })),
    sendUserEvent: async (application, eventName) => ari().events.userEvent({ application, eventName }),
    setEventFilter: async (applicationName, types) => {
      const filter = { allowed: types.map((type) => ({ type })) };
      await ari().applications.filter({ applicationName, filter });
    },
    subscribeToChannels: async (applicationName, channelIds) => {
      const eventSource = channelIds.map((channelId) => `channel:${channelId}`).join(',');
      await ari().applications.subscribe({ applicationName, eventSource });
    },

    readMaxFiles: async () => maxFilesSchema.parse(JSON.parse(await http.get('/ari/asterisk/info?only=config'))),

    getGlobalVariable: async (variable) =>
      variableSchema.parse(await nullOnStatus(404, ari().asterisk.getGlobalVar({ variable }))),
    setGlobalVariable: (variable, value) =>
      // Without a value, Asterisk removes it; an empty one would stay in its list.
      postVariable('/ari/asterisk/variable', variable, value === '' ? undefined : value),

    listBridges: async () => bridgeListSchema.parse(await ari().bridges.list()),
    // video_sfu, although there is no video: Asterisk then always mixes. Otherwise it changes the bridge to another
    // technology and back whenever a channel of three is added again, and may leave one of the others without sound.
    createMixingBridge: (bridgeId) => createBridge(bridgeId, 'mixing,proxy_media,video_sfu'),
    createHoldingBridge: (bridgeId) => createBridge(bridgeId, 'holding'),
    destroyBridge: async (bridgeId) => ari().bridges.destroy({ bridgeId }),
    addChannel: async (bridgeId, channel, { mute, absorbDtmf: absorbDTMF }) =>
      ari().bridges.addChannel({ bridgeId, channel, mute, absorbDTMF, inhibitConnectedLineUpdates: true }),
    removeChannel: async (bridgeId, channel) => ari().bridges.removeChannel({ bridgeId, channel }),
    startBridgeMusic: async (bridgeId, mohClass) => ari().bridges.startMoh({ bridgeId, mohClass }),
    stopBridgeMusic: async (bridgeId) => ari().bridges.stopMoh({ bridgeId }),

    channelsIn: async (applicationName) =>
      applicationSchema.parse(await ari().applications.get({ applicationName })).channel_ids,
    readChannel: async (channelId) => {
      const answer = await http.get(channelPath(channelId));
      return answer === '' ? null : channelSchema.parse(JSON.parse(answer));
    },
    listChannels: async () => channelListSchema.parse(await ari().channels.list()),
    ring: async (channelId) => ari().channels.ring({ channelId }),
    progress: async (channelId) => {
      await http.request({ method: 'POST', path: `${channelPath(channelId)}/progress` });
    },
    answer: async (channelId) => ari().channels.answer({ channelId }),
    originate: async ({ application, args, callerId, timeoutSeconds, variables, ...call }) =>
      ari().channels.originateWithId({
        ...call,
        app: application,
        appArgs: args.join(','),
        callerId: callerId || undefined,
        timeout: timeoutSeconds,
        variables: variables && { variables },
      }),
    externalMedia: async ({ channelId, application: app, host: external_host, format }) =>
      ari().channels.externalMedia({ channelId, app, external_host, format }),
    hangUp: async (channelId, cause) => ari().channels.hangup({ channelId, reason_code: String(cause) }),
    redirect: async (channelId, endpoint) => ari().channels.redirect({ channelId, endpoint }),
    continueInDialplan: async (channelId, context, extension = 's') =>
      ari().channels.continueInDialplan({ channelId, ...(context && { context, extension, priority: 1 }) }),
    answerTransfer: async (channelId, accepted) => {
      const states = accepted ? 'channel_answered' : 'channel_declined';
      await http.request({ method: 'POST', path: `${channelPath(channelId)}/transfer_progress?states=${states}` });
    },
    setDeaf: async (channelId, deaf) => ari().channels[deaf ? 'mute' : 'unmute']({ channelId, direction: 'out' }),
    startMusic: async (channelId, mohClass) => ari().channels.startMoh({ channelId, mohClass }),
    stopMusic: async (channelId) => ari().channels.stopMoh({ channelId }),
    startSilence: async (channelId) => ari().channels.startSilence({ channelId }),
    stopSilence: async (channelId) => ari().channels.stopSilence({ channelId }),
    whisperTo: async (channelId, whisper) => snoop(channelId, whisper, { whisper: 'out', spy: 'none' }),
    spyOn: async (channelId, spy) => snoop(channelId, spy, { whisper: 'none', spy: 'in' }),
    readLocation: async (channelId) => locationSchema.parse(await ari().channels.get({ channelId })),

    playToChannel: async (channelId, { playbackId, media, language, fromMs: offsetms = 0 }) =>
      ari().channels.playWithId({ channelId, playbackId, media: media.join(','), lang: language, offsetms }),
    sendDtmf: async (channelId, dtmf) => ari().channels.sendDTMF({ channelId, dtmf }),
    playToBridge: async (bridgeId, { playbackId, media, language, fromMs: offsetms = 0 }) =>
      ari().bridges.playWithId({ bridgeId, playbackId, media: media.join(','), lang: language, offsetms }),
    controlPlayback: async (playbackId, operation) => ari().playbacks.control({ playbackId, operation }),
    stopPlayback: async (playbackId) => ari().playbacks.stop({ playbackId }),
    isPlaying: async (playbackId) => isThere(ari().playbacks.get({ playbackId })),

    recordBridge: async (bridgeId, { name, format }) =>
      ari().bridges.record({ bridgeId, name, format, ifExists: 'fail' }),
    recordChannel: async (channelId, { name, format, maxSeconds, endKey }) =>
      ari().channels.record({
        channelId,
        name,
        format,
        maxDurationSeconds: maxSeconds,
        terminateOn: endKey,
        beep: true,
        ifExists: 'overwrite',
      }),
    pauseRecording: async (recordingName, paused) => ari().recordings[paused ? 'pause' : 'unpause']({ recordingName }),
    stopRecording: async (recordingName) => ari().recordings.stop({ recordingName }),
    listStoredRecordings: async () => storedListSchema.parse(await ari().recordings.listStored()),
    hasStoredRecording: async (recordingName) => isThere(ari().recordings.getStored({ recordingName })),
    storedRecordingFormat: async (recordingName) => {
      const stored = await nullOnStatus(404, ari().recordings.getStored({ recordingName }));
      return stored === null ? null : storedSchema.parse(stored).format;
    },
    deleteStoredRecording: async (recordingName) => ari().recordings.deleteStored({ recordingName }),
    isRecording: async (recordingName) => isThere(ari().recordings.getLive({ recordingName })),

    readMedia: async (channelId) => {
      const [statistics, codec] = await Promise.all([
        nullOnStatus(404, ari().channels.rtpstatistics({ channelId })),
        getVariable(channelId, 'CHANNEL(audionativeformat)'),
      ]);
      const parsed = rtpStatisticsSchema.safeParse(statistics);
      // In parentheses, as a list of one.
      return parsed.success ? { codec: codec?.replace(/[()]/g, '') ?? '', ...parsed.data } : null;
    },
    getVariable,
    setVariable: async (channelId, variable, value) =>
      postVariable(`${channelPath(channelId)}/variable`, variable, value),
    readVariables: async <Name extends string>(channelId: string, names: readonly Name[]) => {
      if (!readsSeveral) return readEach(channelId, names);
      const path = `${channelPath(channelId)}/variables?variables=${names.map(encodeURIComponent).join(',')}`;
      try {
        const answer = variablesSchema.parse(JSON.parse(await http.get(path)));
        return Object.fromEntries(names.map((name) => [name, answer[name] || null])) as Record<Name, string | null>;
      } catch (error) {
        if (!(error instanceof AriError) || error.status !== 404) throw error;
        // There is no such channel, or Asterisk is older than 22.10 and has no such request.
        const each = await readEach(channelId, names);
        if (names.some((name) => each[name] !== null)) readsSeveral = false;
        return each;
      }
    },
    readTransport: async (name) => {
      const path = `/ari/asterisk/config/dynamic/res_pjsip/transport/${encodeURIComponent(name)}`;
      const options = objectSchema.parse(JSON.parse((await nullOnStatus(404, http.get(path))) ?? '[]'));
      const [, six, bindHost = six ?? ''] = /^(?:\[([^\]]*)\]|([^:]*))/.exec(options.get('bind') ?? '') ?? [];
      return { bindHost, externalMediaAddress: options.get('external_media_address') ?? '' };
    },
  };
}

type SnoopDirections = { readonly whisper: 'out' | 'none'; readonly spy: 'in' | 'none' };

function channelPath(channelId: string): string {
  return `/ari/channels/${encodeURIComponent(channelId)}`;
}

/** Whether Asterisk has what it is asked for. */
async function isThere(answer: Promise<unknown>): Promise<boolean> {
  return (await nullOnStatus(404, answer)) !== null;
}

/** The answer; null if Asterisk refuses with this HTTP status. */
async function nullOnStatus<Answer>(status: number, answer: Promise<Answer>): Promise<Answer | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AriError && error.status === status) return null;
    throw error;
  }
}
