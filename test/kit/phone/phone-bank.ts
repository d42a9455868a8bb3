import { setTimeout as sleep } from 'node:timers/promises';
import { ownAddress } from '../loopback.ts';
import type { SipServer } from '../sip/address.ts';
import type { SipHeader, SipProblem, SipRequest } from '../sip/message.ts';
import { Call } from './call.ts';
import type { AudioCodec } from './codec.ts';
import { PhoneError } from './errors.ts';
import type { UdpAddress } from './media.ts';
import type { PhoneNetwork } from './phone-network.ts';
import { SipAgent } from './sip-agent.ts';
import { describeInvite, type IncomingInvite, type IncomingSession } from './sip-incoming.ts';
import { type Sound, silence } from './sound.ts';
import { processTicker, type Ticker, type TickerStats } from './ticker.ts';
import { waitUntil } from './wait.ts';

/** What a phone does with a call to it. */
export type AnswerPlan =
  | { readonly kind: 'answer'; readonly afterMs?: number; readonly send?: Sound; readonly keepAudio?: boolean }
  | { readonly kind: 'ring-for-ever' }
  | { readonly kind: 'reject'; readonly status: number; readonly reason: string; readonly afterMs?: number };

export interface PhoneBankOptions {
  /** IP address of all sockets, signalling and RTP. Without it, a loopback address of their own. */
  readonly bindAddress?: string;
  /** Port of signalling; 0 (default) takes a free one. */
  readonly sipPort?: number;
  /** Where calls go. The host must be an IP address, of the version of `bindAddress`. */
  readonly server: SipServer;
  readonly ptimeMs?: number;
  /** See `MediaOptions`. */
  readonly toldAddress?: UdpAddress;
  /** See `MediaOptions`. */
  readonly network?: PhoneNetwork;
  /** The one that is offered, and preferred when the other side offers. */
  readonly codec?: AudioCodec;
  /** Length of kept audio per call and direction. */
  readonly keepAudioMs?: number;
  readonly audibleDbov?: number;
  /** Default: every call to us is refused with 480. */
  readonly onIncoming?: AnswerPlan | ((invite: IncomingInvite) => AnswerPlan);
}

export interface DialOptions {
  readonly callerNumber?: string;
  readonly callerName?: string;
  /** A whole From value without tag, like `"Ann" <sip:100@example.org>`, in place of number and name. */
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: silence, which is sent. */
  readonly send?: Sound;
  /** False keeps only statistics: for phones that make load. */
  readonly keepAudio?: boolean;
  /** See `MediaOptions`. */
  readonly jitterMs?: number;
  /** See `MediaOptions`. */
  readonly alterSdp?: (sdp: string) => string;
  readonly answerTimeoutMs?: number;
}

const DEFAULT_PTIME_MS = 20;
const DEFAULT_KEEP_AUDIO_MS = 10_000;
const DEFAULT_AUDIBLE_DBOV = -50;
const DEFAULT_ANSWER_TIMEOUT_MS = 30_000;
/** Calls of one bank at a time, either direction; bounds sessions and sockets. */
const MAX_CALLS = 4000;
/** Calls to us that `nextCall` has not fetched. */
const MAX_UNFETCHED = 256;
/** Calls ended at once by `stop`, so that a thousand BYEs do not overrun the server's socket. */
const HANG_UP_BATCH = 50;
/** The next batch follows then, even when a dead server leaves this one to its time-outs. */
const HANG_UP_BATCH_MS = 200;

/** Many telephones behind one signalling socket, with one clock. */
export class PhoneBank {
  readonly #options: PhoneBankOptions & { readonly bindAddress: string };
  readonly #ticker: Ticker;
  readonly #agent: SipAgent;
  readonly #calls = new Set<Call>();
  readonly #closing = new Set<Promise<void>>();
  #unfetched: Call[] = [];
  #stopped = false;

  constructor(options: PhoneBankOptions, deps: { readonly ticker?: Ticker } = {}) {
    const { bindAddress = ownAddress(), sipPort = 0, server } = options;
    this.#options = { ...options, bindAddress };
    this.#ticker = deps.ticker ?? processTicker(options.ptimeMs ?? DEFAULT_PTIME_MS);
    this.#agent = new SipAgent({ bindAddress, port: sipPort, server }, { onInvite: (invite) => this.#invited(invite) });
  }

  /** Opens the signalling socket. Idempotent. */
  start(): Promise<void> {
    return this.#agent.start();
  }

  /** Where this bank can be called. */
  get address(): SipServer {
    return this.#agent.local;
  }

  /** Calls that live, either direction. */
  get calls(): ReadonlySet<Call> {
    return this.#calls;
  }

  /** Of the schedule that all banks of the process with that ptime share. */
  tickerStats(): TickerStats {
    return this.#ticker.stats();
  }

  /** Datagrams to the signalling socket that were no SIP. */
  malformedByProblem(): ReadonlyMap<SipProblem, number> {
    return this.#agent.malformed;
  }

  /** Calls a number (or a `sip:` URI); resolves when answered, rejects with `call-failed`. */
  call(number: string, options: DialOptions = {}): Promise<Call> {
    return this.dial(number, options).answered;
  }

  /** Calls a number and returns at once; see `answered` and `ended` of the call. */
  dial(number: string, options: DialOptions = {}): Call {
    if (this.#stopped) throw new PhoneError({ code: 'bank-stopped' });
    const { callerNumber = '100', callerName = '', send = silence(), keepAudio = true } = options;
    const call = this.#newCall(
      { direction: 'outgoing', callerNumber, callerName, calledNumber: number },
      send,
      keepAudio,
      options,
    );
    const headers = Object.entries(options.headers ?? {}).map(
      ([name, value]): SipHeader => [name.toLowerCase(), value],
    );
    const answerTimeoutMs = options.answerTimeoutMs ?? DEFAULT_ANSWER_TIMEOUT_MS;
    const session = this.#agent.dial(
      { number, callerNumber, callerName, from: options.from, headers, answerTimeoutMs },
      call.sessionHandler,
    );
    call.attach(session);
    call.open().then(
      () => session.start(),
      (error: unknown) => {
        call.fail(`no RTP socket: ${String(error)}`);
        session.hangUp();
      },
    );
    return call;
  }

  /** The next call to us, in order of arrival, as it comes in (not yet answered). */
  nextCall(options: { readonly timeoutMs: number }): Promise<Call> {
    return waitUntil({ waitedFor: 'call to the phone bank', timeoutMs: options.timeoutMs }, () => {
      return this.#unfetched.shift() ?? null;
    });
  }

  /** Ends every call, either direction. */
  async hangUpAll(): Promise<void> {
    const calls = [...this.#calls];
    const batches: Promise<unknown>[] = [];
    for (let i = 0; i < calls.length; i += HANG_UP_BATCH) {
      const batch = Promise.allSettled(calls.slice(i, i + HANG_UP_BATCH).map((call) => call.hangUp()));
      batches.push(batch);
      await Promise.race([batch, sleep(HANG_UP_BATCH_MS)]);
    }
    await Promise.all(batches);
  }

  /** Hangs up every call and closes all sockets. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.hangUpAll();
    await this.#agent.stop();
    await Promise.all(this.#closing);
    this.#unfetched = [];
  }

  /** Closes all sockets and says good-bye to nobody: all phones lose their power. */
  async vanish(): Promise<void> {
    this.#stopped = true;
    await this.#agent.stop();
    await Promise.all(this.#closing);
  }

  #newCall(
    who: Pick<Call, 'direction' | 'callerNumber' | 'callerName' | 'calledNumber'>,
    sound: Sound,
    keepAudio: boolean,
    { jitterMs = 0, alterSdp }: Pick<DialOptions, 'jitterMs' | 'alterSdp'> = {},
  ): Call {
    const { bindAddress, toldAddress, network, codec = 'PCMU', ptimeMs = DEFAULT_PTIME_MS } = this.#options;
    const { keepAudioMs = DEFAULT_KEEP_AUDIO_MS, audibleDbov = DEFAULT_AUDIBLE_DBOV } = this.#options;
    const keepMs = keepAudio ? keepAudioMs : 0;
    const call = new Call(
      { ...who, bindAddress, toldAddress, network, codec, ptimeMs, sound, keepMs, audibleDbov, jitterMs, alterSdp },
      { ticker: this.#ticker, onEnded: (ended) => this.#ended(ended) },
    );
    this.#calls.add(call);
    return call;
  }

  #ended(call: Call): void {
    this.#calls.delete(call);
    const closing = call.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  #invited(request: SipRequest): { handler: Call['sessionHandler']; begin: (session: IncomingSession) => void } | null {
    const { onIncoming } = this.#options;
    if (this.#stopped || onIncoming === undefined || this.#calls.size >= MAX_CALLS) return null;
    const invite = describeInvite(request);
    const plan = typeof onIncoming === 'function' ? onIncoming(invite) : onIncoming;
    const answers: AnswerPlan = plan.kind === 'answer' ? plan : { kind: 'answer' };
    const { send = silence(), keepAudio = true } = answers;
    const call = this.#newCall({ direction: 'incoming', ...who(invite) }, send, keepAudio);
    if (this.#unfetched.length < MAX_UNFETCHED) this.#unfetched.push(call);
    const begin = (session: IncomingSession): void => {
      call.attach(session);
      this.#follow(plan, call, session);
    };
    return { handler: call.sessionHandler, begin };
  }

  #follow(plan: AnswerPlan, call: Call, session: IncomingSession): void {
    if (plan.kind !== 'reject' || (plan.afterMs ?? 0) > 0) session.ring();
    switch (plan.kind) {
      case 'ring-for-ever':
        return;
      case 'reject':
        if ((plan.afterMs ?? 0) === 0) session.reject(plan.status, plan.reason);
        else this.#after(plan.afterMs, call, () => session.reject(plan.status, plan.reason));
        return;
      case 'answer':
        call.open().then(
          () => this.#after(plan.afterMs, call, () => session.accept()),
          () => session.reject(500, 'No RTP socket'),
        );
    }
  }

  #after(delayMs: number | undefined, call: Call, action: () => void): void {
    const timer = setTimeout(action, delayMs ?? 0);
    void call.ended.then(() => clearTimeout(timer));
  }
}

function who(invite: IncomingInvite): Pick<Call, 'callerNumber' | 'callerName' | 'calledNumber'> {
  const { callerNumber, callerName, calledNumber } = invite;
  return { callerNumber, callerName, calledNumber };
}
