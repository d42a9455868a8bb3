declare module 'ari-client' {
  type Operation = (parameters?: Record<string, string | number | boolean | object>) => Promise<unknown>;

  /** The operations that we use; ari-client makes one for every entry of Asterisk's own API description. */
  export type Client = {
    applications: Record<'get' | 'filter' | 'subscribe', Operation>;
    asterisk: Record<'getGlobalVar', Operation>;
    bridges: Record<
      'list' | 'create' | 'destroy' | 'addChannel' | 'removeChannel' | 'startMoh' | 'stopMoh' | 'playWithId' | 'record',
      Operation
    >;
    events: Record<'userEvent', Operation>;
    channels: Record<
      | 'get'
      | 'list'
      | 'answer'
      | 'ring'
      | 'originateWithId'
      | 'externalMedia'
      | 'hangup'
      | 'redirect'
      | 'ring'
      | 'continueInDialplan'
      | 'mute'
      | 'unmute'
      | 'startMoh'
      | 'stopMoh'
      | 'playWithId'
      | 'record'
      | 'snoopChannelWithId'
      | 'rtpstatistics'
      | 'getChannelVar',
      Operation
    >;
    playbacks: Record<'control' | 'stop', Operation>;
    recordings: Record<
      'getLive' | 'getStored' | 'listStored' | 'deleteStored' | 'pause' | 'unpause' | 'stop',
      Operation
    >;
  };

  export function connect(url: string, username: string, password: string): Promise<Client>;
}
