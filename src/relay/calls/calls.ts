import { isIPv4 } from 'node:net';
import { sendDescriptors } from '../../udp/descriptors.ts';
import type { Libc } from '../../udp/libc.ts';
import type { Udp, UdpPeer } from '../../udp/udp.ts';
import { Audience } from '../audience/audience.ts';
import type { AudienceFrame, CallReport, CallRequest } from '../protocol/media-messages.ts';
import type { RtpAddress } from '../protocol/protocol.ts';
import {
  type CallState,
  decodeSuccession,
  encodeSuccession,
  inThisThread,
  type SuccessionPart,
} from '../upgrade/succession.ts';
import { type AsteriskSides, descriptorsOf, openAsteriskSides } from './asterisk-side.ts';
import { Call } from './call.ts';
import type { FrameClock } from './call-deps.ts';
import type { RtpDrops } from './rtp-drops.ts';

const SUMS_EVERY_MS = 2000;
/** A message to a successor has this many. */
const CALLS_PER_MESSAGE = 64;

type Listeners = { audience: Audience; sampleRateHz: AudienceFrame['sampleRateHz']; readonly calls: Set<Call> };

export type CallsDeps = {
  udp: Udp;
  drops: RtpDrops;
  report: (report: CallReport) => void;
  /** The first listener of a conference has come, or the last one has left. */
  onWanted: (conference: string, wanted: boolean) => void;
};

/** The calls of a media thread: forwards their RTP, and sends listeners the frames of the floors. */
export class Calls {
  readonly #deps: CallsDeps;
  #asterisk: AsteriskSides | null = null;
  /** Resolves when the sockets towards Asterisk are open. */
  #begun: Promise<void> = Promise.resolve();
  readonly #calls = new Map<string, Call>();
  /** By Asterisk's side of the call: its host and its port. */
  readonly #byAsterisk = new Map<string, Map<number, Call>>();
  /** By conference. */
  readonly #listeners = new Map<string, Listeners>();
  /** Calls of which packets to Asterisk wait, and when the next one is due. */
  readonly #holding = new Set<Call>();
  #dueMs = Number.POSITIVE_INFINITY;
  readonly #clock: FrameClock = { nowMs: 0 };
  #sumsAtMs = 0;

  constructor(deps: CallsDeps) {
    this.#deps = deps;
  }

  handle(request: CallRequest): void {
    switch (request.type) {
      case 'call':
        return this.#set(request.call);
      case 'end-call':
        return this.#end(request.channelId);
      case 'ask-statistics': {
        const { channelId } = request;
        const statistics = this.#calls.get(channelId)?.statistics(performance.now()) ?? null;
        return this.#deps.report({ type: 'call-statistics', channelId, statistics });
      }
    }
  }

  /** Must be called first. Continues the calls that another process has handed over, if any. */
  begin(taken: readonly SuccessionPart[]): void {
    this.#begun = this.#begin(taken);
  }

  /** HOT PATH. */
  readonly #fromAsterisk = (packet: Buffer, { host, port }: RtpAddress): void => {
    this.#byAsterisk.get(host)?.get(port)?.fromAsterisk(packet);
  };

  async #begin(taken: readonly SuccessionPart[]): Promise<void> {
    for (const { text, descriptors } of taken) {
      const message = decodeSuccession(text);
      if (message.type === 'asterisk') {
        this.#asterisk = await openAsteriskSides(this.#deps.udp, this.#fromAsterisk, descriptors);
      } else if (message.type === 'calls') {
        let at = 0;
        for (const state of message.calls) {
          const call = this.#create(state.spec, inThisThread(state, message.beganMs));
          await call.adopt(descriptors.slice(at, at + state.sockets));
          at += state.sockets;
          this.#enter(call);
        }
      }
    }
    this.#asterisk ??= await openAsteriskSides(this.#deps.udp, this.#fromAsterisk);
    this.#deps.report({ type: 'begun' });
  }

  /**
   * Sends another process all that it needs to continue. The thread must stand still afterwards: packets wait in the
   * sockets meanwhile.
   */
  handOver(libc: Libc, { path, thread }: { path: string; thread: number }): void {
    if (this.#asterisk === null) return;
    this.#deps.udp.flush();
    sendDescriptors(libc, path, encodeSuccession({ type: 'asterisk', thread }), descriptorsOf(this.#asterisk));
    for (const call of this.#holding) call.flush(performance.now());
    const estates = [...this.#calls.values()].map((call) => call.estate).filter((estate) => estate !== null);
    for (let at = 0; at < estates.length; at += CALLS_PER_MESSAGE) {
      const some = estates.slice(at, at + CALLS_PER_MESSAGE);
      const calls = some.map(({ state }) => state);
      const descriptors = some.flatMap((estate) => estate.descriptors);
      sendDescriptors(libc, path, encodeSuccession({ type: 'calls', thread, calls }), descriptors);
    }
  }

  #set(spec: Call['spec']): void {
    const { channelId } = spec;
    const known = this.#calls.get(channelId);
    if (known) {
      // A listener who stays in a conference keeps their place in its audience.
      if (spec.hearing?.conference !== known.spec.hearing?.conference) this.#leave(known);
      known.change(spec);
      this.#enter(known);
      // A controller that has restarted since waits for it.
      return known.isOpen ? this.#deps.report({ type: 'call-open', channelId }) : undefined;
    }
    const call = this.#create(spec, null);
    const opened = this.#begun.then(() => call.open());
    opened.then(
      () => {
        if (this.#calls.get(channelId) !== call) return;
        this.#enter(call);
        this.#deps.report({ type: 'call-open', channelId });
      },
      (error: Error) => {
        if (this.#calls.get(channelId) === call) this.#end(channelId);
        this.#deps.report({ type: 'call-failed', channelId, message: error.message });
      },
    );
  }

  #create(spec: Call['spec'], continued: CallState | null): Call {
    const { channelId } = spec;
    const version = isIPv4(spec.asterisk.host) ? 'ipv4' : 'ipv6';
    const deps = {
      udp: this.#deps.udp,
      clock: this.#clock,
      drops: this.#deps.drops,
      toAsterisk: (packet: Buffer, to: UdpPeer) =>
        void this.#asterisk?.[version]?.rtp.sendTo(packet, packet.length, to),
      onHeld: (dueMs: number) => {
        this.#holding.add(call);
        this.#dueMs = Math.min(this.#dueMs, dueMs);
      },
      onSource: (source: RtpAddress | null) => this.#deps.report({ type: 'call-source', channelId, source }),
      onRenumbered: (sequenceOffset: number) =>
        this.#deps.report({ type: 'call-renumbered', channelId, sequenceOffset }),
      onKey: (digit: string) => this.#deps.report({ type: 'call-key', channelId, digit }),
      onCodec: () => this.#deps.report({ type: 'call-codec', channelId }),
      onTalk: () => this.#deps.report({ type: 'call-talks', channelId }),
      onSilent: (seconds: number) => this.#deps.report({ type: 'call-silent', channelId, seconds }),
    };
    const call: Call = new Call(spec, deps, continued);
    this.#calls.set(channelId, call);
    const { host, port } = spec.asterisk;
    const ofHost = this.#byAsterisk.get(host) ?? new Map<number, Call>();
    this.#byAsterisk.set(host, ofHost.set(port, call));
    return call;
  }

  #end(channelId: string): void {
    const call = this.#calls.get(channelId);
    if (!call) return;
    this.#calls.delete(channelId);
    const { host, port } = call.spec.asterisk;
    const ofHost = this.#byAsterisk.get(host);
    if (ofHost?.get(port) === call) ofHost.delete(port);
    this.#leave(call);
    this.#holding.delete(call);
    call.close();
  }

  #enter(call: Call): void {
    const { hearing } = call.spec;
    if (!hearing || !call.isListener) return;
    const { conference } = hearing;
    const listeners = this.#listeners.get(conference) ?? this.#gather(conference);
    listeners.calls.add(call);
    listeners.audience.place(call);
  }

  #leave(call: Call): void {
    const conference = call.spec.hearing?.conference ?? '';
    const listeners = this.#listeners.get(conference);
    if (!listeners?.calls.delete(call)) return;
    listeners.audience.remove(call);
    if (listeners.calls.size > 0) return;
    this.#listeners.delete(conference);
    this.#deps.onWanted(conference, false);
  }

  #gather(conference: string): Listeners {
    const sampleRateHz = 8000;
    const audience = new Audience({ sampleRateHz }, { serveSpeakers: this.#serveSpeakers });
    const listeners: Listeners = { audience, sampleRateHz, calls: new Set() };
    this.#listeners.set(conference, listeners);
    this.#deps.onWanted(conference, true);
    return listeners;
  }

  /** HOT PATH. Packets of speakers do not wait until all listeners have theirs. */
  readonly #serveSpeakers = (): void => void this.#deps.udp.poll(0);

  /** HOT PATH. */
  hasListeners(conference: string): boolean {
    return this.#listeners.has(conference);
  }

  /** HOT PATH. Sends a frame to all listeners of its conference. */
  play({ conference, samples, sampleRateHz, noiseDbov }: AudienceFrame): void {
    const listeners = this.#listeners.get(conference);
    if (!listeners) return;
    this.#clock.nowMs = performance.now();
    if (listeners.sampleRateHz !== sampleRateHz) {
      listeners.sampleRateHz = sampleRateHz;
      listeners.audience = new Audience({ sampleRateHz }, { serveSpeakers: this.#serveSpeakers });
      for (const call of listeners.calls) listeners.audience.place(call);
    }
    listeners.audience.play(samples, noiseDbov);
  }

  /** HOT PATH. The time at which `advance` must be called; infinite while nothing waits. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** HOT PATH. Sends the packets to Asterisk that are due. */
  advance(nowMs: number): void {
    if (nowMs < this.#dueMs) return;
    this.#dueMs = Number.POSITIVE_INFINITY;
    for (const call of this.#holding) {
      const dueMs = call.advance(nowMs);
      if (dueMs === Number.POSITIVE_INFINITY) this.#holding.delete(call);
      this.#dueMs = Math.min(this.#dueMs, dueMs);
    }
  }

  /** Must be called a few times per second. */
  tick(nowMs: number): void {
    for (const call of this.#calls.values()) call.tick(nowMs);
    if (nowMs - this.#sumsAtMs < SUMS_EVERY_MS) return;
    this.#sumsAtMs = nowMs;
    this.#reportSums();
  }

  #reportSums(): void {
    let listeners = 0;
    let packetsLostByPhones = 0;
    let worstJitterAtPhonesMs = 0;
    for (const call of this.#calls.values()) {
      if (call.isListener) listeners += 1;
      packetsLostByPhones += call.phoneReport?.packetsLost ?? 0;
      worstJitterAtPhonesMs = Math.max(worstJitterAtPhonesMs, call.phoneReport?.jitterMs ?? 0);
    }
    const calls = this.#calls.size;
    this.#deps.report({ type: 'sums', sums: { calls, listeners, packetsLostByPhones, worstJitterAtPhonesMs } });
  }
}
