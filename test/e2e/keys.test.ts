import { describe, expect, it } from 'vitest';
import type { Call } from '../kit/phone/call.ts';
import { tone } from '../kit/phone/sound.ts';
import { harness } from './harness.ts';

const HEARD = { aboveDbov: -24, timeoutMs: 3000 };
const SILENT = { belowDbov: -60, timeoutMs: 3000 };

const lab = harness();

describe.each(['rfc4733', 'info'] as const)('keys by %s', (via) => {
  let speaker: Call;
  let other: Call;

  const connect = async () => {
    speaker = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20) });
    other = await lab.phones.call('4000', { callerNumber: '201', send: tone(1000, -20) });
    await Promise.all([speaker.waitForTone(1000, HEARD), other.waitForTone(440, HEARD)]);
  };

  it('* makes deaf and back', async () => {
    await connect();
    await speaker.pressKeys('*', { via });
    await speaker.waitForSilence({ freqHz: 1000, ...SILENT });
    expect(await lab.node.member('3000', '200')).toMatchObject({ deaf: true, mute: false });
    await speaker.pressKeys('*', { via });
    await speaker.waitForTone(1000, HEARD);
  });

  it('0 makes deaf and mute, and back', async () => {
    await connect();
    await speaker.pressKeys('0', { via });
    await Promise.all([
      speaker.waitForSilence({ freqHz: 1000, ...SILENT }),
      other.waitForSilence({ freqHz: 440, ...SILENT }),
    ]);
    expect(await lab.node.member('3000', '200')).toMatchObject({ deaf: true, mute: true });
    await speaker.pressKeys('0', { via });
    await Promise.all([speaker.waitForTone(1000, HEARD), other.waitForTone(440, HEARD)]);
  });

  it('# hangs up', async () => {
    await connect();
    await speaker.pressKeys('#', { via });
    expect(await speaker.ended).toMatchObject({ by: 'them' });
    await lab.node.waitForMembers('3000', 1);
  });

  it('are not passed on to the others', async () => {
    await connect();
    await speaker.pressKeys('5', { via });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(other.heardKeys).toEqual([]);
    // In-band tones of the key 5 (ITU-T Q.23).
    for (const frequencyHz of [770, 1336]) {
      expect(other.toneLevelDbov(frequencyHz, { lastMs: 1000 })).toBeLessThan(-45);
    }
  });
});
