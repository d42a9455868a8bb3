import { describe, expect, it } from 'vitest';
import { plainText, voiceName } from '../../../src/speech/voice.ts';

describe('the name of a voice', () => {
  it.each([
    ['en', '', 'en-us'],
    ['en_GB', '', 'en-gb'],
    ['en_US_f_Allison', '', 'en-us'],
    ['de', 'f2', 'de+f2'],
    ['pt-br', 'm3', 'pt-br+m3'],
    ['en-gb-scotland', '', 'en-gb-scotland'],
  ])('for language %s and speaker "%s" is %s', (language, speaker, name) => {
    expect(voiceName(language, speaker)).toBe(name);
  });

  it.each([
    ['', ''],
    ['-v', ''],
    ['../en', ''],
    ['en/us', ''],
    ['en+f2', ''],
    ['en', '-w'],
    ['en', '../x'],
    ['en', '!v/f2'],
    ['en', 'f2 '],
    ['e'.repeat(9), ''],
  ])('cannot be made of language %j and speaker %j', (language, speaker) => {
    expect(() => voiceName(language, speaker)).toThrow(expect.objectContaining({ code: 'speech-failed' }));
  });
});

describe('the text for the engine', () => {
  it('has none of the characters that it takes as commands', () => {
    expect(plainText('a\u0001+10S\0 b\n\n\tc\u2028d\u0085')).toBe('a +10S b c d');
    expect(plainText('[[h@l@U]] [[[x')).toBe('[ [h@l@U]] [ [ [x');
  });

  it('is otherwise as it was', () => {
    const text = '$(rm -rf /); "quotes" -v <b>über</b> 👍 &amp; `x` %s';
    expect(plainText(`  ${text} `)).toBe(text);
  });
});
