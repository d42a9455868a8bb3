import { describe, expect, it } from 'vitest';
import { createLogger } from 'winston';
import type { AriPort } from '../../../src/ari/port.ts';
import { ComfortNoise } from '../../../src/controller/comfort-noise.ts';
import { Names } from '../../../src/controller/names.ts';
import { Prompter } from '../../../src/controller/prompter.ts';
import { SoundLibrary } from '../../../src/controller/sound-library.ts';
import type { Speech } from '../../../src/speech/speech.ts';

/** ARI as a list of the requests made of it; each is answered at once. */
function recordingAri(): { ari: AriPort; requests: unknown[][] } {
  const requests: unknown[][] = [];
  const ari = new Proxy({} as AriPort, {
    get:
      (_, method) =>
      async (...args: unknown[]) => {
        requests.push([method, ...args]);
      },
  });
  return { ari, requests };
}

const names = new Names('rostrum');
const speech = { soundForNoise: async () => '/noise' } as unknown as Speech;
const parts = () => {
  const { ari, requests } = recordingAri();
  const library = new SoundLibrary({ ari, speech, logger: createLogger({ silent: true }) });
  const methods = () => requests.map(([method]) => method);
  return { ari, library, requests, methods };
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('comfort noise', () => {
  it('goes on when it has been played to its end, until it is no longer wanted', async () => {
    const { ari, library, methods } = parts();
    const noise = new ComfortNoise({ ari, names, library });
    await noise.set('3000', -65);
    await noise.entered(names.player('noise-65-3000'));
    await noise.playAgain('noise-65-3000');
    expect(methods()).toEqual(['originate', 'answer', 'playToChannel', 'playToChannel']);
    await noise.set('3000', null);
    await noise.playAgain('noise-65-3000');
    expect(methods().slice(4)).toEqual(['hangUp']);
  });

  it('of another level takes the place of the one before', async () => {
    const { ari, library, methods } = parts();
    const noise = new ComfortNoise({ ari, names, library });
    await noise.set('3000', -65);
    await noise.set('3000', -50);
    expect(methods()).toEqual(['originate', 'hangUp', 'originate']);
    expect([noise.isWanted('noise-65-3000'), noise.isWanted('noise-50-3000')]).toEqual([false, true]);
  });
});

describe('a whisper', () => {
  it('is played to only when it has entered the application, and ends with its prompt', async () => {
    const { ari, library, requests, methods } = parts();
    const prompter = new Prompter({ ari, names, library });
    const sounds = { media: [{ type: 'sound', name: 'beep' }], language: 'en', voice: null } as const;
    const playing = prompter.playTo('a', sounds, true);
    await settled();
    expect(methods()).toEqual(['whisperTo']);
    const { channelId } = (requests[0]?.[2] ?? {}) as { channelId: string };
    prompter.whisperEntered(channelId);
    const { ended } = await playing;
    expect(methods()).toEqual(['whisperTo', 'playToChannel']);
    prompter.finished(((requests[1]?.[2] ?? {}) as { playbackId: string }).playbackId);
    await ended;
    expect(requests[2]).toEqual(['hangUp', channelId, 16]);
  });
});
