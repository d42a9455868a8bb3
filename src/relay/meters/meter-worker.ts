import { type AddressInfo, createServer, type Socket } from 'node:net';
import { parentPort } from 'node:worker_threads';
import { BoundedMap } from '../../base/bounded-map.ts';
import { MOST_METERS } from '../protocol/protocol.ts';
import { AudioSocketReader } from './audio-socket.ts';
import { LevelMeter } from './level-meter.ts';
import type { MeterReport } from './meter-thread.ts';

/** Asterisk is on this host, and only it may connect. */
const HOST = '127.0.0.1';
/** The interval at which changed levels are reported. One meter has at most some ten changes per second. */
const TICK_MS = 20;
/** A connection that is silent for so long is closed: Asterisk sends 50 times per second. */
const SILENT_FOR_MS = 5000;
/** Asterisk names the meter at once. Of connections that have named none, the oldest are closed. */
const MOST_UNNAMED = 64;

/** The thread that measures how loud speakers are: Asterisk connects once for each. */
class MeterWorker {
  readonly #report: (report: MeterReport) => void;
  readonly #server = createServer({ noDelay: true }, (socket) => this.#connected(socket));
  /** By the id that Asterisk sends first. Bounded by the server's limit of connections. */
  readonly #meters = new Map<string, { meter: LevelMeter; socket: Socket }>();
  /** Ids with which Asterisk is about to connect, each once. */
  readonly #expected = new BoundedMap<string, true>(MOST_METERS);
  readonly #unnamed = new Set<Socket>();
  #timer: NodeJS.Timeout | null = null;

  constructor(deps: { report: (report: MeterReport) => void }) {
    this.#report = deps.report;
    this.#server.maxConnections = MOST_METERS + MOST_UNNAMED;
  }

  start(): void {
    this.#server.listen(0, HOST, () => {
      const { port } = this.#server.address() as AddressInfo;
      this.#report({ type: 'meters', address: { host: HOST, port } });
    });
  }

  expect(id: string): void {
    this.#expected.set(id, true);
  }

  /** Reports all levels again. */
  restate(): void {
    for (const { meter } of this.#meters.values()) meter.forget();
  }

  #connected(socket: Socket): void {
    const meter = new LevelMeter();
    let id: string | null = null;
    this.#unnamed.add(socket);
    if (this.#unnamed.size > MOST_UNNAMED) this.#unnamed.values().next().value?.destroy();
    const reader = new AudioSocketReader({
      onId: (uuid) => {
        // A connection has one meter.
        if (id !== null) return;
        if (!this.#expected.delete(uuid)) return void socket.destroy();
        this.#unnamed.delete(socket);
        id = uuid;
        this.#meters.get(uuid)?.socket.destroy();
        this.#meters.set(uuid, { meter, socket });
        this.#timer ??= setInterval(() => this.#reportLevels(), TICK_MS);
      },
      onAudio: (samples, count) => meter.push(samples, count),
    });
    socket.on('data', (chunk) => {
      if (!reader.push(chunk)) socket.destroy();
    });
    socket.on('error', () => {});
    socket.setTimeout(SILENT_FOR_MS, () => socket.destroy());
    socket.on('close', () => {
      this.#unnamed.delete(socket);
      if (id !== null && this.#meters.get(id)?.socket === socket) this.#meters.delete(id);
      if (this.#meters.size > 0 || !this.#timer) return;
      clearInterval(this.#timer);
      this.#timer = null;
    });
  }

  #reportLevels(): void {
    const nowMs = performance.now();
    const levels: { meter: string; levelDbov: number }[] = [];
    for (const [id, { meter }] of this.#meters) {
      const levelDbov = meter.news(nowMs);
      if (levelDbov !== null) levels.push({ meter: id, levelDbov });
    }
    if (levels.length > 0) this.#report({ type: 'levels', levels });
  }
}

const port = parentPort;
if (port) {
  const worker = new MeterWorker({ report: (report) => port.postMessage(report) });
  port.on('message', (message: 'restate' | { expect: string }) =>
    message === 'restate' ? worker.restate() : worker.expect(message.expect),
  );
  worker.start();
}
