import { type ChildProcess, fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RtpAddress } from '../../src/relay/protocol/protocol.ts';
import { encodeHeaderInto, RTP_HEADER_BYTES } from '../../src/rtp/packet.ts';
import { COMPILED_AFTER_MS, cpuSeconds } from './cpu.ts';
import type { PlainLoopOptions } from './plain-udp-loop.ts';
import {
  ASTERISK_PORT,
  FLOOR_PORT,
  HOST,
  PHONE_HOST,
  portOf,
  type RelayContender,
  type RelayContenderParams,
  startRelay,
} from './relay-contender.ts';
import type { RelayPhonesOptions, RelayPhonesReport } from './relay-phones.ts';
import { average, type Figures, type Result, result } from './result.ts';

/** One process of phones carries more; with fewer in each the phones are certainly not what is late. */
const PHONES_PER_PROCESS = 500;
const FRAME_MS = 20;
const FRAME_SAMPLES = 160;
/** L16 at 8000 Hz, as Asterisk sends it. */
const FLOOR_PAYLOAD_TYPE = 10;

export type RelayParams = RelayContenderParams & { seconds: number; rounds: number };

/** What the relay alone costs: its CPU for each 100 phones, next to a plain loop with as many UDP sockets. */
export async function relay(params: RelayParams): Promise<Result> {
  const ours: Figures[] = [];
  const peer: Figures[] = [];
  for (let round = 0; round < params.rounds; round++) {
    // In turns, so that a slow spell of the machine hits both.
    for (const first of round % 2 === 0 ? [true, false] : [false, true]) {
      if (first) peer.push(await measure(await startPlainLoop(params), params));
      else ours.push(await measure(await startRelay(params), params));
    }
  }
  return result('relay', params, 'cpuPercentPer100', { ours: average(ours), peer: average(peer) });
}

async function measure(contender: RelayContender, { count, seconds }: RelayParams): Promise<Figures> {
  const phones: ChildProcess[] = [];
  const stopFloor = await startFloor(contender.floor);
  try {
    for (let first = 0; first < count; first += PHONES_PER_PROCESS) {
      phones.push(await startPhones(first, Math.min(PHONES_PER_PROCESS, count - first)));
    }
    await sleep(COMPILED_AFTER_MS);
    await reportOf(phones);
    const startedMs = performance.now();
    const before = cpuSeconds([contender.pid]);
    await sleep(seconds * 1000);
    const used = cpuSeconds([contender.pid]) - before;
    const elapsedSeconds = (performance.now() - startedMs) / 1000;
    const report = await reportOf(phones);
    return {
      cpuPercentPer100: ((used / elapsedSeconds) * 100 * 100) / count,
      packetsPerSecond: report.received / elapsedSeconds / count,
      fewestPerSecond: report.fewest / elapsedSeconds,
      lostPackets: report.lost,
      latePackets: report.late,
      longestGapMs: report.longestGapMs,
    };
  } finally {
    stopFloor();
    await Promise.all(phones.map(end));
    await contender.stop();
  }
}

/** Phones that have the places from `first` on. */
async function startPhones(first: number, count: number): Promise<ChildProcess> {
  const phones = fork(new URL('./relay-phones.ts', import.meta.url));
  phones.send({
    host: PHONE_HOST,
    ports: Array.from({ length: count }, (_, index) => portOf(first + index)),
    target: HOST,
  } satisfies RelayPhonesOptions);
  await answer(phones);
  return phones;
}

/** Of all processes together. */
async function reportOf(phones: readonly ChildProcess[]): Promise<RelayPhonesReport> {
  const reports = await Promise.all(
    phones.map((child) => {
      child.send('report');
      return answer(child) as Promise<RelayPhonesReport>;
    }),
  );
  return {
    received: reports.reduce((sum, { received }) => sum + received, 0),
    lost: reports.reduce((sum, { lost }) => sum + lost, 0),
    fewest: Math.min(...reports.map(({ fewest }) => fewest)),
    late: reports.reduce((sum, { late }) => sum + late, 0),
    longestGapMs: Math.max(...reports.map(({ longestGapMs }) => longestGapMs)),
  };
}

/** @throws if it ends instead, such as when somebody else has one of its ports */
async function answer(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('a process of the bench has ended')));
  ended.catch(() => {});
  const [message] = await Promise.race([once(child, 'message'), ended]);
  return message;
}

/** Sends what Asterisk would: 20 ms of sound at a time. */
async function startFloor({ host, port }: RtpAddress): Promise<() => void> {
  const socket = createSocket('udp4');
  socket.bind(ASTERISK_PORT, HOST);
  await once(socket, 'listening');
  const packet = Buffer.alloc(RTP_HEADER_BYTES + 2 * FRAME_SAMPLES);
  const header = { payloadType: FLOOR_PAYLOAD_TYPE, marker: false, sequence: 0, timestamp: 0, ssrc: 1 };
  let running = true;
  let dueMs = performance.now();
  const send = () => {
    if (!running) return;
    for (; dueMs <= performance.now(); dueMs += FRAME_MS) {
      header.sequence = (header.sequence + 1) & 0xffff;
      header.timestamp += FRAME_SAMPLES;
      encodeHeaderInto(packet, header);
      socket.send(packet, port, host);
    }
    setTimeout(send, dueMs - performance.now());
  };
  send();
  return () => {
    running = false;
    socket.close();
  };
}

async function startPlainLoop({ count }: RelayParams): Promise<RelayContender> {
  const child = fork(new URL('./plain-udp-loop.ts', import.meta.url));
  const indices = [...Array(count).keys()];
  child.send({
    host: HOST,
    floorPort: FLOOR_PORT,
    ports: indices.map((index) => portOf(index)),
    phones: indices.map((index) => ({ host: PHONE_HOST, port: portOf(index) })),
  } satisfies PlainLoopOptions);
  await answer(child);
  return { pid: child.pid as number, floor: { host: HOST, port: FLOOR_PORT }, stop: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.kill();
  await exited;
}
