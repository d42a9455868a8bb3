import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { sendDescriptors } from '../../udp/descriptors.ts';
import { type LibcLoad, loadLibc } from '../../udp/libc.ts';
import { openUdp } from '../../udp/open-udp.ts';
import type { Udp, UdpPeer } from '../../udp/udp.ts';
import { Audience } from '../audience/audience.ts';
import { type AsteriskSide, openAsteriskSide } from '../calls/asterisk-side.ts';
import { Call, type FrameClock } from '../calls/call.ts';
import type { RtpDrops } from '../calls/rtp-drops.ts';
import { RelayError } from '../errors.ts';
import type { RtpAddress } from '../protocol.ts';
import {
  type CallState,
  decodeSuccession,
  encodeSuccession,
  inThisThread,
  type SuccessionPart,
  standStill,
} from '../upgrade/succession.ts';
import { type Doorbell, rings, setWaker } from './doorbell.ts';
import { warmUpAudience } from './warm-up.ts';
import type { AudienceFrame, CallCommand, CallReport, CallWorkerOptions } from './worker-messages.ts';

const TICK_MS = 200;
const SUMS_EVERY_MS = 2000;
/** In one message to a successor. */
const CALLS_TOLD_AT_ONCE = 64;

type Listeners = { audience: Audience; sampleRateHz: AudienceFrame['sampleRateHz']; readonly calls: Set<Call> };

/** A thread that has calls: it passes their RTP on, and sends listeners the frames of the floors as they come. */
class CallWorker {
  readonly #udp: Udp;
  readonly #libc: LibcLoad;
  readonly #drops: RtpDrops;
  readonly #report: (report: CallReport) => void;
  #asterisk: AsteriskSide | null = null;
  /** When there is a side towards Asterisk. */
  #begun: Promise<void> = Promise.resolve();
  readonly #calls = new Map<string, Call>();
  /** By Asterisk's side of the call: its host and its port. */
  readonly #byAsterisk = new Map<string, Map<number, Call>>();
  /** By conference. */
  readonly #listeners = new Map<string, Listeners>();
  readonly #clock: FrameClock = { nowMs: 0 };
  #frames: MessagePort | null = null;
  /** Where commands are read from; null where the event loop hands them over. */
  #commands: MessagePort | null = null;
  #sumsAtMs = 0;

  constructor(deps: { udp: Udp; libc: LibcLoad; drops: RtpDrops; report: (report: CallReport) => void }) {
    this.#udp = deps.udp;
    this.#libc = deps.libc;
    this.#drops = deps.drops;
    this.#report = deps.report;
  }

  take(command: CallCommand): void {
    switch (command.type) {
      case 'call':
        return this.#set(command.call);
      case 'end-call':
        return this.#end(command.channelId);
      case 'ask-statistics': {
        const { channelId } = command;
        const statistics = this.#calls.get(channelId)?.statistics(performance.now()) ?? null;
        return this.#report({ type: 'call-statistics', channelId, statistics });
      }
      case 'begin':
        this.#begun = this.#begin(command.taken);
        return;
      case 'hand-over':
        return this.#handOver(command);
      case 'frames':
        this.#frames = command.port;
        if (this.#commands === null) command.port.on('message', (frame: AudienceFrame) => this.#play(frame));
        return;
    }
  }

  /**
   * Takes commands and frames from now on. Where the driver of the sockets waits for packets itself, it is not the event loop
   * that does: that would cost more than the packets.
   */
  run(port: MessagePort, doorbell: Doorbell): void {
    const { waker } = this.#udp;
    if (waker === null) {
      port.on('message', (command: CallCommand) => this.take(command));
      setInterval(() => this.#tick(), TICK_MS);
      return;
    }
    this.#commands = port;
    setWaker(doorbell, waker);
    let rung = -1;
    let tickMs = performance.now();
    const turn = () => {
      for (let commands = 0; commands === 0; ) {
        const waitMs = tickMs + TICK_MS - performance.now();
        if (waitMs <= 0) break;
        if (rung === rings(doorbell)) this.#udp.poll(waitMs);
        if (rung === rings(doorbell)) continue;
        // First, as what comes meanwhile rings again.
        rung = rings(doorbell);
        this.#takeFrames();
        commands = this.#takeCommands(port);
      }
      if (performance.now() - tickMs >= TICK_MS) {
        tickMs = performance.now();
        this.#tick();
      }
      // What a command has begun goes on in the event loop, which costs more than many packets.
      setImmediate(turn);
    };
    turn();
  }

  /** HOT PATH. */
  #takeFrames(): void {
    const port = this.#frames;
    if (port === null) return;
    for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) {
      this.#play(next.message as AudienceFrame);
    }
  }

  /** @returns how many there were */
  #takeCommands(port: MessagePort): number {
    let count = 0;
    for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) {
      this.take(next.message as CallCommand);
      count += 1;
    }
    return count;
  }

  /** HOT PATH. */
  readonly #fromAsterisk = (packet: Buffer, { host, port }: RtpAddress): void => {
    this.#byAsterisk.get(host)?.get(port)?.fromAsterisk(packet);
  };

  /** Goes on with calls of another process, if there are any. */
  async #begin(taken: readonly SuccessionPart[]): Promise<void> {
    for (const { text, descriptors } of taken) {
      const message = decodeSuccession(text);
      if (message.type === 'asterisk') {
        this.#asterisk = await openAsteriskSide(this.#udp, this.#fromAsterisk, descriptors);
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
    this.#asterisk ??= await openAsteriskSide(this.#udp, this.#fromAsterisk);
    this.#report({ type: 'begun' });
  }

  /** Tells another process all that it needs to go on, and does nothing more. What comes meanwhile waits in the sockets. */
  #handOver({ path, thread }: Extract<CallCommand, { type: 'hand-over' }>): void {
    const libc = this.#libc;
    if (libc.type !== 'loaded' || this.#asterisk === null)
      throw new RelayError('not-handed-over', 'without libc nothing can be handed over');
    const { rtp, rtcp } = this.#asterisk;
    const asterisk = [rtp.descriptor, rtcp.descriptor].filter((fd) => fd !== null);
    sendDescriptors(libc.libc, path, encodeSuccession({ type: 'asterisk', thread }), asterisk);
    const estates = [...this.#calls.values()].map((call) => call.estate).filter((estate) => estate !== null);
    for (let at = 0; at < estates.length; at += CALLS_TOLD_AT_ONCE) {
      const some = estates.slice(at, at + CALLS_TOLD_AT_ONCE);
      const calls = some.map(({ state }) => state);
      const descriptors = some.flatMap((estate) => estate.descriptors);
      sendDescriptors(libc.libc, path, encodeSuccession({ type: 'calls', thread, calls }), descriptors);
    }
    this.#report({ type: 'handed-over' });
    standStill();
  }

  #set(spec: Call['spec']): void {
    const { channelId } = spec;
    const known = this.#calls.get(channelId);
    if (known) {
      // One who stays in a conference keeps the place in its audience.
      if (spec.hearing?.conference !== known.spec.hearing?.conference) this.#leave(known);
      known.change(spec);
      this.#enter(known);
      // A controller that was started since waits for it.
      return known.isOpen ? this.#report({ type: 'call-open', channelId }) : undefined;
    }
    const call = this.#create(spec, null);
    const open = () => call.open();
    this.#begun.then(open).then(
      () => {
        if (this.#calls.get(channelId) !== call) return;
        this.#enter(call);
        this.#report({ type: 'call-open', channelId });
      },
      (error: Error) => {
        if (this.#calls.get(channelId) === call) this.#end(channelId);
        this.#report({ type: 'call-failed', channelId, message: error.message });
      },
    );
  }

  #create(spec: Call['spec'], continued: CallState | null): Call {
    const { channelId } = spec;
    const deps = {
      udp: this.#udp,
      clock: this.#clock,
      drops: this.#drops,
      toAsterisk: (packet: Buffer, to: UdpPeer) => void this.#asterisk?.rtp.sendTo(packet, packet.length, to),
      onSource: (source: RtpAddress) => this.#report({ type: 'call-source', channelId, source }),
      onSilent: (seconds: number) => this.#report({ type: 'call-silent', channelId, seconds }),
    };
    const call = new Call(spec, deps, continued);
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
    call.close();
  }

  #enter(call: Call): void {
    const { hearing } = call.spec;
    if (!hearing || !call.isListener) return;
    const { conference } = hearing;
    const listeners = this.#listeners.get(conference) ?? this.#gather(conference, 8000);
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
    this.#frames?.postMessage({ conference, wanted: false });
  }

  #gather(conference: string, sampleRateHz: AudienceFrame['sampleRateHz']): Listeners {
    const audience = new Audience({ sampleRateHz }, { attend: this.#attend });
    const listeners = { audience, sampleRateHz, calls: new Set<Call>() };
    this.#listeners.set(conference, listeners);
    this.#frames?.postMessage({ conference, wanted: true });
    return listeners;
  }

  /** HOT PATH. Packets of those who speak do not wait until all listeners have theirs. */
  readonly #attend = (): void => void this.#udp.poll(0);

  /** HOT PATH. */
  #play({ conference, samples, sampleRateHz, noiseDbov }: AudienceFrame): void {
    const listeners = this.#listeners.get(conference);
    if (!listeners) return;
    this.#clock.nowMs = performance.now();
    if (listeners.sampleRateHz !== sampleRateHz) {
      listeners.sampleRateHz = sampleRateHz;
      listeners.audience = new Audience({ sampleRateHz }, { attend: this.#attend });
      for (const call of listeners.calls) listeners.audience.place(call);
    }
    listeners.audience.play(samples, noiseDbov);
  }

  #tick(): void {
    const nowMs = performance.now();
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
      packetsLostByPhones += call.told?.packetsLost ?? 0;
      worstJitterAtPhonesMs = Math.max(worstJitterAtPhonesMs, call.told?.jitterMs ?? 0);
    }
    const calls = this.#calls.size;
    this.#report({ type: 'sums', sums: { calls, listeners, packetsLostByPhones, worstJitterAtPhonesMs } });
  }
}

const port = parentPort;
if (port) {
  const { rtpDrops, doorbell } = workerData as CallWorkerOptions;
  const [udp, libc] = await Promise.all([openUdp(), loadLibc()]);
  const report = (message: CallReport) => port.postMessage(message);
  const worker = new CallWorker({ udp, libc, drops: rtpDrops, report });
  warmUpAudience();
  worker.run(port, doorbell);
  report({ type: 'sockets', sockets: udp.driver, reason: udp.fallbackReason });
}
