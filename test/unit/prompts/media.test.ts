import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMedia } from '../../../src/prompts/media.ts';

function media(text: string, options: { allowAbsolute?: boolean } = {}) {
  const parsed = parseMedia(text, options);
  return parsed.ok ? parsed.media : parsed.message;
}

describe('media as text', () => {
  it('is a sound where it is a bare word', () => {
    expect(media('conf-locked')).toEqual({ type: 'sound', name: 'conf-locked' });
    expect(media('sound:digits/h-1')).toEqual({ type: 'sound', name: 'digits/h-1' });
  });

  it('has all the other kinds', () => {
    expect(media('recording:names/17.2')).toEqual({ type: 'recording', name: 'names/17.2' });
    expect(media('number:-12')).toEqual({ type: 'number', value: -12 });
    expect(media('digits:0049*#')).toEqual({ type: 'digits', digits: '0049*#' });
    expect(media('silence:500')).toEqual({ type: 'silence', durationMs: 500 });
    expect(media('tone:440+480/200,0/50,660/80')).toEqual({
      type: 'tone',
      steps: [
        { frequenciesHz: [440, 480], durationMs: 200 },
        { frequenciesHz: [], durationMs: 50 },
        { frequenciesHz: [660], durationMs: 80 },
      ],
    });
  });

  it('keeps a text to speak as it is, whatever is in it', () => {
    const text = '$(rm -rf /); "quotes" -v sound:x, {y}\nand ../more';
    expect(media(`tts: ${text} `)).toEqual({ type: 'tts', text });
    expect(media('tts:-v de')).toEqual({ type: 'tts', text: '-v de' });
  });

  it.each([
    '',
    '-v',
    'conf/-x',
    '../secret',
    'a/../b',
    'a..b',
    'a//b',
    'a/',
    './a',
    'a b',
    'a,b',
    'a&b',
    'a|b',
    'ü',
    'a\0b',
    'a\n',
  ])('refuses %j as the name of a sound', (name) => {
    expect(media(name)).toMatch(/^not the name of a sound/);
    expect(media(`/${name}`, { allowAbsolute: true })).toMatch(/^not the name of a sound/);
  });

  it('takes an absolute path only where that is allowed', () => {
    const path = '/var/cache/rostrum/.speech/0a1b';
    expect(media(path)).toMatch(/^an absolute path is not allowed here/);
    expect(media(`sound:${path}`, { allowAbsolute: true })).toEqual({ type: 'sound', name: path });
    expect(media(`recording:${path}`, { allowAbsolute: true })).toMatch(/^not the name of a recording/);
  });

  it.each([
    ['sound:', /name of a sound/],
    ['sound:-v', /name of a sound/],
    ['number:', /whole number/],
    ['number:1.5', /whole number/],
    ['number:1e3', /whole number/],
    ['number:1234567890', /whole number/],
    ['digits:', /digits/],
    ['digits:12a', /digits/],
    ['silence:0', /1 to 60000/],
    ['silence:60001', /1 to 60000/],
    ['silence:-1', /1 to 60000/],
    ['tts:', /missing/],
    ['tts:  \n', /missing/],
    ['tone:', /not a step/],
    ['tone:ring', /not a step/],
    ['tone:660', /not a step/],
    ['tone:660/80,', /not a step/],
    ['tone:1+2+3/80', /not a step/],
    ['tone:660+0/80', /100 to 3400 Hz/],
    ['tone:99/80', /100 to 3400 Hz/],
    ['tone:3401/80', /100 to 3400 Hz/],
    ['tone:660/9', /at least 10 ms/],
    ['tone:660/10001', /at most 10000 ms/],
    ['http://example.org/x', /no such kind of media: "http"/],
    ['constructor:x', /no such kind of media/],
    ['Sound:x', /no such kind of media/],
    [':x', /no such kind of media/],
  ])('says what is wrong with %j', (text, message) => {
    expect(media(text)).toMatch(message);
  });

  it('is not longer than it may be', () => {
    expect(media('x'.repeat(201))).toMatch(/^not the name of a sound/);
    expect(media(`tts:${'x'.repeat(2000)}`)).toMatchObject({ type: 'tts' });
    expect(media(`tts:${'x'.repeat(2001)}`)).toMatch(/at most 2000/);
    expect(media(`digits:${'1'.repeat(65)}`)).toMatch(/^not digits/);
    expect(media(`tone:${Array(17).fill('660/20').join()}`)).toMatch(/at most 16 steps/);
  });

  it('never makes a path that leads elsewhere, and never throws', () => {
    const parts = fc.constantFrom('recording:', 'tone:', 'number:', '..', '/', '.', '-', 'a', '\\', '%2e', ':');
    const text = fc.oneof(
      fc.uint16Array({ maxLength: 20 }).map((units) => String.fromCharCode(...units)),
      fc.array(parts).map((list) => list.join('')),
    );
    fc.assert(
      fc.property(text, (candidate) => {
        const parsed = parseMedia(candidate);
        if (!parsed.ok || (parsed.media.type !== 'sound' && parsed.media.type !== 'recording')) return;
        expect(parsed.media.name).toMatch(/^[\w.][\w./-]*$/);
        expect(parsed.media.name.split('/')).not.toContain('..');
      }),
      { numRuns: 500 },
    );
  });
});
