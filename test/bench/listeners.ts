import { setTimeout as sleep } from 'node:timers/promises';
import { silence, tone } from '../kit/phone/sound.ts';
import { type Bench, compare, serverPids, settleAudience } from './bench.ts';
import { cpuSeconds, residentMb } from './cpu.ts';
import type { Contender } from './peer.ts';
import { type Figures, type Result, result } from './result.ts';

const JOIN_RATE = 50;
const SETTLE_MS = 2000;

export type ListenersParams = { count: number; ptime: number; seconds: number; rounds: number };

/** What an audience costs: CPU of Asterisk and Rostrum for each 100 listeners whose phones send, as phones do. */
export async function listeners(params: ListenersParams): Promise<Result> {
  const { rounds, ptime: ptimeMs } = params;
  const measured = await compare({ rounds, ptimeMs }, (bench, contender) => measure(bench, contender, params));
  return result('listeners', params, 'cpuPercentPer100', measured);
}

async function measure(
  bench: Bench,
  { listen, speak }: Contender,
  { count, seconds }: ListenersParams,
): Promise<Figures> {
  const { node, phones } = bench;
  await phones.call(speak, { callerNumber: 'speaker', send: tone(440, -20), keepAudio: false });
  const joining = [];
  for (let index = 0; index < count; index++) {
    joining.push(phones.call(listen, { callerNumber: String(index), send: silence(), keepAudio: false }));
    await sleep(1000 / JOIN_RATE);
  }
  const calls = await Promise.all(joining);
  await sleep(SETTLE_MS);
  const atRelay = await settleAudience(bench);

  const pids = await serverPids(bench);
  for (const call of calls) call.resetStats();
  const startedMs = performance.now();
  const before = cpuSeconds(pids);
  const rostrumBefore = cpuSeconds(pids.slice(1));
  await sleep(seconds * 1000);
  const elapsedSeconds = (performance.now() - startedMs) / 1000;
  const cpuPercent = ((cpuSeconds(pids) - before) / elapsedSeconds) * 100;
  const stats = calls.map((call) => call.stats());
  return {
    cpuPercentPer100: (cpuPercent / count) * 100,
    rostrumCpuPercent: ((cpuSeconds(pids.slice(1)) - rostrumBefore) / elapsedSeconds) * 100,
    asteriskMb: residentMb(node.asterisk.pid),
    controllerMb: residentMb(await node.controllerPid()),
    atRelay,
    packetsPerSecond: stats.reduce((sum, { received }) => sum + received, 0) / elapsedSeconds / count,
    lostPackets: stats.reduce((sum, { lost }) => sum + lost, 0),
    latePackets: stats.reduce((sum, { late }) => sum + late, 0),
  };
}
