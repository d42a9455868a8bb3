import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { renderTones } from '../../src/audio/tones.ts';
import { encodeWav } from '../../src/speech/wav.ts';
import { SAMPLE_RATE_HZ } from './phone/g711.ts';

const SECONDS = 10;
const LEVEL_DBOV = -24;

type ToneFile = {
  /** What Asterisk plays: a path without its ending. */
  readonly sound: string;
  /** A section of musiconhold.conf: the class `tone` plays nothing but this. */
  readonly musicClass: string;
};

/** A sound that is known again by its tone: there until the tests of the file are over. */
export async function toneFile(freqHz: number, durationMs = SECONDS * 1000): Promise<ToneFile> {
  const directory = await mkdtemp(join(tmpdir(), 'rostrum-tone-'));
  afterAll(() => rm(directory, { recursive: true, force: true }));
  const samples = renderTones([{ frequenciesHz: [freqHz], durationMs }], SAMPLE_RATE_HZ, LEVEL_DBOV);
  const sound = join(directory, 'tone');
  await writeFile(`${sound}.wav`, encodeWav({ samples, sampleRateHz: SAMPLE_RATE_HZ }));
  return { sound, musicClass: `\n[tone]\nmode = files\ndirectory = ${directory}\n` };
}
