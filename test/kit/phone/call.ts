import type { AudioRing, AudioWindow } from './audio-ring.ts';
import { CallLife, type CallState, type EndedCall } from './call-life.ts';
import type { AudioCodec } from './codec.ts';
import { type AlterDtmf, areKeys, MAX_QUEUED_KEYS } from './dtmf.ts';
import { PhoneError } from './errors.ts';
import type { HeardSnapshot } from './heard.ts';
import { levelDbov, toneLevelDbov } from './judge.ts';
import { Media, type MediaDeps, type MediaOptions, type UdpAddress } from './media.ts';
import type { CallEnd, SessionHandler, SipSession } from './sip-session.ts';
import type { Sound } from './sound.ts';
import { waitUntil } from './wait.ts';
import { toneMeter, watchForLevel, watchForSilence } from './watch.ts';

/** A stretch of audio: the newest `lastMs`, or all between two times (performance.now, ms). */
export type Stretch = { readonly lastMs: number } | { readonly fromMs: number; readonly toMs: number };

export interface HeardKey {
  readonly key: string;
  readonly via: 'rfc4733' | 'info';
  /** Arrival of its first packet, performance.now in ms. */
  readonly atMs: number;
}

export interface CallStats extends HeardSnapshot {
  readonly sent: number;
  readonly sendErrors: number;
  /** From our INVITE (or theirs) on, whenever statistics were reset; null when there was none yet. */
  readonly inviteToFirstPacketMs: number | null;
  readonly inviteToFirstAudibleMs: number | null;
}

export interface PressOptions {
  readonly via?: 'rfc4733' | 'info';
  readonly toneMs?: number;
  /** Not for INFO: there each key follows as soon as the one before was accepted. */
  readonly gapMs?: number;
  /** An odd phone sends other packets; only of RFC 4733. */
  readonly alter?: AlterDtmf;
}

export interface ReinviteOptions {
  readonly codec?: AudioCodec;
  readonly port?: 'same' | 'new';
  readonly late?: boolean;
  /** What an odd phone makes of this description. */
  readonly alter?: (sdp: string) => string;
}

/** Keys kept of those heard; the oldest leave first. */
const MAX_HEARD_KEYS = 256;
const HANG_UP_TIMEOUT_MS = 10_000;

/** One call of one phone. Made by a `PhoneBank`. All times are performance.now() in ms. */
export class Call {
  readonly direction: 'outgoing' | 'incoming';
  /** The two numbers, as the INVITE has them. */
  readonly callerNumber: string;
  readonly callerName: string;
  readonly calledNumber: string;
  /** Resolves when answered; rejects with `call-failed` when it ends before. */
  readonly answered: Promise<Call>;
  /** Never rejects. */
  readonly ended: Promise<EndedCall>;
  readonly invitedAtMs = performance.now();
  /** The URIs to which the call was redirected, one after the other. */
  readonly redirects: string[] = [];
  /** What became of the phone's REFERs, one after the other: status lines such as `SIP/2.0 200 OK`. */
  readonly notified: string[] = [];
  readonly #media: Media;
  readonly #heardKeys: HeardKey[] = [];
  readonly #onEnded: (call: Call) => void;
  readonly #life = new CallLife();
  #session: SipSession | null = null;
  #descriptions = 0;

  constructor(
    options: MediaOptions & Pick<Call, 'direction' | 'callerNumber' | 'callerName' | 'calledNumber'>,
    deps: Pick<MediaDeps, 'ticker'> & { readonly onEnded: (call: Call) => void },
  ) {
    this.direction = options.direction;
    this.callerNumber = options.callerNumber;
    this.callerName = options.callerName;
    this.calledNumber = options.calledNumber;
    this.answered = this.#life.answered.then(() => this);
    // A test may look only at `ended`: a refused call is then no unhandled rejection.
    this.answered.catch(() => {});
    this.ended = this.#life.ended;
    this.#onEnded = deps.onEnded;
    const onKey = (key: string, atMs: number): void => this.#keepKey({ key, via: 'rfc4733', atMs });
    this.#media = new Media(options, { ticker: deps.ticker, onKey });
  }

  get state(): CallState {
    return this.#life.state;
  }

  get answeredAtMs(): number | null {
    return this.#life.answeredAtMs;
  }

  /** How it ended; null while it lives. */
  get end(): EndedCall | null {
    return this.#life.end;
  }

  /** What this phone heard. Throws `no-audio-kept` for a call with `keepAudio: false`. */
  get heard(): AudioRing {
    return kept(this.#media.heard.audio);
  }

  /** What this phone said, with send times. Throws `no-audio-kept` also before the answer. */
  get said(): AudioRing {
    return kept(this.#media.speaking?.audio ?? null);
  }

  // What the phone does.

  /** Says another sound from the next packet on. */
  send(sound: Sound): void {
    this.#media.say(sound);
  }

  /** Presses 0-9 * # A-D one after the other; resolves when all are sent or the call has ended over them. */
  async pressKeys(keys: string, options: PressOptions = {}): Promise<void> {
    const { via = 'rfc4733', toneMs = 100, gapMs = 100, alter } = options;
    const speaking = this.#media.speaking;
    const session = this.#session;
    if (this.state !== 'answered' || speaking === null || session === null) {
      throw new PhoneError({ code: 'not-answered' });
    }
    if (!areKeys(keys) || keys.length > MAX_QUEUED_KEYS) throw new PhoneError({ code: 'bad-keys', keys });
    if (via === 'info') {
      for (const key of keys) {
        const status = await session.sendKeyInfo(key, toneMs);
        if (status < 200 || status >= 300) throw new PhoneError({ code: 'info-refused', key, status });
      }
      return;
    }
    for (const key of keys) speaking.press(key, { toneMs, gapMs, ...(alter && { alter }) });
    const timeoutMs = 2000 + 2 * MAX_QUEUED_KEYS * (toneMs + gapMs);
    // The last key may end the call before its repeated end packets are out.
    const look = (): true | null => (speaking.keysPending && this.end === null ? null : true);
    await waitUntil({ waitedFor: `keys ${keys} sent`, timeoutMs }, look, this.#isOver);
  }

  /** Puts the call on hold, or takes it back; resolves with the final status. Held, the phone goes on sending, as a PBX does. */
  hold(held: boolean): Promise<number> {
    if (this.#session === null) throw new PhoneError({ code: 'not-answered' });
    return this.#session.offer(held ? 'sendonly' : 'sendrecv');
  }

  /** Sends a request inside the dialog, of its own making; resolves with the final status, 0 when nobody answered. */
  request(method: string, headers: Readonly<Record<string, string>> = {}, body = ''): Promise<number> {
    if (this.#session === null) throw new PhoneError({ code: 'not-answered' });
    return this.#session.request(method, Object.entries(headers), body);
  }

  /** The other end of this call is asked to call somebody else (RFC 3515); as `request`. See `notified`. */
  refer(target: string): Promise<number> {
    return this.request('REFER', { 'refer-to': `<${target}>` });
  }

  /** The header by which another call takes the place of this one at its other end (RFC 3891). */
  get replaces(): { readonly replaces: string } {
    if (this.#session === null) throw new PhoneError({ code: 'not-answered' });
    const { callId, localTag, remoteTag } = this.#session.dialog;
    return { replaces: `${callId};to-tag=${remoteTag};from-tag=${localTag}` };
  }

  /**
   * Describes its audio anew: with another codec, at another port, or only in the ACK. Resolves with the final status.
   */
  async reinvite({ codec, port = 'same', ...how }: ReinviteOptions): Promise<number> {
    if (this.#session === null) throw new PhoneError({ code: 'not-answered' });
    const before = codec && this.#media.prefer(codec);
    if (port === 'new') await this.#media.move();
    const status = await this.#session.offer('sendrecv', how);
    if (before && status >= 300) this.#media.prefer(before);
    return status;
  }

  /** Its packets come from another port from now on, of this address or another one: behind NAT that happens. */
  move(bindAddress?: string): Promise<void> {
    return this.#media.move(bindAddress);
  }

  /** BYE, or CANCEL before the answer; resolves when the call has ended. Idempotent. */
  async hangUp(): Promise<EndedCall> {
    this.#media.stopSpeaking();
    if (this.#session === null) this.#finish({ by: 'us', status: 487, reason: 'cancelled' });
    else this.#session.hangUp();
    return waitUntil({ waitedFor: 'end of the call', timeoutMs: HANG_UP_TIMEOUT_MS }, () => this.end);
  }

  /** Gives up a call that nobody has answered yet; the same as `hangUp`. */
  cancel(): Promise<EndedCall> {
    return this.hangUp();
  }

  // What the phone heard.

  /** Where the other side wants the phone's audio, as its SDP says; null before that has come. */
  get toldAddress(): UdpAddress | null {
    return this.#media.remote;
  }

  /** How often the other side has described its audio. */
  get descriptions(): number {
    return this.#descriptions;
  }

  /** From where the audio comes; null before the first packet. */
  get heardFrom(): UdpAddress | null {
    return this.#media.heardFrom;
  }

  /** The codec of the newest packet; null before it. */
  get heardCodec(): AudioCodec | null {
    return this.#media.heard.codec;
  }

  stats(): CallStats {
    const heard = this.#media.heard.snapshot(this.#nowMs);
    const sinceInvite = (atMs: number | null): number | null => (atMs === null ? null : atMs - this.invitedAtMs);
    return {
      ...heard,
      sent: this.#media.speaking?.sent ?? 0,
      sendErrors: this.#media.sendErrors,
      inviteToFirstPacketMs: sinceInvite(heard.firstPacketEverMs),
      inviteToFirstAudibleMs: sinceInvite(heard.firstAudibleMs),
    };
  }

  /** Counts received packets from zero again: `stats()` is then about the interval since now. */
  resetStats(): void {
    this.#media.heard.resetStatistics(performance.now());
  }

  audio(stretch: Stretch): AudioWindow {
    if ('lastMs' in stretch) return this.heard.last(stretch.lastMs, this.#nowMs);
    return this.heard.between(stretch.fromMs, stretch.toMs);
  }

  /** What came between two times, in samples at the rate of the codec. */
  heardBetween(fromMs: number, toMs: number): Int16Array {
    return this.heard.between(fromMs, toMs).samples;
  }

  toneLevelDbov(freqHz: number, stretch: Stretch): number {
    return toneLevelDbov(this.audio(stretch).samples, freqHz, this.heard.sampleRateHz);
  }

  levelDbov(stretch: Stretch): number {
    return levelDbov(this.audio(stretch).samples);
  }

  /** Resolves with the time the tone was first heard, the newest 60 ms included. */
  async waitForTone(freqHz: number, options: { aboveDbov: number; timeoutMs: number }): Promise<number> {
    const look = watchForLevel(
      this.heard,
      toneMeter(freqHz, this.heard.sampleRateHz),
      options.aboveDbov,
      performance.now(),
    );
    const waitedFor = `tone of ${freqHz} Hz above ${options.aboveDbov} dBov`;
    return waitUntil({ waitedFor, timeoutMs: options.timeoutMs }, look, this.#isOver);
  }

  /** Resolves with the tone's level once it is, over the newest `overMs`, within `withinDb` of the expected one. */
  waitForToneLevel(
    freqHz: number,
    dbov: number,
    { withinDb = 1, overMs = 200, timeoutMs = 3000 }: { withinDb?: number; overMs?: number; timeoutMs?: number } = {},
  ): Promise<number> {
    const look = (): number | null => {
      const level = this.toneLevelDbov(freqHz, { lastMs: overMs });
      return Math.abs(level - dbov) < withinDb ? level : null;
    };
    return waitUntil({ waitedFor: `tone of ${freqHz} Hz at ${dbov} dBov`, timeoutMs }, look, this.#isOver);
  }

  /** Resolves with the time anything above the level was first heard. */
  async waitForSound(options: { aboveDbov?: number; timeoutMs: number }): Promise<number> {
    const { aboveDbov = -50, timeoutMs } = options;
    const look = watchForLevel(this.heard, levelDbov, aboveDbov, performance.now());
    return waitUntil({ waitedFor: `sound above ${aboveDbov} dBov`, timeoutMs }, look, this.#isOver);
  }

  /** Resolves with the time a silence of `forMs` began; with `freqHz` only that tone must be silent. */
  async waitForSilence(options: {
    timeoutMs: number;
    forMs?: number;
    belowDbov?: number;
    freqHz?: number;
  }): Promise<number> {
    const { timeoutMs, forMs = 300, belowDbov = -50, freqHz } = options;
    const meter = freqHz === undefined ? levelDbov : toneMeter(freqHz, this.heard.sampleRateHz);
    const silent = watchForSilence(this.heard, meter, { belowDbov, forMs }, performance.now());
    const look = (): number | null => silent(performance.now());
    return waitUntil({ waitedFor: `${forMs} ms below ${belowDbov} dBov`, timeoutMs }, look, this.#isOver);
  }

  /** Resolves with the time from which on the tone was not heard for 300 ms; other sound may go on. */
  waitForNoTone(freqHz: number, options: { belowDbov: number; timeoutMs: number }): Promise<number> {
    return this.waitForSilence({ ...options, freqHz });
  }

  /** Keys of the other side, in order of arrival. */
  get heardKeys(): readonly HeardKey[] {
    return this.#heardKeys;
  }

  /** Resolves when the keys heard since the beginning of the call end with `keys`. */
  async waitForKeys(keys: string, options: { timeoutMs: number }): Promise<void> {
    const look = (): true | null =>
      this.#heardKeys
        .map(({ key }) => key)
        .join('')
        .endsWith(keys)
        ? true
        : null;
    await waitUntil({ waitedFor: `keys ${keys}`, timeoutMs: options.timeoutMs }, look, this.#isOver);
  }

  // For the bank.

  /** Opens the RTP socket. */
  open(): Promise<void> {
    return this.#media.open();
  }

  attach(session: SipSession): void {
    this.#session = session;
  }

  /** Ends a call that could not be brought up. */
  fail(reason: string): void {
    this.#finish({ by: 'us', reason });
  }

  close(): Promise<void> {
    return this.#media.close();
  }

  /** What the session tells. */
  readonly sessionHandler: SessionHandler = {
    onProvisional: () => {
      this.#life.ring();
    },
    onRedirected: (uri) => this.redirects.push(uri),
    onAnswered: () => {
      this.#media.start();
      this.#life.answer(performance.now());
    },
    onRemoteAudio: (remote) => {
      this.#descriptions++;
      this.#media.setRemote(remote);
    },
    onKey: (key) => this.#keepKey({ key, via: 'info', atMs: performance.now() }),
    onNotified: (statusLine) => this.notified.push(statusLine),
    onEnded: (end) => this.#finish(end),
    localAudio: () => this.#media.describe(),
  };

  /** Time stands still for a call that has ended. */
  get #nowMs(): number {
    return this.end?.atMs ?? performance.now();
  }

  readonly #isOver = (): boolean => this.end !== null;

  #finish(end: CallEnd): void {
    if (this.#life.finish(end, performance.now())) this.#onEnded(this);
  }

  #keepKey(key: HeardKey): void {
    if (this.#heardKeys.length >= MAX_HEARD_KEYS) this.#heardKeys.shift();
    this.#heardKeys.push(key);
  }
}

function kept(audio: AudioRing | null): AudioRing {
  if (audio === null) throw new PhoneError({ code: 'no-audio-kept' });
  return audio;
}
