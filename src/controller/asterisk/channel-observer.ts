/** Keeps something about channels for as long as they are in the application. */
export type ChannelObserver = {
  /**
   * A channel has left the application.
   * @param destroyed it has ended; otherwise it goes on in the dialplan
   */
  channelGone(channelId: string, destroyed: boolean): void;
};
