import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { loadAead } from '../trunk/sodium-aead.ts';
import { openUdp } from '../udp/open-udp.ts';
import { Floors } from './floors.ts';
import type { AudienceFrame, FloorCommand, FloorReport, FloorWorkerOptions, FramesWanted } from './worker-messages.ts';

/** The thread that has the floors of all conferences and the trunk. What it mixes for listeners goes to their threads. */

/** The ways to threads that have listeners, by conference. */
const audiences = new Map<string, Set<MessagePort>>();

function connect(port: MessagePort): void {
  port.on('message', ({ conference, wanted }: FramesWanted) => {
    const ports = audiences.get(conference) ?? new Set();
    if (wanted) ports.add(port);
    else ports.delete(port);
    if (ports.size > 0) audiences.set(conference, ports);
    else audiences.delete(conference);
  });
}

/** HOT PATH. */
function play(frame: AudienceFrame): void {
  const ports = audiences.get(frame.conference);
  if (ports) for (const port of ports) port.postMessage(frame);
}

const port = parentPort;
if (port) {
  const { trunk } = workerData as FloorWorkerOptions;
  const [aead, udp] = await Promise.all([loadAead(), openUdp({ eventLoop: true })]);
  const report = (message: FloorReport) => port.postMessage(message);
  const floors = new Floors({ trunk }, { aead, udp, report, play });
  port.on('message', (command: FloorCommand) => {
    if (command.type === 'frames') connect(command.port);
    else floors.take(command);
  });
}
