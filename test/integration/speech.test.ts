import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AsteriskInstance } from '../../scripts/asterisk-instance.ts';
import { findAsterisk, findProgram } from '../../scripts/debian-root.ts';
import { PROMPTS } from '../../src/prompts/catalogue.ts';
import { parseMedia } from '../../src/prompts/media.ts';
import { activeLevelDbov } from '../../src/speech/loudness.ts';
import { Speech, type SpeechOptions } from '../../src/speech/speech.ts';
import { parseWav, type Sound } from '../../src/speech/wav.ts';
import { ownAddress } from '../kit/loopback.ts';

/** The first use of scripts/debian-program and scripts/asterisk may have to download. */
const DOWNLOAD_TIMEOUT_MS = 300_000;

const top = mkdtempSync(join(tmpdir(), 'rostrum-speech-'));
let command: string[];
let tests = 0;
let directory: string;

beforeAll(async () => {
  command = await findProgram('espeak-ng');
}, DOWNLOAD_TIMEOUT_MS);

beforeEach(() => {
  tests += 1;
  directory = join(top, `${tests}`, 'sounds');
});

afterAll(() => rmSync(top, { recursive: true, force: true }));

function speech(options: Partial<SpeechOptions> = {}): Speech {
  return new Speech({ command, directory, ...options });
}

/** A program that does something else before, or instead of, being espeak-ng. */
function engine(script: string): string[] {
  const path = join(top, `engine-${tests}`);
  const real = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  writeFileSync(path, `#!/bin/sh\nreal() { ${real} "$@"; }\n${script}\n`, { mode: 0o755 });
  return [path];
}

/** Counts how often it is run. */
function countingEngine(): { command: string[]; runs: () => number } {
  const log = join(top, `runs-${tests}`);
  const counting = engine(`echo run >>'${log}'; real "$@"`);
  return { command: counting, runs: () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0) };
}

function sound(path: string, extension = 'wav'): Sound {
  const parsed = parseWav(readFileSync(`${path}.${extension}`));
  if (!parsed) throw new Error(`no WAV file: ${path}.${extension}`);
  return parsed;
}

function seconds({ samples, sampleRateHz }: Sound): number {
  return samples.length / sampleRateHz;
}

describe('scripts/debian-program', () => {
  it('runs espeak-ng, which finds its voices', () => {
    const [program = '', ...words] = command;
    expect(execFileSync(program, [...words, '--version'], { encoding: 'utf8' })).toMatch(/^eSpeak NG/);
    expect(execFileSync(program, [...words, '-v', 'en-us', '-q', '-x', 'hello'], { encoding: 'utf8' })).toMatch(
      /h@l'oU/,
    );
  });
});

describe('a text', () => {
  it('becomes files of 8 and 16 kHz with 16 bits, as loud as a caller, without clipping', async () => {
    const path = await speech().soundFor('You are now a speaker. Everyone can hear you.', { language: 'en' });
    expect(path).toMatch(new RegExp(`^${directory}/[0-9a-f]{32}$`));
    for (const [extension, rateHz] of [['wav', 8000] as const, ['wav16', 16000] as const]) {
      const made = sound(path, extension);
      expect(made.sampleRateHz).toBe(rateHz);
      expect(seconds(made)).toBeGreaterThan(1.5);
      expect(seconds(made)).toBeLessThan(5);
      expect(activeLevelDbov(made.samples, rateHz)).toBeCloseTo(-20, 0);
      expect(Math.max(...made.samples.map(Math.abs))).toBeLessThan(0.95);
    }
    expect(readdirSync(directory)).toHaveLength(2);
  });

  it('sounds different in another language, voice and rate', async () => {
    const speaking = speech();
    const text = 'The conference is locked.';
    const english = await speaking.soundFor(text, { language: 'en' });
    const others = await Promise.all([
      speaking.soundFor(text, { language: 'de' }),
      speaking.soundFor(text, { language: 'en_GB' }),
      speaking.soundFor(text, { language: 'en', voice: 'f2' }),
      speaking.soundFor(text, { language: 'en', rateWpm: 100 }),
    ]);
    const contents = [english, ...others].map((path) => readFileSync(`${path}.wav`).toString('base64'));
    expect(new Set(contents).size).toBe(5);
    expect(seconds(sound(others[3]))).toBeGreaterThan(seconds(sound(english)) * 1.3);
  });

  it('is made once, also by a later process', async () => {
    const counting = countingEngine();
    const speaking = speech({ command: counting.command });
    const path = await speaking.soundFor('Hello.');
    expect(await speaking.soundFor('Hello.')).toBe(path);
    expect(await speech({ command: counting.command }).soundFor(' Hello.\n')).toBe(path);
    expect(counting.runs()).toBe(1);
  });

  it('is made once for requests at the same time', async () => {
    const counting = countingEngine();
    const speaking = speech({ command: counting.command });
    const paths = await Promise.all(Array.from({ length: 20 }, () => speaking.soundFor('Hello.')));
    expect(new Set(paths).size).toBe(1);
    expect(counting.runs()).toBe(1);
  });

  it('is made again where one of its files is missing or empty', async () => {
    const counting = countingEngine();
    const speaking = speech({ command: counting.command });
    const path = await speaking.soundFor('Hello.');
    const good = readFileSync(`${path}.wav`);
    rmSync(`${path}.wav16`);
    await speaking.soundFor('Hello.');
    expect(existsSync(`${path}.wav16`)).toBe(true);
    writeFileSync(`${path}.wav`, '');
    await speaking.soundFor('Hello.');
    expect(readFileSync(`${path}.wav`)).toEqual(good);
    expect(counting.runs()).toBe(3);
  });

  it.each([
    '$(touch PWNED); `touch PWNED` "quotes" \'x\' -v | touch PWNED',
    '--version',
    '-v de -w PWNED hello',
    '<speak><voice xml:lang="de">you</voice>',
    '%s%n ../../etc/passwd',
    'über 👍 \\n \\',
  ])('reaches the engine as it is, and only as something to speak: %s', async (text) => {
    const [words, input] = [join(top, `words-${tests}`), join(top, `input-${tests}`)];
    const recording = engine(`printf '%s ' "$@" >'${words}'; tee '${input}' | real "$@"`);
    const path = await speech({ command: recording }).soundFor(text);
    expect(readFileSync(words, 'utf8')).toBe('-v en-us -s 160 -b 1 -z --stdin --stdout ');
    expect(readFileSync(input, 'utf8')).toBe(text);
    expect(seconds(sound(path))).toBeGreaterThan(0.5);
    expect(readdirSync(directory)).toHaveLength(2);
    expect(existsSync('PWNED')).toBe(false);
  });

  it('cannot change how it is spoken by control characters or phonemes', async () => {
    const speaking = speech();
    const [plain, embedded] = [
      await speaking.soundFor('hello +450S you'),
      await speaking.soundFor('hello \u0001+450S you'),
    ];
    expect(readFileSync(`${embedded}.wav`)).toEqual(readFileSync(`${plain}.wav`));
    const bracketed = await speaking.soundFor('[[h@l@U');
    expect(seconds(sound(bracketed))).toBeGreaterThan(0.3);
  });

  it('may have 2000 characters, and does not stop everything else meanwhile', async () => {
    const speaking = speech();
    let longestMs = 0;
    let lastMs = performance.now();
    const watch = setInterval(() => {
      longestMs = Math.max(longestMs, performance.now() - lastMs);
      lastMs = performance.now();
    }, 1);
    const path = await speaking.soundFor('conference '.repeat(182).slice(0, 2000));
    clearInterval(watch);
    expect(seconds(sound(path))).toBeGreaterThan(60);
    expect(longestMs).toBeLessThan(400);
    await expect(speaking.soundFor('x'.repeat(2001))).rejects.toMatchObject({ code: 'text-too-long' });
  });
});

describe('tones', () => {
  it('become files too', async () => {
    const speaking = speech();
    const steps = [
      { frequenciesHz: [660], durationMs: 80 },
      { frequenciesHz: [880], durationMs: 120 },
    ];
    const path = await speaking.soundForTones(steps);
    expect(seconds(sound(path))).toBeCloseTo(0.2);
    expect(seconds(sound(path, 'wav16'))).toBeCloseTo(0.2);
    expect(await speaking.soundForTones(steps)).toBe(path);
  });
});

describe('speech fails, and leaves no file, where', () => {
  async function codeOf(speaking: Speech, manner = {}): Promise<string> {
    const error = await speaking.soundFor('Hello.', manner).catch((reason) => reason);
    expect(existsSync(directory) ? readdirSync(directory) : []).toEqual([]);
    expect(error).toMatchObject({ name: 'SpeechError' });
    return error.code;
  }

  it('there is no engine', async () => {
    expect(await codeOf(speech({ command: [] }))).toBe('no-speech-engine');
    expect(await codeOf(speech({ command: ['/no/such/espeak-ng'] }))).toBe('no-speech-engine');
    expect(await codeOf(speech({ command: ['env', '/no/such/espeak-ng'] }))).toBe('no-speech-engine');
    expect(await codeOf(speech({ command: [top] }))).toBe('no-speech-engine');
  });

  it('the engine fails, and works again as soon as it does', async () => {
    const broken = join(top, `broken-${tests}`);
    writeFileSync(broken, '');
    const speaking = speech({ command: engine(`if [ -e '${broken}' ]; then echo oops >&2; exit 3; fi; real "$@"`) });
    await expect(speaking.soundFor('Hello.')).rejects.toThrow(/ended with 3: oops/);
    expect(await codeOf(speaking)).toBe('speech-failed');
    rmSync(broken);
    await speaking.soundFor('Hello.');
  });

  it('the engine makes no sound, half a header or something else', async () => {
    for (const script of ['true', 'printf RIFF', 'printf "RIFF....WAVE"', 'echo hello', 'real "$@" | head -c 44']) {
      expect(await codeOf(speech({ command: engine(script) }))).toBe('speech-failed');
    }
  });

  it('the engine dies in the middle', async () => {
    expect(await codeOf(speech({ command: engine('real "$@" | head -c 2000; kill -SEGV $$') }))).toBe('speech-failed');
  });

  it('the engine hangs, be it in another process that keeps the pipe, and then also for those who wait', async () => {
    const speaking = speech({ command: engine('sleep 2'), timeoutMs: 300 });
    const startMs = performance.now();
    const texts = Array.from({ length: 10 }, (_, i) => speaking.soundFor(`Hello ${i}.`).catch(({ code }) => code));
    expect(await Promise.all(texts)).toEqual(Array(10).fill('speech-failed'));
    expect(performance.now() - startMs).toBeLessThan(1900);
    expect(readdirSync(top)).not.toContain(`${tests}`);
  });

  it('the engine never stops talking', async () => {
    expect(await codeOf(speech({ command: engine('cat /dev/zero') }))).toBe('speech-failed');
  });

  it('the language is not one, or the rate', async () => {
    expect(await codeOf(speech(), { language: 'xx' })).toBe('speech-failed');
    expect(await codeOf(speech(), { language: '../../en' })).toBe('speech-failed');
    expect(await codeOf(speech(), { voice: '-w/tmp/x' })).toBe('speech-failed');
    expect(await codeOf(speech(), { rateWpm: Number.NaN })).toBe('speech-failed');
    expect(await codeOf(speech(), { rateWpm: 5000 })).toBe('speech-failed');
  });

  it('there is nothing to say', async () => {
    for (const text of ['', ' \n', '\u0001', '...']) {
      await expect(speech().soundFor(text)).rejects.toMatchObject({ code: 'speech-failed' });
    }
  });

  it('the directory cannot be written', async () => {
    const file = join(top, `file-${tests}`);
    writeFileSync(file, '');
    expect(await codeOf(speech({ directory: join(file, 'sounds') }))).toBe('speech-failed');
    expect(await codeOf(speech({ directory: '/proc/no/such' }))).toBe('speech-failed');
  });
});

describe('the cache', () => {
  function age(path: string, minutes: number): void {
    const then = new Date(Date.now() - minutes * 60_000);
    for (const extension of ['wav', 'wav16']) utimesSync(`${path}.${extension}`, then, then);
  }

  function bytes(): number {
    return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
  }

  it('deletes what was not used for longest when it is too large, and nothing that is pinned', async () => {
    const maxCacheBytes = 500_000;
    const speaking = speech({ maxCacheBytes });
    const pinned = await speaking.soundFor('Pinned.', { pinned: true });
    const unused = await speaking.soundFor('This one is rather long, and nobody has asked for it again.');
    const used = await speaking.soundFor('Used again.');
    for (const path of [pinned, unused, used]) age(path, 60);
    await speaking.soundFor('Used again.');
    for (let i = 0; existsSync(`${unused}.wav`); i += 1) {
      if (i === 20) throw new Error('the oldest was not deleted');
      await speaking.soundFor(`Number ${i}.`);
    }
    expect(existsSync(`${unused}.wav16`)).toBe(false);
    expect(existsSync(`${used}.wav`)).toBe(true);
    expect(existsSync(`${pinned}.wav`)).toBe(true);
    expect(bytes()).toBeLessThanOrEqual(maxCacheBytes);
  });

  it('keeps at least what was made last', async () => {
    const speaking = speech({ maxCacheBytes: 1 });
    const first = await speaking.soundFor('One.');
    const second = await speaking.soundFor('Two.');
    expect(existsSync(`${first}.wav`)).toBe(false);
    expect(existsSync(`${second}.wav`)).toBe(true);
  });

  it('tidies up after a writer that died, and leaves files of others alone', async () => {
    const speaking = speech({ maxCacheBytes: 1 });
    const path = await speaking.soundFor('One.');
    const left = `${path}.1-1.tmp`;
    const others = [join(directory, 'notes.txt'), join(directory, 'music.wav'), `${path}.1-2.tmp`];
    for (const file of [left, ...others]) writeFileSync(file, 'x');
    utimesSync(left, new Date(0), new Date(0));
    await speaking.soundFor('Two.');
    expect(existsSync(left)).toBe(false);
    for (const file of others) expect(existsSync(file)).toBe(true);
  });
});

describe('Asterisk', () => {
  it(
    'has every sound that the catalogue of prompts names',
    async () => {
      const { dataDir } = await findAsterisk();
      const media = Object.values(PROMPTS).flatMap(({ standard }) => standard.map((text) => parseMedia(text)));
      const names = media.flatMap((parsed) => (parsed.ok && parsed.media.type === 'sound' ? [parsed.media.name] : []));
      expect(names.length).toBeGreaterThan(10);
      for (const name of names) expect(existsSync(join(dataDir, 'sounds/en', `${name}.wav`)), name).toBe(true);
    },
    DOWNLOAD_TIMEOUT_MS,
  );

  it(
    'reads the files, narrowband and wideband',
    async () => {
      const path = await speech().soundFor('You are now a speaker.');
      const instance = new AsteriskInstance({
        directory: mkdtempSync(join(top, 'asterisk-')),
        bindAddress: ownAddress(),
        extra: { append: { 'modules.conf': 'load = res_convert.so' } },
      });
      try {
        await instance.start();
        for (const extension of ['wav', 'wav16']) {
          const output = `${path}-${extension}.ulaw`;
          // The command comes with a module that is loaded after ARI.
          await expect.poll(() => instance.cli(`file convert ${path}.${extension} ${output}`)).toMatch(/Converted/);
          expect(statSync(output).size / 8000).toBeCloseTo(seconds(sound(path)), 1);
        }
      } finally {
        await instance.stop();
      }
    },
    DOWNLOAD_TIMEOUT_MS,
  );
});
