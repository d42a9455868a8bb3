import { hostPort, parseNameAddress, parseSipUri, type SipServer } from '../sip/address.ts';
import { learnTarget, withoutTag } from '../sip/dialog.ts';
import { header, headersNamed, type SipRequest } from '../sip/message.ts';
import { responseTo } from '../sip/response.ts';
import { newDialog, type SessionHandler, SipSession, type SipWire } from './sip-session.ts';

/** Caller and called number, for a bank that decides what to do with an invite. */
export interface IncomingInvite {
  readonly calledNumber: string;
  readonly callerNumber: string;
  readonly callerName: string;
  readonly request: SipRequest;
}

export function describeInvite(request: SipRequest): IncomingInvite {
  const from = parseNameAddress(header(request, 'from'));
  return {
    calledNumber: parseSipUri(request.uri)?.user ?? '',
    callerNumber: parseSipUri(from.uri)?.user ?? '',
    callerName: from.displayName,
    request,
  };
}

/** A call to us: rings until it is accepted, refused or cancelled by the caller. */
export class IncomingSession extends SipSession {
  readonly invite: SipRequest;
  readonly #from: SipServer;

  constructor(invite: SipRequest, from: SipServer, wire: SipWire, handler: SessionHandler) {
    const caller = header(invite, 'from');
    const dialog = newDialog({
      local: withoutTag(header(invite, 'to')),
      remote: withoutTag(caller),
      remoteTarget: parseNameAddress(caller).uri,
      callId: header(invite, 'call-id'),
    });
    dialog.remoteTag = parseNameAddress(caller).tag;
    dialog.routeSet = headersNamed(invite, 'record-route');
    learnTarget(dialog, invite);
    super(dialog, wire, handler);
    this.invite = invite;
    this.#from = from;
  }

  ring(): void {
    if (this.state === 'early') this.#respond(180, 'Ringing');
  }

  accept(): void {
    if (this.state !== 'early') return;
    this.takeSdpOf(this.invite);
    this.answerInvite(this.invite, this.#from);
    this.answered();
  }

  reject(status: number, reason: string): void {
    this.#refuse(status, reason, 'us');
  }

  /** The caller's CANCEL; too late once answered (RFC 3261, section 9.2). */
  cancelled(cancel: SipRequest, from: SipServer): void {
    const localTag = this.dialog.localTag;
    this.wire.respond(cancel, responseTo(cancel, { status: 200, reason: 'OK', localTag }), from);
    this.#refuse(487, 'Request Terminated', 'them');
  }

  protected override giveUp(): void {
    this.reject(480, 'Temporarily Unavailable');
  }

  #refuse(status: number, reason: string, by: 'us' | 'them'): void {
    if (this.state !== 'early') return;
    // Sent once: these phones talk to a server on the same host, where a lone refusal is not lost.
    this.#respond(status, reason);
    this.end({ by, status, reason });
  }

  #respond(status: number, reason: string): void {
    const contact = `<sip:phone@${hostPort(this.wire.local)}>`;
    const localTag = this.dialog.localTag;
    const response = responseTo(this.invite, { status, reason, localTag, headers: [['contact', contact]] });
    this.wire.respond(this.invite, response, this.#from);
  }
}
