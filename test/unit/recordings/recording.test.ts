import { describe, expect, it } from 'vitest';
import { type RecordingFormat, secondsOf, splitFile } from '../../../src/recordings/recording.ts';

describe('a file of a recording', () => {
  it.each<[string, string, RecordingFormat]>([
    ['talks/first.wav', 'talks/first', 'wav'],
    ['board-2.3.gsm', 'board-2.3', 'gsm'],
    ['3000.wav16', '3000', 'wav16'],
  ])('%s has a name and a format', (file, name, format) => {
    expect(splitFile(file)).toEqual({ name, format });
  });

  it.each(['notes.txt', 'wav', '.wav', 'first', 'first.wav.json'])('is not %s', (file) => {
    expect(splitFile(file)).toBeNull();
  });

  it.each<[RecordingFormat, number]>([
    ['wav', 44 + 10 * 16_000],
    ['wav16', 44 + 10 * 32_000],
    ['sln', 10 * 16_000],
    // 33 bytes for 20 ms.
    ['gsm', 500 * 33],
    ['ulaw', 10 * 8000],
  ])('of 10 s in %s is so long', (format, bytes) => {
    expect(secondsOf(format, bytes)).toBe(10);
    expect(secondsOf(format, 0)).toBe(0);
  });
});
