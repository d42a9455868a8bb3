import { parentPort, workerData } from 'node:worker_threads';
import { sendDescriptors } from '../../udp/descriptors.ts';
import { type Libc, loadLibc } from '../../udp/libc.ts';
import { openUdp } from '../../udp/open-udp.ts';
import { Calls } from '../calls/calls.ts';
import { Floors } from '../floors/floors.ts';
import { RelayError } from '../protocol/errors.ts';
import type { AudienceFrame } from '../protocol/media-messages.ts';
import { encodeSuccession, standStill } from '../upgrade/succession.ts';
import { ring } from './doorbell.ts';
import { type FrameOutlet, FrameRouter } from './frame-router.ts';
import { MediaLoop } from './media-loop.ts';
import { warmUpAudience, warmUpFloor } from './warm-up.ts';
import type { FramesWanted, MediaCommand, MediaWorkerOptions, WorkerReport } from './worker-messages.ts';

/**
 * A media thread. All of them have calls. The first one also has all floors and the trunk, so that frames reach most
 * listeners without a change of threads.
 */

const port = parentPort;
if (port) {
  const { rtpDrops, doorbell, trunk, hasFloors, takesOver } = workerData as MediaWorkerOptions;
  // The library takes longer to load than all the rest, so a relay without a trunk does without.
  const sodium = hasFloors && trunk !== null ? import('../../trunk/sodium-aead.ts') : null;
  const aeadLoaded = sodium?.then(({ loadAead }) => loadAead()) ?? null;
  const report = (message: WorkerReport) => port.postMessage(message);
  const onQueueRefused = (reason: string) => report({ type: 'queue-refused', reason });
  const [udp, libc, aead] = await Promise.all([openUdp({ onQueueRefused }), loadLibc(), aeadLoaded]);
  /** The source of the floors' frames; null in the thread with the floors. */
  let frames: FrameOutlet | null = null;

  const calls: Calls = new Calls({
    udp,
    drops: rtpDrops,
    report,
    onWanted: (conference, wanted) => {
      if (frames === null) return;
      frames.port.postMessage({ conference, wanted } satisfies FramesWanted);
      ring(frames.doorbell);
    },
  });
  const router = new FrameRouter({
    hasListeners: (conference) => calls.hasListeners(conference),
    play: (frame) => calls.play(frame),
  });
  const play = (frame: AudienceFrame) => {
    router.route(frame);
    if (udp.waker === null) router.flush();
  };
  const floors = hasFloors ? new Floors({ trunk }, { aead, udp, report, play }) : null;
  const loop = new MediaLoop({
    udp,
    doorbell,
    work: {
      dueMs: () => Math.min(calls.dueMs, floors?.dueMs ?? Number.POSITIVE_INFINITY),
      advance: (nowMs) => {
        calls.advance(nowMs);
        floors?.advance(nowMs);
        router.flush();
      },
      tick: (nowMs) => {
        calls.tick(nowMs);
        floors?.tick(nowMs);
      },
    },
  });

  const handle = (command: MediaCommand): void => {
    switch (command.type) {
      case 'calls':
        return calls.handle(command.request);
      case 'floors':
        return floors?.handle(command.request);
      case 'frames-to':
        return loop.listen(command.port, ({ conference, wanted }: FramesWanted) =>
          router.setWanted(command, conference, wanted),
        );
      case 'frames-from':
        frames = command;
        return loop.listen(command.port, (frame: AudienceFrame) => calls.play(frame));
      case 'begin-calls':
        return calls.begin(command.taken);
      case 'begin-floors':
        return void floors?.begin(command.taken);
      case 'hand-over-floors':
        floors?.handOver((message, fds) => sendDescriptors(loaded(), command.path, encodeSuccession(message), fds));
        router.flush();
        return report({ type: 'handed-over' });
      case 'hand-over-calls':
        calls.handOver(loaded(), command);
        report({ type: 'handed-over' });
        return standStill();
    }
  };
  const loaded = (): Libc => {
    if (libc.type === 'loaded') return libc.libc;
    throw new RelayError('not-handed-over', 'this relay runs without libc, so it cannot hand over its sockets');
  };

  if (takesOver) warmUpAudience();
  if (takesOver && hasFloors) warmUpFloor(udp);
  loop.run(port, handle);
  report({ type: 'ready', sockets: udp.driver, reason: udp.fallbackReason });
}
