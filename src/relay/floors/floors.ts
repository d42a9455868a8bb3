import { equals } from '../../base/equals.ts';
import type { ReceivedFrame } from '../../trunk/received-frame.ts';
import type { Aead } from '../../trunk/sodium-aead.ts';
import type { KeyAnnouncement } from '../../trunk/trunk-peer.ts';
import type { Udp } from '../../udp/udp.ts';
import type { AudienceFrame, FloorReport, FloorRequest, TrunkOptions } from '../protocol/media-messages.ts';
import type { AnnouncementText, FloorSpec, TrunkStatsReport } from '../protocol/protocol.ts';
import {
  decodeSuccession,
  type FloorState,
  type SuccessionMessage,
  type SuccessionPart,
  type TrunkPlace,
} from '../upgrade/succession.ts';
import { Floor, type FloorDeps } from './floor.ts';
import { addCounts, type FrameCounts, NO_FRAMES } from './remote-sources.ts';
import { Trunk } from './trunk.ts';
import { TrunkFeed } from './trunk-feed.ts';

const STATS_EVERY_MS = 2000;
/** A message to a successor has room for this many, each with the names of a thousand nodes. */
const FLOORS_PER_MESSAGE = 4;

export type FloorsOptions = { trunk: TrunkOptions | null };
export type FloorsDeps = {
  /** Needed for a trunk. */
  aead: Aead | null;
  udp: Udp;
  /** Receives 20 ms for an audience, which are valid until the next call. */
  play: (frame: AudienceFrame) => void;
  report: (report: FloorReport) => void;
};

type Entry = { readonly floor: Floor; readonly feed: TrunkFeed | null };

/** The floors of all conferences of this node, and the trunk that links them with those of other nodes. */
export class Floors {
  readonly #options: FloorsOptions;
  readonly #deps: FloorsDeps;
  readonly #floors = new Map<string, Entry>();
  readonly #trunk: Trunk | null;
  /** The frames of conferences that have ended, by node. Bounded by the known nodes, see `#reportTrunk`. */
  readonly #past = new Map<string, FrameCounts>();
  /** No floor is due before this time. */
  #dueMs = Number.POSITIVE_INFINITY;
  #reportedAtMs = performance.now();

  constructor(options: FloorsOptions, deps: FloorsDeps) {
    const { report, aead, udp } = deps;
    this.#options = options;
    this.#deps = deps;
    this.#trunk =
      options.trunk &&
      aead &&
      new Trunk(options.trunk, {
        aead,
        udp,
        onFrame: (frame, nowMs) => this.#received(frame, nowMs),
        onAnnounce: (to, announcement) => report({ type: 'announce', to, announcement: textOf(announcement) }),
      });
  }

  /** Opens the trunk. Continues the floors that another process has handed over, if any. */
  async begin(taken: readonly SuccessionPart[]): Promise<void> {
    let trunkDescriptors: readonly number[] = [];
    for (const { text, descriptors } of taken) {
      const message = decodeSuccession(text);
      if (message.type === 'floors') {
        await Promise.all(
          message.floors.map(({ spec, header }, index) => this.#create(spec, header).open(descriptors[index])),
        );
      } else if (message.type === 'trunk') {
        if (equals(message.place, placeOf(this.#options.trunk))) trunkDescriptors = descriptors;
        else await this.#closeAll(descriptors);
      }
    }
    const { report } = this.#deps;
    await this.#trunk
      ?.start(trunkDescriptors)
      .catch((error: Error) => report({ type: 'trunk-failed', message: error.message }));
    report({ type: 'begun' });
  }

  /** HOT PATH. The latest time at which `advance` must be called. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** HOT PATH. Advances each floor. */
  advance(nowMs: number): void {
    if (nowMs < this.#dueMs) return;
    this.#dueMs = Number.POSITIVE_INFINITY;
    for (const { floor } of this.#floors.values()) {
      floor.advance(nowMs);
      this.#wakeAt(floor.dueMs);
    }
  }

  /** Must be called a few times per second. */
  tick(nowMs: number): void {
    if (!this.#trunk) return;
    this.#trunk.tick(nowMs);
    if (nowMs - this.#reportedAtMs < STATS_EVERY_MS) return;
    this.#reportedAtMs = nowMs;
    this.#reportTrunk(this.#trunk);
  }

  /** Sends another process all that it needs to continue, and stops. Packets wait in the sockets meanwhile. */
  handOver(send: (message: SuccessionMessage, descriptors: readonly number[]) => void): void {
    const estates = [...this.#floors.values()].map(({ floor }) => floor.handOver()).filter((estate) => estate !== null);
    for (let at = 0; at < estates.length; at += FLOORS_PER_MESSAGE) {
      const some = estates.slice(at, at + FLOORS_PER_MESSAGE);
      const descriptors = some.map(({ descriptor }) => descriptor);
      send({ type: 'floors', floors: some.map(({ state }) => state) }, descriptors);
    }
    const place = placeOf(this.#options.trunk);
    if (this.#trunk && place) send({ type: 'trunk', place }, this.#trunk.descriptors);
    for (const { floor } of this.#floors.values()) floor.close();
    this.#trunk?.stop();
    this.#floors.clear();
  }

  /** The configuration has changed: these sockets are no longer needed. */
  async #closeAll(descriptors: readonly number[]): Promise<void> {
    for (const descriptor of descriptors) {
      const socket = await this.#deps.udp.open({ host: '0.0.0.0', port: 0, descriptor }, () => {});
      socket.close();
    }
  }

  /** Data from another node may be wrong, which must not stop the audio of all. */
  handle(request: FloorRequest): void {
    try {
      this.#handle(request);
    } catch (error) {
      this.#deps.report({ type: 'trunk-problem', message: (error as Error).message });
    }
  }

  #handle(request: FloorRequest): void {
    switch (request.type) {
      case 'floor':
        return this.#set(request.floor);
      case 'end-floor':
        return this.#end(request.conference);
      case 'peers':
        return this.#trunk?.setPeers(request.peers);
      case 'announce-to':
        return this.#trunk?.announceTo(request.nodeId);
      case 'peer-key':
        return this.#install(request.nodeId, request.announcement);
      case 'key-acknowledged':
        return this.#trunk?.acknowledged(request.nodeId, request.epoch);
    }
  }

  #install(nodeId: string, announcement: AnnouncementText): void {
    if (!this.#trunk) return;
    this.#trunk.installKey(nodeId, announcementOf(announcement));
    this.#deps.report({ type: 'key-installed', nodeId, epoch: announcement.epoch });
  }

  #set(spec: FloorSpec): void {
    const { conference, sampleRateHz } = spec;
    const known = this.#floors.get(conference);
    if (known?.floor.sampleRateHz === sampleRateHz) return known.floor.change(spec);
    // The profile was edited, and the controller has restarted since.
    if (known) this.#end(conference);
    const { report } = this.#deps;
    const floor = this.#create(spec);
    floor.open().then(
      (local) => report({ type: 'floor', conference, local }),
      (error: Error) => {
        if (this.#floors.get(conference)?.floor === floor) this.#end(conference);
        report({ type: 'floor-failed', conference, message: error.message });
      },
    );
  }

  #create(spec: FloorSpec, header?: FloorState['header']): Floor {
    const { conference, sampleRateHz } = spec;
    const { play, udp } = this.#deps;
    const { trunk } = this.#options;
    const feed = trunk && new TrunkFeed(conference, { ...trunk, sampleRateHz });
    const deps: FloorDeps = {
      udp,
      play: (samples, noiseDbov) => play({ conference, samples, sampleRateHz, noiseDbov }),
      share: (samples, nodes) => this.#share(feed, samples, nodes),
      wakeAt: this.#wakeAt,
    };
    const floor = new Floor(spec, deps, performance.now(), header);
    this.#floors.set(conference, { floor, feed });
    this.#wakeAt(floor.dueMs);
    this.#trunk?.conferences.add(conference);
    return floor;
  }

  #end(conference: string): void {
    const floor = this.#floors.get(conference)?.floor;
    floor?.close();
    for (const [nodeId, counts] of floor?.remote.counts() ?? []) {
      this.#past.set(nodeId, addCounts(this.#past.get(nodeId), counts));
    }
    this.#floors.delete(conference);
    this.#trunk?.conferences.remove(conference);
  }

  /** HOT PATH. */
  #share(feed: TrunkFeed | null, samples: Int16Array, nodes: readonly string[]): void {
    const frame = feed?.next(samples);
    if (feed && frame) this.#trunk?.send(feed.stream, frame, nodes);
  }

  /** HOT PATH. */
  #received(frame: ReceivedFrame, nowMs: number): void {
    this.#floors.get(frame.conference)?.floor.remote.push(frame, nowMs);
  }

  /** HOT PATH. */
  readonly #wakeAt = (atMs: number): void => {
    if (atMs < this.#dueMs) this.#dueMs = atMs;
  };

  #reportTrunk(trunk: Trunk): void {
    const { accepted, ...stats } = trunk.stats;
    const nodes: TrunkStatsReport['nodes'] = {};
    for (const nodeId of this.#past.keys()) if (accepted[nodeId] === undefined) this.#past.delete(nodeId);
    const remotes = [...this.#floors.values()].map(({ floor }) => floor.remote);
    const counts = [this.#past, ...remotes.map((remote) => remote.counts())];
    const delays = remotes.map((remote) => remote.stats());
    for (const [nodeId, packets] of Object.entries(accepted)) {
      const frames = counts.reduce((sum, each) => addCounts(sum, each.get(nodeId)), NO_FRAMES);
      const delayMs = Math.max(0, ...delays.map((each) => each.get(nodeId)?.delayMs ?? 0));
      nodes[nodeId] = { packets, ...frames, delayMs };
    }
    this.#deps.report({ type: 'trunk', stats: { ...stats, nodes } });
  }
}

function placeOf(trunk: TrunkOptions | null): TrunkPlace | null {
  return trunk && { bind: trunk.bind, multicast: trunk.multicast };
}

function textOf({ epoch, key, fromCounter }: KeyAnnouncement): AnnouncementText {
  return { epoch, key: Buffer.from(key).toString('base64'), fromCounter };
}

function announcementOf({ epoch, key, fromCounter }: AnnouncementText): KeyAnnouncement {
  return { epoch, key: new Uint8Array(Buffer.from(key, 'base64')), fromCounter };
}
