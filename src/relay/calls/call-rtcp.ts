import type { OutgoingStream } from '../../rtp/outgoing-stream.ts';
import { TICKS_PER_MS } from '../../rtp/packet.ts';
import type { Reception } from '../../rtp/reception.ts';
import {
  emptyReportBlock,
  emptyRtcpView,
  RTCP_REPORT_BYTES_MAX,
  readRtcpInto,
  roundTripMs,
  writeReportInto,
} from '../../rtp/rtcp.ts';
import type { Udp, UdpSocket, UdpSource } from '../../udp/udp.ts';
import type { CallRtcpState, PhoneReport } from '../upgrade/succession.ts';

/** The shortest interval between answers to one phone (RFC 3550, section 6.2, has 5 s). */
const ANSWER_EVERY_MS = 2500;
const BUFFER_BYTES = 8 * 1024;

export type CallRtcpDeps = {
  udp: Udp;
  stream: OutgoingStream;
  reception: Reception;
  /** The bytes sent so far, without headers. */
  payloadBytes: () => number;
  /** Whether a phone may send from this address. */
  isAllowed: (host: string) => boolean;
  onHeard: (host: string) => void;
};

// These are overwritten by each datagram.
const view = emptyRtcpView();
const out = Buffer.alloc(RTCP_REPORT_BYTES_MAX);
const received = emptyReportBlock();

/** The RTCP of one call, at the port above that of its RTP: reads the phone's reports, and answers them. */
export class CallRtcp {
  readonly #deps: CallRtcpDeps;
  #socket: UdpSocket | null = null;
  #state: CallRtcpState;

  /** @param continued the state that another process has handed over, if any */
  constructor(deps: CallRtcpDeps, continued: CallRtcpState = { told: null, answeredAtMs: Number.NEGATIVE_INFINITY }) {
    this.#deps = deps;
    this.#state = continued;
  }

  get state(): CallRtcpState {
    return this.#state;
  }

  /** Null while there is no socket. */
  get descriptor(): number | null {
    return this.#socket?.descriptor ?? null;
  }

  /** The latest report of the phone; null before the first. */
  get phoneReport(): PhoneReport | null {
    return this.#state.told;
  }

  /** Rejects with a `UdpError` if the port is taken. */
  async open(local: { host: string; port: number; descriptor?: number | undefined }): Promise<void> {
    const options = { ...local, receiveBufferBytes: BUFFER_BYTES };
    this.#socket = await this.#deps.udp.open(options, (datagram, from) => this.#receive(datagram, from));
  }

  close(): void {
    this.#socket?.close();
  }

  #receive(datagram: Buffer, from: UdpSource): void {
    const { stream, isAllowed, onHeard } = this.#deps;
    if (!isAllowed(from.host) || readRtcpInto(view, datagram, stream.ssrc) !== null) return;
    onHeard(from.host);
    if (view.hasBlock) {
      const { cumulativeLost, jitterTicks } = view.block;
      const told = {
        packetsLost: Math.max(0, cumulativeLost),
        jitterMs: jitterTicks / TICKS_PER_MS,
        roundTripMs: roundTripMs(view.block, Date.now()),
      };
      this.#state = { ...this.#state, told };
    }
    const nowMs = performance.now();
    if (nowMs - this.#state.answeredAtMs < ANSWER_EVERY_MS) return;
    this.#state = { ...this.#state, answeredAtMs: nowMs };
    this.#answer(from, view.ntpMiddle, nowMs);
  }

  /** Answers at once, so that no time has passed since the phone's report. */
  #answer(from: UdpSource, ntpMiddle: number | null, nowMs: number): void {
    const { stream, reception, udp } = this.#deps;
    const { packets } = stream;
    const payloadBytes = this.#deps.payloadBytes();
    const hasReceived = reception.ssrc !== null;
    if (hasReceived) reception.reportInto(received);
    received.lastSr = ntpMiddle ?? 0;
    received.delaySinceLastSr = 0;
    const bytes = writeReportInto(out, {
      ssrc: stream.ssrc,
      cname: 'rostrum',
      sent:
        packets === 0 ? null : { unixMs: Date.now(), rtpTimestamp: stream.timestampAt(nowMs), packets, payloadBytes },
      received: hasReceived ? received : null,
    });
    this.#socket?.sendTo(out, bytes, udp.peer(from.host, from.port));
  }
}
