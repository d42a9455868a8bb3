import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Call } from '../test/kit/phone/call.ts';
import { levelDbov } from '../test/kit/phone/judge.ts';
import { matchSpeech } from '../test/kit/phone/judge-speech.ts';
import { PhoneBank } from '../test/kit/phone/phone-bank.ts';
import { samples, silence } from '../test/kit/phone/sound.ts';
import { readWavFile } from '../test/kit/phone/wav.ts';
import { findAsterisk } from './debian-root.ts';
import { LISTENERS_OF_EACH, LISTENERS_OF_ONE } from './demo-size.ts';

/**
 * The calls of `./scripts/up --demo`: on each node a speaker with words of their own, and listeners. The speakers talk
 * in turn. Tells its parent what each listener really hears of each speaker, and keeps the calls up until it is ended.
 *
 *     demo.ts HOST:PORT ...      where each node takes calls
 */

/** Listeners are welcomed before they hear the conference. */
const GREETING_TIMEOUT_MS = 30_000;
const TURN_MS = 3000;
/** With one speaker, who never stops, there is more to judge by. */
const ONLY_TURN_MS = 5000;
const PAUSE_MS = 200;
const LONGEST_DELAY_MS = 500;
/** Of the speech, in the shape of its loudness; other speech comes to about 0.5. */
const LEAST_MATCH = 0.8;
const SAMPLES_PER_MS = 8;

type Listener = { readonly call: Call; readonly name: string };
type Speaker = { readonly call: Call; readonly name: string; readonly words: Int16Array };
/** What a listener heard of a turn of a speaker. */
type Hearing = { readonly match: number; readonly delayMs: number; readonly levelDbov: number };

const servers = process.argv.slice(2).map((server) => {
  const [host = '', port] = server.split(':');
  return { host, port: Number(port) };
});
const isOnly = servers.length === 1;
const turnMs = isOnly ? ONLY_TURN_MS : TURN_MS;
// Phones on this machine reach an address of it from that address.
const banks = servers.map((server) => new PhoneBank({ bindAddress: server.host, server }));
const stopPhones = () => Promise.all(banks.map((phones) => phones.stop()));

process.once('SIGTERM', async () => {
  await stopPhones();
  process.exit(0);
});

async function demonstrate(): Promise<{ lines: string[]; heard: boolean; ended: Promise<unknown> }> {
  const { dataDir } = await findAsterisk();
  const speech = readWavFile(join(dataDir, 'sounds/en/demo-instruct.wav'));
  const wordsLength = (turnMs - (isOnly ? 0 : PAUSE_MS)) * SAMPLES_PER_MS;
  const speakers: Speaker[] = [];
  const listeners: Listener[] = [];
  for (const [index, phones] of banks.entries()) {
    await phones.start();
    const node = `node${index + 1}`;
    const call = await phones.call('4000', { callerNumber: String(200 + index), callerName: `Speaker ${index + 1}` });
    const words = speech.subarray(index * wordsLength, (index + 1) * wordsLength);
    speakers.push({ call, name: isOnly ? 'the speaker' : node, words });
    if (isOnly) call.send(samples(words));
    for (let number = 1; number <= (isOnly ? LISTENERS_OF_ONE : LISTENERS_OF_EACH); number += 1) {
      const [callerNumber, callerName] = [String(100 * (index + 3) + number), `Listener ${number}`];
      const listener = await phones.call('3000', { callerNumber, callerName, send: silence() });
      listeners.push({ call: listener, name: `listener ${number}${isOnly ? '' : ` of ${node}`}` });
    }
  }
  for (const { call } of listeners) call.resetStats();
  const giveUpMs = performance.now() + GREETING_TIMEOUT_MS;
  const heard = listeners.map((): Hearing[] => []);
  do await round(speakers, listeners, heard);
  while (!heard.every((of) => of.every(hears)) && performance.now() < giveUpMs);
  const ended = Promise.all([...speakers, ...listeners].map(({ call }) => call.ended));
  if (!isOnly) void talkInTurn(speakers);
  const lines = listeners.map((listener, index) => report(listener, speakers, heard[index] ?? []));
  return { lines, heard: heard.every((of) => of.every(hears)), ended };
}

const hears = ({ match }: Hearing) => match >= LEAST_MATCH;

/** Each speaker has a turn, and `heard`, by listener and speaker, gets what was not heard before. */
async function round(speakers: readonly Speaker[], listeners: readonly Listener[], heard: readonly Hearing[][]) {
  for (const [number, speaker] of speakers.entries()) {
    const startedMs = performance.now();
    await takeTurn(speaker);
    const endedMs = performance.now();
    await sleep(LONGEST_DELAY_MS);
    const said = speaker.call.said.between(startedMs, endedMs).samples;
    for (const [index, { call }] of listeners.entries()) {
      const ofListener = heard[index] ?? [];
      const before = ofListener[number];
      if (!before || !hears(before)) ofListener[number] = hearing(said, call, startedMs, endedMs);
    }
  }
}

async function takeTurn({ call, words }: Speaker): Promise<void> {
  if (!isOnly) call.send(samples(words, { loop: false }));
  await sleep(turnMs);
}

async function talkInTurn(speakers: readonly Speaker[]): Promise<never> {
  for (;;) for (const speaker of speakers) await takeTurn(speaker);
}

function hearing(said: Int16Array, { heard }: Call, startedMs: number, endedMs: number): Hearing {
  const all = heard.between(startedMs, endedMs + LONGEST_DELAY_MS).samples;
  const found = matchSpeech(said, all, { maxDelayMs: LONGEST_DELAY_MS });
  const from = Math.round(found.delayMs * SAMPLES_PER_MS);
  return { ...found, levelDbov: levelDbov(all.subarray(from, from + said.length)) };
}

function report({ call, name }: Listener, speakers: readonly Speaker[], heard: readonly Hearing[]): string {
  const parts = heard.map((what, index) => {
    const { match, delayMs, levelDbov } = what;
    const details = [
      `match ${Math.round(match * 100)} %`,
      `${levelDbov.toFixed(1)} dBov`,
      // Without a match the delay says nothing.
      ...(hears(what) ? [`${Math.round(delayMs)} ms after`] : []),
    ];
    return `${hears(what) ? 'hears' : 'does not hear'} ${speakers[index]?.name} (${details.join(', ')})`;
  });
  const { packetsPerSecond, lost } = call.stats();
  return `${name} ${parts.join(', ')}, ${packetsPerSecond.toFixed(1)} packets/s, ${lost} lost`;
}

try {
  const { ended, ...result } = await demonstrate();
  console.log(result.lines.join('\n'));
  process.send?.(result);
  // The end of the conference ends the demo, so that it can be started again.
  await ended;
  await stopPhones();
  process.exit(0);
} catch (error) {
  console.error(error);
  await stopPhones();
  process.exit(1);
}
