import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { loadAead } from '../../trunk/sodium-aead.ts';
import { sendDescriptors } from '../../udp/descriptors.ts';
import { loadLibc } from '../../udp/libc.ts';
import { openUdp } from '../../udp/open-udp.ts';
import { RelayError } from '../errors.ts';
import { Floors } from '../floors/floors.ts';
import { encodeSuccession, standStill } from '../upgrade/succession.ts';
import { type Doorbell, ring } from './doorbell.ts';
import { warmUpFloor } from './warm-up.ts';
import type { AudienceFrame, FloorCommand, FloorReport, FloorWorkerOptions, FramesWanted } from './worker-messages.ts';

/** The thread that has the floors of all conferences and the trunk. What it mixes for listeners goes to their threads. */

type Way = { readonly port: MessagePort; readonly doorbell: Doorbell };

/** The ways to threads that have listeners, by conference. */
const audiences = new Map<string, Set<Way>>();

function connect(way: Way): void {
  way.port.on('message', ({ conference, wanted }: FramesWanted) => {
    const ways = audiences.get(conference) ?? new Set();
    if (wanted) ways.add(way);
    else ways.delete(way);
    if (ways.size > 0) audiences.set(conference, ways);
    else audiences.delete(conference);
  });
}

/** HOT PATH. */
function play(frame: AudienceFrame): void {
  for (const { port, doorbell } of audiences.get(frame.conference) ?? []) {
    port.postMessage(frame);
    ring(doorbell);
  }
}

const port = parentPort;
if (port) {
  const { trunk } = workerData as FloorWorkerOptions;
  const [aead, udp, libc] = await Promise.all([loadAead(), openUdp({ eventLoop: true }), loadLibc()]);
  const report = (message: FloorReport) => port.postMessage(message);
  const floors = new Floors({ trunk }, { aead, udp, report, play });
  port.on('message', (command: FloorCommand) => {
    if (command.type === 'frames') connect(command);
    else if (command.type === 'begin') void floors.begin(command.taken);
    else if (command.type === 'hand-over') handOver(command.path);
    else floors.take(command);
  });
  /** And does nothing more; what comes meanwhile waits in the sockets. */
  const handOver = (path: string) => {
    if (libc.type !== 'loaded') throw new RelayError('not-handed-over', 'without libc nothing can be handed over');
    floors.handOver((message, fds) => sendDescriptors(libc.libc, path, encodeSuccession(message), fds));
    report({ type: 'handed-over' });
    standStill();
  };
  warmUpFloor(udp);
  report({ type: 'ready' });
}
