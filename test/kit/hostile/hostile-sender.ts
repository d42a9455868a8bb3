import { createSocket, type Socket } from 'node:dgram';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { type Endpoint, isLoopback } from '../loopback.ts';
import { boundSocket, closeSocket } from '../sip/udp.ts';
import { HostileError } from './errors.ts';
import { HOSTILE_KINDS, type HostileKind, type HostileSource, nextHostilePacket } from './hostile-packets.ts';
import { kernelDrops } from './kernel-drops.ts';

export interface HostileSendOptions {
  readonly target: Endpoint;
  readonly count: number;
  /** 0 sends as fast as possible. */
  readonly packetsPerSecond: number;
  /** Sockets to send from in turn, as receivers may keep something per source. */
  readonly sockets: number;
}

export interface HostileReport {
  /** Packets given to the kernel without an error. */
  readonly sent: number;
  readonly sendErrors: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly packetsPerSecond: number;
  /** Dropped as the target did not read fast enough; null when nothing listens there, or the system does not tell. */
  readonly droppedByKernel: number | null;
  readonly byKind: Readonly<Record<HostileKind, number>>;
}

/** Sent without looking after other things. */
const BATCH = 64;
/** Not yet taken by the kernel; bounds the memory when it is slower than we are. */
const MAX_IN_FLIGHT = 1024;
const PAUSE_MS = 1;
const SEND_BUFFER_BYTES = 4 * 1024 * 1024;

/**
 * Sends hostile packets, until all are sent or the signal aborts.
 *
 * @throws HostileError `not-loopback`, before anything is sent
 */
export async function sendHostile(
  source: HostileSource,
  options: HostileSendOptions,
  signal?: AbortSignal,
): Promise<HostileReport> {
  const { target, count, packetsPerSecond } = options;
  if (!isLoopback(target.address)) throw new HostileError({ code: 'not-loopback', address: target.address });
  const sockets = await openSockets(options.sockets);
  try {
    const byKind = Object.fromEntries(HOSTILE_KINDS.map((kind) => [kind, 0])) as Record<HostileKind, number>;
    const dropsBefore = await kernelDrops(target);
    let made = 0;
    let bytes = 0;
    let done = 0;
    let sendErrors = 0;
    const onSent = (error: Error | null): void => {
      done++;
      if (error) sendErrors++;
    };
    const startMs = performance.now();
    while (made < count && !signal?.aborted) {
      const dueByNow = packetsPerSecond === 0 ? count : ((performance.now() - startMs) * packetsPerSecond) / 1000;
      const until = Math.min(count, made + BATCH, Math.ceil(dueByNow), done + MAX_IN_FLIGHT);
      if (until <= made && made - done < MAX_IN_FLIGHT) await sleep(PAUSE_MS);
      else await nextTurn();
      for (; made < until; made++) {
        const packet = nextHostilePacket(source);
        byKind[packet.kind]++;
        bytes += packet.bytes.length;
        sockets[made % sockets.length]?.send(packet.bytes, target.port, target.address, onSent);
      }
    }
    while (done < made) await nextTurn();
    const seconds = (performance.now() - startMs) / 1000;
    const drops = await kernelDrops(target);
    return {
      sent: made - sendErrors,
      sendErrors,
      bytes,
      seconds,
      packetsPerSecond: made / seconds,
      droppedByKernel: drops === null || dropsBefore === null ? null : drops - dropsBefore,
      byKind,
    };
  } finally {
    await Promise.all(sockets.map(closeSocket));
  }
}

async function openSockets(count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () =>
    createSocket({
      type: 'udp4',
      sendBufferSize: SEND_BUFFER_BYTES,
      lookup: (address, _options, callback) => callback(null, address, 4),
    }),
  );
  await Promise.all(sockets.map((socket) => boundSocket(socket, { address: '127.0.0.1', port: 0 })));
  return sockets;
}
