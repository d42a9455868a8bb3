import { CodedError } from '../base/coded-error.ts';

/**
 * A text could not be made into a sound.
 * - `no-speech-engine`: espeak-ng is missing or cannot be run
 * - `text-too-long`: more than `MAX_TEXT_CHARACTERS`
 * - `speech-failed`: anything else, such as an unknown language, a time-out or a full disk
 */
export type SpeechErrorCode = 'no-speech-engine' | 'speech-failed' | 'text-too-long';

export class SpeechError extends CodedError<SpeechErrorCode> {}
