import { describe, expect, it } from 'vitest';
import { silence, tone } from '../kit/phone/sound.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { harness } from './harness.ts';

const LEVEL_DBOV = -50;
const DIALPLAN = `
[rostrum-dial-in](+)
exten => _91XX,1,Stasis(rostrum,join,quiet,quiet,+speaker)
`;

const lab = harness({
  profile: { audio: { comfortNoise: LEVEL_DBOV } },
  profiles: { quiet: { kind: 'conference', sound: SILENT, audio: { comfortNoise: 0 } } },
  extra: { append: { 'extensions.conf': DIALPLAN } },
});

const HEARD = { aboveDbov: -24, timeoutMs: 3000 };

describe('comfort noise', () => {
  it('is heard by everybody at the level of the profile while nobody talks, and a voice over it', async () => {
    const speaker = await lab.phones.call('4000', { callerNumber: '200', send: silence() });
    const listener = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
    await lab.node.waitForMembers('3000', 2);
    for (const call of [speaker, listener]) {
      await call.waitForSound({ aboveDbov: LEVEL_DBOV - 3, timeoutMs: 3000 });
      await expect.poll(() => call.levelDbov({ lastMs: 500 })).toBeCloseTo(LEVEL_DBOV, -0.5);
    }
    const other = await lab.phones.call('4000', { callerNumber: '201', send: tone(440, -20) });
    await listener.waitForTone(440, HEARD);
    await other.hangUp();
  });

  it('is changed while the conference runs, and outlasts the controller', async () => {
    const listener = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
    await listener.waitForSound({ aboveDbov: LEVEL_DBOV - 3, timeoutMs: 3000 });
    const killed = await lab.node.controllerPid();
    process.kill(killed, 'SIGKILL');
    await expect.poll(() => lab.node.controllerPid().catch(() => killed), { timeout: 5000 }).not.toBe(killed);
    await lab.node.waitForMembers('3000', 1);
    await expect.poll(() => listener.levelDbov({ lastMs: 300 })).toBeCloseTo(LEVEL_DBOV, -0.5);
    await lab.node.cli('profile', 'set', 'default', 'audio.comfortNoise', '-42', '--config', lab.node.configPath);
    await expect.poll(() => listener.levelDbov({ lastMs: 500 }), { timeout: 5000 }).toBeCloseTo(-42, -0.5);
  });

  it('is not there where the profile has none', async () => {
    await lab.phones.call('9100', { callerNumber: '200', send: silence() });
    const listener = await lab.phones.call('9101', { callerNumber: '101', send: silence() });
    await lab.node.waitForMembers('quiet', 2);
    await listener.waitForSilence({ belowDbov: -75, timeoutMs: 2000 });
  });
});
