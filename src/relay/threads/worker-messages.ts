import type { MessagePort } from 'node:worker_threads';
import type { RtpDrops } from '../calls/rtp-drops.ts';
import type { CallReport, CallRequest, FloorReport, FloorRequest, TrunkOptions } from '../protocol/media-messages.ts';
import type { SuccessionPart } from '../upgrade/succession.ts';
import type { Doorbell } from './doorbell.ts';

export type MediaWorkerOptions = {
  /** Rung when a command or a frame was sent to the thread. */
  readonly doorbell: Doorbell;
  readonly rtpDrops: RtpDrops;
  /** Whether the thread has the floors and the trunk. */
  readonly hasFloors: boolean;
  readonly takesOver: boolean;
  readonly trunk: TrunkOptions | null;
};

/** From the relay's main thread to a media thread. */
export type MediaCommand =
  /** The first command, and later the one for floors: the state of another process, if any. `begun` follows. */
  | { readonly type: 'begin-calls' | 'begin-floors'; readonly taken: readonly SuccessionPart[] }
  /** Hands everything over to the process that listens at this path, floors before calls. `handed-over` follows. */
  | { readonly type: 'hand-over-floors' | 'hand-over-calls'; readonly path: string; readonly thread: number }
  /** Tells the thread with the floors how to reach another thread, which reports its wanted conferences. */
  | { readonly type: 'frames-to'; readonly port: MessagePort; readonly doorbell: Doorbell }
  /** The port and the doorbell of the thread with the floors. */
  | { readonly type: 'frames-from'; readonly port: MessagePort; readonly doorbell: Doorbell }
  | { readonly type: 'floors'; readonly request: FloorRequest }
  | { readonly type: 'calls'; readonly request: CallRequest };

export type FramesWanted = { readonly conference: string; readonly wanted: boolean };

export type WorkerReport =
  | FloorReport
  | CallReport
  /** The thread has loaded everything. */
  | { type: 'ready'; sockets: 'libc' | 'dgram'; reason: string | null }
  /** The kernel sends each packet by itself for a minute. */
  | { type: 'queue-refused'; reason: string }
  | { type: 'handed-over' };
