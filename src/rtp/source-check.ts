/** Packets in sequence, of one SSRC, from another source than the one that was told of. */
const AGREEING_PACKETS = 3;

/** Where a packet came from, as `dgram` tells it. */
export interface PacketSource {
  readonly address: string;
  readonly port: number;
}

/** What is needed of the RTP header; `RtpView` has it. */
export interface SourceHeader {
  readonly ssrc: number;
  readonly sequence: number;
}

/**
 * Tells a phone's RTP from that of others. Its source is the address that was told of by SIP. Behind NAT it is another
 * one, which nobody knows before: such a source is believed with its third packet in sequence, if the one that was
 * believed before sends nothing meanwhile. A stray packet thus changes nothing.
 */
export class SourceCheck {
  #toldHost = '';
  #toldPort = 0;
  #learnedHost = '';
  #learnedPort = 0;
  /** A source that is not believed yet: the number to follow, and how many packets have followed. */
  #candidateHost = '';
  #candidatePort = 0;
  #candidateSsrc = 0;
  #candidateNext = 0;
  #candidatePackets = 0;

  /** The phone is said to send from there. What was learned is forgotten where that is another address than before. */
  expect(told: { readonly host: string; readonly port: number }): void {
    if (told.host === this.#toldHost && told.port === this.#toldPort) return;
    this.#toldHost = told.host;
    this.#toldPort = told.port;
    this.#learnedHost = '';
    this.#candidatePackets = 0;
  }

  /** HOT PATH. @returns whether the packet is the phone's */
  accepts({ address, port }: PacketSource, header: SourceHeader): boolean {
    const isTold = port === this.#toldPort && address === this.#toldHost;
    if (isTold || (port === this.#learnedPort && address === this.#learnedHost)) {
      this.#candidatePackets = 0;
      return true;
    }
    const follows =
      this.#candidatePackets > 0 &&
      port === this.#candidatePort &&
      address === this.#candidateHost &&
      header.ssrc === this.#candidateSsrc &&
      header.sequence === this.#candidateNext;
    this.#candidatePackets = follows ? this.#candidatePackets + 1 : 1;
    this.#candidateHost = address;
    this.#candidatePort = port;
    this.#candidateSsrc = header.ssrc;
    this.#candidateNext = (header.sequence + 1) & 0xffff;
    if (this.#candidatePackets < AGREEING_PACKETS) return false;
    this.#learnedHost = address;
    this.#learnedPort = port;
    this.#candidatePackets = 0;
    return true;
  }
}
