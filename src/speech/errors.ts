import { CodedError } from '../base/coded-error.ts';

/**
 * Why a text was not made into a sound.
 * - `no-speech-engine`: espeak-ng is not there or cannot be run
 * - `text-too-long`: more than `MAX_TEXT_CHARACTERS`
 * - `speech-failed`: anything else, such as a language that it does not speak, a time-out or a full disk
 */
export type SpeechErrorCode = 'no-speech-engine' | 'speech-failed' | 'text-too-long';

export class SpeechError extends CodedError<SpeechErrorCode> {}
