import { nothing } from '../udp/filter.ts';
import type { Udp, UdpSocket, UdpSocketOptions } from '../udp/udp.ts';
import type { RtpAddress } from './protocol.ts';

export type PhoneReport = { readonly packetsLost: number; readonly jitterMs: number; readonly roundTripMs: number | null };

/** stub */
export class CallRtcp {
  told: PhoneReport | null = null;
  #socket: UdpSocket;
  private constructor(socket: UdpSocket) { this.#socket = socket; }
  static async open(options: UdpSocketOptions, deps: { udp: Udp; hosts: readonly string[]; ssrc: number; onHeard: () => void }): Promise<CallRtcp> {
    const s = await deps.udp.open(options, () => deps.onHeard()); void nothing; return new CallRtcp(s);
  }
  aim(_to: RtpAddress | null): void {}
  tick(_n: number, _s: number, _x: unknown): void {}
  close(): void { this.#socket.close(); }
}
