import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findAsterisk, findProgram } from '../../scripts/debian-root.ts';
import { Speech } from '../../src/speech/speech.ts';
import type { Call } from './phone/call.ts';
import { SAMPLES_PER_MS } from './phone/g711.ts';
import { readWavFile } from './phone/wav.ts';
import type { RostrumNode } from './rostrum-node.ts';

/** What is spoken to a caller, and what it should have been. */

/** Heard before a sound begins. */
const LEAD_MS = 400;
/** A busy machine may begin the next of several sounds so much later. */
const LATE_MS = 500;

/** What was heard from a sound's beginning on, for `ms`. */
export async function heardFromOnset(call: Call, ms: number, start: () => Promise<unknown>): Promise<Int16Array> {
  const onset = call.waitForSound({ aboveDbov: -45, timeoutMs: 10_000 });
  await start();
  const fromMs = (await onset) - LEAD_MS;
  await sleep(fromMs + ms + 100 - performance.now());
  return call.heardBetween(fromMs, fromMs + ms);
}

/** How long to listen for a sound. */
export function lengthMs(...sounds: readonly Int16Array[]): number {
  return Math.max(...sounds.map(({ length }) => length)) / SAMPLES_PER_MS + LEAD_MS + LATE_MS;
}

/** As Rostrum makes it, but made here. */
export async function readSpeech(node: RostrumNode, text: string, language: string): Promise<Int16Array> {
  const speech = new Speech({ command: await findProgram('espeak-ng'), directory: join(node.directory, 'own-speech') });
  return readWavFile(`${await speech.soundFor(text, { language })}.wav`);
}

/** One of Asterisk's own sounds, such as `digits/2`. */
export async function readSound(name: string): Promise<Int16Array> {
  const { dataDir } = await findAsterisk();
  return readWavFile(join(dataDir, 'sounds/en', `${name}.wav`));
}
