import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getRecording } from '../../src/cli/commands/recordings.ts';
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

  it.each(['../secret', '../secret.wav', '/etc/passwd', 'a/../../secret.wav', '.hidden', '', 'x'.repeat(300)])(
    'are not found outside of their directory: %s',
    async (name) => {
      const inside = join(directory, 'inside');
      await mkdir(inside);
      await writeFile(join(directory, 'secret.wav'), 'secret');
      expect(await new RecordingFiles({ directory: inside }).find(name)).toBeNull();
    },
  );

  it('are not read through links that lead out of their directory', async () => {
    const files = new RecordingFiles({ directory: join(directory, 'inside') });
    await mkdir(files.directory);
    await writeFile(join(directory, 'secret.wav'), 'secret');
    await symlink(join(directory, 'secret.wav'), join(files.directory, 'link.wav'));
    await expect(files.read({ file: 'link.wav' })).rejects.toMatchObject({ code: 'no-such-recording' });
  });

  it('whose directory is not there are told', async () => {
    const files = new RecordingFiles({ directory: join(directory, 'away') });
    const away = { code: 'not-possible', message: expect.stringMatching(/away.* \(ENOENT\): .*asterisk\.recordings/) };
    await expect(files.names()).rejects.toMatchObject(away);
    await expect(files.find('talk')).rejects.toMatchObject(away);
  });
});

describe('a copy of a recording', () => {
  let server: Server;
  /** The API, which has answered with the first half of the recording. */
  let answer: ServerResponse;
  const socket = () => join(directory, 'socket');
  const copy = () => join(directory, 'copy.wav');
  const files = async () => (await readdir(directory)).filter((file) => file !== 'socket').sort();
  const get = () => getRecording('talk', copy(), { socket: socket() });
  const half = () => expect.poll(() => readFile(`${copy()}.part`, 'utf8').catch(() => '')).toBe('one ');

  beforeEach(async () => {
    server = createServer((_, response) => {
      answer = response;
      response.writeHead(200, { 'content-length': 8, 'rostrum-file': 'talk.wav' }).write('one ');
    });
    await new Promise<void>((resolve) => server.listen(socket(), resolve));
  });

  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it('has its name when it is complete, whatever was left of an earlier one', async () => {
    await writeFile(`${copy()}.part`, 'the longer rest of one that was interrupted');
    const got = get();
    await half();
    expect(await files()).toEqual(['copy.wav.part']);
    answer.end('half');
    await got;
    expect(await files()).toEqual(['copy.wav']);
    expect(await readFile(copy(), 'utf8')).toBe('one half');
  });

  it('that breaks off leaves nothing', async () => {
    const broken = expect(get()).rejects.toThrow();
    await half();
    answer.destroy();
    await broken;
    expect(await files()).toEqual([]);
  });

  it('replaces no file, not even one that comes meanwhile', async () => {
    const late = expect(get()).rejects.toThrow(/EEXIST/);
    await half();
    await writeFile(copy(), 'of another program');
    answer.end('half');
    await late;
    await expect(get()).rejects.toThrow(/is there already/);
    expect(await files()).toEqual(['copy.wav']);
    expect(await readFile(copy(), 'utf8')).toBe('of another program');
  });
});
