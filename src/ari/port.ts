import type { Caller } from '../conference/member.ts';

/** A channel, as much of it as concerns us. */
export type AriChannel = {
  readonly id: string;
  readonly caller: Caller;
  /** The arguments after the application's name where the channel is in `Stasis()`, null elsewhere. */
  readonly stasis: { readonly application: string; readonly args: readonly string[] } | null;
};

export type AriBridge = { readonly id: string; readonly channelIds: readonly string[] };

/**
 * What the controller asks of Asterisk. Every method rejects with an `AriError`, and none takes longer than 5 s.
 * Operations are those of the ARI documentation under the same names.
 */
export interface AriPort {
  /** Whether Asterisk knows the application: it is connected, or left calls behind when it went. */
  applicationExists(application: string): Promise<boolean>;
  /** Sends an event without content to whoever is connected as this application. */
  sendUserEvent(application: string, eventName: string): Promise<void>;
  setEventFilter(application: string, types: readonly string[]): Promise<void>;
  listChannels(): Promise<AriChannel[]>;
  listBridges(): Promise<AriBridge[]>;
  /** Creates a mixing bridge whose media always passes through Asterisk. No error if it exists. */
  createMixingBridge(bridgeId: string): Promise<void>;
  destroyBridge(bridgeId: string): Promise<void>;
  /** Adds the channel, or re-adds it with another `mute`. Its keys are kept from the other channels. */
  addChannel(bridgeId: string, channelId: string, options: { mute: boolean }): Promise<void>;
  answer(channelId: string): Promise<void>;
  /** @param cause ITU-T Q.850 cause, which Asterisk translates to a SIP status for an unanswered call */
  hangUp(channelId: string, cause: number): Promise<void>;
  /** Keeps the channel from hearing (`out`), or lets it hear again. */
  setDeaf(channelId: string, deaf: boolean): Promise<void>;
  /** @returns null if the variable is not set or the channel is gone */
  getVariable(channelId: string, name: string): Promise<string | null>;
  /** A variable of Asterisk as a whole; null if it is not set or empty. */
  getGlobalVariable(name: string): Promise<string | null>;
  setGlobalVariable(name: string, value: string): Promise<void>;
  setVariable(channelId: string, name: string, value: string): Promise<void>;
}
