import { VOICE } from '../prompts/prompt-sounds.ts';
import { SpeechError } from './errors.ts';

/** A longer text takes two minutes and more. */
export const MAX_TEXT_CHARACTERS = 2000;

/**
 * The name of a voice for espeak-ng.
 * @param language as in Asterisk (`en`, `de`, `en_GB`) or in espeak-ng (`pt-br`, `en-gb-scotland`)
 * @param speaker a variant of espeak-ng such as `f2` or `m3`, or empty; an unknown one has no effect
 * @throws SpeechError `speech-failed` for an invalid name
 */
export function voiceName(language: string, speaker: string): string {
  // A language of Asterisk may include the speaker: en_US_f_Allison.
  const name = language.includes('_') ? language.split('_').slice(0, 2).join('-') : language;
  if (!/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,12}){0,3}$/.test(name)) {
    throw new SpeechError('speech-failed', `unknown language: ${JSON.stringify(language.slice(0, 40))}`);
  }
  if (speaker !== '' && !VOICE.test(speaker)) {
    throw new SpeechError('speech-failed', `unknown voice: ${JSON.stringify(speaker.slice(0, 40))}`);
  }
  // Asterisk's own prompts are American, espeak-ng's plain `en` is British.
  const voice = name.toLowerCase() === 'en' ? 'en-us' : name.toLowerCase();
  return speaker === '' ? voice : `${voice}+${speaker}`;
}

/**
 * Removes everything but words: espeak-ng interprets control characters as commands, and `[[` as the beginning of
 * phonemes.
 */
export function plainText(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/\[(?=\[)/g, '[ ')
    .trim();
}
