import { setTimeout as sleep } from 'node:timers/promises';
import { silence } from '../kit/phone/sound.ts';
import type { RostrumNode } from '../kit/rostrum-node.ts';
import { bringIn, heldBy } from './audience.ts';
import { countedCalls, inTurns, serverPids, settleAudience, withNode } from './bench.ts';
import { machineSeconds } from './cpu.ts';
import { Crowd } from './crowd.ts';
import type { Contender } from './peer.ts';
import { type Figures, type Result, result } from './result.ts';
import { StallClock } from './stall-clock.ts';
import { figuresOfCallers, figuresOfListeners } from './storm-figures.ts';
import { startKeys } from './storm-keys.ts';

/** Calls that ConfBridge carries on two cores next to their phones. With more it is saturated, and would not end. */
const MOST_OF_PEER = 400;
const SETTLE_MS = 2000;
/** The time before the end in which deaf callers are counted. */
const LAST_MS = 10_000;
const LEAVE_TIMEOUT_MS = 60_000;
const LOOK_EVERY_MS = 250;
/** An empty conference does not keep its own channels for long. */
const PROFILE = { idleSeconds: 1 };

export type StormParams = {
  already: number;
  count: number;
  rate: number;
  packetMs: number;
  seconds: number;
  rounds: number;
  /** Callers of the peer's storm; 0 for as many as it carries. */
  peerCount: number;
  keys: boolean;
};

/**
 * Measures a crowd that calls at once: how the callers fare, and what the listeners notice who are in already. ConfBridge
 * gets calls at the same rate, but only as many phones as it carries, in the same proportion.
 */
export async function storm(params: StormParams): Promise<Result> {
  const scaled = scaleForPeer(params);
  const measured = await inTurns(params.rounds, (contender) =>
    withNode({ packetMs: params.packetMs, profile: PROFILE }, (node) =>
      measure(node, contender, contender.name === 'ours' ? params : { ...params, ...scaled }),
    ),
  );
  const shown = { ...params, peerAlready: scaled.already, peerCount: scaled.count };
  return result('storm', shown, 'firstAudioP95Ms', measured);
}

function scaleForPeer({ already, count, peerCount }: StormParams): Pick<StormParams, 'already' | 'count'> {
  const scale = peerCount > 0 ? peerCount / count : Math.min(1, MOST_OF_PEER / (already + count));
  return { already: Math.max(1, Math.round(already * scale)), count: Math.max(1, Math.round(count * scale)) };
}

async function measure(node: RostrumNode, contender: Contender, params: StormParams): Promise<Figures> {
  const { already, count, packetMs, keys } = params;
  const crowd = await Crowd.start({ server: node.server, packetMs, phones: already + count + 1 });
  const clock = await StallClock.start();
  try {
    await bringIn(crowd, contender, 'speaker', 1);
    await bringIn(crowd, contender, 'listeners', already);
    await sleep(SETTLE_MS);
    await settleAudience(node);
    const traffic = keys ? await startKeys({ node, contender, crowd, group: 'listeners', count: already }) : null;
    let figures: Figures = {};
    try {
      figures = await runStorm(crowd, clock, contender, params);
    } finally {
      figures = { ...figures, ...(await traffic?.stop()) };
    }
    const known = await countedCalls(node);
    const held = heldBy(await serverPids(node));
    return { ...figures, ...known, ...held, leaveSeconds: await leave(node, crowd) };
  } finally {
    await clock.stop();
    await crowd.hangUp().catch(() => {});
    await crowd.stop();
  }
}

/** The storm, and the time after it. */
async function runStorm(
  crowd: Crowd,
  clock: StallClock,
  { listen, caller }: Contender,
  { count, rate, packetMs, seconds }: StormParams,
): Promise<Figures> {
  await crowd.stalls();
  await clock.take();
  const machineBefore = machineSeconds();
  await crowd.reset('listeners');
  const callers = Array.from({ length: count }, (_, index) => caller(`storm${index}`));
  await crowd.dial({ group: 'storm', number: listen, callers, sound: silence(), rate });
  await sleep(Math.max(0, seconds * 1000 - LAST_MS));
  const earlier = await crowd.report('storm');
  await sleep(Math.min(seconds * 1000, LAST_MS));
  const callersThen = await crowd.report('storm');
  const listenersThen = await crowd.report('listeners');
  const machine = machineSeconds();
  const stalls = { machineStalls: await clock.take(), phonesStalls: await crowd.stalls() };
  return {
    ...figuresOfListeners(listenersThen, packetMs, stalls),
    ...figuresOfCallers(earlier, callersThen, packetMs),
    idlePercent: ((machine.idle - machineBefore.idle) / (machine.total - machineBefore.total)) * 100,
  };
}

/** Everybody hangs up. Returns the seconds until Asterisk has no channel left; NaN if it keeps one. */
async function leave(node: RostrumNode, crowd: Crowd): Promise<number> {
  const startMs = performance.now();
  const hungUp = crowd.hangUp();
  let seconds = Number.NaN;
  while (Number.isNaN(seconds) && performance.now() - startMs < LEAVE_TIMEOUT_MS) {
    await sleep(LOOK_EVERY_MS);
    const channels = await node.asterisk.cli('core show channels count').catch(() => '');
    if (/^0 active channels/m.test(channels)) seconds = (performance.now() - startMs) / 1000;
  }
  await hungUp;
  return seconds;
}
