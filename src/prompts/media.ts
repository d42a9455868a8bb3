/** Something to play to a caller, as written in profiles, commands and the API: `sound:conf-locked`, `number:5`. */
export type Media =
  /** A file of Asterisk, without extension; absolute if it begins with `/`. */
  | { type: 'sound'; name: string }
  /** A recording that Asterisk has stored. */
  | { type: 'recording'; name: string }
  /** `tone:440+480/200,0/50`: frequencies in Hz, then milliseconds; no frequency or 0 is a pause. */
  | { type: 'tone'; steps: readonly Step[] }
  /** Said as a number: 12 is "twelve". */
  | { type: 'number'; value: number }
  /** Said one by one: 12 is "one, two"; `*` and `#` are "star" and "pound". */
  | { type: 'digits'; digits: string }
  /** Spoken by the speech engine. */
  | { type: 'tts'; text: string }
  | { type: 'silence'; durationMs: number };

/** At most two sines for a time; without any, silence. */
type Step = { readonly frequenciesHz: readonly number[]; readonly durationMs: number };

export type ParsedMedia = { ok: true; media: Media } | { ok: false; message: string };

/** As what the speech engine takes. */
const MAX_TEXT_CHARACTERS = 2000;
const MAX_NAME_CHARACTERS = 200;
const MAX_DIGITS = 64;
const MAX_SILENCE_MS = 60_000;
const MAX_TONE_STEPS = 16;
const MIN_TONE_STEP_MS = 10;
const MAX_TONE_MS = 10_000;
/** Every phone plays these frequencies. */
const TONE_RANGE_HZ = [100, 3400] as const;

const parsers: Record<Media['type'], (rest: string, options: { allowAbsolute: boolean }) => ParsedMedia> = {
  sound: parseSound,
  recording: parseRecording,
  tone: parseTone,
  number: parseNumber,
  digits: parseDigits,
  tts: parseText,
  silence: parseSilence,
};

/**
 * @param text `<type>:<what>`; a word without a type is a sound
 * @param options.allowAbsolute whether a sound may be an absolute path: not for text from untrusted people
 */
export function parseMedia(text: string, options: { allowAbsolute?: boolean } = {}): ParsedMedia {
  const { allowAbsolute = false } = options;
  const colon = text.indexOf(':');
  if (colon < 0) return parseSound(text, { allowAbsolute });
  const type = text.slice(0, colon);
  if (!Object.hasOwn(parsers, type)) {
    return no(`no such kind of media: ${quote(type)}; there are ${Object.keys(parsers).join(', ')}`);
  }
  return parsers[type as Media['type']](text.slice(colon + 1), { allowAbsolute });
}

function parseSound(name: string, options: { allowAbsolute: boolean }): ParsedMedia {
  const isAbsolute = name.startsWith('/');
  if (isAbsolute && !options.allowAbsolute) return no(`an absolute path is not allowed here: ${quote(name)}`);
  if (!isPath(isAbsolute ? name.slice(1) : name)) return no(notName('sound', name));
  return { ok: true, media: { type: 'sound', name } };
}

function parseRecording(name: string): ParsedMedia {
  return isPath(name) ? { ok: true, media: { type: 'recording', name } } : no(notName('recording', name));
}

/** No part may lead elsewhere, or be an option to a program that sees it. */
function isPath(path: string): boolean {
  const isPart = (part: string) => /^[A-Za-z0-9_.][A-Za-z0-9_.-]*$/.test(part) && part !== '.' && !part.includes('..');
  return path.length <= MAX_NAME_CHARACTERS && path.split('/').every(isPart);
}

function parseTone(rest: string): ParsedMedia {
  const words = rest.split(',');
  if (words.length > MAX_TONE_STEPS) return no(`a tone has at most ${MAX_TONE_STEPS} steps`);
  const steps: Step[] = [];
  for (const word of words) {
    const [, frequencies, duration] = /^(\d{1,5}(?:\+\d{1,5})?)\/(\d{1,6})$/.exec(word) ?? [];
    if (frequencies === undefined || duration === undefined) {
      return no(`not a step of a tone: ${quote(word)}; one is <Hz>/<ms> or <Hz>+<Hz>/<ms>, as in tone:660/80,880/120`);
    }
    const frequenciesHz = frequencies.split('+').map(Number);
    const isPause = frequenciesHz.length === 1 && frequenciesHz[0] === 0;
    if (!isPause && !frequenciesHz.every((hz) => hz >= TONE_RANGE_HZ[0] && hz <= TONE_RANGE_HZ[1])) {
      return no(`a tone is from ${TONE_RANGE_HZ[0]} to ${TONE_RANGE_HZ[1]} Hz, or 0 for a pause: ${quote(word)}`);
    }
    if (Number(duration) < MIN_TONE_STEP_MS) return no(`a step lasts at least ${MIN_TONE_STEP_MS} ms: ${quote(word)}`);
    steps.push({ frequenciesHz: isPause ? [] : frequenciesHz, durationMs: Number(duration) });
  }
  const durationMs = steps.reduce((sum, step) => sum + step.durationMs, 0);
  if (durationMs > MAX_TONE_MS) return no(`a tone lasts at most ${MAX_TONE_MS} ms, this one ${durationMs}`);
  return { ok: true, media: { type: 'tone', steps } };
}

function parseNumber(rest: string): ParsedMedia {
  if (!/^-?\d{1,9}$/.test(rest)) return no(`not a whole number of up to nine digits: ${quote(rest)}`);
  return { ok: true, media: { type: 'number', value: Number(rest) } };
}

function parseDigits(rest: string): ParsedMedia {
  if (!/^[0-9*#]+$/.test(rest) || rest.length > MAX_DIGITS) {
    return no(`not digits, * and #, up to ${MAX_DIGITS} of them: ${quote(rest)}`);
  }
  return { ok: true, media: { type: 'digits', digits: rest } };
}

function parseText(rest: string): ParsedMedia {
  const text = rest.trim();
  if (text === '') return no('tts: what is to be said is missing');
  if (text.length > MAX_TEXT_CHARACTERS) return no(`a text to speak has at most ${MAX_TEXT_CHARACTERS} characters`);
  return { ok: true, media: { type: 'tts', text } };
}

function parseSilence(rest: string): ParsedMedia {
  const durationMs = /^\d{1,6}$/.test(rest) ? Number(rest) : 0;
  if (durationMs < 1 || durationMs > MAX_SILENCE_MS) {
    return no(`silence is 1 to ${MAX_SILENCE_MS} milliseconds, not ${quote(rest)}`);
  }
  return { ok: true, media: { type: 'silence', durationMs } };
}

function notName(type: string, name: string): string {
  return `not the name of a ${type}: ${quote(name)}; letters, digits, "_", "-", "." and "/", without ".." and a leading "-"`;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);
}

function no(message: string): ParsedMedia {
  return { ok: false, message };
}
