import { randomInt } from 'node:crypto';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Audience } from './audience.ts';
import { FrameInbox } from './frame-inbox.ts';
import { Listener } from './listener.ts';
import { MediaPorts } from './media-socket.ts';
import type { RtpDrops } from './rtp-drops.ts';
import type {
  AudienceCommand,
  AudienceFrame,
  AudienceReport,
  AudienceWorkerOptions,
  ListenerSettings,
} from './worker-messages.ts';

/**
 * How long a thread with listeners leaves their phones' packets unread. Nobody hears them, and a key may wait that long;
 * but each would wake the thread, and reading several from a socket in a row costs little more than reading one.
 */
const UNREAD_MS = 60;

/**
 * A thread that has listeners and does nothing else. It sends the frames of the floors as they come, and waits for them
 * outside of its event loop.
 */
class AudienceWorker {
  readonly #ports: MediaPorts;
  readonly #drops: RtpDrops;
  readonly #report: (report: AudienceReport) => void;
  readonly #listeners = new Map<string, Listener>();
  readonly #audiences = new Map<string, Audience>();
  #inbox: FrameInbox | null = null;
  #sending = false;

  constructor(options: AudienceWorkerOptions, deps: { report: (report: AudienceReport) => void }) {
    this.#ports = new MediaPorts(options);
    this.#drops = options.rtpDrops;
    this.#report = deps.report;
  }

  take(command: AudienceCommand): void {
    switch (command.type) {
      case 'listener':
        return this.#setListener(command.listener);
      case 'leg':
        return void this.#connect(command);
      case 'end-listener':
        return this.#endListener(command.legId);
      case 'source':
        this.#inbox = new FrameInbox(command.bell, {
          receive: () => receiveMessageOnPort(command.port)?.message ?? null,
          play: (frame) => this.#play(frame),
        });
        return;
    }
  }

  #setListener(settings: ListenerSettings): void {
    const { legId } = settings;
    const known = this.#listeners.get(legId);
    const listener =
      known ??
      new Listener(settings, {
        onKey: (key) => this.#report({ type: 'key', legId, key }),
        attend: this.#attend,
        drops: this.#drops,
      });
    if (settings.conference !== listener.settings.conference) this.#leave(listener);
    listener.settings = settings;
    this.#listeners.set(legId, listener);
    this.#enter(listener);
    if (this.#sending) return;
    this.#sending = true;
    this.#inbox?.open();
    setImmediate(this.#send);
  }

  async #connect({ legId, leg, port }: Extract<AudienceCommand, { type: 'leg' }>): Promise<void> {
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

  /** Sends frames as they come, and lets the event loop turn once now and then: that reads what phones have sent. */
  readonly #send = (): void => {
    this.#inbox?.playFor(UNREAD_MS);
    this.#sending = this.#listeners.size > 0;
    if (this.#sending) setImmediate(this.#send);
    else this.#inbox?.close();
  };

  /** HOT PATH. Frames do not wait until all phones' packets are read. */
  readonly #attend = (): void => this.#inbox?.playWaiting();

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
  const worker = new AudienceWorker(workerData as AudienceWorkerOptions, {
    report: (report) => port.postMessage(report),
  });
  port.on('message', (command: AudienceCommand) => worker.take(command));
}
