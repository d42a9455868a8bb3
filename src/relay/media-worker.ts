import { randomInt } from 'node:crypto';
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Audience } from './audience.ts';
import { type Bell, ringForFrame } from './bell.ts';
import { Floor } from './floor.ts';
import { FrameInbox } from './frame-inbox.ts';
import { Listener } from './listener.ts';
import { MediaPorts } from './media-socket.ts';
import type { FloorWish } from './protocol.ts';
import type { AudienceFrame, ListenerSettings, WorkerCommand, WorkerOptions, WorkerReport } from './worker-messages.ts';

/** Floors look this often whether a frame is missing. */
const TICK_MS = 5;
/**
 * How long a thread with listeners leaves their phones' packets unread. Nobody hears them, and a key may wait that long;
 * but each would wake the thread, and reading several from a socket in a row costs little more than reading one.
 */
const UNREAD_MS = 60;

/**
 * A thread of the relay that does nothing but media. One has the floors and waits for their packets in its event loop; the
 * others have the listeners and wait for its frames outside of it.
 */
class MediaWorker {
  readonly #host: string;
  readonly #ports: MediaPorts;
  readonly #report: (report: WorkerReport) => void;
  readonly #floors = new Map<string, Floor>();
  readonly #listeners = new Map<string, Listener>();
  readonly #audiences = new Map<string, Audience>();
  readonly #neighbours: { port: MessagePort; bell: Bell }[] = [];
  #inbox: FrameInbox | null = null;
  #sending = false;
  #ticker: NodeJS.Timeout | null = null;

  constructor(options: WorkerOptions, deps: { report: (report: WorkerReport) => void }) {
    // Asterisk is on this host.
    this.#host = options.bindAddress === '0.0.0.0' ? '127.0.0.1' : options.bindAddress;
    this.#ports = new MediaPorts(options);
    this.#report = deps.report;
  }

  take(command: WorkerCommand): void {
    switch (command.type) {
      case 'floor':
        return this.#setFloor(command.floor);
      case 'end-floor':
        return this.#endFloor(command.conference);
      case 'listener':
        return this.#setListener(command.listener);
      case 'leg':
        return void this.#connect(command);
      case 'end-listener':
        return this.#endListener(command.legId);
      case 'neighbour':
        this.#neighbours.push(command);
        return;
      case 'source':
        this.#inbox = new FrameInbox(command.bell, {
          receive: () => receiveMessageOnPort(command.port)?.message ?? null,
          play: (frame) => this.#play(frame),
        });
        return;
    }
  }

  #setFloor(wish: FloorWish): void {
    const { conference } = wish;
    const known = this.#floors.get(conference);
    if (known) return known.change(wish);
    const play = (samples: Int16Array, noiseDbov: number | null) => this.#spread({ conference, samples, noiseDbov });
    const floor = new Floor(wish, { play }, performance.now());
    this.#floors.set(conference, floor);
    floor.open(this.#ports, this.#host).then(
      (local) => this.#report({ type: 'floor', conference, local }),
      (error: Error) => {
        this.#floors.delete(conference);
        this.#report({ type: 'floor-failed', conference, message: error.message });
      },
    );
    this.#ticker ??= setInterval(() => this.#tick(), TICK_MS);
  }

  #endFloor(conference: string): void {
    this.#floors.get(conference)?.close();
    this.#floors.delete(conference);
    if (this.#floors.size > 0 || !this.#ticker) return;
    clearInterval(this.#ticker);
    this.#ticker = null;
  }

  #setListener(settings: ListenerSettings): void {
    const { legId } = settings;
    const known = this.#listeners.get(legId);
    const listener =
      known ??
      new Listener(settings, {
        onKey: (key) => this.#report({ type: 'key', legId, key }),
        attend: this.#attend,
      });
    if (settings.conference !== listener.settings.conference) this.#leave(listener);
    listener.settings = settings;
    this.#listeners.set(legId, listener);
    this.#enter(listener);
    if (this.#sending) return;
    this.#sending = true;
    setImmediate(this.#send);
  }

  async #connect({ legId, leg, port }: Extract<WorkerCommand, { type: 'leg' }>): Promise<void> {
    const listener = this.#listeners.get(legId);
    if (!listener) return this.#report({ type: 'leg-failed', legId, message: 'no such listener' });
    try {
      const opened = await listener.connect(leg, port, this.#ports);
      this.#enter(listener);
      this.#report({ type: 'leg', legId, port: opened });
    } catch (error) {
      this.#report({ type: 'leg-failed', legId, message: (error as Error).message });
    }
  }

  #endListener(legId: string): void {
    const listener = this.#listeners.get(legId);
    if (!listener) return;
    this.#listeners.delete(legId);
    this.#leave(listener);
    listener.close();
  }

  #enter(listener: Listener): void {
    const { conference, legId } = listener.settings;
    if (this.#listeners.get(legId) !== listener) return;
    const audience = this.#audiences.get(conference) ?? new Audience(randomStream());
    this.#audiences.set(conference, audience);
    audience.place(listener);
  }

  #leave(listener: Listener): void {
    const { conference } = listener.settings;
    const audience = this.#audiences.get(conference);
    audience?.remove(listener);
    if (audience?.size === 0) this.#audiences.delete(conference);
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const floor of this.#floors.values()) floor.tick(nowMs);
  }

  /** Sends frames as they come, and lets the event loop turn once now and then: that reads what phones have sent. */
  readonly #send = (): void => {
    this.#inbox?.playFor(UNREAD_MS);
    this.#sending = this.#listeners.size > 0;
    if (this.#sending) setImmediate(this.#send);
  };

  /** HOT PATH. Frames do not wait until all phones' packets are read. */
  readonly #attend = (): void => this.#inbox?.playWaiting();

  /** HOT PATH. */
  #spread(frame: AudienceFrame): void {
    for (const { port, bell } of this.#neighbours) {
      port.postMessage(frame);
      ringForFrame(bell);
    }
  }

  /** HOT PATH. */
  #play({ conference, samples, noiseDbov }: AudienceFrame): void {
    this.#audiences.get(conference)?.play(samples, noiseDbov);
  }
}

/** Where an RTP stream begins (RFC 3550, section 5.1). */
function randomStream(): { ssrc: number; sequence: number; timestamp: number } {
  return { ssrc: randomInt(0x7fffffff), sequence: randomInt(0x10000), timestamp: randomInt(0x7fffffff) };
}

const port = parentPort;
if (port) {
  const worker = new MediaWorker(workerData as WorkerOptions, { report: (report) => port.postMessage(report) });
  port.on('message', (command: WorkerCommand) => worker.take(command));
}
