import type { MessagePort } from 'node:worker_threads';
import type { AudienceFrame } from '../protocol/media-messages.ts';
import { type Doorbell, ring } from './doorbell.ts';

/** The port and the doorbell of another thread. */
export type FrameOutlet = { readonly port: MessagePort; readonly doorbell: Doorbell };

export type FrameRouterDeps = {
  /** Whether this thread has listeners of the conference. */
  hasListeners: (conference: string) => boolean;
  /** Sends a frame to the listeners of this thread. */
  play: (frame: AudienceFrame) => void;
};

/** Brings the frames of floors to the threads that have listeners. */
export class FrameRouter {
  readonly #deps: FrameRouterDeps;
  readonly #outlets = new Map<string, Set<FrameOutlet>>();
  #waiting: AudienceFrame[] = [];

  constructor(deps: FrameRouterDeps) {
    this.#deps = deps;
  }

  /** A thread has its first listener of a conference, or none left. */
  setWanted(outlet: FrameOutlet, conference: string, wanted: boolean): void {
    const outlets = this.#outlets.get(conference) ?? new Set();
    if (wanted) outlets.add(outlet);
    else outlets.delete(outlet);
    if (outlets.size > 0) this.#outlets.set(conference, outlets);
    else this.#outlets.delete(conference);
  }

  /** HOT PATH. The samples may be changed as soon as it returns. */
  route(frame: AudienceFrame): void {
    const { conference } = frame;
    for (const { port, doorbell } of this.#outlets.get(conference) ?? []) {
      port.postMessage(frame);
      ring(doorbell);
    }
    // A packet is being handled here. Playing at once would delay the packets of speakers.
    if (this.#deps.hasListeners(conference)) this.#waiting.push({ ...frame, samples: frame.samples.slice() });
  }

  /** HOT PATH. Plays the frames that wait for listeners of this thread. */
  flush(): void {
    while (this.#waiting.length > 0) {
      const frames = this.#waiting;
      this.#waiting = [];
      for (const frame of frames) this.#deps.play(frame);
    }
  }
}
