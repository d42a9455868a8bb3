import { headersNamed, type SipHeader, type SipRequest, type SipResponse } from '../sip/message.ts';
import { T1_MS, T2_MS, TRANSACTION_TIMEOUT_MS } from '../sip/timers.ts';

export interface TransactionHandler {
  onProvisional?(response: SipResponse): void;
  /** Once: the final response, or null when none came in time. */
  onFinal(response: SipResponse | null): void;
  /** A final response that came again because our ACK was lost. */
  onFinalAgain?(response: SipResponse): void;
}

export interface TransactionDeps {
  readonly send: (request: SipRequest) => void;
  /** The transaction needs no more responses. */
  readonly done: () => void;
}

type State = 'calling' | 'proceeding' | 'completed' | 'stopped';

/** Client transaction over UDP, RFC 3261 section 17.1: sends until answered; acknowledges a refused INVITE itself. */
export class ClientTransaction {
  readonly request: SipRequest;
  readonly #handler: TransactionHandler;
  readonly #deps: TransactionDeps;
  readonly #timeoutMs: number;
  #state: State = 'calling';
  #intervalMs = T1_MS;
  #resend: NodeJS.Timeout | undefined;
  #giveUp: NodeJS.Timeout | undefined;

  constructor(
    options: { request: SipRequest; handler: TransactionHandler; timeoutMs?: number | undefined },
    deps: TransactionDeps,
  ) {
    this.request = options.request;
    this.#handler = options.handler;
    this.#timeoutMs = options.timeoutMs ?? TRANSACTION_TIMEOUT_MS;
    this.#deps = deps;
  }

  get #isInvite(): boolean {
    return this.request.method === 'INVITE';
  }

  start(): void {
    this.#deps.send(this.request);
    this.#scheduleResend();
    this.#giveUp = setTimeout(() => {
      this.stop();
      this.#handler.onFinal(null);
    }, this.#timeoutMs);
  }

  receive(response: SipResponse): void {
    if (this.#state === 'stopped') return;
    if (this.#state === 'completed') {
      if (response.status >= 200) this.#finalAgain(response);
      return;
    }
    if (response.status < 200) {
      // An INVITE may ring for ever: its caller bounds that. Other requests go on, at the slow rate.
      if (this.#isInvite) this.#clearTimers();
      else this.#intervalMs = T2_MS;
      this.#state = 'proceeding';
      this.#handler.onProvisional?.(response);
      return;
    }
    this.#clearTimers();
    this.#state = 'completed';
    if (this.#isInvite) {
      if (response.status >= 300) this.#deps.send(ackOfRefusal(this.request, response));
      this.#giveUp = setTimeout(() => this.stop(), TRANSACTION_TIMEOUT_MS).unref();
    } else this.stop();
    this.#handler.onFinal(response);
  }

  stop(): void {
    if (this.#state === 'stopped') return;
    this.#clearTimers();
    this.#state = 'stopped';
    this.#deps.done();
  }

  #finalAgain(response: SipResponse): void {
    if (!this.#isInvite) return;
    if (response.status >= 300) this.#deps.send(ackOfRefusal(this.request, response));
    else this.#handler.onFinalAgain?.(response);
  }

  #scheduleResend(): void {
    this.#resend = setTimeout(() => {
      this.#deps.send(this.request);
      this.#intervalMs = this.#isInvite ? this.#intervalMs * 2 : Math.min(this.#intervalMs * 2, T2_MS);
      this.#scheduleResend();
    }, this.#intervalMs);
  }

  #clearTimers(): void {
    clearTimeout(this.#resend);
    clearTimeout(this.#giveUp);
  }
}

/** ACK for a 3xx-6xx belongs to the INVITE's transaction: same branch, To of the response (section 17.1.1.3). */
function ackOfRefusal(invite: SipRequest, response: SipResponse): SipRequest {
  const kept = (message: SipRequest | SipResponse, name: string): SipHeader[] =>
    headersNamed(message, name)
      .slice(0, 1)
      .map((value) => [name, value] as const);
  const cseq = headersNamed(invite, 'cseq')[0] ?? '1 INVITE';
  const headers: SipHeader[] = [
    ...kept(invite, 'via'),
    ...kept(invite, 'from'),
    ...kept(response, 'to'),
    ...kept(invite, 'call-id'),
    ['cseq', cseq.replace('INVITE', 'ACK')],
    ['max-forwards', '70'],
    ...headersNamed(invite, 'route').map((value) => ['route', value] as const),
  ];
  return { kind: 'request', method: 'ACK', uri: invite.uri, headers, body: '' };
}
