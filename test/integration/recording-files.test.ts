import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingFiles } from '../../src/controller/recordings/recording-files.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-files-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

describe('the files of recordings', () => {
  it('on a disk that hangs take one thread, and are asked for again when it answers', async () => {
    const files = new RecordingFiles({ directory, withinMs: 200 });
    await writeFile(join(directory, 'well.wav'), '');
    // Nobody writes into these pipes, so that to open one of them takes a thread until somebody does.
    const pipes = Array.from({ length: 8 }, (_, at) => join(directory, `pipe${at}.wav`));
    execFileSync('mkfifo', pipes);
    const hanging = { code: 'not-possible', message: expect.stringContaining('has not answered for 0.2 s') };
    const reads = pipes.map((_, at) => files.read({ file: `pipe${at}.wav` }));
    await Promise.all(reads.map((read) => expect(read).rejects.toMatchObject(hanging)));
    try {
      await expect(files.find('well')).rejects.toMatchObject(hanging);
      await expect(files.names()).rejects.toMatchObject(hanging);
      expect((await readFile('/proc/self/stat')).length).toBeGreaterThan(0);
    } finally {
      for (const pipe of pipes) closeSync(openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK));
    }
    await expect.poll(() => files.find('well').catch(() => null)).toMatchObject({ file: 'well.wav' });
  });
});
