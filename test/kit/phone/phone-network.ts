import { changedImpairment, type Impairment } from '../impairment/impairment.ts';
import { type DirectionState, directionState, planPacket } from '../impairment/planner.ts';
import { Schedule } from '../impairment/schedule.ts';

/** The network between the phones of a bank and the node, in which their RTP is lost, delayed, reordered and copied. */
export class PhoneNetwork {
  readonly #schedule = new Schedule({ nowMs: () => performance.now() });
  readonly #directions: Readonly<Record<'up' | 'down', DirectionState>>;

  /** @param options.seed the same seed does the same to the n-th packet of a direction */
  constructor({ seed }: { readonly seed: number }) {
    this.#directions = { up: directionState({ seed }, 0), down: directionState({ seed }, 1) };
  }

  /**
   * Changes settings of both directions from the next packet on.
   *
   * @throws ImpairmentError `bad-impairment`
   */
  impair(change: Partial<Impairment>): void {
    for (const state of Object.values(this.#directions)) state.impairment = changedImpairment(state.impairment, change);
  }

  /** Delivers a packet at its time, or several times, or never. `up` is towards the node. The bytes may change afterwards. */
  carry(direction: 'up' | 'down', packet: Buffer, deliver: (packet: Buffer) => void): void {
    const nowMs = performance.now();
    for (const { dueMs, bytes } of planPacket(this.#directions[direction], packet, nowMs)) {
      const arriving = dueMs <= nowMs && bytes === packet ? packet : Buffer.from(bytes);
      this.#schedule.add(dueMs, { run: () => deliver(arriving) });
    }
  }

  /** What is on its way is lost. Idempotent. */
  stop(): void {
    this.#schedule.stop();
  }
}
