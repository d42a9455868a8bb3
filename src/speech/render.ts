import { setImmediate } from 'node:timers/promises';
import { resampledLength, resampleFilter, resampleInto } from '../audio/resample.ts';
import { renderTones, type ToneStep } from '../audio/tones.ts';
import { SpeechError } from './errors.ts';
import { normalise } from './loudness.ts';
import type { SoundFiles } from './sound-cache.ts';
import { encodeWav, type Sound } from './wav.ts';

const NARROWBAND_HZ = 8000;
const WIDEBAND_HZ = 16000;
/** The level of a caller who speaks normally (ITU-T P.340, G.100.1). */
const SPEECH_LEVEL_DBOV = -20;
/** Tones are short and seem louder than speech of the same power. */
const TONE_LEVEL_DBOV = -24;
/** The pause before and after speech, as in Asterisk's own recordings, so that sounds can follow each other. */
const PAUSE_MS = 70;
/** Each part takes a few milliseconds; in between, other work runs. */
const SLICE_SAMPLES = 16_000;

/**
 * Converts the engine's speech to our rates and level.
 * @throws SpeechError `speech-failed` for silence
 */
export async function renderSpeech(spoken: Sound): Promise<SoundFiles> {
  return { wav: await convert(spoken, NARROWBAND_HZ), wav16: await convert(spoken, WIDEBAND_HZ) };
}

export function renderToneFiles(steps: readonly ToneStep[]): SoundFiles {
  const at = (sampleRateHz: number) =>
    encodeWav({ samples: renderTones(steps, sampleRateHz, TONE_LEVEL_DBOV), sampleRateHz });
  return { wav: at(NARROWBAND_HZ), wav16: at(WIDEBAND_HZ) };
}

async function convert(spoken: Sound, sampleRateHz: number): Promise<Buffer> {
  const filter = resampleFilter(spoken.sampleRateHz, sampleRateHz);
  const length = resampledLength(filter, spoken.samples.length);
  const pause = (PAUSE_MS * sampleRateHz) / 1000;
  const samples = new Float32Array(pause + length + pause);
  const speech = samples.subarray(pause, pause + length);
  for (let start = 0; start < length; start += SLICE_SAMPLES) {
    resampleInto(speech, spoken.samples, filter, start, Math.min(start + SLICE_SAMPLES, length));
    await setImmediate();
  }
  if (!normalise(speech, sampleRateHz, SPEECH_LEVEL_DBOV))
    throw new SpeechError('speech-failed', 'the text has nothing that can be spoken');
  await setImmediate();
  return encodeWav({ samples, sampleRateHz });
}
