import { describe, expect, it } from 'vitest';
import { createLogger } from 'winston';
import type { AriPort } from '../../../src/ari/port.ts';
import { ObjectNames } from '../../../src/controller/asterisk/object-names.ts';
import { Announcements } from '../../../src/controller/sounds/announcements.ts';
import { Prompter } from '../../../src/controller/sounds/prompter.ts';
import { SoundLibrary } from '../../../src/controller/sounds/sound-library.ts';
import { Whispers } from '../../../src/controller/sounds/whispers.ts';
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

const names = new ObjectNames('rostrum');
const speech = {} as Speech;
const parts = () => {
  const { ari, requests } = recordingAri();
  const library = new SoundLibrary({ ari, speech, logger: createLogger({ silent: true }) });
  const methods = () => requests.map(([method]) => method);
  return { ari, library, whispers: new Whispers({ ari, names }), requests, methods };
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a whisper', () => {
  it('is played to only when it has entered the application, and ends with its prompt', async () => {
    const { ari, library, whispers, requests, methods } = parts();
    const prompter = new Prompter({ ari, names, library, whispers });
    const sounds = { media: [{ type: 'sound', name: 'beep' }], language: 'en', voice: null } as const;
    const playing = prompter.playTo('a', sounds, true);
    await settled();
    expect(methods()).toEqual(['whisperTo']);
    const { channelId } = (requests[0]?.[2] ?? {}) as { channelId: string };
    whispers.entered(channelId);
    const { ended } = await playing;
    expect(methods()).toEqual(['whisperTo', 'playToChannel']);
    prompter.finished(((requests[1]?.[2] ?? {}) as { playbackId: string }).playbackId);
    await ended;
    expect(requests[2]).toEqual(['hangUp', channelId, 16]);
  });
});

it('announcements of a floor play one after the other, and those that wait are dropped where nobody hears them', async () => {
  const { ari, library, whispers, requests } = parts();
  const prompter = new Prompter({ ari, names, library, whispers });
  const announcements = new Announcements({ prompter, logger: createLogger({ silent: true }) });
  const sounds = { media: [{ type: 'sound', name: 'beep' }], language: 'en', voice: null } as const;
  const plays = () => requests.filter(([method]) => method === 'playToBridge');
  const end = (index: number) => prompter.finished(((plays()[index]?.[2] ?? {}) as { playbackId: string }).playbackId);
  const over: number[] = [];
  for (const index of [0, 1, 2, 3]) void announcements.play('3000', { sounds }, () => over.push(index));
  await settled();
  expect([plays().length, over]).toEqual([1, []]);
  end(0);
  await settled();
  expect([plays().length, over]).toEqual([2, [0]]);
  announcements.drop('3000');
  void announcements.play('3000', { sounds }, () => over.push(4));
  await settled();
  expect([plays().length, over]).toEqual([2, [0]]);
  end(1);
  await settled();
  // Those of the members who have gone are left out.
  expect([plays().length, over]).toEqual([3, [0, 1, 2, 3]]);
  end(2);
  await settled();
  expect([plays().length, over.toSorted()]).toEqual([3, [0, 1, 2, 3, 4]]);
});

it('an announcement that is made once is not made again while one of its kind waits or plays', async () => {
  const { ari, library, whispers, requests } = parts();
  const prompter = new Prompter({ ari, names, library, whispers });
  const announcements = new Announcements({ prompter, logger: createLogger({ silent: true }) });
  const sounds = { media: [{ type: 'sound', name: 'beep' }], language: 'en', voice: null } as const;
  const plays = () => requests.filter(([method]) => method === 'playToBridge');
  const end = () => prompter.finished(((plays().at(-1)?.[2] ?? {}) as { playbackId: string }).playbackId);
  let over = 0;
  const count = (times: number) => {
    for (let index = 0; index < times; index++)
      void announcements.play('3000', { sounds, once: 'count' }, () => {
        over += 1;
      });
  };
  void announcements.play('3000', { sounds }, () => {});
  count(100);
  await settled();
  expect([plays().length, over]).toEqual([1, 99]);
  end();
  await settled();
  count(100);
  expect([plays().length, over]).toEqual([2, 199]);
  end();
  await settled();
  expect([plays().length, over]).toEqual([2, 200]);
  count(1);
  await settled();
  expect(plays()).toHaveLength(3);
});
