import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { loadAead } from '../trunk/sodium-aead.ts';
import { openUdp } from '../udp/open-udp.ts';
import { type Bell, ringForFrame, takesFrames } from './bell.ts';
import { Floors } from './floors.ts';
import { MediaPorts } from './media-socket.ts';
import type { AudienceFrame, FloorCommand, FloorReport, FloorWorkerOptions } from './worker-messages.ts';

/** The thread that has the floors of all conferences and the trunk. What it mixes for listeners goes to their threads. */

const audiences: { readonly port: MessagePort; readonly bell: Bell }[] = [];

/** HOT PATH. */
function play(frame: AudienceFrame): void {
  for (const { port, bell } of audiences) {
    if (!takesFrames(bell)) continue;
    port.postMessage(frame);
    ringForFrame(bell);
  }
}

const port = parentPort;
if (port) {
  const options = workerData as FloorWorkerOptions;
  const aead = await loadAead();
  const udp = await openUdp({ eventLoop: true });
  // Asterisk is on this host.
  const host = options.bindAddress === '0.0.0.0' ? '127.0.0.1' : options.bindAddress;
  const report = (message: FloorReport) => port.postMessage(message);
  const { trunk } = options;
  const floors = new Floors({ host, ports: new MediaPorts(options), trunk }, { aead, udp, report, play });
  port.on('message', (command: FloorCommand) => {
    if (command.type === 'audience') audiences.push(command);
    else floors.take(command);
  });
}
