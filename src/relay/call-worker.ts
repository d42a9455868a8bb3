import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { nothing } from '../udp/filter.ts';
import { openUdp } from '../udp/open-udp.ts';
import type { Udp, UdpSocket } from '../udp/udp.ts';
import { Audience } from './audience.ts';
import { type Bell, rings, setWaker } from './bell.ts';
import { Call, type FrameClock } from './call.ts';
import type { RtpDrops } from './rtp-drops.ts';
import type { AudienceFrame, CallCommand, CallReport, CallWorkerOptions } from './worker-messages.ts';

/** Asterisk is on this host. */
const HOST = '127.0.0.1';
/** Everything that Asterisk sends for the calls of this thread comes to one socket. */
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;
const OPEN_TRIES = 20;
const TICK_MS = 200;
const SUMS_EVERY_MS = 2000;

type Listeners = { audience: Audience; sampleRateHz: AudienceFrame['sampleRateHz']; readonly calls: Set<Call> };

/** A thread that has calls: it passes their RTP on, and sends listeners the frames of the floors as they come. */
class CallWorker {
  readonly #udp: Udp;
  readonly #drops: RtpDrops;
  readonly #report: (report: CallReport) => void;
  readonly #asterisk: UdpSocket;
  readonly #calls = new Map<string, Call>();
  /** By Asterisk's side of the call. */
  readonly #byAsterisk = new Map<string, Call>();
  /** By conference. */
  readonly #listeners = new Map<string, Listeners>();
  readonly #clock: FrameClock = { nowMs: 0 };
  #frames: MessagePort | null = null;
  /** Where commands are read from; null where the event loop hands them over. */
  #commands: MessagePort | null = null;
  #sumsAtMs = 0;

  constructor(deps: { udp: Udp; drops: RtpDrops; report: (report: CallReport) => void; asterisk: UdpSocket }) {
    this.#udp = deps.udp;
    this.#drops = deps.drops;
    this.#report = deps.report;
    this.#asterisk = deps.asterisk;
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
  run(port: MessagePort, bell: Bell): void {
    const { waker } = this.#udp;
    if (waker === null) {
      port.on('message', (command: CallCommand) => this.take(command));
      setInterval(() => this.#tick(), TICK_MS);
      return;
    }
    this.#commands = port;
    setWaker(bell, waker);
    let rung = -1;
    let tickMs = performance.now();
    const turn = () => {
      for (let commands = 0; commands === 0; ) {
        const waitMs = tickMs + TICK_MS - performance.now();
        if (waitMs <= 0) break;
        if (rung === rings(bell)) this.#udp.poll(waitMs);
        if (rung === rings(bell)) continue;
        // First, as what comes meanwhile rings again.
        rung = rings(bell);
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
  fromAsterisk(packet: Buffer, host: string, port: number): void {
    this.#byAsterisk.get(`${host}:${port}`)?.fromAsterisk(packet);
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
    const call = new Call(spec, {
      udp: this.#udp,
      clock: this.#clock,
      drops: this.#drops,
      toAsterisk: (packet, to) => void this.#asterisk.sendTo(packet, packet.length, to),
      onSource: (source) => this.#report({ type: 'call-source', channelId, source }),
      onSilent: (seconds) => this.#report({ type: 'call-silent', channelId, seconds }),
    });
    this.#calls.set(channelId, call);
    this.#byAsterisk.set(`${spec.asterisk.host}:${spec.asterisk.port}`, call);
    call.open().then(
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

  #end(channelId: string): void {
    const call = this.#calls.get(channelId);
    if (!call) return;
    this.#calls.delete(channelId);
    const { host, port } = call.spec.asterisk;
    if (this.#byAsterisk.get(`${host}:${port}`) === call) this.#byAsterisk.delete(`${host}:${port}`);
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

/**
 * Asterisk sends the RTP of a call to where it has got the call's from, and its RTCP to the port above, where nobody wants it.
 */
async function openForAsterisk(
  udp: Udp,
  onPacket: (packet: Buffer, host: string, port: number) => void,
): Promise<UdpSocket> {
  for (let tries = 1; ; tries++) {
    const options = { host: HOST, receiveBufferBytes: RECEIVE_BUFFER_BYTES };
    const rtp = await udp.open({ ...options, port: 0 }, (packet, { host, port }) => onPacket(packet, host, port));
    try {
      const rtcp = await udp.open({ host: HOST, port: rtp.port + 1 }, () => {});
      rtcp.setFilter(nothing());
      return rtp;
    } catch (error) {
      rtp.close();
      if (tries >= OPEN_TRIES) throw error;
    }
  }
}

const port = parentPort;
if (port) {
  const { rtpDrops, bell } = workerData as CallWorkerOptions;
  const udp = await openUdp();
  const report = (message: CallReport) => port.postMessage(message);
  const asterisk = await openForAsterisk(udp, (packet, host, from) => worker.fromAsterisk(packet, host, from));
  const worker = new CallWorker({ udp, drops: rtpDrops, report, asterisk });
  worker.run(port, bell);
  report({ type: 'sockets', sockets: udp.driver, reason: udp.fallbackReason });
}
