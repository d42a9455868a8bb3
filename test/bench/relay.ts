import { type ChildProcess, fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RelayRequest } from '../../src/relay/protocol.ts';
import { encodeHeaderInto, RTP_HEADER_BYTES } from '../../src/rtp/packet.ts';
import { RelayAlone } from '../kit/relay-alone.ts';
import { cpuSeconds } from './cpu.ts';
import type { PlainLoopOptions } from './plain-udp-loop.ts';
import type { RelayPhonesOptions, RelayPhonesReport } from './relay-phones.ts';
import { average, type Figures, type Result, result } from './result.ts';

const HOST = '127.0.61.1';
const PHONE_HOST = '127.0.61.2';
const ASTERISK_PORT = 19_000;
const FLOOR_PORT = 19_001;
const FIRST_PORT = 20_000;
const CONFERENCE = 'bench';
const FRAME_MS = 20;
const FRAME_SAMPLES = 160;
/** L16 at 8000 Hz, as Asterisk sends it. */
const FLOOR_PAYLOAD_TYPE = 10;
const SETTLE_MS = 2000;

export type RelayParams = { count: number; threads: number; seconds: number; rounds: number };

/** Something that sends each packet of the floor on to all phones. */
type Contender = { pid: number; floorPort: number; stop: () => Promise<void> };

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

async function measure(contender: Contender, { count, seconds }: RelayParams): Promise<Figures> {
  const phones = fork(new URL('./relay-phones.ts', import.meta.url));
  const stopFloor = await startFloor(contender.floorPort);
  try {
    phones.send({
      host: PHONE_HOST,
      firstPort: FIRST_PORT,
      targets: Array.from({ length: count }, (_, index) => ({ host: HOST, port: FIRST_PORT + index })),
    } satisfies RelayPhonesOptions);
    await answer(phones);
    await sleep(SETTLE_MS);
    await phoneReport(phones);
    const startedMs = performance.now();
    const before = cpuSeconds([contender.pid]);
    await sleep(seconds * 1000);
    const used = cpuSeconds([contender.pid]) - before;
    const elapsedSeconds = (performance.now() - startedMs) / 1000;
    const report = await phoneReport(phones);
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
    await end(phones);
    await contender.stop();
  }
}

async function phoneReport(phones: ChildProcess): Promise<RelayPhonesReport> {
  phones.send('report');
  return (await answer(phones)) as RelayPhonesReport;
}

/** @throws if it ends instead, such as when somebody else has one of its ports */
async function answer(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('a process of the bench has ended')));
  ended.catch(() => {});
  const [message] = await Promise.race([once(child, 'message'), ended]);
  return message;
}

/** Sends what Asterisk would: 20 ms of sound at a time. */
async function startFloor(port: number): Promise<() => void> {
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
      socket.send(packet, port, HOST);
    }
    setTimeout(send, dueMs - performance.now());
  };
  send();
  return () => {
    running = false;
    socket.close();
  };
}

async function startPlainLoop({ count }: RelayParams): Promise<Contender> {
  const child = fork(new URL('./plain-udp-loop.ts', import.meta.url));
  const indices = [...Array(count).keys()];
  child.send({
    host: HOST,
    floorPort: FLOOR_PORT,
    ports: indices.map((index) => FIRST_PORT + index),
    phones: indices.map((index) => ({ host: PHONE_HOST, port: FIRST_PORT + index })),
  } satisfies PlainLoopOptions);
  await answer(child);
  return { pid: child.pid as number, floorPort: FLOOR_PORT, stop: () => end(child) };
}

/** It is told of legs that are up already, so that it needs no calls. */
async function startRelay({ count, threads }: RelayParams): Promise<Contender> {
  const ports = { first: FLOOR_PORT, last: FIRST_PORT + count + 1000 };
  const alone = await RelayAlone.start({ address: HOST, ports, threads });
  alone.request(everything(count));
  const { local } = await alone.reported('floor');
  return { pid: alone.pid, floorPort: local.port, stop: () => alone.stop() };
}

function everything(count: number): RelayRequest {
  return {
    type: 'everything',
    peers: [],
    floors: [
      {
        conference: CONFERENCE,
        asterisk: { host: HOST, port: ASTERISK_PORT },
        port: FLOOR_PORT,
        noiseDbov: -60,
        floorNoise: false,
        sampleRateHz: 8000,
        nodes: [],
      },
    ],
    listeners: Array.from({ length: count }, (_, index) => ({
      legId: String(index),
      conference: CONFERENCE,
      volume: 0,
      noise: true,
      leg: {
        port: FIRST_PORT + index,
        remote: { host: PHONE_HOST, port: FIRST_PORT + index },
        asterisk: { host: HOST, port: ASTERISK_PORT },
        codec: 'PCMU' as const,
        payloadType: 0,
        eventPayloadType: 101,
      },
    })),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.kill();
  await exited;
}
