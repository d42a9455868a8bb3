import { randomInt } from 'node:crypto';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { Aead } from '../trunk/aead.ts';
import { loadAead } from '../trunk/sodium-aead.ts';
import { Audience } from './audience.ts';
import { Floors } from './floors.ts';
import { Listener } from './listener.ts';
import { MediaPorts } from './media-socket.ts';
import type { AudienceFrame, ListenerSettings, WorkerCommand, WorkerOptions, WorkerReport } from './worker-messages.ts';

/** A thread of the relay that does nothing but media. */
class MediaWorker {
  readonly #ports: MediaPorts;
  readonly #report: (report: WorkerReport) => void;
  readonly #floors: Floors | null;
  readonly #listeners = new Map<string, Listener>();
  readonly #audiences = new Map<string, Audience>();
  readonly #neighbours: MessagePort[] = [];

  constructor(options: WorkerOptions, deps: { aead: Aead; report: (report: WorkerReport) => void }) {
    const { aead, report } = deps;
    const ports = new MediaPorts(options);
    this.#ports = ports;
    this.#report = report;
    // Asterisk is on this host.
    const host = options.bindAddress === '0.0.0.0' ? '127.0.0.1' : options.bindAddress;
    this.#floors = options.hasFloors
      ? new Floors({ host, ports, trunk: options.trunk }, { aead, report, play: (frame) => this.#spread(frame) })
      : null;
  }

  take(command: WorkerCommand): void {
    switch (command.type) {
      case 'listener':
        return this.#setListener(command.listener);
      case 'leg':
        return void this.#connect(command);
      case 'end-listener':
        return this.#endListener(command.legId);
      case 'neighbour':
        this.#neighbours.push(command.port);
        return;
      case 'source':
        command.port.on('message', (frame: AudienceFrame) => this.#play(frame));
        return;
      default:
        return this.#floors?.take(command);
    }
  }

  #setListener(settings: ListenerSettings): void {
    const { legId } = settings;
    const known = this.#listeners.get(legId);
    const listener = known ?? new Listener(settings, { onKey: (key) => this.#report({ type: 'key', legId, key }) });
    if (settings.conference !== listener.settings.conference) this.#leave(listener);
    listener.settings = settings;
    this.#listeners.set(legId, listener);
    this.#enter(listener);
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

  /** HOT PATH. */
  #spread(frame: AudienceFrame): void {
    for (const port of this.#neighbours) port.postMessage(frame);
    this.#play(frame);
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
  const aead = await loadAead();
  const worker = new MediaWorker(workerData as WorkerOptions, { aead, report: (report) => port.postMessage(report) });
  port.on('message', (command: WorkerCommand) => worker.take(command));
}
