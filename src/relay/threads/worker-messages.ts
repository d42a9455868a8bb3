import type { MessagePort } from 'node:worker_threads';
import type { RtpDrops } from '../calls/rtp-drops.ts';
import type { CallReport, CallRequest, FloorReport, FloorRequest, TrunkOptions } from '../protocol/media-messages.ts';
import type { SuccessionPart } from '../upgrade/succession.ts';
import type { Doorbell } from './doorbell.ts';

export type MediaWorkerOptions = {
  /** Rung when a command or a frame was sent to the thread. */
  readonly doorbell: Doorbell;
  /** Where it counts packets that it drops. */
  readonly rtpDrops: RtpDrops;
  /** Whether the thread has the floors and the trunk. */
  readonly hasFloors: boolean;
  readonly trunk: TrunkOptions | null;
};

/** From the relay's main thread to a media thread. */
export type MediaCommand =
  /** The first command, and later that for floors: what another process has handed over, if anything. `begun` follows. */
  | { readonly type: 'begin-calls' | 'begin-floors'; readonly taken: readonly SuccessionPart[] }
  /** Hands everything over to the process that listens at this path, floors before calls. `handed-over` follows. */
  | { readonly type: 'hand-over-floors' | 'hand-over-calls'; readonly path: string; readonly thread: number }
  /** To the thread that has the floors: the way to another thread, which says which conferences it has listeners of. */
  | { readonly type: 'frames-to'; readonly port: MessagePort; readonly doorbell: Doorbell }
  /** The way from the thread that has the floors, and its doorbell. */
  | { readonly type: 'frames-from'; readonly port: MessagePort; readonly doorbell: Doorbell }
  | { readonly type: 'floors'; readonly request: FloorRequest }
  | { readonly type: 'calls'; readonly request: CallRequest };

export type FramesWanted = { readonly conference: string; readonly wanted: boolean };

export type WorkerReport =
  | FloorReport
  | CallReport
  /** All that it needs has been loaded. */
  | { type: 'ready'; sockets: 'libc' | 'dgram'; reason: string | null }
  | { type: 'handed-over' };
