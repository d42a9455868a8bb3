import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { PROMPT_NAMES } from '../../src/prompts/catalogue.ts';
import type { Call } from '../kit/phone/call.ts';
import type { AlterDtmf } from '../kit/phone/dtmf.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { harness } from './harness.ts';

/** Phones whose keys are not as RFC 4733 has them. */

const prompts = Object.fromEntries(PROMPT_NAMES.map((name) => [name, 'tone:600/300']));
const lab = harness({ profile: { idleSeconds: 1, sound: { music: 'none', prompts } } });

/** What Asterisk counts, of all calls. */
let counted: { digit: string; channel: { caller: { number: string } } }[] = [];
let asterisk: WebSocket;
beforeAll(async () => {
  const { ariUrl, ariUsername, ariPassword } = lab.node.asterisk;
  const query = new URLSearchParams({ app: 'keys', subscribeAll: 'true', api_key: `${ariUsername}:${ariPassword}` });
  asterisk = new WebSocket(`${ariUrl.replace('http', 'ws')}/ari/events?${query}`);
  asterisk.on('message', (data) => {
    const event = JSON.parse(String(data));
    if (event.type === 'ChannelDtmfReceived') counted.push(event);
  });
  await new Promise((resolve, reject) => asterisk.once('open', resolve).once('error', reject));
});
afterAll(() => asterisk?.close());

const countedOf = ({ callerNumber }: Call) =>
  counted.flatMap(({ digit, channel }) => (channel.caller.number === callerNumber ? digit : [])).join('');

/** Waits until these keys, and no others, have been counted; one more press shows that no more come. */
async function expectKeys(call: Call, keys: string): Promise<void> {
  await call.pressKeys('7');
  await expect.poll(() => countedOf(call)).toMatch(/7$/);
  expect(countedOf(call)).toBe(`${keys}7`);
}

/** A speaker, and a listener who hears the speaker, press at the same time. */
async function bothPress(press: (call: Call) => Promise<void>, alterSdp?: (sdp: string) => string): Promise<void> {
  counted = [];
  const dial = (number: string, callerNumber: string, send = silence()) =>
    lab.phones.call(number, { callerNumber, send, ...(alterSdp && { alterSdp }) });
  const speaker = await dial('4000', '200', tone(440, -20));
  const listener = await dial('3000', '101', tone(1300, -20));
  await lab.node.waitForMembers('3000', 2);
  await listener.waitForTone(440, { aboveDbov: -24, timeoutMs: 8000 });
  expect(await lab.node.member('3000', '101')).toMatchObject({ path: 'relay' });
  await Promise.all([speaker, listener].map(press));
}

it.each([140, 200, 300, 400])('a key that is held for %i ms counts once, also before a prompt', async (toneMs) => {
  await bothPress(async (call) => {
    await call.pressKeys('6*0*0', { toneMs, gapMs: 400 });
    await expectKeys(call, '6*0*0');
  });
});

it.each([96, 100, 122, 127, '97, beside 96 for 16000 Hz'])('keys with the payload number %s count', async (type) => {
  const wide = 'a=rtpmap:96 telephone-event/16000\r\na=fmtp:96 0-16\r\n';
  const alterSdp = (sdp: string) =>
    typeof type === 'number'
      ? sdp.replaceAll('101', String(type))
      : sdp.replace('0 101', '0 96 97').replace('a=rtpmap:101', `${wide}a=rtpmap:101`).replaceAll('101', '97');
  await bothPress(async (call) => {
    await call.pressKeys('123');
    await expectKeys(call, '123');
  }, alterSdp);
});

describe('a phone that tells of each press in packets and by SIP INFO', () => {
  it.each(['before', 'amid', 'after'] as const)('has one key for each, with INFO %s the packets', async (when) => {
    const volume = async ({ callerNumber }: Call) => (await lab.node.member('3000', callerNumber)).listenVolume;
    await bothPress(async (call) => {
      // Each makes what the member hears one step louder.
      for (const volumeAfter of [1, 2, 3]) {
        if (when === 'before') await call.pressKeys('6', { via: 'info' });
        const pressed = call.pressKeys('6', { toneMs: 200, gapMs: 60 });
        if (when === 'amid') await sleep(60);
        if (when === 'amid') await call.pressKeys('6', { via: 'info' });
        await pressed;
        if (when === 'after') await call.pressKeys('6', { via: 'info' });
        // The third follows at once.
        if (volumeAfter !== 2) await expect.poll(() => volume(call), { timeout: 5000 }).toBe(volumeAfter);
      }
      await sleep(1000);
      expect(await volume(call)).toBe(3);
      // Asterisk has counted each twice or more.
      expect(countedOf(call)).toMatch(/^6{6,}$/);
    });
  });
});

describe('keys count once each', () => {
  const anew: AlterDtmf = ({ timestamp }, nth) => ({ timestamp: timestamp + 160 * nth });
  const atFirst = (): AlterDtmf => {
    let pressedAt = 0;
    return ({ timestamp }) => {
      pressedAt ||= timestamp;
      return { timestamp: pressedAt };
    };
  };
  /** What each of the two phones does. */
  it.each<[string, () => AlterDtmf]>([
    ['with a new timestamp in each packet', () => anew],
    ['with new timestamps in the end packets', () => (packet, nth) => (packet.end ? anew(packet, nth) : {})],
    ['with the timestamp of the key before', atFirst],
    ['with the marker in each packet', () => () => ({ marker: true })],
    ['without a marker', () => () => ({ marker: false })],
    ['without an end', () => (packet) => (packet.end ? null : {})],
    ['as end packets alone', () => (packet) => (packet.end ? {} : null)],
  ])('%s', async (_, alterOf) => {
    await bothPress(async (call) => {
      const alter = alterOf();
      // Two presses of one key, 50 ms apart.
      await call.pressKeys('8899', { toneMs: 200, gapMs: 60, alter });
      await call.pressKeys('5', { toneMs: 400, alter });
      await expectKeys(call, '88995');
    });
  });
});
