import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Call } from '../kit/phone/call.ts';
import { dtmfTones } from '../kit/phone/dtmf.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { HEARD } from './audience-harness.ts';
import { harness } from './harness.ts';

/** Phones that send keys only as tones in their audio. */

/** What people press is longer than 40 ms (ITU-T Q.24). */
const PRESS_MS = 100;
/** Some audio of each listener goes to Asterisk for a second after the listener has joined. */
const AUDIO_MS = 1500;

async function press(call: Call, keys: string): Promise<void> {
  for (const key of keys) {
    call.send(dtmfTones(key));
    await sleep(PRESS_MS);
    call.send(silence());
    await sleep(PRESS_MS);
  }
}

describe.each(['inband', 'auto'])('with dtmf_mode = %s, keys that are tones', (mode) => {
  const lab = harness({
    profile: { idleSeconds: 1, access: { lobbyNumbers: ['3XXX'] } },
    extra: {
      set: [['pjsip.conf', 'anonymous', 'dtmf_mode', mode]],
      append: { 'extensions.conf': '[rostrum-dial-in](+)\nexten => _88XX,1,Stasis(rostrum,lobby,default)\n' },
    },
  });
  /** Its description offers no telephone events. */
  const alterSdp = (sdp: string) => sdp.replace(' 101\r\n', '\r\n').replace(/a=(rtpmap|fmtp):101.*\r\n/g, '');
  const dial = (number: string, callerNumber: string) => lab.phones.call(number, { callerNumber, alterSdp });

  it('are understood in the lobby, of listeners and of speakers', async () => {
    await lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20) });
    const fromLobby = await dial('8800', '101');
    await sleep(500);
    await press(fromLobby, '3000#');
    const speaking = await dial('4000', '201');
    await lab.node.waitForMembers('3000', 3);
    await sleep(AUDIO_MS);
    for (const call of [fromLobby, speaking]) {
      await call.waitForTone(440, HEARD);
      await press(call, '44');
      const member = () => lab.node.member('3000', call.callerNumber);
      await expect.poll(member).toMatchObject({ listenVolume: -2, path: 'relay' });
    }
  });
});
