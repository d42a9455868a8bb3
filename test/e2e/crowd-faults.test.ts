import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Call } from '../kit/phone/call.ts';
import { PhoneBank } from '../kit/phone/phone-bank.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { callersAtRelay, HEARD, listen, MOST_GAP_MS, relayPid } from './audience-harness.ts';
import { dialEvenly, missedMs, NO_TRACES, tracesOf, waitForTraces } from './crowd-harness.ts';
import { harness } from './harness.ts';

/** What happens to hundreds of calls at once. */

const lab = harness({
  profile: { idleSeconds: 1 },
  config: { admission: { waitSeconds: 60 } },
});

const LISTENERS = 500;
const PER_SECOND = 100;
const LEVEL_DBOV = -20;
/** One for each speaker. A multiple of 50 Hz, so that none is heard in the place of another. */
const SPEAKERS_HZ = [450, 650, 850, 1050, 1250];
const WITHIN = { timeout: 30_000, interval: 50 };

let crowd: PhoneBank;
beforeEach(async () => {
  // Of so many phones only the last moments are kept.
  crowd = new PhoneBank({ server: lab.node.server, keepAudioMs: 2000 });
  await crowd.start();
});
afterEach(() => crowd.stop());

const speakers = () =>
  Promise.all(
    SPEAKERS_HZ.map((freqHz) =>
      lab.phones.call('4000', { callerNumber: `2${freqHz}`, send: tone(freqHz, LEVEL_DBOV) }),
    ),
  );

/** Listeners who all hear the speakers. */
async function listeners(): Promise<Call[]> {
  const numberOf = (index: number) => String(10_000 + index);
  const dial = (index: number) =>
    crowd.dial('3000', { callerNumber: numberOf(index), send: silence(), answerTimeoutMs: 60_000 });
  const calls = await dialEvenly(LISTENERS, PER_SECOND, dial);
  await Promise.all(calls.map((call) => call.answered));
  return calls;
}

type Stretch = { fromMs: number; toMs: number };
/** The level of the tone that is heard the least of these tones, by any of the calls. */
const faintestDbov = (calls: readonly Call[], freqsHz: readonly number[], stretch: Stretch) =>
  Math.min(...calls.flatMap((call) => freqsHz.map((freqHz) => call.toneLevelDbov(freqHz, stretch))));
const lastMs = (ms: number) => ({ fromMs: performance.now() - ms, toMs: performance.now() });
const everybodyHears = (calls: readonly Call[], freqsHz: readonly number[]) =>
  expect.poll(() => faintestDbov(calls, freqsHz, lastMs(200)), WITHIN).toBeGreaterThan(HEARD.aboveDbov);

const numbersOf = (calls: readonly Call[]) => calls.map(({ callerNumber }) => callerNumber).sort();
const membersOf = async () => (await lab.node.show('3000')).members.map(({ caller }) => caller.number).sort();

describe(`with ${LISTENERS} listeners`, () => {
  it('kill -9 of the relay is over within a second for all of them, and nobody is dropped', async () => {
    const speaking = await speakers();
    const listening = await listeners();
    const everybody = numbersOf([...speaking, ...listening]);
    await everybodyHears(listening, SPEAKERS_HZ);
    const killed = await relayPid(lab.node);
    const allowedMs = await lab.node.relayBackMs();
    for (const call of [...speaking, ...listening]) call.resetStats();
    process.kill(killed, 'SIGKILL');
    const killedMs = performance.now();
    await listen(allowedMs + 200);
    const stretch = { fromMs: killedMs + allowedMs, toMs: killedMs + allowedMs + 200 };
    const gaps = [...speaking, ...listening].map((call) => call.stats().longestGapMs);
    expect(Math.max(...gaps)).toBeLessThan(allowedMs);
    expect(faintestDbov(listening, SPEAKERS_HZ, stretch)).toBeGreaterThan(HEARD.aboveDbov);
    for (const [index, call] of speaking.entries()) {
      expect(faintestDbov([call], SPEAKERS_HZ.toSpliced(index, 1), stretch)).toBeGreaterThan(HEARD.aboveDbov);
    }
    expect(await relayPid(lab.node)).not.toBe(killed);
    for (const call of [...speaking, ...listening]) expect(call.end).toBeNull();
    expect(await membersOf()).toEqual(everybody);
    expect((await callersAtRelay(lab.node)).sort()).toEqual(everybody);
  });

  it('all of them hang up at once: the others lose nothing, and nothing is left of those who went', async () => {
    const speaking = await lab.phones.call('4000', { callerNumber: '200', send: tone(450, LEVEL_DBOV) });
    const staying = await Promise.all(
      ['101', '102', '103'].map((callerNumber) => lab.phones.call('3000', { callerNumber, send: silence() })),
    );
    await Promise.all(staying.map((call) => call.waitForTone(450, HEARD)));
    await expect.poll(async () => (await tracesOf(lab.node)).relayCalls, WITHIN).toBe(4);
    const before = await tracesOf(lab.node);
    const going = await listeners();
    await everybodyHears(going, [450]);
    for (const call of [speaking, ...staying]) call.resetStats();
    const ends = await Promise.all(going.map((call) => call.hangUp()));
    for (const { by } of ends) expect(by).toBe('us');
    await waitForTraces(lab.node, before);
    for (const call of staying) {
      expect(call.stats()).toMatchObject({ lost: 0, late: 0, streams: 1 });
      // What Asterisk itself did not mix in time, those in the bridge miss as well.
      expect(missedMs(call)).toBeLessThanOrEqual(missedMs(speaking) + MOST_GAP_MS);
      await call.waitForToneLevel(450, LEVEL_DBOV);
    }
    expect(await membersOf()).toEqual(numbersOf([speaking, ...staying]));
  });

  it('Asterisk is killed: nothing is left of them, the log says why, and new callers come in and hear', async () => {
    await speakers();
    const listening = await listeners();
    await everybodyHears(listening, SPEAKERS_HZ);
    const logged = (await lab.node.log()).length;
    await lab.node.asterisk.kill('SIGKILL');
    await lab.node.asterisk.stop();
    await lab.node.asterisk.start();
    await lab.node.waitUntilConnected();
    await waitForTraces(lab.node, NO_TRACES);
    expect((await lab.node.log()).slice(logged)).toMatch(
      /the event connection closed; trying again until Asterisk answers/,
    );
    await lab.phones.call('4000', { callerNumber: '200', send: tone(450, LEVEL_DBOV) });
    const listener = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
    await listener.waitForTone(450, HEARD);
    expect(await membersOf()).toEqual(['101', '200']);
  });
});
