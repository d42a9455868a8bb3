import { setTimeout as sleep } from 'node:timers/promises';
import { toneVoice } from '../kit/floor-voices.ts';
import { CONFERENCE, TrunkRelays } from '../kit/trunk-relays.ts';
import { TrunkVoice } from '../kit/trunk-voice.ts';
import { cpuSeconds, residentMb } from './cpu.ts';
import { average, type Figures, type Result, result } from './result.ts';

const RELAY_HOST = '127.0.33.1';
const VOICES_HOST = '127.0.33.2';
const FRAME_MS = 20;
const SLICE_MS = 1;
const SETTLE_MS = 3000;

export type TrunkNodesParams = { nodes: number; few: number; seconds: number; rounds: number };

/** What a relay pays for other nodes that all speak: one that grows with more than their number would have a ratio above 1. */
export async function trunkNodes(params: TrunkNodesParams): Promise<Result> {
  const ours: Figures[] = [];
  const peer: Figures[] = [];
  for (let round = 0; round < params.rounds; round++) {
    for (const many of round % 2 === 0 ? [true, false] : [false, true]) {
      if (many) ours.push(await measure(params.nodes, params.seconds));
      else peer.push(await measure(params.few, params.seconds));
    }
  }
  return result('trunk-nodes', params, 'cpuPercentPerNode', { ours: average(ours), peer: average(peer) });
}

/** The relay's own floor speaks too, so that it sends to each of them. */
async function measure(nodes: number, seconds: number): Promise<Figures> {
  const relays = await TrunkRelays.start({ nodes: { relay: RELAY_HOST } });
  const voices: TrunkVoice[] = [];
  let stopTalking = () => {};
  try {
    for (let index = 0; index < nodes; index++) {
      const nodeId = `node${index}`;
      const voice = await TrunkVoice.open({ nodeId, conference: CONFERENCE, address: VOICES_HOST });
      voices.push(voice);
      const tell = await relays.admit({ nodeId, address: voice.address, told: () => {} });
      tell(voice.announcement);
    }
    relays.floor('relay').voice = toneVoice(400, -20);
    stopTalking = talk(voices, relays);
    await sleep(SETTLE_MS);
    const { pid } = relays.relay('relay');
    const before = await relays.stats('relay');
    const startedMs = performance.now();
    const cpuBefore = cpuSeconds([pid]);
    await sleep(seconds * 1000);
    const cpuPercent = ((cpuSeconds([pid]) - cpuBefore) / (performance.now() - startedMs)) * 100_000;
    const after = await relays.stats('relay');
    const sum = (of: 'packets' | 'concealed') =>
      Object.keys(after.nodes).reduce(
        (total, name) => total + (after.nodes[name]?.[of] ?? 0) - (before.nodes[name]?.[of] ?? 0),
        0,
      );
    return {
      cpuPercentPerNode: cpuPercent / nodes,
      cpuPercent,
      residentMb: residentMb(pid),
      packetsReceived: sum('packets'),
      packetsSent: after.sent - before.sent,
      concealed: sum('concealed'),
    };
  } finally {
    stopTalking();
    await Promise.all(voices.map((voice) => voice.close()));
    await relays.stop();
  }
}

/** Nodes send one after the other, as if each had begun at another time. */
function talk(voices: readonly TrunkVoice[], relays: TrunkRelays): () => void {
  const target = relays.trunk('relay');
  const startMs = performance.now();
  const slices = FRAME_MS / SLICE_MS;
  let slice = 0;
  const timer = setInterval(() => {
    for (const due = (performance.now() - startMs) / SLICE_MS; slice < due; slice++) {
      for (let index = slice % slices; index < voices.length; index += slices) {
        voices[index]?.send(Math.floor(slice / slices), target);
      }
    }
  }, SLICE_MS);
  return () => clearInterval(timer);
}
