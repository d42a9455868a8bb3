import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDescriptors } from '../kit/descriptors.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import type { RostrumNode } from '../kit/rostrum-node.ts';
import { type ServerPids, serverPids, settleAudience } from './bench.ts';
import { COMPILED_AFTER_MS, cpuSeconds, machineSeconds, proportionalMb } from './cpu.ts';
import { Crowd, type CrowdCall } from './crowd.ts';
import type { Contender } from './peer.ts';
import type { Figures } from './result.ts';

const JOIN_RATE = 50;
const SETTLE_MS = 2000;
const ANSWER_TIMEOUT_MS = 30_000;

export type AudienceParams = { count: number; packetMs: number; seconds: number };

/** Measures what an audience gets, whose phones send as phones do, and what it costs. The node must be a fresh one. */
export async function measureAudience(
  node: RostrumNode,
  contender: Contender,
  { count, packetMs, seconds }: AudienceParams,
): Promise<Figures> {
  const crowd = await Crowd.start({ server: node.server, packetMs, phones: count + 1 });
  try {
    await bringIn(crowd, contender, 'speaker', 1);
    await sleep(SETTLE_MS);
    const pids = await serverPids(node);
    const empty = heldBy(pids);
    await bringIn(crowd, contender, 'listeners', count);
    await sleep(SETTLE_MS);
    const atRelay = await settleAudience(node);
    await sleep(COMPILED_AFTER_MS);
    const full = heldBy(pids);
    return {
      ...(await measureSteady(crowd, contender, pids, { count, seconds })),
      atRelay,
      asteriskMbPerListener: (full.asteriskMb - empty.asteriskMb) / count,
      relayMbPerListener: (full.relayMb - empty.relayMb) / count,
      controllerMbPerListener: (full.controllerMb - empty.controllerMb) / count,
      asteriskDescriptorsPerListener: (full.asteriskDescriptors - empty.asteriskDescriptors) / count,
      relayDescriptorsPerListener: (full.relayDescriptors - empty.relayDescriptors) / count,
      asteriskMb: full.asteriskMb,
      relayMb: full.relayMb,
      controllerMb: full.controllerMb,
    };
  } finally {
    await crowd.hangUp().catch(() => {});
    await crowd.stop();
  }
}

/** Dials as speaker or listeners at a rate that both contenders manage, and waits for the answers. */
export async function bringIn(
  crowd: Crowd,
  { speak, listen, caller }: Contender,
  group: 'speaker' | 'listeners',
  count: number,
): Promise<void> {
  const isSpeaker = group === 'speaker';
  await crowd.dial({
    group,
    number: isSpeaker ? speak : listen,
    callers: Array.from({ length: count }, (_, index) => caller(isSpeaker ? 'speaker' : String(index))),
    sound: isSpeaker ? tone(440, -20) : silence(),
    rate: JOIN_RATE,
  });
  await crowd.settle(group, ANSWER_TIMEOUT_MS);
}

async function measureSteady(
  crowd: Crowd,
  { name }: Contender,
  pids: ServerPids,
  { count, seconds }: Pick<AudienceParams, 'count' | 'seconds'>,
): Promise<Figures> {
  const { asterisk, ...rostrum } = pids;
  const parts = [[asterisk], Object.values(rostrum), [pids.relay], crowd.pids];
  await crowd.reset('listeners');
  const first = await crowd.report('listeners');
  const startedMs = performance.now();
  const machineBefore = machineSeconds();
  const cpuBefore = parts.map(cpuSeconds);
  await sleep(seconds * 1000);
  const used = parts.map((part, index) => cpuSeconds(part) - (cpuBefore[index] as number));
  const machine = machineSeconds();
  const elapsedSeconds = (performance.now() - startedMs) / 1000;
  const calls = await crowd.report('listeners');
  const [asteriskCpu, rostrumCpu, relayCpu, phonesCpu] = used.map((each) => (each / elapsedSeconds) * 100) as [
    number,
    number,
    number,
    number,
  ];
  // Rostrum idles next to ConfBridge, which does not need it.
  const ownCpu = name === 'ours' ? asteriskCpu + rostrumCpu : asteriskCpu;
  return {
    cpuPercentPer100: (ownCpu / count) * 100,
    asteriskCpuPercent: asteriskCpu,
    rostrumCpuPercent: rostrumCpu,
    relayCpuPercent: relayCpu,
    phonesCpuPercent: phonesCpu,
    // Of the contender and the phones, as a share of all cores.
    benchCpuPercent: (ownCpu + phonesCpu) / availableParallelism(),
    idlePercent: ((machine.idle - machineBefore.idle) / (machine.total - machineBefore.total)) * 100,
    packetsPerSecond: sumOf(calls.map(packetRate), 'perSecond') / count,
    phonesSendPerSecond:
      ((sumOf(calls, 'sent') - sumOf(first, 'sent')) * 1000) / (sumOf(calls, 'countedMs') - sumOf(first, 'countedMs')),
    failed: calls.filter(({ answeredMs, endedMs }) => answeredMs === null || endedMs !== null).length,
    lostPackets: sumOf(calls, 'lost'),
    latePackets: sumOf(calls, 'late'),
    latestMs: Math.max(0, ...calls.map(({ latestMs }) => latestMs)),
  };
}

function packetRate({ received, countedMs }: CrowdCall): { perSecond: number } {
  return { perSecond: countedMs > 0 ? (received * 1000) / countedMs : 0 };
}

/** What the processes have taken. */
export function heldBy({ asterisk, relay, controller }: ServerPids): Held {
  return {
    asteriskMb: proportionalMb(asterisk),
    relayMb: proportionalMb(relay),
    controllerMb: proportionalMb(controller),
    asteriskDescriptors: openDescriptors(asterisk),
    relayDescriptors: openDescriptors(relay),
  };
}

type Held = {
  asteriskMb: number;
  relayMb: number;
  controllerMb: number;
  asteriskDescriptors: number;
  relayDescriptors: number;
};

function sumOf<Key extends string>(values: readonly Record<Key, number>[], key: Key): number {
  return values.reduce((sum, each) => sum + each[key], 0);
}
