declare module 'ari-client' {
  type Operation = (parameters?: Record<string, string | number | boolean | object>) => Promise<unknown>;

  /** The operations that we use; ari-client makes one for every entry of Asterisk's own API description. */
  export type Client = {
    applications: Record<'get' | 'filter', Operation>;
    asterisk: Record<'getGlobalVar' | 'setGlobalVar', Operation>;
    bridges: Record<'list' | 'create' | 'destroy' | 'addChannel', Operation>;
    events: Record<'userEvent', Operation>;
    channels: Record<'list' | 'answer' | 'hangup' | 'mute' | 'unmute' | 'getChannelVar' | 'setChannelVar', Operation>;
  };

  export function connect(url: string, username: string, password: string): Promise<Client>;
}
