/** A call that Asterisk is to make. Every text has been checked: none has a comma where Asterisk would split it. */
export type OriginateRequest = {
  /** The id that the channel is to get. */
  readonly channelId: string;
  /** E.g. `PJSIP/100@provider`. */
  readonly endpoint: string;
  readonly application: string;
  /** Arguments of the application, as after its name in `Stasis(...)`. */
  readonly args: readonly string[];
  /** As in `formatCallerId`; empty for none. */
  readonly callerId: string;
  readonly timeoutSeconds: number;
  /** Set on the channel before it is called; among them functions of the dialplan. */
  readonly variables: Readonly<Record<string, string>>;
};

/**
 * The part of ARI that makes calls. Both reject with an `AriError`. An originated channel is ours from the beginning:
 * `StasisStart` tells that it was answered, `ChannelDestroyed` that it was not, or that it has ended.
 */
export interface Originator {
  /** `POST /channels`; resolves when Asterisk has begun to call. */
  originate(request: OriginateRequest): Promise<void>;
  /** @param cause ITU-T Q.850 */
  hangUp(channelId: string, cause: number): Promise<void>;
}
