import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/machine.ts';
import { toneVoice } from '../kit/floor-voices.ts';
import type { HostileKind } from '../kit/hostile/hostile-packets.ts';
import { attack } from '../kit/hostile/hostile-process.ts';
import { meshOf } from '../kit/impairment/mesh.ts';
import { ImpairmentProxy } from '../kit/impairment/udp-proxy.ts';
import { CONFERENCE, TrunkRelays } from '../kit/trunk-relays.ts';
import { TrunkVoice } from '../kit/trunk-voice.ts';
import { cpuSeconds, residentMb } from './cpu.ts';
import { average, type Figures, type Result, result } from './result.ts';

const NODES = { attacked: '127.0.34.1', speaking: '127.0.34.2' };
const OTHER_HOST = '127.0.34.3';
const KINDS: readonly HostileKind[] = ['random', 'mutated', 'replayed', 'truncated', 'header', 'oversized'];
const SETTLE_MS = 1000;
const IDLE_MS = 5000;

export type TrunkHostileParams = { count: number; rate: number; rounds: number };

/** What a relay pays for a packet that it does not take, of each kind, next to one that it takes. */
export async function trunkHostile(params: TrunkHostileParams): Promise<Result> {
  const ours: Figures[] = [];
  const peer: Figures[] = [];
  for (let round = 0; round < params.rounds; round++) {
    const proxy = new ImpairmentProxy({ seed: round });
    try {
      const figures = await measure(proxy, params);
      ours.push(figures.ours);
      peer.push(figures.peer);
    } finally {
      await proxy.stop();
    }
  }
  return result('trunk-hostile', params, 'cpuMicroseconds', { ours: average(ours), peer: average(peer) });
}

async function measure(
  proxy: ImpairmentProxy,
  { count, rate }: TrunkHostileParams,
): Promise<{ ours: Figures; peer: Figures }> {
  const listen = { address: OTHER_HOST, port: await freePort(OTHER_HOST) };
  const relays = await TrunkRelays.start({
    nodes: NODES,
    route: async (trunks) => {
      const mesh = await meshOf(proxy, trunks);
      mesh.link('attacked', 'speaking').handOverTo(listen);
      return (from, to) => mesh.address(from, to);
    },
  });
  const voice = await TrunkVoice.open({ nodeId: 'voice', conference: CONFERENCE, address: OTHER_HOST });
  try {
    const tell = await relays.admit({ nodeId: 'voice', address: null, told: () => {} });
    tell(voice.announcement);
    relays.floor('speaking').voice = toneVoice(400, -20);
    await sleep(SETTLE_MS);
    const { pid } = relays.relay('attacked');
    const idle = await cpuDuring(pid, () => sleep(IDLE_MS));
    const idlePerMs = idle.cpuMicroseconds / idle.tookMs;
    const perPacket = async (run: () => Promise<unknown>) => {
      const { cpuMicroseconds, tookMs } = await cpuDuring(pid, run);
      return (cpuMicroseconds - idlePerMs * tookMs) / count;
    };
    const target = relays.trunk('attacked');
    const peer = { cpuMicroseconds: await perPacket(() => flood(count, rate, (index) => voice.send(index, target))) };
    const ours: Figures = { cpuMicroseconds: 0 };
    const residentBeforeMb = residentMb(pid);
    for (const kind of KINDS) {
      ours[kind] = await perPacket(() => attack({ target, count, packetsPerSecond: rate, kinds: [kind], listen }));
      ours['cpuMicroseconds'] = (ours['cpuMicroseconds'] ?? 0) + (ours[kind] ?? 0) / KINDS.length;
    }
    return { ours: { ...ours, grownMb: residentMb(pid) - residentBeforeMb }, peer };
  } finally {
    await voice.close();
    await relays.stop();
  }
}

async function cpuDuring(
  pid: number,
  run: () => Promise<unknown>,
): Promise<{ cpuMicroseconds: number; tookMs: number }> {
  const startedMs = performance.now();
  const before = cpuSeconds([pid]);
  await run();
  return { cpuMicroseconds: (cpuSeconds([pid]) - before) * 1e6, tookMs: performance.now() - startedMs };
}

/** Sends valid packets, of 20 ms each, at any rate. */
async function flood(count: number, rate: number, send: (index: number) => void): Promise<void> {
  const startedMs = performance.now();
  for (let sent = 0; sent < count; await sleep(1)) {
    for (const due = Math.min(count, ((performance.now() - startedMs) * rate) / 1000); sent < due; sent++) send(sent);
  }
}
