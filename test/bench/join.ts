import { setTimeout as sleep } from 'node:timers/promises';
import { silence, tone } from '../kit/phone/sound.ts';
import { type Bench, compare } from './bench.ts';
import type { Contender } from './peer.ts';
import { type Figures, percentile, type Result, result } from './result.ts';

/** How long a caller waits for the speaker's sound before the join counts as failed. */
const JOIN_TIMEOUT_MS = 10_000;

export type JoinParams = { count: number; rate: number; rounds: number };

/** A join storm: how long after the INVITE a caller hears the speaker. */
export async function join(params: JoinParams): Promise<Result> {
  const measured = await compare(params.rounds, (bench, contender) => measure(bench, contender, params));
  return result('join', params, 'firstAudioP95Ms', measured);
}

async function measure(
  { phones }: Bench,
  { listen, speak, caller }: Contender,
  { count, rate }: JoinParams,
): Promise<Figures> {
  await phones.call(speak, { callerNumber: caller('speaker'), send: tone(440, -20), keepAudio: false });
  await sleep(1000);
  const calls = [];
  const startedMs = performance.now();
  for (let index = 0; index < count; index++) {
    const call = phones.dial(listen, { callerNumber: caller(String(index)), send: silence(), keepAudio: false });
    call.answered.catch(() => {});
    calls.push(call);
    await sleep(Math.max(0, startedMs + ((index + 1) * 1000) / rate - performance.now()));
  }
  const deadlineMs = performance.now() + JOIN_TIMEOUT_MS;
  while (calls.some((call) => call.stats().inviteToFirstAudibleMs === null) && performance.now() < deadlineMs)
    await sleep(50);

  const stats = calls.map((call) => call.stats());
  const heard = stats.flatMap(({ inviteToFirstAudibleMs }) =>
    inviteToFirstAudibleMs === null ? [] : [inviteToFirstAudibleMs],
  );
  return {
    firstAudioP50Ms: percentile(heard, 0.5),
    firstAudioP95Ms: percentile(heard, 0.95),
    firstAudioMaxMs: Math.max(...heard),
    failed: count - heard.length,
    lostPackets: stats.reduce((sum, { lost }) => sum + lost, 0),
    latePackets: stats.reduce((sum, { late }) => sum + late, 0),
  };
}
