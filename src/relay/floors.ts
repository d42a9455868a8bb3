import type { JitterBufferStats } from '../audio/jitter-buffer.ts';
import type { Aead } from '../trunk/aead.ts';
import type { ReceivedFrame } from '../trunk/received-frame.ts';
import type { KeyAnnouncement } from '../trunk/trunk-peer.ts';
import { Floor } from './floor.ts';
import type { MediaPorts } from './media-socket.ts';
import type { AnnouncementText, FloorWish, TrunkStatsReport } from './protocol.ts';
import { SharedConference } from './shared-conference.ts';
import { Trunk } from './trunk.ts';
import type { AudienceFrame, FloorCommand, TrunkOptions, WorkerReport } from './worker-messages.ts';

/** Floors look this often whether a frame is missing. */
const TICK_MS = 5;
const STATS_EVERY_MS = 2000;

export type FloorsOptions = {
  /** Where Asterisk is to send to. */
  host: string;
  ports: MediaPorts;
  trunk: TrunkOptions | null;
};
export type FloorsDeps = {
  aead: Aead;
  /** Receives 20 ms for an audience; they must be used before the next ones. */
  play: (frame: AudienceFrame) => void;
  report: (report: WorkerReport) => void;
};

type Entry = { readonly floor: Floor; readonly shared: SharedConference | null };

/** The floors of all conferences of this node, and the trunk that links them with those of other nodes. */
export class Floors {
  readonly #options: FloorsOptions;
  readonly #deps: FloorsDeps;
  readonly #floors = new Map<string, Entry>();
  readonly #trunk: Trunk | null;
  readonly #timers: NodeJS.Timeout[];

  constructor(options: FloorsOptions, deps: FloorsDeps) {
    const { report, aead } = deps;
    this.#options = options;
    this.#deps = deps;
    this.#timers = [setInterval(() => this.#tick(), TICK_MS)];
    this.#trunk =
      options.trunk &&
      new Trunk(options.trunk, {
        aead,
        onFrame: (frame, nowMs) => this.#received(frame, nowMs),
        onAnnounce: (to, announcement) => report({ type: 'announce', to, announcement: textOf(announcement) }),
      });
    if (!this.#trunk) return;
    this.#trunk.start().catch((error: Error) => report({ type: 'trunk-failed', message: error.message }));
    this.#timers.push(setInterval(() => this.#reportTrunk(), STATS_EVERY_MS));
  }

  /** What another node says may be wrong; that must not end the sound of all. */
  take(command: FloorCommand): void {
    try {
      this.#take(command);
    } catch (error) {
      this.#deps.report({ type: 'trunk-problem', message: (error as Error).message });
    }
  }

  #take(command: FloorCommand): void {
    switch (command.type) {
      case 'floor':
        return this.#set(command.floor);
      case 'end-floor':
        return this.#end(command.conference);
      case 'peers':
        return this.#trunk?.setPeers(command.peers);
      case 'announce-to':
        return this.#trunk?.announceTo(command.nodeId);
      case 'peer-key':
        return this.#installKey(command);
      case 'key-acknowledged':
        return this.#trunk?.acknowledged(command.nodeId, command.epoch);
    }
  }

  #installKey({ nodeId, announcement }: Extract<FloorCommand, { type: 'peer-key' }>): void {
    this.#trunk?.installKey(nodeId, announcementOf(announcement));
    this.#deps.report({ type: 'key-installed', nodeId, epoch: announcement.epoch });
  }

  #set(wish: FloorWish): void {
    const { conference } = wish;
    const known = this.#floors.get(conference);
    if (known) return known.floor.change(wish);
    const { play, report } = this.#deps;
    const { host, ports, trunk } = this.#options;
    const shared = trunk && new SharedConference(conference, trunk);
    const floor = new Floor(
      wish,
      {
        play: (samples, noiseDbov) => play({ conference, samples, noiseDbov }),
        share: (samples, nodes) => this.#share(shared, samples, nodes),
      },
      performance.now(),
    );
    this.#floors.set(conference, { floor, shared });
    this.#trunk?.open(conference);
    floor.open(ports, host).then(
      (local) => report({ type: 'floor', conference, local }),
      (error: Error) => {
        this.#floors.delete(conference);
        report({ type: 'floor-failed', conference, message: error.message });
      },
    );
  }

  #end(conference: string): void {
    this.#floors.get(conference)?.floor.close();
    this.#floors.delete(conference);
    this.#trunk?.close(conference);
  }

  /** HOT PATH. */
  #share(shared: SharedConference | null, samples: Int16Array, nodes: readonly string[]): void {
    const frame = shared?.next(samples);
    if (shared && frame) this.#trunk?.send(shared.stream, frame, nodes);
  }

  /** HOT PATH. */
  #received(frame: ReceivedFrame, nowMs: number): void {
    this.#floors.get(frame.conference)?.floor.remote.push(frame, nowMs);
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const { floor } of this.#floors.values()) floor.tick(nowMs);
  }

  #reportTrunk(): void {
    if (!this.#trunk) return;
    const { accepted, ...stats } = this.#trunk.stats;
    const nodes: TrunkStatsReport['nodes'] = {};
    for (const [nodeId, packets] of Object.entries(accepted)) {
      const sources = [...this.#floors.values()].flatMap(({ floor }) => floor.remote.stats().get(nodeId) ?? []);
      nodes[nodeId] = { packets, ...sumOf(sources) };
    }
    this.#deps.report({ type: 'trunk', stats: { ...stats, nodes } });
  }
}

function sumOf(sources: readonly JitterBufferStats[]): Omit<TrunkStatsReport['nodes'][string], 'packets'> {
  const sum = (of: (stats: JitterBufferStats) => number) => sources.reduce((total, stats) => total + of(stats), 0);
  return {
    frames: sum(({ received }) => received),
    late: sum(({ late }) => late),
    concealed: sum(({ concealed }) => concealed),
    delayMs: Math.max(0, ...sources.map(({ delayMs }) => delayMs)),
  };
}

function textOf({ epoch, key, fromCounter }: KeyAnnouncement): AnnouncementText {
  return { epoch, key: Buffer.from(key).toString('base64'), fromCounter };
}

function announcementOf({ epoch, key, fromCounter }: AnnouncementText): KeyAnnouncement {
  return { epoch, key: new Uint8Array(Buffer.from(key, 'base64')), fromCounter };
}
