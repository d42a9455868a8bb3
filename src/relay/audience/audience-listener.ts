import type { CallHearing, CallSpec } from '../protocol/protocol.ts';

/** The codecs that the relay encodes. */
export type Codec = NonNullable<CallSpec['codec']>;

/** How a listener hears the conference, and in which format. Listeners who hear alike share encodings. */
export type Hearing = Readonly<Omit<CallHearing, 'conference'>> & { readonly codec: Codec };

export interface AudienceListener {
  readonly hearing: Hearing;
  /**
   * HOT PATH. Sends `packet[0, bytes)`. Its payload is complete. Its first 12 bytes are for the RTP header of this
   * listener, who writes it before sending. The same buffer goes to the next listener.
   * @param ticks of the RTP clock since the packet before: 8 per ms, for G.722 too (RFC 3551, section 4.5.2)
   */
  send(packet: Buffer, bytes: number, ticks: number): void;
  /**
   * HOT PATH. The next 20 ms that Asterisk plays to this listener alone, such as a prompt; null while there is nothing.
   * The audience asks for it every 20 ms, whatever the length of a packet.
   */
  prompt(rateHz: 8000 | 16_000): Int16Array | null;
}
