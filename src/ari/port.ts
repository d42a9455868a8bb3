import type { Caller } from '../conference/model/member.ts';

/** A channel, as much of it as concerns us. */
export type AriChannel = {
  readonly id: string;
  /** Technology and more, e.g. `PJSIP/anonymous-00000001`. */
  readonly name: string;
  readonly caller: Caller;
  /** As the dialplan or the endpoint has set it, e.g. `en`. */
  readonly language: string;
  /** The context of the dialplan in which the channel is or was last. */
  readonly context: string;
  /** The extension of a call that nobody has answered yet, which is what the caller dialled; null of any other. */
  readonly dialled: string | null;
  /** The arguments after the application's name where the channel is in `Stasis()`, null elsewhere. */
  readonly stasis: { readonly application: string; readonly args: readonly string[] } | null;
};

export type AriBridge = { readonly id: string; readonly channelIds: readonly string[] };

/** The state of a channel's RTP, as of now. */
export type AriMedia = {
  readonly codec: string;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly packetsSent: number;
  /** Packets lost on the way to the other side, as it has reported. */
  readonly packetsLostBySide: number;
  readonly roundTripMs: number;
};

/** Sounds for Asterisk to play: URIs such as `sound:beep` or `number:5`, one after the other. */
export type AriPlay = {
  readonly playbackId: string;
  readonly media: readonly string[];
  readonly language: string;
  /** Where in the first of them it begins. */
  readonly fromMs?: number | undefined;
};

export type AriPlaybackOperation = 'restart' | 'pause' | 'unpause' | 'reverse' | 'forward';

/** A channel to be made that hears another channel or is heard by it, and enters the application with `args`. */
export type AriSnoop = { readonly channelId: string; readonly application: string; readonly args: readonly string[] };

export type AriOriginate = {
  readonly channelId: string;
  /** The id of the second channel, where the endpoint makes two (Local). */
  readonly otherChannelId?: string;
  /** Codecs, by Asterisk's names, separated by commas; without it those of the endpoint. */
  readonly formats?: string;
  readonly endpoint: string;
  readonly application: string;
  readonly args: readonly string[];
  readonly callerId: string;
  readonly timeoutSeconds: number;
  /** Set on the channel before it is called; among them functions of the dialplan. */
  readonly variables?: Readonly<Record<string, string>>;
};

/**
 * The requests that the controller makes to Asterisk. Every method rejects with an `AriError`, and none takes longer
 * than 5 s from when it is sent; many requests at once are sent over a few connections, one after the other. Operations
 * are those of the ARI documentation under the same names.
 */
export interface AriPort {
  /** Whether Asterisk knows the application: it is connected, or left calls behind when it went. */
  applicationExists(application: string): Promise<boolean>;
  /** Sends an event without content to the program that is connected as this application. */
  sendUserEvent(application: string, eventName: string): Promise<void>;
  setEventFilter(application: string, types: readonly string[]): Promise<void>;
  /** Asks for events about channels that are not in the application, or were so before it was connected. */
  subscribeToChannels(application: string, channelIds: readonly string[]): Promise<void>;
  listChannels(): Promise<AriChannel[]>;
  /** @returns null for a channel that Asterisk cannot put into JSON: it answers nothing then */
  readChannel(channelId: string): Promise<AriChannel | null>;
  /** The ids of the channels that are in an application. */
  channelsIn(application: string): Promise<readonly string[]>;
  listBridges(): Promise<AriBridge[]>;
  /** Creates a mixing bridge. No error if it exists. */
  createMixingBridge(bridgeId: string): Promise<void>;
  /** Creates a bridge in which channels wait: they hear nothing but what is played to each. No error if it exists. */
  createHoldingBridge(bridgeId: string): Promise<void>;
  destroyBridge(bridgeId: string): Promise<void>;
  /** Adds the channel, or re-adds it with another `mute`. */
  addChannel(bridgeId: string, channelId: string, options: { mute: boolean; absorbDtmf: boolean }): Promise<void>;
  removeChannel(bridgeId: string, channelId: string): Promise<void>;
  /** Tells an unanswered caller that it rings (SIP 180). */
  ring(channelId: string): Promise<void>;
  /** Opens the way for sound to an unanswered caller (SIP 183, with a description of the media). */
  progress(channelId: string): Promise<void>;
  answer(channelId: string): Promise<void>;
  originate(call: AriOriginate): Promise<void>;
  /** Makes a channel that sends and takes RTP, and enters the application. @param media.host an address and port */
  externalMedia(media: { channelId: string; application: string; host: string; format: string }): Promise<void>;
  /** @param cause ITU-T Q.850 cause, which Asterisk translates to a SIP status for an unanswered call */
  hangUp(channelId: string, cause: number): Promise<void>;
  /**
   * Has the caller call elsewhere, which an unanswered call hears as SIP 302. Asterisk accepts it before it is done.
   * @param endpoint technology and URI, such as `PJSIP/sip:3000@192.0.2.2:5060`
   */
  redirect(channelId: string, endpoint: string): Promise<void>;
  /** Gives the call back to the dialplan: at the priority after `Stasis()`, or at an extension (`s`) of another context. */
  continueInDialplan(channelId: string, context?: string, extension?: string): Promise<void>;
  /** Tells a phone what becomes of its REFER: 200 or 603, in a NOTIFY. */
  answerTransfer(channelId: string, accepted: boolean): Promise<void>;
  /** Keeps the channel from hearing (`out`), or lets it hear again. */
  setDeaf(channelId: string, deaf: boolean): Promise<void>;
  startMusic(channelId: string, musicClass: string): Promise<void>;
  stopMusic(channelId: string): Promise<void>;
  /** Sends the channel silence, into which a whisper is mixed. What is played to the channel itself ends that. */
  startSilence(channelId: string): Promise<void>;
  stopSilence(channelId: string): Promise<void>;
  /** Music for everybody in a bridge, mixed with what is said. */
  startBridgeMusic(bridgeId: string, musicClass: string): Promise<void>;
  stopBridgeMusic(bridgeId: string): Promise<void>;
  /** Plays to the channel in place of what it hears. Other requests about the channel wait until that is over. */
  playToChannel(channelId: string, play: AriPlay): Promise<void>;
  /** Makes a channel whose sound is mixed into what another channel hears. */
  whisperTo(channelId: string, whisper: AriSnoop): Promise<void>;
  /** Makes a channel that hears what another one says. */
  spyOn(channelId: string, spy: AriSnoop): Promise<void>;
  /** Sends keys to the phone, each for 100 ms with a pause of 100 ms. Accepted before it is done. */
  sendDtmf(channelId: string, digits: string): Promise<void>;
  playToBridge(bridgeId: string, play: AriPlay): Promise<void>;
  controlPlayback(playbackId: string, operation: AriPlaybackOperation): Promise<void>;
  stopPlayback(playbackId: string): Promise<void>;
  /** Whether it has yet to end; a paused one has. */
  isPlaying(playbackId: string): Promise<boolean>;
  /** Records what a bridge mixes to `<name>.<format>` in Asterisk's recording directory, which must not exist yet. */
  recordBridge(bridgeId: string, recording: { name: string; format: string }): Promise<void>;
  /** Records what one caller says, outside of bridges, after a beep. */
  recordChannel(
    channelId: string,
    recording: { name: string; format: string; maxSeconds: number; endKey: string },
  ): Promise<void>;
  pauseRecording(name: string, paused: boolean): Promise<void>;
  /** Ends a recording and keeps the file. */
  stopRecording(name: string): Promise<void>;
  /** Names of the recordings that there are as files. */
  listStoredRecordings(): Promise<string[]>;
  hasStoredRecording(name: string): Promise<boolean>;
  /** @returns the format of the file that `deleteStoredRecording` removes, of those of this name; null if there is none */
  storedRecordingFormat(name: string): Promise<string | null>;
  deleteStoredRecording(name: string): Promise<void>;
  /** Whether a recording of this name is under way. */
  isRecording(name: string): Promise<boolean>;
  /** Where in the dialplan a channel is. */
  readLocation(channelId: string): Promise<{ context: string; extension: string; priority: number }>;
  /** @returns null if the channel has no RTP, or is gone */
  readMedia(channelId: string): Promise<AriMedia | null>;
  /** @returns null if the variable is not set or the channel is gone */
  getVariable(channelId: string, name: string): Promise<string | null>;
  /**
   * Several variables or functions at once, null where one is not set.
   * @throws AriError with status 500 if one cannot be read yet
   */
  readVariables<Name extends string>(channelId: string, names: readonly Name[]): Promise<Record<Name, string | null>>;
  /** A transport of pjsip.conf; its values are empty where there is none of that name. */
  readTransport(name: string): Promise<{ bindHost: string; externalMediaAddress: string }>;
  /** Sets a variable, or writes to a function of the dialplan such as `VOLUME(TX)`. */
  setVariable(channelId: string, name: string, value: string): Promise<void>;
  /** The files that Asterisk is configured to open, which its limit may not allow; null if that is not configured. */
  readMaxFiles(): Promise<number | null>;
  /** A variable of Asterisk as a whole; null if it is not set or empty. */
  getGlobalVariable(name: string): Promise<string | null>;
  setGlobalVariable(name: string, value: string): Promise<void>;
}
