import { parseMedia } from '../../prompts/media.ts';
import { type PlaybackOperation, RANGES } from '../model/commands.ts';
import { fail, MOST_MEDIA, nothingMore } from './words.ts';

export const PLAYBACK_OPERATIONS = [
  'stop',
  'pause',
  'resume',
  'forward',
  'back',
  'restart',
  'seek',
  'volume',
] as const satisfies readonly PlaybackOperation['type'][];

type PlaybackWords =
  | { readonly operation: PlaybackOperation }
  | { readonly media: readonly string[]; readonly volume?: number };

/**
 * The words after `playback`: what is to be played, or what is to be done with what is being played.
 *
 *     MEDIA... [--volume N]
 *     stop|pause|resume|forward|back|restart
 *     seek POSITION                             in seconds, or as minutes:seconds
 *     volume N
 *
 * @throws CommandWordsError
 */
export function playbackOf(words: readonly string[]): PlaybackWords {
  const at = words.indexOf('--volume');
  const rest = at < 0 ? words : words.toSpliced(at, 2);
  const operation = operationOf(rest);
  if (at < 0) return operation ? { operation } : { media: mediaOf(rest) };
  const volume = words[at + 1];
  if (volume === undefined) return fail('playback: --volume needs a number');
  if (operation) return fail('playback: --volume goes with what is to be played');
  return { media: mediaOf(rest), volume: volumeOf(volume) };
}

function operationOf([first, ...more]: readonly string[]): PlaybackOperation | null {
  const type = PLAYBACK_OPERATIONS.find((operation) => operation === first);
  if (type === undefined) return null;
  if (type !== 'volume' && type !== 'seek') return nothingMore(`playback ${type}`, more, { type });
  const [value = '', ...rest] = more;
  return type === 'volume'
    ? nothingMore('playback volume', rest, { type, volume: volumeOf(value) })
    : nothingMore('playback seek', rest, { type, positionMs: positionMsOf(value) });
}

function mediaOf(texts: readonly string[]): readonly string[] {
  if (texts.length === 0) fail('playback: what? For example: sound:beep, tone:660/200, "tts:good morning", or stop');
  if (texts.length > MOST_MEDIA) fail(`playback: at most ${MOST_MEDIA} at once`);
  for (const text of texts) {
    const parsed = parseMedia(text, { allowAbsolute: true });
    if (!parsed.ok) fail(`playback: ${parsed.message}`);
  }
  return texts;
}

/** In steps of 3 dB. */
function volumeOf(word: string): number {
  const { min, max } = RANGES.talkVolume;
  const volume = /^[+-]?\d{1,2}$/.test(word) ? Number(word) : Number.NaN;
  if (!(volume >= min && volume <= max)) fail(`playback: a volume is ${min} to ${max}, in steps of 3 dB`);
  return volume;
}

function positionMsOf(word: string): number {
  const [, minutes = '0', seconds = ''] = /^(?:(\d{1,4}):(?=[0-5]\d))?(\d{1,5}(?:\.\d{1,3})?)$/.exec(word) ?? [];
  const positionMs = Math.round((Number(minutes) * 60 + Number(seconds)) * 1000);
  if (seconds !== '' && positionMs <= RANGES.positionMs.max) return positionMs;
  return fail('playback seek: where to? For example: 90, 12.5 or 1:30');
}
