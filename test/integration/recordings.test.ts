import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AriError } from '../../src/ari/errors.ts';
import type { Conference } from '../../src/conference/model/conference.ts';
import { RecordingFiles } from '../../src/controller/recordings/recording-files.ts';
import type { FinishedRecording } from '../../src/controller/recordings/recording-hooks.ts';
import { RecordingKeeper } from '../../src/controller/recordings/recording-keeper.ts';
import { RecordingNotes } from '../../src/controller/recordings/recording-notes.ts';

const DAY_MS = 86_400_000;
const SECOND = 16_000;

let home: string;
let directory: string;
let logged: string[];
/** What Asterisk is recording. */
let live: Set<string>;
let isAsteriskAway: boolean;
let told: FinishedRecording[];
let conferences: Map<string, Pick<Conference, 'name' | 'recording'>>;
let keepers: RecordingKeeper[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'rostrum-recordings-'));
  directory = join(home, 'spool');
  await mkdir(directory);
  [logged, told, keepers] = [[], [], []];
  live = new Set();
  isAsteriskAway = false;
  conferences = new Map();
});

afterEach(async () => {
  await Promise.all(keepers.map((keeper) => keeper.stop()));
  await rm(home, { recursive: true, force: true });
});

/** A controller, whose hooks note what they are told. @param days how long recordings are kept */
async function keeperOf(days: number | null = null, wallNow = Date.now): Promise<RecordingKeeper> {
  const write = (message: string) => void logged.push(message);
  const files = new RecordingFiles({ directory });
  let isStopped = false;
  const ask = async <T>(answer: () => T | Promise<T>) => {
    if (isAsteriskAway) throw new AriError('unreachable', 'Asterisk does not answer');
    return answer();
  };
  const keeper = new RecordingKeeper(
    { days, lookEveryMs: 1_000_000 },
    {
      ari: {
        isRecording: (name) => ask(() => live.has(name)),
        deleteStoredRecording: (name) => ask(() => rm(join(directory, `${name}.wav`))),
      },
      conferences: () => conferences,
      files,
      notes: new RecordingNotes({ directory: join(home, 'reports', 'recordings') }),
      hooks: {
        tell: async (recording) => {
          if (!isStopped) told.push(recording);
          return !isStopped;
        },
        stop: () => {
          isStopped = true;
        },
      },
      logger: { info: write, warn: write } as unknown as ConstructorParameters<typeof RecordingKeeper>[1]['logger'],
      wallNow,
    },
  );
  keepers.push(keeper);
  await keeper.start();
  return keeper;
}

async function fileOf(name: string, seconds = 1, ageMs = 0): Promise<void> {
  const path = join(directory, `${name}.wav`);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, Buffer.alloc(44 + seconds * SECOND));
  const at = new Date(Date.now() - ageMs);
  await utimes(path, at, at);
}

const recording = (name: string): Conference['recording'] => ({
  name,
  number: 1,
  chosen: true,
  format: 'wav',
  startedAtMs: Date.now(),
  paused: false,
  restarts: 0,
});

/** Conference 3000 begins to record, and Asterisk does so. */
async function begin(keeper: RecordingKeeper, name: string): Promise<void> {
  conferences.set('3000', { name: '3000', recording: recording(name) });
  keeper.watch({ conference: '3000', event: { type: 'recording', state: 'started', name } });
  live.add(name);
  await fileOf(name);
  await keeper.look();
}

async function end(keeper: RecordingKeeper, name: string, seconds = 3): Promise<void> {
  conferences.clear();
  await fileOf(name, seconds);
  live.delete(name);
  await keeper.look();
}

const names = async (keeper: RecordingKeeper, search = '') =>
  (await keeper.list({ search, limit: 100 })).map(({ file }) => file);

describe('a recording', () => {
  it('is listed with its conference, and told of once when its file is complete', async () => {
    const keeper = await keeperOf();
    await begin(keeper, 'talks/first');
    expect(await keeper.list({ search: '', limit: 10 })).toMatchObject([
      { file: 'talks/first.wav', conference: '3000', endedAt: null },
    ]);
    // The conference has ended; Asterisk writes the rest.
    conferences.clear();
    await keeper.look();
    expect(told).toEqual([]);
    await end(keeper, 'talks/first', 5);
    await keeper.look();
    await expect
      .poll(() => told)
      .toMatchObject([
        { name: 'talks/first', conference: '3000', path: join(directory, 'talks/first.wav'), seconds: 5 },
      ]);
    expect(await keeper.list({ search: '', limit: 10 })).toMatchObject([
      { file: 'talks/first.wav', conference: '3000', endedAt: told[0]?.endedAt, seconds: 5, bytes: 44 + 5 * SECOND },
    ]);
    await keeper.look();
    expect(told).toHaveLength(1);
  });

  it('that was never seen to begin, since it was so short, is told of as well', async () => {
    const keeper = await keeperOf();
    keeper.watch({ conference: '3000', event: { type: 'recording', state: 'started', name: 'short' } });
    await fileOf('short');
    await keeper.look();
    await expect.poll(() => told).toMatchObject([{ name: 'short' }]);
  });

  it('that could not begin because there is a file of that name is none, and the file is not touched', async () => {
    const keeper = await keeperOf(1);
    await fileOf('greeting', 1, 3 * DAY_MS);
    conferences.set('3000', { name: '3000', recording: recording('greeting') });
    keeper.watch({ conference: '3000', event: { type: 'recording', state: 'started', name: 'greeting' } });
    await keeper.look();
    conferences.clear();
    await keeper.look();
    expect(await keeper.list({ search: '', limit: 10 })).toMatchObject([{ file: 'greeting.wav', conference: null }]);
    await keeper.prune();
    expect(told).toEqual([]);
    expect(await names(keeper)).toEqual(['greeting.wav']);
  });

  it('that ends while there is no controller is told of by the next one', async () => {
    const first = await keeperOf();
    await begin(first, 'survivor');
    await first.stop();
    await fileOf('survivor', 7);
    live.clear();
    conferences.clear();
    const next = await keeperOf();
    isAsteriskAway = true;
    await next.look();
    expect(told).toEqual([]);
    isAsteriskAway = false;
    await next.look();
    await expect.poll(() => told).toMatchObject([{ name: 'survivor', conference: '3000', seconds: 7 }]);
    await next.stop();
    const third = await keeperOf();
    await third.look();
    await third.stop();
    expect(told).toHaveLength(1);
  });

  it('that goes on over a restart of the controller is adopted', async () => {
    const first = await keeperOf();
    conferences.set('3000', { name: '3000', recording: recording('adopted') });
    live.add('adopted');
    await fileOf('adopted');
    await first.look();
    await first.stop();
    const next = await keeperOf();
    await next.look();
    await end(next, 'adopted', 2);
    await expect.poll(() => told).toMatchObject([{ name: 'adopted', conference: '3000', seconds: 2 }]);
  });
});

describe('recordings that are older than they may be', () => {
  it('are removed and told in the log, but for files that no conference has made', async () => {
    const keeper = await keeperOf();
    for (const name of ['old', 'gone']) {
      await begin(keeper, name);
      await end(keeper, name);
    }
    await expect.poll(() => told).toHaveLength(2);
    await fileOf('prompt', 1, 30 * DAY_MS);
    await rm(join(directory, 'gone.wav'));
    await keeper.stop();
    const early = await keeperOf(5, () => Date.now() + 4 * DAY_MS);
    expect((await names(early)).sort()).toEqual(['old.wav', 'prompt.wav']);
    await early.stop();
    logged = [];
    const late = await keeperOf(5, () => Date.now() + 6 * DAY_MS);
    expect(await names(late)).toEqual(['prompt.wav']);
    expect(logged).toEqual(['recording old.wav of conference 3000 is removed: it is older than 5 days']);
  });

  it('stay while Asterisk does not answer, which is told once', async () => {
    let aheadMs = 0;
    const keeper = await keeperOf(5, () => Date.now() + aheadMs);
    await begin(keeper, 'old');
    await end(keeper, 'old');
    await expect.poll(() => told).toHaveLength(1);
    await keeper.prune();
    expect(await names(keeper)).toEqual(['old.wav']);
    aheadMs = 6 * DAY_MS;
    isAsteriskAway = true;
    await keeper.prune();
    await keeper.prune();
    expect(logged).toEqual([expect.stringContaining('old is not removed, and will be tried again')]);
    await expect(keeper.remove('old', '')).rejects.toMatchObject({ code: 'asterisk-unreachable' });
    isAsteriskAway = false;
    await keeper.prune();
    expect(await names(keeper)).toEqual([]);
  });
});

describe('the files of recordings', () => {
  it('are found by their file, by their name, and by a part of it in lists', async () => {
    const keeper = await keeperOf();
    await fileOf('board/one', 1, 1000);
    await fileOf('two');
    await fileOf('rostrum/names/3000-1-7');
    await writeFile(join(directory, 'notes.txt'), 'no recording');
    expect(await names(keeper)).toEqual(['two.wav', 'board/one.wav']);
    expect(await names(keeper, 'BOARD')).toEqual(['board/one.wav']);
    for (const word of ['board/one', 'board/one.wav']) {
      const { file, bytes, content } = await keeper.open(word);
      expect({ file, bytes, length: (await text(content)).length }).toEqual({
        file: 'board/one.wav',
        bytes: 44 + SECOND,
        length: 44 + SECOND,
      });
    }
    expect(await keeper.remove('board/one', 'ordered by operator anna')).toMatchObject({ file: 'board/one.wav' });
    expect(logged).toEqual(['recording board/one.wav of conference unknown is removed: ordered by operator anna']);
    await expect(keeper.open('board/one')).rejects.toMatchObject({ code: 'no-such-recording' });
  });

  it('that are being made are not removed', async () => {
    const keeper = await keeperOf();
    await begin(keeper, 'live');
    await expect(keeper.remove('live', '')).rejects.toMatchObject({ code: 'not-possible' });
    expect(await names(keeper)).toEqual(['live.wav']);
  });

  it.each(['../secret', '../secret.wav', '/etc/passwd', 'a/../../secret.wav', '.hidden', '', 'link', 'x'.repeat(300)])(
    'are not read or removed outside of their directory: %s',
    async (name) => {
      const keeper = await keeperOf();
      await writeFile(join(home, 'secret.wav'), 'secret');
      await symlink(join(home, 'secret.wav'), join(directory, 'link.wav'));
      await expect(keeper.open(name)).rejects.toMatchObject({ code: 'no-such-recording' });
      if (name !== 'link') await expect(keeper.remove(name, '')).rejects.toMatchObject({ code: 'no-such-recording' });
    },
  );

  it('whose directory is not there are told', async () => {
    const keeper = await keeperOf();
    await rm(directory, { recursive: true });
    await expect(keeper.list({ search: '', limit: 1 })).rejects.toMatchObject({
      code: 'not-possible',
      message: expect.stringContaining('asterisk.recordings'),
    });
  });
});
