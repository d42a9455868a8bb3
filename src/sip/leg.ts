import { parseNameAddress, type SipServer } from './address.ts';
import { type Dialog, learnTarget, withoutTag } from './dialog.ts';
import { identityOf } from './leg-identity.ts';
import { header, headersNamed, type SipRequest } from './message.ts';
import { type AudioFormat, answerDirection, formatSdp, type RemoteAudio } from './sdp.ts';

/** What the other side wants of a leg: a first INVITE, a re-INVITE or an UPDATE. */
export interface LegOffer {
  readonly legId: string;
  readonly callId: string;
  /** Null when it wants to hear first what we offer: its own description comes with the ACK. */
  readonly remote: RemoteAudio | null;
}

/** Our side of a leg's audio. The codec is one of the offer, with the offer's payload type. */
export interface LegAnswer {
  readonly host: string;
  readonly port: number;
  readonly codec: AudioFormat;
  readonly eventPayloadType: number | null;
  readonly ptimeMs: number;
}

/** `unknown-leg`: 404, or 481 inside a dialog, after which the caller ends it. `not-acceptable`: 488. */
export type LegRefusal = 'unknown-leg' | 'not-acceptable';

/** A leg whose offer was accepted, as long as its dialog lives. */
export interface Leg {
  readonly legId: string;
  readonly callId: string;
  readonly dialog: Dialog;
  /** Where its last request came from, and where our BYE goes. */
  peer: SipServer;
  /** Number of its last request (RFC 3261, section 12.2.2). */
  remoteCseq: number;
  sdp: string;
  sdpVersion: number;
  /** Key of our answer that was not acknowledged yet. */
  unacknowledged: string | null;
  /** We end it as soon as our answer is acknowledged (RFC 3261, section 15). */
  ending: boolean;
}

/** The leg that a request is about, as far as it can tell; what it cannot is learned from later ones. */
export function legOfRequest(legId: string, request: SipRequest, peer: SipServer): Leg {
  const callId = header(request, 'call-id');
  const from = header(request, 'from');
  const { uri, tag } = parseNameAddress(from);
  const dialog: Dialog = {
    callId,
    localTag: identityOf(legId, callId).tag,
    local: withoutTag(header(request, 'to')),
    remote: withoutTag(from),
    remoteTag: tag,
    remoteTarget: uri,
    routeSet: headersNamed(request, 'record-route'),
    cseq: 0,
  };
  learnTarget(dialog, request);
  return {
    legId,
    callId,
    dialog,
    peer,
    remoteCseq: 0,
    sdp: '',
    sdpVersion: 0,
    unacknowledged: null,
    ending: false,
  };
}

/**
 * Our description for a leg, which is kept in it. The version grows when something else changes (RFC 3264, section 8);
 * it begins with the time, so that it also grows over a restart.
 */
export function describeLeg(leg: Leg, answer: LegAnswer, remote: RemoteAudio | null, epochSeconds: number): string {
  const { sessionId } = identityOf(leg.legId, leg.callId);
  const local = { ...answer, direction: answerDirection(remote?.direction ?? 'sendrecv') };
  if (formatSdp(local, { sessionId, version: leg.sdpVersion }) !== leg.sdp) {
    leg.sdpVersion = Math.max(leg.sdpVersion + 1, epochSeconds);
    leg.sdp = formatSdp(local, { sessionId, version: leg.sdpVersion });
  }
  return leg.sdp;
}
