import { type AudioFormat, LONGEST_PAYLOAD_BYTES } from './audio-format.ts';
import { conferenceNameBytes } from './conference-index.ts';
import { TrunkError } from './errors.ts';
import { MAX_REDUNDANCY } from './packet-format.ts';

type PastFrame = { format: AudioFormat | null; frameIndex: number; levelDbov: number; readonly payload: Uint8Array };

const pastFrame = (): PastFrame => ({
  format: null,
  frameIndex: 0,
  levelDbov: 0,
  payload: new Uint8Array(LONGEST_PAYLOAD_BYTES),
});

/** The stream of one conference to other nodes: its name, and its last frames, for redundancy. */
export class TrunkStream {
  readonly nameBytes: Uint8Array;
  readonly redundancy: 0 | 1 | 2;
  /** The frame with index i is at i modulo the length. */
  readonly #past: readonly PastFrame[] = Array.from({ length: MAX_REDUNDANCY }, pastFrame);

  /** @throws {TrunkError} `bad-conference-name`, `bad-option` */
  constructor(options: { conference: string; redundancy: 0 | 1 | 2 }) {
    if (![0, 1, 2].includes(options.redundancy)) throw new TrunkError('bad-option', 'redundancy is 0, 1 or 2');
    this.nameBytes = conferenceNameBytes(options.conference);
    this.redundancy = options.redundancy;
  }

  /** @returns how many frames directly before this one can be repeated with it. HOT PATH */
  redundancyAt(frameIndex: number, format: AudioFormat): number {
    const most = Math.min(this.redundancy, format.maxRedundancy);
    for (let distance = 1; distance <= most; distance += 1) {
      const past = this.pastFrame(frameIndex, distance);
      if (past.format !== format || past.frameIndex !== (frameIndex - distance) >>> 0) return distance - 1;
    }
    return most;
  }

  /** The frame so many before this one; only if `redundancyAt` includes it. HOT PATH */
  pastFrame(frameIndex: number, distance: number): PastFrame {
    // 2^32 is a multiple of the length, so that the position follows from the index even where that wraps.
    const past = this.#past[((frameIndex - distance) >>> 0) % MAX_REDUNDANCY];
    if (past === undefined) throw new RangeError('unreachable');
    return past;
  }

  /** Keeps a frame for the next packets. HOT PATH */
  remember(frameIndex: number, format: AudioFormat, levelDbov: number, payload: Uint8Array): void {
    const past = this.pastFrame(frameIndex, 0);
    past.format = format;
    past.frameIndex = frameIndex >>> 0;
    past.levelDbov = levelDbov;
    past.payload.set(payload);
  }
}
