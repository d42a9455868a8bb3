import { describe, expect, it } from 'vitest';
import type { CrowdCall } from '../../bench/crowd.ts';
import { figuresOfCallers, figuresOfListeners } from '../../bench/storm-figures.ts';

function call(differences: Partial<CrowdCall> = {}): CrowdCall {
  return {
    invitedMs: 0,
    answeredMs: 10,
    endedMs: null,
    firstAudibleMs: 40,
    countedMs: 10_000,
    sent: 0,
    received: 500,
    lost: 0,
    late: 0,
    latestMs: 5,
    delays: [],
    process: 0,
    ...differences,
  };
}

const noStalls = { machineStalls: [], phonesStalls: [[], []] };

describe('listeners who are in already', () => {
  it('have lost what the clock misses, or what the sequence numbers do, whichever is more', () => {
    const calls = [call({ received: 400, lost: 30 }), call({ received: 500, lost: 7 }), call({ received: 498 })];
    expect(figuresOfListeners(calls, 20, noStalls)).toMatchObject({
      alreadyLostPackets: 107,
      alreadyLostBySequence: 37,
    });
  });

  it('are excused for stalls of the machine, and of the process that their phone is in', () => {
    const delays = [{ dueMs: 0, atMs: 300 }];
    const late = (process: number) => [call({ latestMs: 300, delays, process })];
    const stalls = {
      machineStalls: [{ fromMs: 0, toMs: 100 }],
      phonesStalls: [[{ fromMs: 50, toMs: 150 }], []],
    };
    expect(figuresOfListeners(late(0), 20, stalls)).toMatchObject({
      alreadyLatestMs: 150,
      alreadyLatestWithStallsMs: 300,
    });
    expect(figuresOfListeners(late(1), 20, stalls)).toMatchObject({
      alreadyLatestMs: 200,
      stallTotalMs: 100,
      stallWorstMs: 100,
      phonesStallWorstMs: 100,
    });
  });
});

describe('callers of a storm', () => {
  const figures = (calls: CrowdCall[], receivedBefore = 0) =>
    figuresOfCallers(
      calls.map((each) => ({ ...each, received: receivedBefore, countedMs: 0 })),
      calls,
      20,
    );

  it('are timed from the answer to the first sound', () => {
    const calls = [call({ answeredMs: 100, firstAudibleMs: 130 }), call({ answeredMs: 100, firstAudibleMs: 90 })];
    expect(figures(calls)).toMatchObject({ firstAudioP50Ms: 30, firstAudioP95Ms: 30, answerP95Ms: 100 });
  });

  it('have failed without an answer, and were dropped when their call ended behind it', () => {
    const calls = [
      call(),
      call({ answeredMs: null, firstAudibleMs: null, received: 0 }),
      call({ answeredMs: null, firstAudibleMs: null, endedMs: 50, received: 0 }),
      call({ endedMs: 50, received: 0 }),
    ];
    expect(figures(calls)).toMatchObject({ failed: 2, dropped: 1, deaf: 0, neverHeard: 0 });
  });

  it('are deaf with less than 95 of 100 packets, and have never heard without a sound', () => {
    const calls = [call({ received: 1000 }), call({ received: 974 }), call({ received: 975, firstAudibleMs: null })];
    expect(figures(calls, 500)).toMatchObject({ deaf: 1, neverHeard: 1 });
  });
});
