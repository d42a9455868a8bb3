import { createSocket, type Socket } from 'node:dgram';
import { isIP, isIPv6 } from 'node:net';
import { branchOf, cseqOf, parseNameAddress, type SipServer } from '../sip/address.ts';
import { type LocalSip, randomToken } from '../sip/dialog.ts';
import { formatSip, header, parseSip, type SipProblem, type SipRequest, type SipResponse } from '../sip/message.ts';
import { responseTo } from '../sip/response.ts';
import { boundSocket, closeSocket } from '../sip/udp.ts';
import { PhoneError } from './errors.ts';
import { IncomingSession } from './sip-incoming.ts';
import { type OutgoingOptions, OutgoingSession } from './sip-outgoing.ts';
import type { SessionHandler, SipSession, SipWire } from './sip-session.ts';
import { ClientTransaction, type TransactionHandler } from './sip-transaction.ts';

export interface SipAgentOptions {
  readonly bindAddress: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly server: SipServer;
}

export interface SipAgentDeps {
  /** Called for each new call to us; the handler it returns follows the session. */
  readonly onInvite: (invite: SipRequest) => {
    handler: SessionHandler;
    begin: (session: IncomingSession) => void;
  } | null;
}

/** Responses kept to answer repeated requests; the oldest leave first. */
const MAX_KEPT_RESPONSES = 4096;
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/** All signalling of a phone bank over one UDP socket. */
export class SipAgent implements SipWire {
  readonly server: SipServer;
  readonly #options: SipAgentOptions;
  readonly #deps: SipAgentDeps;
  #socket: Socket | null = null;
  #local: LocalSip | null = null;
  readonly #transactions = new Map<string, ClientTransaction>();
  /** By Call-ID and our tag; bounded by the calls of the bank. */
  readonly #sessions = new Map<string, SipSession>();
  readonly #responses = new Map<string, Buffer>();
  /** Datagrams that were no SIP, by reason. */
  readonly malformed = new Map<SipProblem, number>();

  constructor(options: SipAgentOptions, deps: SipAgentDeps) {
    this.#options = options;
    this.#deps = deps;
    this.server = options.server;
  }

  get local(): LocalSip {
    if (this.#local === null) throw new PhoneError({ code: 'bank-not-started' });
    return this.#local;
  }

  async start(): Promise<void> {
    if (this.#socket !== null) return;
    const { bindAddress, port } = this.#options;
    const socket = createSocket({
      type: isIPv6(bindAddress) ? 'udp6' : 'udp4',
      recvBufferSize: RECEIVE_BUFFER_BYTES,
      lookup: (host, _, done) => done(null, host, isIP(host)),
    });
    this.#socket = socket;
    socket.on('message', (datagram, from) => this.#receive(datagram, { host: from.address, port: from.port }));
    await boundSocket(socket, { port, address: bindAddress });
    this.#local = { host: bindAddress, port: socket.address().port };
  }

  /** Ends what still lives without signalling it, and closes the socket. Idempotent. */
  async stop(): Promise<void> {
    for (const session of [...this.#sessions.values()]) session.abandon();
    for (const transaction of [...this.#transactions.values()]) transaction.stop();
    const socket = this.#socket;
    this.#socket = null;
    if (socket !== null) await closeSocket(socket);
  }

  /** A new call from us; `start()` of the session sends the INVITE. */
  dial(options: OutgoingOptions, handler: SessionHandler): OutgoingSession {
    const session = new OutgoingSession(options, this, handler);
    this.#sessions.set(keyOf(session), session);
    return session;
  }

  request(request: SipRequest, to: SipServer, handler: TransactionHandler, timeoutMs?: number): ClientTransaction {
    const key = `${branchOf(request)} ${request.method}`;
    const transaction = new ClientTransaction(
      { request, handler, timeoutMs },
      { send: (message) => this.#send(formatSip(message), to), done: () => this.#transactions.delete(key) },
    );
    this.#transactions.set(key, transaction);
    transaction.start();
    return transaction;
  }

  sendAck(request: SipRequest, to: SipServer): void {
    this.#send(formatSip(request), to);
  }

  respond(request: SipRequest, response: SipResponse, to: SipServer): void {
    const datagram = formatSip(response);
    const key = `${branchOf(request)} ${request.method}`;
    this.#responses.delete(key);
    this.#responses.set(key, datagram);
    const oldest = this.#responses.keys().next();
    if (this.#responses.size > MAX_KEPT_RESPONSES && !oldest.done) this.#responses.delete(oldest.value);
    this.#send(datagram, to);
  }

  forget(session: SipSession): void {
    this.#sessions.delete(keyOf(session));
  }

  #send(datagram: Buffer, to: SipServer): void {
    this.#socket?.send(datagram, to.port, to.host);
  }

  #receive(datagram: Buffer, from: SipServer): void {
    const message = parseSip(datagram.toString('utf8'));
    switch (message.kind) {
      case 'malformed':
        this.malformed.set(message.problem, (this.malformed.get(message.problem) ?? 0) + 1);
        return;
      case 'response':
        this.#transactions.get(`${branchOf(message)} ${cseqOf(message).method}`)?.receive(message);
        return;
      case 'request':
        this.#receiveRequest(message, from);
    }
  }

  #receiveRequest(request: SipRequest, from: SipServer): void {
    if (request.method !== 'ACK') {
      const kept = this.#responses.get(`${branchOf(request)} ${request.method}`);
      if (kept !== undefined) {
        this.#send(kept, from);
        return;
      }
    }
    const localTag = parseNameAddress(header(request, 'to')).tag;
    if (request.method === 'CANCEL') this.#receiveCancel(request, from);
    else if (localTag !== '') {
      const session = this.#sessions.get(`${header(request, 'call-id')} ${localTag}`);
      if (session !== undefined) session.receive(request, from);
      else this.#refuse(request, from, 481, 'Call/Transaction Does Not Exist');
    } else if (request.method === 'INVITE') this.#receiveInvite(request, from);
    else if (request.method === 'OPTIONS' || request.method === 'NOTIFY') this.#refuse(request, from, 200, 'OK');
    else this.#refuse(request, from, 405, 'Method Not Allowed');
  }

  #receiveInvite(request: SipRequest, from: SipServer): void {
    const taken = this.#deps.onInvite(request);
    if (taken === null) {
      this.#refuse(request, from, 480, 'Temporarily Unavailable');
      return;
    }
    const session = new IncomingSession(request, from, this, taken.handler);
    this.#sessions.set(keyOf(session), session);
    this.respond(request, responseTo(request, { status: 100, reason: 'Trying' }), from);
    taken.begin(session);
  }

  #receiveCancel(cancel: SipRequest, from: SipServer): void {
    const branch = branchOf(cancel);
    for (const session of this.#sessions.values()) {
      if (session instanceof IncomingSession && branchOf(session.invite) === branch) {
        session.cancelled(cancel, from);
        return;
      }
    }
    this.#refuse(cancel, from, 481, 'Call/Transaction Does Not Exist');
  }

  #refuse(request: SipRequest, from: SipServer, status: number, reason: string): void {
    if (request.method === 'ACK') return;
    this.respond(request, responseTo(request, { status, reason, localTag: randomToken() }), from);
  }
}

function keyOf(session: SipSession): string {
  return `${session.dialog.callId} ${session.dialog.localTag}`;
}
