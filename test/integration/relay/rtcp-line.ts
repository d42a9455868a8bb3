import type { Socket } from 'node:dgram';
import type { RtpAddress } from '../../../src/relay/protocol/protocol.ts';
import {
  emptyReportBlock,
  emptyRtcpView,
  type ReportBlock,
  RTCP_REPORT_BYTES_MAX,
  readRtcpInto,
  writeReportInto,
} from '../../../src/rtp/rtcp.ts';

const SENDER_REPORT = 200;
const TYPE_OFFSET = 1;
/** Of a sender report (RFC 3550, section 6.4.1). */
const PACKETS_OFFSET = 20;

/** Reports have times in 65536ths of a second. */
const ntpUnits = (ms: number): number => Math.round((ms * 65_536) / 1000);

/** A report that has come. */
export type Answer = {
  readonly atMs: number;
  readonly from: RtpAddress;
  readonly ssrc: number;
  /** How many packets the sender has sent; null in a receiver report. */
  readonly packets: number | null;
  /** Names the moment of the report; null in a receiver report. */
  readonly ntpMiddle: number | null;
  /** How our stream is received; null if the sender has had nothing of it. */
  readonly block: ReportBlock | null;
};

/** The RTCP of a phone: a socket of its own. */
export class RtcpLine {
  readonly answers: Answer[] = [];
  readonly ssrc: number;
  readonly #socket: Socket;

  /** @param ssrc of the stream that the phone sends */
  constructor(socket: Socket, ssrc: number) {
    this.#socket = socket;
    this.ssrc = ssrc;
    socket.on('message', (datagram, { address, port }) => {
      const view = emptyRtcpView();
      if (readRtcpInto(view, datagram, ssrc) !== null) return;
      const isSenderReport = datagram[TYPE_OFFSET] === SENDER_REPORT;
      this.answers.push({
        atMs: performance.now(),
        from: { host: address, port },
        ssrc: view.senderSsrc,
        packets: isSenderReport ? datagram.readUInt32BE(PACKETS_OFFSET) : null,
        ntpMiddle: view.ntpMiddle,
        block: view.hasBlock ? view.block : null,
      });
    });
  }

  get address(): RtpAddress {
    const { address, port } = this.#socket.address();
    return { host: address, port };
  }

  /**
   * Reports how a stream is received; of a phone that sends sound, with what it has sent.
   * @param local where the relay has the RTP of the call
   */
  report(local: RtpAddress, about: Partial<ReportBlock>, sentPackets: number | null = null): void {
    const datagram = Buffer.alloc(RTCP_REPORT_BYTES_MAX);
    const unixMs = Date.now();
    const bytes = writeReportInto(datagram, {
      ssrc: this.ssrc,
      cname: 'phone',
      sent: sentPackets === null ? null : { unixMs, rtpTimestamp: 0, packets: sentPackets, payloadBytes: 0 },
      received: { ...emptyReportBlock(), ...about },
    });
    this.send(local, datagram.subarray(0, bytes));
  }

  /** Answers a sender report, as if both had been on their way for so long. */
  answer(local: RtpAddress, { ssrc, ntpMiddle, atMs }: Answer, about: Partial<ReportBlock>, wayMs: number): void {
    const delaySinceLastSr = ntpUnits(performance.now() - atMs);
    this.report(local, { ...about, ssrc, lastSr: (ntpMiddle ?? 0) - ntpUnits(wayMs), delaySinceLastSr });
  }

  /** Sends any bytes to where the relay has the RTCP of a call. */
  send({ host, port }: RtpAddress, datagram: Uint8Array): void {
    this.#socket.send(datagram, port + 1, host);
  }
}
