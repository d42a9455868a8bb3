import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { openUdp } from '../../../src/udp/open-udp.ts';

/** What the thread tells first. */
export type Opened = { readonly port: number; readonly waker: number | null };
/** What it tells after each poll. */
export type Polled = { readonly packets: number };

/** A thread that does nothing but to wait for packets, a minute at a time, and tells each time that it has waited. */
const udp = await openUdp();
const socket = await udp.open({ host: '127.0.0.1', port: 0 }, () => {});
parentPort?.postMessage({ port: socket.port, waker: udp.waker } satisfies Opened);
parentPort?.once('message', () => {
  throw new Error('told to die');
});
for (;;) {
  parentPort?.postMessage({ packets: udp.poll(60_000) } satisfies Polled);
  await nextTurn();
}
