import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AriError } from '../../src/ari/errors.ts';
import type { Conference } from '../../src/conference/model/conference.ts';
import { RecordingFiles } from '../../src/controller/recordings/recording-files.ts';
import type { FinishedRecording, RecordingHook } from '../../src/controller/recordings/recording-hooks.ts';
import { RecordingKeeper } from '../../src/controller/recordings/recording-keeper.ts';
import { RecordingNotes } from '../../src/controller/recordings/recording-notes.ts';
import { firstFileOf, notesIn, recording, SECOND_BYTES, writeRecording } from './kit/recordings.ts';

const DAY_MS = 86_400_000;

let home: string;
let directory: string;
let logged: string[];
/** What Asterisk is recording. */
let live: Set<string>;
let isAsteriskAway: boolean;
/** What the hooks have heard of. */
let told: FinishedRecording[];
let toldTo: Record<RecordingHook, string[]>;
/** The webhook does not answer before this. */
let webhookAnswers: Promise<void>;
let conferences: Map<string, Pick<Conference, 'name' | 'recording'>>;
let keepers: RecordingKeeper[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'rostrum-recordings-'));
  directory = join(home, 'spool');
  await mkdir(directory);
  [logged, told, keepers] = [[], [], []];
  live = new Set();
  toldTo = { command: [], webhook: [] };
  webhookAnswers = Promise.resolve();
  isAsteriskAway = false;
  conferences = new Map();
});

afterEach(async () => {
  await Promise.all(keepers.map((keeper) => keeper.stop()));
  await rm(home, { recursive: true, force: true });
});

/** A controller, whose hooks note what they are told. @param days how long recordings are kept */
async function keeperOf(days: number | null = null, wallNow = Date.now, mostFiles = 1000): Promise<RecordingKeeper> {
  const write = (message: string) => void logged.push(message);
  const files = new RecordingFiles({ directory });
  const stopping = new AbortController();
  const stopped = new Promise((resolve) => stopping.signal.addEventListener('abort', resolve));
  const ask = async <T>(answer: () => T | Promise<T>) => {
    if (isAsteriskAway) throw new AriError('unreachable', 'Asterisk does not answer');
    return answer();
  };
  const keeper = new RecordingKeeper(
    { days, lookEveryMs: 1_000_000, mostFiles },
    {
      ari: {
        isRecording: (name) => ask(() => live.has(name)),
        storedRecordingFormat: (name) => ask(async () => (await firstOf(name))?.split('.').at(-1) ?? null),
        deleteStoredRecording: (name) => ask(async () => rm(join(directory, (await firstOf(name)) ?? ''))),
      },
      conferences: () => conferences,
      files,
      notes: new RecordingNotes({ directory: join(home, 'reports', 'recordings') }),
      hooks: {
        tell: async (hook, recording) => {
          if (hook === 'webhook') await Promise.race([webhookAnswers, stopped]);
          if (stopping.signal.aborted) return false;
          toldTo[hook].push(recording.name);
          if (hook === 'command') told.push(recording);
          return true;
        },
        stop: () => stopping.abort(),
      },
      logger: { info: write, warn: write } as unknown as ConstructorParameters<typeof RecordingKeeper>[1]['logger'],
      wallNow,
    },
  );
  keepers.push(keeper);
  await keeper.start();
  return keeper;
}

const firstOf = (name: string) => firstFileOf(directory, name);
const fileOf = (name: string, seconds = 1, ageMs = 0) => writeRecording(directory, name, { seconds, ageMs });
const notes = () => notesIn(join(home, 'reports', 'recordings'));

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

/** Recordings are made, one after the other. */
async function made(keeper: RecordingKeeper, ...all: string[]): Promise<void> {
  for (const name of all) {
    await begin(keeper, name);
    await end(keeper, name);
  }
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
      {
        file: 'talks/first.wav',
        conference: '3000',
        endedAt: told[0]?.endedAt,
        seconds: 5,
        bytes: 44 + 5 * SECOND_BYTES,
      },
    ]);
    await keeper.look();
    expect(told).toHaveLength(1);
  });

  it('that was never seen to begin, since it was so short, is told of as well', async () => {
    const keeper = await keeperOf();
    conferences.set('3000', { name: '3000', recording: recording('short') });
    keeper.watch({ conference: '3000', event: { type: 'recording', state: 'started', name: 'short' } });
    conferences.clear();
    await fileOf('short', 1, -10);
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

  it('that could not begin leaves the earlier one of its name as it was', async () => {
    const keeper = await keeperOf();
    await made(keeper, 'daily');
    await expect.poll(() => toldTo.webhook).toEqual(['daily']);
    await expect.poll(async () => (await notes())['daily']?.told).toHaveLength(2);
    const before = await notes();
    conferences.set('4000', { name: '4000', recording: recording('daily') });
    keeper.watch({ conference: '4000', event: { type: 'recording', state: 'started', name: 'daily' } });
    await keeper.look();
    conferences.clear();
    await keeper.look();
    expect(await notes()).toEqual(before);
    expect(toldTo).toEqual({ command: ['daily'], webhook: ['daily'] });
    expect(await keeper.list({ search: '', limit: 10 })).toMatchObject([{ file: 'daily.wav', conference: '3000' }]);
  });

  it('whose directory is away when it ends is told of when that is back', async () => {
    const keeper = await keeperOf();
    await begin(keeper, 'late');
    await rename(directory, `${directory}-away`);
    live.clear();
    conferences.clear();
    await keeper.look();
    await keeper.look();
    expect(logged).toEqual([expect.stringMatching(/not looked after: .*ENOENT.*asterisk\.recordings/)]);
    await rename(`${directory}-away`, directory);
    await keeper.look();
    await expect.poll(() => told).toMatchObject([{ name: 'late', seconds: 1 }]);
  });

  it('is told of by the next controller once its directory is there', async () => {
    const first = await keeperOf();
    await begin(first, 'early');
    webhookAnswers = new Promise(() => {});
    await end(first, 'early');
    await expect.poll(async () => (await notes())['early']?.told).toEqual(['command']);
    await first.stop();
    webhookAnswers = Promise.resolve();
    await rename(directory, `${directory}-away`);
    const next = await keeperOf();
    await next.look();
    await expect.poll(() => logged.at(-1)).toMatch(/recordings\.webhook waits: .*ENOENT/);
    expect(toldTo.webhook).toEqual([]);
    await rename(`${directory}-away`, directory);
    await next.look();
    await expect.poll(() => toldTo).toEqual({ command: ['early'], webhook: ['early'] });
  });

  it('does not wait for the webhook of another one with its command', async () => {
    let answer = () => {};
    webhookAnswers = new Promise((resolve) => {
      answer = resolve;
    });
    const keeper = await keeperOf();
    await made(keeper, 'one', 'two');
    await expect.poll(() => toldTo).toEqual({ command: ['one', 'two'], webhook: [] });
    answer();
    await expect.poll(() => toldTo.webhook).toEqual(['one', 'two']);
    await expect.poll(async () => (await notes())['two']?.told.sort()).toEqual(['command', 'webhook']);
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
    expect(toldTo.webhook).toHaveLength(1);
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
    await made(keeper, 'old', 'gone');
    await expect.poll(() => told).toHaveLength(2);
    await expect.poll(() => toldTo.webhook).toHaveLength(2);
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

  it('are forgotten when their files are gone for a day, but not while their directory is away or empty', async () => {
    let aheadMs = 0;
    const keeper = await keeperOf(30, () => Date.now() + aheadMs);
    await made(keeper, 'kept', 'gone');
    await expect.poll(() => toldTo.webhook).toHaveLength(2);
    const later = async (days: number) => {
      aheadMs += days * DAY_MS;
      await keeper.prune();
      return Object.keys(await notes()).sort();
    };
    await rename(directory, `${directory}-away`);
    for (let day = 0; day < 3; day++) expect(await later(1)).toEqual(['gone', 'kept']);
    expect(logged).toEqual([expect.stringMatching(/old ones are not looked for: .*ENOENT/)]);
    // A disk that is not mounted.
    await mkdir(directory);
    expect(await later(1)).toEqual(['gone', 'kept']);
    expect(await later(0.5)).toEqual(['gone', 'kept']);
    await rm(directory, { recursive: true });
    await rename(`${directory}-away`, directory);
    expect(await later(0.4)).toEqual(['gone', 'kept']);
    await rm(join(directory, 'gone.wav'));
    expect(await later(0)).toEqual(['gone', 'kept']);
    expect(await later(1)).toEqual(['kept']);
  });

  it('stay where Asterisk would remove another file of their name', async () => {
    let aheadMs = 0;
    const keeper = await keeperOf(5, () => Date.now() + aheadMs);
    await made(keeper, 'talk');
    await expect.poll(() => toldTo).toEqual({ command: ['talk'], webhook: ['talk'] });
    await writeFile(join(directory, 'talk.gsm'), 'made by the command');
    expect(await keeper.list({ search: 'talk', limit: 9 })).toMatchObject([
      { file: 'talk.gsm', conference: null },
      { file: 'talk.wav', conference: '3000' },
    ]);
    aheadMs = 6 * DAY_MS;
    await keeper.prune();
    await expect(keeper.remove('talk', '')).rejects.toMatchObject({
      code: 'not-possible',
      message: expect.stringContaining('Asterisk would remove talk.gsm in its place'),
    });
    expect((await names(keeper)).sort()).toEqual(['talk.gsm', 'talk.wav']);
    expect(Object.keys(await notes())).toEqual(['talk']);
    expect(await keeper.remove('talk.gsm', '')).toMatchObject({ file: 'talk.gsm', conference: null });
    expect(Object.keys(await notes())).toEqual(['talk']);
    await keeper.prune();
    expect(await names(keeper)).toEqual([]);
    expect(await notes()).toEqual({});
  });

  it('stay while Asterisk does not answer, which is told once', async () => {
    let aheadMs = 0;
    const keeper = await keeperOf(5, () => Date.now() + aheadMs);
    await made(keeper, 'old');
    await expect.poll(() => toldTo.webhook).toHaveLength(1);
    await keeper.prune();
    expect(await names(keeper)).toEqual(['old.wav']);
    aheadMs = 6 * DAY_MS;
    isAsteriskAway = true;
    await keeper.prune();
    await keeper.prune();
    expect(logged).toEqual([expect.stringContaining('old.wav is not removed, and will be tried again')]);
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
        bytes: 44 + SECOND_BYTES,
        length: 44 + SECOND_BYTES,
      });
    }
    expect(await keeper.remove('board/one', 'ordered by operator anna')).toMatchObject({ file: 'board/one.wav' });
    expect(logged).toEqual(['recording board/one.wav of conference unknown is removed: ordered by operator anna']);
    await expect(keeper.open('board/one')).rejects.toMatchObject({ code: 'no-such-recording' });
  });

  it('are listed without directories that this user may not read, and those of this node first if they are too many', async () => {
    const keeper = await keeperOf(null, Date.now, 2);
    for (const name of ['a-prompt', 'b-prompt']) await fileOf(name);
    for (const name of ['x', 'z', 'y']) {
      await begin(keeper, name);
      await end(keeper, name);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(await names(keeper)).toEqual(['y.wav', 'z.wav']);
    expect(await names(keeper, 'PROMPT')).toHaveLength(2);
    expect(logged).toEqual([expect.stringContaining('lists have only 2 of the 5')]);
  });

  it('that are being made are not removed', async () => {
    const keeper = await keeperOf();
    await begin(keeper, 'live');
    await expect(keeper.remove('live', '')).rejects.toMatchObject({ code: 'not-possible' });
    expect(await names(keeper)).toEqual(['live.wav']);
  });
});
