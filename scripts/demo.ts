import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Call } from '../test/kit/phone/call.ts';
import { PhoneBank } from '../test/kit/phone/phone-bank.ts';
import { silence, wavFile } from '../test/kit/phone/sound.ts';
import { speechHeard } from '../test/kit/phone/speech-heard.ts';
import { findAsterisk } from './debian-root.ts';

/**
 * The calls of `./scripts/up --demo`: a speaker who talks and ten listeners. Tells its parent what each listener really
 * hears, and keeps the calls up until it is ended.
 */

const LISTENERS = 10;
/** Listeners are welcomed before they hear the conference. */
const GREETING_TIMEOUT_MS = 15_000;
const LOOK_EVERY_MS = 500;
const HEARD_MS = 5000;
const LONGEST_DELAY_MS = 500;
/** Of the speech, in the shape of its loudness; other speech comes to about 0.5. */
const LEAST_MATCH = 0.8;

const [host = '', port = ''] = process.argv.slice(2);
// Phones on this machine reach an address of it from that address.
const phones = new PhoneBank({ bindAddress: host, server: { host, port: Number(port) } });

process.once('SIGTERM', async () => {
  await phones.stop();
  process.exit(0);
});

async function demonstrate(): Promise<{ lines: string[]; heard: boolean; ended: Promise<unknown> }> {
  await phones.start();
  const { dataDir } = await findAsterisk();
  const speech = wavFile(join(dataDir, 'sounds/en/demo-instruct.wav'), { loop: true });
  const speaker = await phones.call('4000', { callerNumber: '200', callerName: 'Speaker', send: speech });
  const listeners: Call[] = [];
  for (let number = 1; number <= LISTENERS; number += 1) {
    const callerNumber = String(100 + number);
    listeners.push(await phones.call('3000', { callerNumber, callerName: `Listener ${number}`, send: silence() }));
  }
  for (const listener of listeners) listener.resetStats();
  const look = () => listeners.map((listener, index) => report(speaker, listener, `listener ${index + 1}`));
  await sleep(HEARD_MS + 2 * LONGEST_DELAY_MS);
  let reports = look();
  const giveUpMs = performance.now() + GREETING_TIMEOUT_MS;
  while (!reports.every(({ hears }) => hears) && performance.now() < giveUpMs) {
    await sleep(LOOK_EVERY_MS);
    reports = look();
  }
  const ended = Promise.all([speaker, ...listeners].map((call) => call.ended));
  return { lines: reports.map(({ line }) => line), heard: reports.every(({ hears }) => hears), ended };
}

function report(speaker: Call, listener: Call, name: string): { hears: boolean; line: string } {
  const { match, delayMs } = speechHeard(speaker, listener, { lastMs: HEARD_MS, maxDelayMs: LONGEST_DELAY_MS });
  const { packetsPerSecond, lost } = listener.stats();
  const hears = match >= LEAST_MATCH;
  const line = [
    `${name} ${hears ? 'hears' : 'does not hear'} the speaker (match ${Math.round(match * 100)} %)`,
    `${listener.levelDbov({ lastMs: HEARD_MS }).toFixed(1)} dBov`,
    // Without a match the delay says nothing.
    ...(hears ? [`${Math.round(delayMs)} ms after`] : []),
    `${packetsPerSecond.toFixed(1)} packets/s`,
    `${lost} lost`,
  ].join(', ');
  return { hears, line };
}

try {
  const { ended, ...result } = await demonstrate();
  console.log(result.lines.join('\n'));
  process.send?.(result);
  // Whoever ends the conference ends the demo, so that it can be begun again.
  await ended;
  await phones.stop();
  process.exit(0);
} catch (error) {
  console.error(error);
  await phones.stop();
  process.exit(1);
}
