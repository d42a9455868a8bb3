import { type Bell, COMMANDS, RINGS, takeFrames } from './bell.ts';
import type { AudienceFrame } from './worker-messages.ts';

export type FrameInboxDeps = {
  /** The next frame that was sent here, if there is one. */
  receive: () => AudienceFrame | null;
  play: (frame: AudienceFrame) => void;
};

/**
 * Where the frames of the floors' thread arrive in one that has listeners. They can be taken out at any time: also while
 * the thread sleeps outside its event loop, and between two packets of phones.
 */
export class FrameInbox {
  readonly #bell: Bell;
  readonly #deps: FrameInboxDeps;
  #rings = 0;
  #commands = 0;

  constructor(bell: Bell, deps: FrameInboxDeps) {
    this.#bell = bell;
    this.#deps = deps;
  }

  /** Frames are sent here from now on. */
  open(): void {
    takeFrames(this.#bell, true);
  }

  /** None are sent any more; the last ones go nowhere. */
  close(): void {
    takeFrames(this.#bell, false);
    while (this.#deps.receive()) {}
  }

  /** HOT PATH. Plays what has come; costs next to nothing if that is nothing. */
  playWaiting(): void {
    const rings = Atomics.load(this.#bell, RINGS);
    if (rings === this.#rings) return;
    // First, as what comes meanwhile rings again.
    this.#rings = rings;
    for (let frame = this.#deps.receive(); frame; frame = this.#deps.receive()) this.#deps.play(frame);
  }

  /** Plays what comes for so long, or until a command is there, which the event loop will read. The thread sleeps meanwhile. */
  playFor(durationMs: number): void {
    const endMs = performance.now() + durationMs;
    for (;;) {
      this.playWaiting();
      const commands = Atomics.load(this.#bell, COMMANDS);
      const leftMs = endMs - performance.now();
      if (commands !== this.#commands || leftMs <= 0) {
        this.#commands = commands;
        return;
      }
      Atomics.wait(this.#bell, RINGS, this.#rings, leftMs);
    }
  }
}
