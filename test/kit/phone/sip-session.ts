import { hostPort, type SipServer } from '../sip/address.ts';
import { type Dialog, dialogRequest, type LocalSip, learnTarget, randomToken } from '../sip/dialog.ts';
import { parseDtmfRelay } from '../sip/dtmf-relay.ts';
import type { SipHeader, SipRequest, SipResponse } from '../sip/message.ts';
import { responseTo } from '../sip/response.ts';
import { formatSdp, type LocalAudio, parseSdp, type RemoteAudio, type SdpOrigin } from '../sip/sdp.ts';
import { T1_MS, T2_MS, TRANSACTION_TIMEOUT_MS } from '../sip/timers.ts';
import { formatDtmfRelay } from './dtmf.ts';
import { nextHop } from './sip-dialog.ts';
import type { ClientTransaction, TransactionHandler } from './sip-transaction.ts';

/** How a call ended. `status` is that of the refusing response, when there was one. */
export interface CallEnd {
  readonly by: 'us' | 'them';
  readonly status?: number;
  readonly reason: string;
}

/** What a session tells the call it belongs to. */
export interface SessionHandler {
  onProvisional(status: number, reason: string): void;
  /** Somebody else is called now: the Contact of a 3xx. */
  onRedirected?(uri: string): void;
  onAnswered(): void;
  onRemoteAudio(remote: RemoteAudio): void;
  /** A key that came as SIP INFO. */
  onKey(key: string): void;
  /** What became of a REFER, as a NOTIFY tells it: the status line of a SIP response (RFC 3515). */
  onNotified(statusLine: string): void;
  onEnded(end: CallEnd): void;
  /** Our side of the audio, as it is now. */
  localAudio(): LocalAudio;
}

/** What a session needs of the signalling socket. */
export interface SipWire {
  readonly local: LocalSip;
  readonly server: SipServer;
  request(request: SipRequest, to: SipServer, handler: TransactionHandler, timeoutMs?: number): ClientTransaction;
  /** An ACK: nobody answers it. */
  sendAck(request: SipRequest, to: SipServer): void;
  respond(request: SipRequest, response: SipResponse, to: SipServer): void;
  forget(session: SipSession): void;
}

/** A peer that does not answer our BYE is left after this. */
const BYE_TIMEOUT_MS = 4000;
const REQUEST_TIMEOUT_MS = 4000;
/** A phone's description changes in what the other side asked for, and when the phone holds the call. */
export const SDP_ORIGIN: SdpOrigin = { sessionId: 1, version: 1 };
const SDP_TYPE: SipHeader = ['content-type', 'application/sdp'];

/** The life of one call's signalling; subclasses bring it up, this one keeps it and ends it. */
export abstract class SipSession {
  readonly dialog: Dialog;
  protected readonly wire: SipWire;
  protected readonly handler: SessionHandler;
  #state: 'early' | 'answered' | 'leaving' | 'ended' = 'early';
  #stopAnswering: (() => void) | null = null;
  #version = SDP_ORIGIN.version;

  constructor(dialog: Dialog, wire: SipWire, handler: SessionHandler) {
    this.dialog = dialog;
    this.wire = wire;
    this.handler = handler;
  }

  get state(): 'early' | 'answered' | 'leaving' | 'ended' {
    return this.#state;
  }

  /** Ends the session in the way its state asks for: CANCEL, refusal or BYE. Idempotent. */
  hangUp(): void {
    if (this.#state === 'answered') this.bye();
    else if (this.#state === 'early') this.giveUp();
  }

  /** Sends one key as SIP INFO; as `request`. */
  sendKeyInfo(key: string, durationMs: number): Promise<number> {
    const headers: SipHeader[] = [['content-type', 'application/dtmf-relay']];
    return this.request('INFO', headers, formatDtmfRelay(key, durationMs));
  }

  /** Sends a request inside the dialog; resolves with the final status, 0 when nobody answered. */
  request(method: string, headers: readonly SipHeader[], body = ''): Promise<number> {
    const request = dialogRequest(this.dialog, this.wire.local, { method, headers, body });
    return new Promise((resolve) => {
      const handler = { onFinal: (response: SipResponse | null) => resolve(response?.status ?? 0) };
      this.wire.request(request, this.#hop(), handler, REQUEST_TIMEOUT_MS);
    });
  }

  /**
   * Describes our audio anew (RFC 3264, section 8), such as to hold the call; resolves with the final status.
   * @param late the other side describes its audio first, and we ours in the ACK (RFC 3261, section 13.2.1)
   */
  offer(
    direction: LocalAudio['direction'],
    { late = false, alter }: { late?: boolean; alter?: LocalAudio['alter'] } = {},
  ): Promise<number> {
    this.#version += 1;
    const describe = () => {
      const audio = { ...this.handler.localAudio(), direction, ...(alter && { alter }) };
      return formatSdp(audio, { ...SDP_ORIGIN, version: this.#version });
    };
    const described = (body: string) => ({ headers: body === '' ? [] : [SDP_TYPE], body });
    const request = dialogRequest(this.dialog, this.wire.local, {
      method: 'INVITE',
      ...described(late ? '' : describe()),
    });
    const { cseq } = this.dialog;
    return new Promise((resolve) => {
      const onFinal = (response: SipResponse | null) => {
        if (response !== null && response.status < 300) {
          this.takeSdpOf(response);
          const ack = { method: 'ACK', cseq, ...described(late ? describe() : '') };
          this.wire.sendAck(dialogRequest(this.dialog, this.wire.local, ack), this.#hop());
        }
        resolve(response?.status ?? 0);
      };
      this.wire.request(request, this.#hop(), { onFinal });
    });
  }

  /** A request of the other side inside this dialog, ACK included. */
  receive(request: SipRequest, from: SipServer): void {
    switch (request.method) {
      case 'ACK':
        this.#stopAnswering?.();
        this.#takeSdp(request.body);
        return;
      case 'BYE':
        this.#answer(request, from, 200, 'OK');
        this.end({ by: this.#state === 'leaving' ? 'us' : 'them', reason: 'BYE' });
        return;
      case 'INVITE':
        learnTarget(this.dialog, request);
        this.#takeSdp(request.body);
        this.answerInvite(request, from);
        return;
      case 'INFO': {
        this.#answer(request, from, 200, 'OK');
        const key = parseDtmfRelay(request.body);
        if (key !== null) this.handler.onKey(key);
        return;
      }
      case 'UPDATE':
        learnTarget(this.dialog, request);
        this.#takeSdp(request.body);
        if (request.body === '') this.#answer(request, from, 200, 'OK');
        else this.#answer(request, from, 200, 'OK', this.#sdp());
        return;
      case 'NOTIFY':
        this.handler.onNotified(request.body.trim());
        this.#answer(request, from, 200, 'OK');
        return;
      case 'OPTIONS':
      case 'MESSAGE':
        this.#answer(request, from, 200, 'OK');
        return;
      default:
        this.#answer(request, from, 405, 'Method Not Allowed');
    }
  }

  /** The agent closes: timers stop, nothing is sent any more. */
  abandon(): void {
    this.end({ by: 'us', reason: 'phone bank stopped' });
  }

  /** How a session that nobody has answered yet is ended from our side. */
  protected abstract giveUp(): void;

  protected bye(): void {
    if (this.#state === 'leaving') return;
    // A cancelled call that is answered after all gets its BYE although it has ended for us.
    if (this.#state !== 'ended') this.#state = 'leaving';
    const request = dialogRequest(this.dialog, this.wire.local, { method: 'BYE' });
    const handler = { onFinal: () => this.end({ by: 'us', reason: 'BYE' }) };
    this.wire.request(request, this.#hop(), handler, BYE_TIMEOUT_MS);
  }

  protected answered(): void {
    if (this.#state !== 'early') return;
    this.#state = 'answered';
    this.handler.onAnswered();
  }

  protected end(end: CallEnd): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#stopAnswering?.();
    this.wire.forget(this);
    this.handler.onEnded(end);
  }

  /** 200 with our SDP, sent again until the ACK comes (RFC 3261, section 13.3.1.4). */
  protected answerInvite(invite: SipRequest, from: SipServer): void {
    this.#repeatUntilAck(() => this.#answer(invite, from, 200, 'OK', this.#sdp()));
  }

  /** Sends now and again, with growing intervals, until an ACK comes; without one the call is ended. */
  #repeatUntilAck(send: () => void): void {
    this.#stopAnswering?.();
    let intervalMs = T1_MS;
    const again = (): void => {
      send();
      intervalMs = Math.min(intervalMs * 2, T2_MS);
      timer = setTimeout(again, intervalMs);
    };
    let timer = setTimeout(again, intervalMs);
    const giveUp = setTimeout(() => {
      this.#stopAnswering?.();
      this.bye();
    }, TRANSACTION_TIMEOUT_MS).unref();
    this.#stopAnswering = () => {
      clearTimeout(timer);
      clearTimeout(giveUp);
      this.#stopAnswering = null;
    };
    send();
  }

  #takeSdp(body: string): void {
    if (body === '') return;
    const remote = parseSdp(body);
    if (remote !== null) this.handler.onRemoteAudio(remote);
  }

  protected takeSdpOf(message: SipRequest | SipResponse): void {
    this.#takeSdp(message.body);
  }

  #sdp(): string {
    return formatSdp(this.handler.localAudio(), SDP_ORIGIN);
  }

  #answer(request: SipRequest, from: SipServer, status: number, reason: string, sdp = ''): void {
    const contact: SipHeader = ['contact', `<sip:phone@${hostPort(this.wire.local)}>`];
    const headers = sdp === '' ? [contact] : [contact, SDP_TYPE];
    const localTag = this.dialog.localTag;
    this.wire.respond(request, responseTo(request, { status, reason, localTag, headers, body: sdp }), from);
  }

  #hop(): SipServer {
    return nextHop(this.dialog, this.wire.server);
  }
}

/** A dialog before its first message. */
export function newDialog(ends: { local: string; remote: string; remoteTarget: string; callId?: string }): Dialog {
  return {
    callId: ends.callId ?? `${randomToken()}${randomToken()}`,
    localTag: randomToken(),
    local: ends.local,
    remote: ends.remote,
    remoteTag: '',
    remoteTarget: ends.remoteTarget,
    routeSet: [],
    cseq: 0,
  };
}
