import type { CrowdCall } from './crowd.ts';
import { type Figures, percentile } from './result.ts';
import { latenessWithoutStalls, mergeStalls, type Stall, sumUpStalls } from './stall-watch.ts';

const LEAST_OF_PACKETS = 0.95;

/** What the storm did to the listeners who were in already. */
export function figuresOfListeners(
  calls: readonly CrowdCall[],
  packetMs: number,
  { machineStalls, phonesStalls }: { machineStalls: Stall[]; phonesStalls: Stall[][] },
): Figures {
  const stallsOfProcess = phonesStalls.map((own) => mergeStalls([...machineStalls, ...own]));
  const latest = calls.map(({ latestMs, delays, process }) => {
    if (delays.length === 0) return latestMs;
    return Math.max(...delays.map((delay) => latenessWithoutStalls(delay, stallsOfProcess[process] ?? [])));
  });
  const machine = sumUpStalls(machineStalls);
  const phones = phonesStalls.map(sumUpStalls);
  return {
    alreadyLostPackets: sum(calls.map((call) => Math.max(missingByClock(call, packetMs), call.lost))),
    alreadyLostBySequence: sum(calls.map(({ lost }) => lost)),
    alreadyLatestMs: Math.max(0, ...latest),
    alreadyLatestWithStallsMs: Math.max(0, ...calls.map(({ latestMs }) => latestMs)),
    alreadyDropped: calls.filter(({ endedMs }) => endedMs !== null).length,
    stallTotalMs: machine.totalMs,
    stallWorstMs: machine.worstMs,
    phonesStallTotalMs: Math.max(...phones.map(({ totalMs }) => totalMs)),
    phonesStallWorstMs: Math.max(...phones.map(({ worstMs }) => worstMs)),
  };
}

/** A packet may be on its way at either end. */
function missingByClock({ received, countedMs }: CrowdCall, packetMs: number): number {
  const missing = Math.floor(countedMs / packetMs) - received;
  return missing > 2 ? missing : 0;
}

/** How the callers fared. `earlier` and `calls` are two reports of the same calls; between the two nobody may be deaf. */
export function figuresOfCallers(
  earlier: readonly CrowdCall[],
  calls: readonly CrowdCall[],
  packetMs: number,
): Figures {
  const answered = calls.flatMap((call) =>
    call.answeredMs === null ? [] : [{ ...call, answeredMs: call.answeredMs }],
  );
  const heard = answered.flatMap(({ answeredMs, firstAudibleMs }) =>
    firstAudibleMs === null ? [] : [Math.max(0, firstAudibleMs - answeredMs)],
  );
  const answers = answered.map(({ answeredMs, invitedMs }) => answeredMs - invitedMs);
  const stayed = calls.flatMap((call, index) => {
    const before = earlier[index];
    return before === undefined || call.answeredMs === null || call.endedMs !== null
      ? []
      : [((call.received - before.received) * packetMs) / (call.countedMs - before.countedMs)];
  });
  return {
    firstAudioP50Ms: percentile(heard, 0.5),
    firstAudioP95Ms: percentile(heard, 0.95),
    answerP50Ms: percentile(answers, 0.5),
    answerP95Ms: percentile(answers, 0.95),
    failed: calls.length - answered.length,
    dropped: answered.filter(({ endedMs }) => endedMs !== null).length,
    deaf: stayed.filter((part) => part < LEAST_OF_PACKETS).length,
    neverHeard: answered.length - heard.length,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}
