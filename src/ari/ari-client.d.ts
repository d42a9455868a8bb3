declare module 'ari-client' {
  type Operation<Answer = void> = (
    parameters?: Record<string, string | number | boolean | object | undefined>,
  ) => Promise<Answer>;
  type Read = Operation<unknown>;

  /** The operations that we use; ari-client makes one for every entry of Asterisk's own API description. */
  export type Client = {
    applications: Record<'get', Read> & Record<'filter' | 'subscribe', Operation>;
    asterisk: Record<'getGlobalVar', Read>;
    bridges: Record<'list', Read> &
      Record<
        'create' | 'destroy' | 'addChannel' | 'removeChannel' | 'startMoh' | 'stopMoh' | 'playWithId' | 'record',
        Operation
      >;
    events: Record<'userEvent', Operation>;
    channels: Record<'get' | 'list' | 'rtpstatistics' | 'getChannelVar', Read> &
      Record<
        | 'answer'
        | 'ring'
        | 'originateWithId'
        | 'externalMedia'
        | 'hangup'
        | 'redirect'
        | 'continueInDialplan'
        | 'mute'
        | 'unmute'
        | 'startMoh'
        | 'stopMoh'
        | 'startSilence'
        | 'stopSilence'
        | 'playWithId'
        | 'record'
        | 'sendDTMF'
        | 'snoopChannelWithId',
        Operation
      >;
    playbacks: Record<'get', Read> & Record<'control' | 'stop', Operation>;
    recordings: Record<'getLive' | 'getStored' | 'listStored', Read> &
      Record<'deleteStored' | 'pause' | 'unpause' | 'stop', Operation>;
  };

  export function connect(url: string, username: string, password: string): Promise<Client>;
}
