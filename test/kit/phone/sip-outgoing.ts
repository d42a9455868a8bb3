import { hostPort, parseNameAddress } from '../sip/address.ts';
import { dialogRequest } from '../sip/dialog.ts';
import { header, type SipHeader, type SipRequest, type SipResponse } from '../sip/message.ts';
import { formatSdp } from '../sip/sdp.ts';
import { cancelOf, learnFromResponse, nextHop } from './sip-dialog.ts';
import { newDialog, SDP_ORIGIN, type SessionHandler, SipSession, type SipWire } from './sip-session.ts';
import type { ClientTransaction } from './sip-transaction.ts';

export interface OutgoingOptions {
  /** User part of the request URI, or a whole `sip:` URI. */
  readonly number: string;
  readonly callerNumber: string;
  readonly callerName: string;
  /** A whole From value without tag, in place of the two above. */
  readonly from?: string | undefined;
  readonly headers?: readonly SipHeader[] | undefined;
  /** The call is cancelled when nobody answered until then. */
  readonly answerTimeoutMs: number;
}

/** A cancelled INVITE that gets no final response is forgotten after this. */
const CANCEL_TIMEOUT_MS = 4000;
/** A call that is sent from one place to the next for longer goes in a circle. */
const MAX_REDIRECTS = 5;
const STATUS_NO_RESPONSE = 408;
const STATUS_CANCELLED = 487;

/** A call from us: INVITE until it is answered, refused or cancelled. */
export class OutgoingSession extends SipSession {
  readonly #options: OutgoingOptions;
  #transaction: ClientTransaction | null = null;
  #ack: SipRequest | null = null;
  #provisionalSeen = false;
  #cancel: 'no' | 'wanted' | 'sent' = 'no';
  #cancelReason = 'cancelled';
  #noAnswer: NodeJS.Timeout | undefined;
  #forgetCancelled: NodeJS.Timeout | undefined;
  #redirects = 0;

  constructor(options: OutgoingOptions, wire: SipWire, handler: SessionHandler) {
    const server = hostPort(wire.server);
    const target = options.number.startsWith('sip:') ? options.number : `sip:${options.number}@${server}`;
    const named = options.callerName === '' ? '' : `${quoteDisplayName(options.callerName)} `;
    const local = options.from ?? `${named}<sip:${options.callerNumber}@${hostPort(wire.local)}>`;
    super(newDialog({ local, remote: `<${target}>`, remoteTarget: target }), wire, handler);
    this.#options = options;
  }

  start(): void {
    if (this.state !== 'early') return;
    this.#invite();
    this.#noAnswer = setTimeout(() => {
      this.#cancelReason = 'no answer in time';
      this.giveUp();
    }, this.#options.answerTimeoutMs);
  }

  #invite(): void {
    const invite = dialogRequest(this.dialog, this.wire.local, {
      method: 'INVITE',
      headers: [['content-type', 'application/sdp'], ...(this.#options.headers ?? [])],
      body: formatSdp(this.handler.localAudio(), SDP_ORIGIN),
    });
    this.#transaction = this.wire.request(invite, nextHop(this.dialog, this.wire.server), {
      onProvisional: (response) => this.#onProvisional(response),
      onFinal: (response) => this.#onFinal(response),
      onFinalAgain: (response) => this.#onFinalAgain(response),
    });
  }

  /**
   * RFC 3261 section 8.1.3.4: the Contact becomes the request URI of a new INVITE, with its parameters; To, From and
   * Call-ID stay.
   * @returns whether there is somewhere to go
   */
  #follow(response: SipResponse): boolean {
    const { uri } = parseNameAddress(header(response, 'contact'));
    const isRedirect = response.status >= 300 && response.status < 400;
    if (!isRedirect || uri === '' || this.#cancel !== 'no' || this.#redirects >= MAX_REDIRECTS) return false;
    this.#redirects++;
    this.#provisionalSeen = false;
    this.dialog.remoteTarget = uri;
    this.handler.onRedirected?.(uri);
    this.#invite();
    return true;
  }

  protected override giveUp(): void {
    if (this.#cancel !== 'no') return;
    this.#cancel = 'wanted';
    if (this.#transaction === null) {
      this.end({ by: 'us', status: STATUS_CANCELLED, reason: this.#cancelReason });
      return;
    }
    this.#forgetCancelled = setTimeout(
      () => this.end({ by: 'us', status: STATUS_CANCELLED, reason: this.#cancelReason }),
      CANCEL_TIMEOUT_MS,
    );
    // A CANCEL that overtakes its INVITE is lost: it waits for the first provisional (RFC 3261, section 9.1).
    if (this.#provisionalSeen) this.#sendCancel();
  }

  #sendCancel(): void {
    if (this.#transaction === null) return;
    this.#cancel = 'sent';
    const cancel = cancelOf(this.#transaction.request);
    this.wire.request(cancel, nextHop(this.dialog, this.wire.server), { onFinal: () => {} }, CANCEL_TIMEOUT_MS);
  }

  #onProvisional(response: SipResponse): void {
    this.#provisionalSeen = true;
    if (this.#cancel === 'wanted') {
      this.#sendCancel();
      return;
    }
    if (response.status === 100) return;
    this.takeSdpOf(response);
    this.handler.onProvisional(response.status, response.reason);
  }

  #onFinal(response: SipResponse | null): void {
    if (response !== null && this.#follow(response)) return;
    clearTimeout(this.#noAnswer);
    clearTimeout(this.#forgetCancelled);
    if (response === null) {
      this.end({ by: 'them', status: STATUS_NO_RESPONSE, reason: 'no response to INVITE' });
    } else if (response.status >= 300) {
      const by = this.#cancel === 'no' ? 'them' : 'us';
      const reason = by === 'us' ? this.#cancelReason : response.reason;
      this.end({ by, status: response.status, reason });
    } else {
      learnFromResponse(this.dialog, response);
      this.#ack = dialogRequest(this.dialog, this.wire.local, { method: 'ACK', cseq: this.dialog.cseq });
      this.wire.sendAck(this.#ack, nextHop(this.dialog, this.wire.server));
      // Answer and CANCEL crossed, or the call is over for us already: acknowledged, then ended.
      if (this.#cancel !== 'no' || this.state === 'ended') this.bye();
      else {
        this.takeSdpOf(response);
        this.answered();
      }
    }
  }

  #onFinalAgain(response: SipResponse): void {
    const sameFork = parseNameAddress(header(response, 'to')).tag === this.dialog.remoteTag;
    if (this.#ack !== null && sameFork) this.wire.sendAck(this.#ack, nextHop(this.dialog, this.wire.server));
  }

  protected override end(end: Parameters<SipSession['end']>[0]): void {
    clearTimeout(this.#noAnswer);
    clearTimeout(this.#forgetCancelled);
    super.end(end);
  }
}

function quoteDisplayName(name: string): string {
  return `"${name.replace(/["\\]/g, '\\$&')}"`;
}
