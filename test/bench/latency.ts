import { setTimeout as sleep } from 'node:timers/promises';
import type { Call } from '../kit/phone/call.ts';
import { measureLatency } from '../kit/phone/latency.ts';
import type { PhoneBank } from '../kit/phone/phone-bank.ts';
import { bursts, silence } from '../kit/phone/sound.ts';
import { compare } from './bench.ts';
import type { Contender } from './peer.ts';
import { type Figures, percentile, type Result, result } from './result.ts';

/** Each speaker's share of the time. */
const TURN_MS = 500;

export type LatencyParams = { listeners: number; speakers: number; bursts: number; rounds: number };

/** Mouth to ear: from when the speaker's phone sends a sound to when a listener's phone has it. */
export async function latency(params: LatencyParams): Promise<Result> {
  const measured = await compare(params.rounds, ({ phones }, contender) =>
    measureMouthToEar({ ...contender, listeners: phones, speakers: phones }, params),
  );
  return result('latency', params, 'latencyP50Ms', measured);
}

/** The phones of both sides, and what each dials. */
export type Line = { listeners: PhoneBank; speakers: PhoneBank } & Pick<Contender, 'listen' | 'speak' | 'caller'>;

/** Has speakers make sounds in turn, and all listeners hear them. */
export async function measureMouthToEar(line: Line, params: Omit<LatencyParams, 'rounds'>): Promise<Figures> {
  const calls: Call[] = [];
  for (let index = 0; index < params.listeners; index++) {
    calls.push(await line.listeners.call(line.listen, { callerNumber: line.caller(String(index)), send: silence() }));
  }
  // Where a speaker's packets fall between two ticks of the mixer is chance, and fixed for the call. Many phones take
  // turns in time, so that all cases are among them; they speak one after the other, so that it is clear who is heard.
  const speakers: Call[] = [];
  for (let index = 0; index < params.speakers; index++) {
    speakers.push(
      await line.speakers.call(line.speak, { callerNumber: line.caller(`speaker${index}`), send: silence() }),
    );
  }
  for (const speaker of speakers) {
    speaker.send(bursts({ everyMs: TURN_MS * params.speakers }));
    await sleep(TURN_MS);
  }
  const pairs = speakers.flatMap((speaker) => calls.map((call) => [speaker, call] as const));
  const latencies = (
    await Promise.all(
      pairs.map(([speaker, call]) =>
        measureLatency(speaker, call, { bursts: params.bursts, maxLatencyMs: TURN_MS / 2 }),
      ),
    )
  ).flat();
  const stats = calls.map((call) => call.stats());
  return {
    latencyP50Ms: percentile(latencies, 0.5),
    latencyP95Ms: percentile(latencies, 0.95),
    burstsHeard: latencies.length,
    lostPackets: stats.reduce((sum, { lost }) => sum + lost, 0),
    latePackets: stats.reduce((sum, { late }) => sum + late, 0),
  };
}
