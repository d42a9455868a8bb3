import type { Call } from './call.ts';
import { matchSpeech, type SpeechMatch } from './judge-speech.ts';

/** How much of what `speaker` said in `lastMs` (ending `maxDelayMs` ago) is in what `listener` heard, and how late. */
export function speechHeard(
  speaker: Call,
  listener: Call,
  options: { readonly lastMs: number; readonly maxDelayMs: number },
): SpeechMatch {
  const nowMs = performance.now();
  const saidToMs = nowMs - options.maxDelayMs;
  const said = speaker.said.between(saidToMs - options.lastMs, saidToMs);
  const heard = listener.heard.between(saidToMs - options.lastMs, nowMs);
  return matchSpeech(said.samples, heard.samples, options);
}
