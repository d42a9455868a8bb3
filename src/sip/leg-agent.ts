import { branchOf, cseqOf, parseNameAddress, type SipServer } from './address.ts';
import { dialogRequest, type LocalSip, learnTarget } from './dialog.ts';
import { parseDtmfRelay } from './dtmf-relay.ts';
import { describeLeg, type Leg, type LegAnswer, type LegOffer, type LegRefusal, legOfRequest } from './leg.ts';
import type { LegCounters } from './leg-counters.ts';
import { identityOf, legIdOf } from './leg-identity.ts';
import { formatSip, header, type SipHeader, type SipMessage, type SipRequest } from './message.ts';
import { responseTo } from './response.ts';
import { Retransmissions } from './retransmissions.ts';
import { countStreams, parseSdp, type RemoteAudio } from './sdp.ts';
import { type ServerTransaction, ServerTransactions } from './server-transactions.ts';
import { TRANSACTION_TIMEOUT_MS } from './timers.ts';

/** What the owner of the legs decides and is told. */
export interface LegOwner {
  /**
   * An INVITE, re-INVITE or UPDATE. May come for a leg that is known already, and again after a restart of ours. When it
   * takes longer, the caller is told to wait; after 32 s it is refused.
   */
  onOffer(offer: LegOffer): Promise<LegAnswer | LegRefusal> | LegAnswer | LegRefusal;
  /** Their description after an offer of ours: that of `onOffer` with `remote: null`. */
  onAnswer(legId: string, remote: RemoteAudio): void;
  /** A key that came as SIP INFO. */
  onKey(legId: string, key: string): void;
  /** BYE, CANCEL, or nobody acknowledged our answer. Also for a call that is not the leg's newest or is unknown. */
  onEnd(legId: string, callId: string): void;
}

export interface LegAgentDeps {
  readonly owner: LegOwner;
  readonly counters: LegCounters;
  readonly local: LocalSip;
  send(datagram: Buffer, to: SipServer): void;
  epochSeconds(): number;
}

/** Something that is sent until it is answered. */
interface Repeated {
  readonly kind: 'answer' | 'refusal' | 'bye';
  readonly datagram: Buffer;
  readonly to: SipServer;
  readonly legId: string;
  readonly callId: string;
  /** The ACK brings their description. */
  readonly lateOffer: boolean;
}

/** Offers that the owner has not decided yet; more are refused with 503. */
const MAX_UNDECIDED = 4096;
const SDP_TYPE: SipHeader = ['content-type', 'application/sdp'];
const REASONS: Readonly<Record<number, string>> = {
  100: 'Trying',
  200: 'OK',
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  420: 'Bad Extension',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  500: 'Server Internal Error',
  503: 'Service Unavailable',
};

/**
 * The called side of legs (RFC 3261, UAS): answers calls, never makes any. It needs no memory of a call to serve it,
 * because what identifies us in it follows from the request (see `identityOf`). No I/O and no clock: datagrams go to
 * `send`, time comes in.
 */
export class LegAgent {
  readonly #deps: LegAgentDeps;
  /** By leg id; bounded by the owner, who accepts them, and ends those that Asterisk does not. */
  readonly #legs = new Map<string, Leg>();
  readonly #transactions = new ServerTransactions();
  readonly #repeated = new Retransmissions<Repeated>();
  /** Offers that the owner has not decided, by leg id. */
  readonly #undecided = new Map<string, ServerTransaction>();
  /** Of the last call from outside; `tick` keeps it fresh while an offer is undecided. */
  #nowMs = 0;

  constructor(deps: LegAgentDeps) {
    this.#deps = deps;
  }

  /** True while `tick` has to be called. */
  get isWaiting(): boolean {
    return this.#repeated.size > 0 || this.#undecided.size > 0;
  }

  get legCount(): number {
    return this.#legs.size;
  }

  receive(message: SipMessage, from: SipServer, nowMs: number): void {
    this.#nowMs = nowMs;
    if (message.kind === 'request') this.#receiveRequest(message, from);
    else if (message.status >= 200 && this.#repeated.stop(`bye ${branchOf(message)}`) === undefined) {
      this.#deps.counters.dropped['stray-response']++;
    }
  }

  /** Sends again what is due, and gives up what was not answered in time. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    const { counters } = this.#deps;
    const sendAgain = ({ datagram, to }: Repeated): void => {
      counters.retransmitted++;
      this.#deps.send(datagram, to);
    };
    const giveUp = ({ kind, legId, callId }: Repeated): void => {
      counters.unanswered++;
      const leg = this.#legOf(legId, callId);
      if (kind !== 'answer' || leg === null) return;
      this.#bye(leg);
      this.#ended(legId, callId);
    };
    this.#repeated.tick(nowMs, sendAgain, giveUp);
    for (const transaction of this.#undecided.values()) {
      if (nowMs - transaction.atMs >= TRANSACTION_TIMEOUT_MS) this.#refuse(transaction, 500);
    }
  }

  /** Ends the leg from our side; false when there is no call of it that we know. `onEnd` does not follow. */
  end(legId: string, nowMs: number): boolean {
    this.#nowMs = nowMs;
    const offer = this.#undecided.get(legId);
    const leg = this.#legs.get(legId);
    if (offer !== undefined) this.#refuse(offer, 480);
    if (leg === undefined) return offer !== undefined;
    if (leg.unacknowledged === null) this.#bye(leg);
    else leg.ending = true;
    return true;
  }

  #receiveRequest(request: SipRequest, from: SipServer): void {
    const { counters } = this.#deps;
    counters.requests++;
    if (request.method === 'ACK') {
      this.#acknowledged(request);
      return;
    }
    const key = transactionKey(request, request.method, from);
    const kept = this.#transactions.get(key);
    if (kept !== undefined) {
      counters.repeated++;
      if (kept.response !== null) this.#deps.send(kept.response, from);
      else this.#respond(kept, 100);
      return;
    }
    const legId = legIdOf(request.uri) ?? '';
    const callId = header(request, 'call-id');
    const transaction = { key, request, from, legId, callId, atMs: this.#nowMs, response: null };
    this.#transactions.add(transaction);
    const cseq = cseqOf(request);
    if (Number.isNaN(cseq.number) || cseq.method !== request.method || tagOf(request, 'from') === '') {
      counters.dropped['bad-request']++;
      this.#finish(transaction, 400);
    } else if (request.method === 'CANCEL') this.#cancel(transaction);
    else this.#serve(transaction, cseq.number);
  }

  #serve(transaction: ServerTransaction, cseq: number): void {
    const { request, legId, callId, from } = transaction;
    const { method } = request;
    const tag = tagOf(request, 'to');
    const inDialog = tag !== '';
    if (
      inDialog ? tag !== identityOf(legId, callId).tag : method === 'BYE' || method === 'UPDATE' || method === 'INFO'
    ) {
      this.#refuse(transaction, 481);
      return;
    }
    const leg = this.#legOf(legId, callId);
    if (inDialog && leg !== null) {
      // Came late or out of order, and is no repetition that we remember.
      if (cseq <= leg.remoteCseq) return this.#refuse(transaction, 500);
      leg.remoteCseq = cseq;
      leg.peer = from;
    }
    switch (method) {
      case 'INVITE':
      case 'UPDATE':
        return this.#offered(transaction);
      case 'BYE': {
        this.#finish(transaction, 200);
        const offer = this.#undecided.get(legId);
        if (offer?.callId === callId) this.#refuse(offer, 487);
        if (leg?.unacknowledged != null) this.#repeated.stop(leg.unacknowledged);
        this.#ended(legId, callId);
        return;
      }
      case 'INFO': {
        this.#finish(transaction, 200);
        const key = parseDtmfRelay(request.body);
        if (key !== null) this.#tell((owner) => owner.onKey(legId, key));
        return;
      }
      case 'OPTIONS':
        this.#finish(transaction, 200);
        return;
      default:
        this.#finish(transaction, 405);
    }
  }

  #offered(transaction: ServerTransaction): void {
    const { request, legId, callId } = transaction;
    const required = header(request, 'require');
    if (required !== '') return this.#refuse(transaction, 420, [['unsupported', required]]);
    if (legId === '') return this.#refuse(transaction, 404);
    if (request.body === '' && request.method === 'UPDATE') {
      this.#finish(transaction, 200);
      return;
    }
    const remote = request.body === '' ? null : parseSdp(request.body);
    if (request.body !== '' && (remote === null || remote.port === 0 || countStreams(request.body) !== 1)) {
      return this.#refuse(transaction, 488);
    }
    // One at a time (RFC 3261, section 14.2).
    if (this.#undecided.has(legId)) return this.#refuse(transaction, 500, [['retry-after', '1']]);
    if (this.#undecided.size >= MAX_UNDECIDED) return this.#refuse(transaction, 503);
    this.#undecided.set(legId, transaction);
    const failed = (): void => {
      this.#deps.counters.ownerErrors++;
      this.#refuse(transaction, 500);
    };
    try {
      const decision = this.#deps.owner.onOffer({ legId, callId, remote });
      if (!(decision instanceof Promise)) return this.#decide(transaction, remote, decision);
      if (request.method === 'INVITE') this.#respond(transaction, 100);
      decision.then((decided) => this.#decide(transaction, remote, decided)).catch(failed);
    } catch {
      failed();
    }
  }

  #decide(transaction: ServerTransaction, remote: RemoteAudio | null, decision: LegAnswer | LegRefusal): void {
    // Cancelled or given up meanwhile.
    if (transaction.response !== null) return;
    const { request, from, legId, callId } = transaction;
    if (decision === 'not-acceptable') return this.#refuse(transaction, 488);
    if (decision === 'unknown-leg') return this.#refuse(transaction, tagOf(request, 'to') === '' ? 404 : 481);
    this.#undecided.delete(legId);
    this.#deps.counters.accepted++;
    const leg = this.#legOf(legId, callId) ?? legOfRequest(legId, request, from);
    this.#legs.set(legId, leg);
    leg.remoteCseq = Math.max(leg.remoteCseq, cseqOf(request).number);
    learnTarget(leg.dialog, request);
    const body = describeLeg(leg, decision, remote, this.#deps.epochSeconds());
    const datagram = this.#finish(transaction, 200, [SDP_TYPE], body);
    if (request.method !== 'INVITE') return;
    leg.unacknowledged = answerKey(request);
    const lateOffer = remote === null;
    this.#repeated.add(
      leg.unacknowledged,
      { kind: 'answer', datagram, to: from, legId, callId, lateOffer },
      this.#nowMs,
    );
  }

  #acknowledged(ack: SipRequest): void {
    const key = answerKey(ack);
    const answered = this.#repeated.stop(key);
    const legId = legIdOf(ack.uri) ?? '';
    const callId = header(ack, 'call-id');
    const leg = this.#legOf(legId, callId);
    // Of an answer that we gave before a restart.
    const isForgotten = answered === undefined && leg === null && tagOf(ack, 'to') === identityOf(legId, callId).tag;
    if (answered === undefined && !isForgotten) {
      this.#deps.counters.dropped['stray-ack']++;
      return;
    }
    if (answered?.kind === 'refusal') return;
    if (ack.body !== '' && (isForgotten || answered?.lateOffer === true)) {
      const remote = parseSdp(ack.body);
      if (remote !== null && remote.port !== 0) this.#tell((owner) => owner.onAnswer(legId, remote));
    }
    if (leg === null || leg.unacknowledged !== key) return;
    leg.unacknowledged = null;
    if (leg.ending) this.#bye(leg);
  }

  #cancel(cancel: ServerTransaction): void {
    const invite = this.#transactions.get(transactionKey(cancel.request, 'INVITE', cancel.from));
    this.#finish(cancel, invite === undefined ? 481 : 200);
    if (invite === undefined || invite.response !== null) return;
    this.#refuse(invite, 487);
    if (tagOf(invite.request, 'to') === '') this.#ended(invite.legId, invite.callId);
  }

  #bye(leg: Leg): void {
    const { legId, callId, peer } = leg;
    if (this.#legOf(legId, callId) !== null) this.#legs.delete(legId);
    const bye = dialogRequest(leg.dialog, this.#deps.local, { method: 'BYE' });
    const datagram = formatSip(bye);
    const repeated = { kind: 'bye', datagram, to: peer, legId, callId, lateOffer: false } as const;
    this.#repeated.add(`bye ${branchOf(bye)}`, repeated, this.#nowMs);
    this.#deps.send(datagram, peer);
  }

  #ended(legId: string, callId: string): void {
    if (this.#legOf(legId, callId) !== null) this.#legs.delete(legId);
    this.#deps.counters.ended++;
    this.#tell((owner) => owner.onEnd(legId, callId));
  }

  #legOf(legId: string, callId: string): Leg | null {
    const leg = this.#legs.get(legId);
    return leg?.callId === callId ? leg : null;
  }

  #refuse(transaction: ServerTransaction, status: number, headers: readonly SipHeader[] = []): void {
    const { request, from, legId, callId } = transaction;
    if (transaction.response !== null) return;
    if (this.#undecided.get(legId) === transaction) this.#undecided.delete(legId);
    const datagram = this.#finish(transaction, status, headers);
    if (request.method !== 'INVITE' && request.method !== 'UPDATE') return;
    this.#deps.counters.refused++;
    if (request.method === 'UPDATE') return;
    const repeated = { kind: 'refusal', datagram, to: from, legId, callId, lateOffer: false } as const;
    this.#repeated.add(answerKey(request), repeated, this.#nowMs);
  }

  /** The final response, which a repeated request gets too. */
  #finish(transaction: ServerTransaction, status: number, headers: readonly SipHeader[] = [], body = ''): Buffer {
    transaction.response = this.#respond(transaction, status, headers, body);
    return transaction.response;
  }

  #respond(transaction: ServerTransaction, status: number, headers: readonly SipHeader[] = [], body = ''): Buffer {
    const { request, from, legId, callId } = transaction;
    const { host, port } = this.#deps.local;
    const contact: SipHeader = ['contact', `<sip:${legId === '' ? '' : `${legId}@`}${host}:${port}>`];
    const response = { status, reason: REASONS[status] ?? '', headers: [contact, ...headers], body };
    const localTag = status === 100 ? {} : { localTag: identityOf(legId, callId).tag };
    const datagram = formatSip(responseTo(request, { ...response, ...localTag }));
    this.#deps.send(datagram, from);
    return datagram;
  }

  #tell(tell: (owner: LegOwner) => void): void {
    try {
      tell(this.#deps.owner);
    } catch {
      this.#deps.counters.ownerErrors++;
    }
  }
}

function tagOf(request: SipRequest, name: 'from' | 'to'): string {
  return parseNameAddress(header(request, name)).tag;
}

/** RFC 3261, section 17.2.3; a CANCEL has the branch of its INVITE. */
function transactionKey(request: SipRequest, method: string, from: SipServer): string {
  return `${method} ${branchOf(request)} ${header(request, 'call-id')} ${from.host}:${from.port}`;
}

/** Common to the final response to an INVITE and its ACK, whatever the status. */
function answerKey(request: SipRequest): string {
  return `${header(request, 'call-id')} ${cseqOf(request).number}`;
}
