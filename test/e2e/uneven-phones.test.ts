import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { levelDbov, steadyToneLevelDbov } from '../kit/phone/judge.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { HEARD } from './audience-harness.ts';
import { harness } from './harness.ts';

/** Speakers whose packets come unevenly, as over Wi-Fi or a mobile network. */

const lab = harness({ profile: { idleSeconds: 1 } });

const LEVEL_DBOV = -20;
/** Until packets have been as late as they will be. */
const SETTLED_MS = 3000;
const JUDGED_MS = 3000;

it.each([200, 300])(
  'a speaker with %i ms of jitter is heard at the level spoken, without gaps, and has keys',
  async (jitterMs) => {
    const uneven = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, LEVEL_DBOV), jitterMs });
    const other = await lab.phones.call('4000', { callerNumber: '201', send: silence() });
    const listener = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
    await Promise.all([other, listener].map((call) => call.waitForTone(440, HEARD)));
    await sleep(SETTLED_MS + JUDGED_MS);
    for (const call of [other, listener]) {
      const { samples } = call.audio({ lastMs: JUDGED_MS });
      expect(Math.abs(steadyToneLevelDbov(samples, 440) - LEVEL_DBOV)).toBeLessThan(1.5);
      expect(silentShare(samples)).toBeLessThan(0.1);
    }
    for (const mute of [true, false]) {
      await uneven.pressKeys('0');
      await expect.poll(() => lab.node.member('3000', '200')).toMatchObject({ mute });
    }
  },
);

/** How much of it has gaps of 10 ms. Without the relay's buffer, it is half; one stall of the machine makes some hundredths. */
function silentShare(samples: Int16Array): number {
  const steps = Array.from({ length: Math.floor(samples.length / 80) }, (_, index) =>
    levelDbov(samples.subarray(index * 80, (index + 1) * 80)),
  );
  return steps.filter((level) => level < LEVEL_DBOV - 20).length / steps.length;
}
