import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/conference/model/commands.ts';
import type { Call } from '../kit/phone/call.ts';
import { SAMPLES_PER_MS } from '../kit/phone/g711.ts';
import { toneLevelDbov } from '../kit/phone/judge.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { parseWav } from '../kit/phone/wav.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { harness } from './harness.ts';

const execute = promisify(execFile);

const DIALPLAN = `
[rostrum-dial-in](+)
exten => _71XX,1,Stasis(rostrum,join,kept,recorded,+speaker)
exten => _72XX,1,Stasis(rostrum,join,kept,recorded)
exten => _73XX,1,Stasis(rostrum,join,same,same,+speaker)
`;

/** Prompts are tones here. */
const STARTED_HZ = 600;
const STOPPED_HZ = 800;
const prompts = {
  ...SILENT.prompts,
  'recording-started': `tone:${STARTED_HZ}/400`,
  'recording-stopped': `tone:${STOPPED_HZ}/400`,
};
const sound = { music: 'none', prompts };

/** Writes the words and the environment that it was given beside the recording. */
const TELL =
  'require("fs").writeFileSync(process.argv[1] + ".told", JSON.stringify([process.argv.slice(1), process.env]))';

const lab = harness({
  profile: { sound, idleSeconds: 1 },
  config: { recordings: { command: [process.execPath, '-e', TELL] } },
  profiles: {
    recorded: {
      kind: 'conference',
      sound,
      idleSeconds: 1,
      recording: { automatic: true, name: 'daily/{conference}_{date}_{time}' },
    },
    same: { kind: 'conference', sound, idleSeconds: 1, recording: { automatic: true, name: '{conference}' } },
  },
  extra: { append: { 'extensions.conf': DIALPLAN } },
});

const HEARD = { aboveDbov: -30, timeoutMs: 5000 };
const gone = (freqHz: number) => ({ freqHz, belowDbov: -55, timeoutMs: 5000 });
const SETTLED = { timeout: 10_000, interval: 50 };
/** A recording that ends sooner is given up instead of started again. */
const TOO_SOON_MS = 2000;

const run = (command: Command) => lab.node.command('3000', command);
const record = (name: string | null) => run({ type: 'record', name });
const stop = () => run({ type: 'stop-recording' });
const recording = async (conference = '3000') => (await lab.node.show(conference)).recording;
const directory = () => join(lab.node.asterisk.directory, 'spool', 'recording');
const fileOf = (name: string) => join(directory(), `${name}.wav`);
/** What the log says of recordings, without what was there before. */
const told = async (from = 0) =>
  (await lab.node.log())
    .slice(from)
    .split('\n')
    .filter((line) => line.includes(': recording state='));

/** A recording that is complete. */
async function samplesOf(name: string): Promise<Int16Array> {
  const read = async () => parseWav(await readFile(fileOf(name)).catch(() => Buffer.alloc(0)));
  await expect.poll(async () => (await read())?.length ?? 0, SETTLED).toBeGreaterThan(0);
  return (await read()) ?? new Int16Array(0);
}

/** The highest level of a tone in any 100 ms. */
function peakDbov(samples: Int16Array, freqHz: number): number {
  const window = 100 * SAMPLES_PER_MS;
  let peak = Number.NEGATIVE_INFINITY;
  for (let at = 0; at + window <= samples.length; at += window / 2) {
    peak = Math.max(peak, toneLevelDbov(samples.subarray(at, at + window), freqHz));
  }
  return peak;
}

async function two(): Promise<{ speaker: Call; listener: Call }> {
  const speaker = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, -20) });
  const listener = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
  await lab.node.waitForMembers('3000', 2);
  await listener.waitForTone(440, HEARD);
  for (const call of [speaker, listener]) call.resetStats();
  return { speaker, listener };
}

/** Says another tone, and waits until it is heard alone. */
async function say(speaker: Call, listener: Call, freqHz: number, beforeHz: number): Promise<void> {
  speaker.send(tone(freqHz, -20));
  await listener.waitForTone(freqHz, HEARD);
  await listener.waitForSilence(gone(beforeHz));
}

const expectUndisturbed = async (...calls: Call[]) => {
  await calls[0]?.waitForTone(440, HEARD);
  for (const call of calls) expect(call.stats().lost).toBe(0);
};

/** Asks Asterisk past Rostrum, as another program or an operator might. */
async function askAsterisk(method: string, path: string): Promise<number> {
  const { ariUrl, ariUsername, ariPassword } = lab.node.asterisk;
  const authorization = `Basic ${Buffer.from(`${ariUsername}:${ariPassword}`).toString('base64')}`;
  return (await fetch(`${ariUrl}/ari${path}`, { method, headers: { authorization } })).status;
}

const lasted = async (ms: number, conference = '3000') => {
  const startedMs = Date.parse((await recording(conference))?.startedAt ?? '');
  await expect.poll(() => Date.now() - startedMs, SETTLED).toBeGreaterThan(ms);
};

describe('a recording', () => {
  it('holds what was said, without what was said while it was paused', async () => {
    const { speaker, listener } = await two();
    const started = [speaker, listener].map((call) => call.waitForTone(STARTED_HZ, HEARD));
    await record('talks/first');
    expect(await recording()).toEqual({
      name: 'talks/first',
      file: 'talks/first.wav',
      directory: expect.stringMatching(/\/recording$/),
      node: null,
      paused: false,
      startedAt: expect.any(String),
    });
    await Promise.all(started);
    await listener.waitForSilence(gone(STARTED_HZ));
    await run({ type: 'pause-recording', paused: true });
    expect(await recording()).toMatchObject({ paused: true });
    await say(speaker, listener, 900, 440);
    await say(speaker, listener, 1300, 900);
    await run({ type: 'pause-recording', paused: false });
    expect(await recording()).toMatchObject({ paused: false });
    await listener.waitForSilence({ ...gone(900), forMs: 500 });
    const stopped = [speaker, listener].map((call) => call.waitForTone(STOPPED_HZ, HEARD));
    await stop();
    expect(await recording()).toBeNull();
    await Promise.all(stopped);
    const samples = await samplesOf('talks/first');
    for (const hz of [440, 1300]) expect(Math.abs(peakDbov(samples, hz) + 20)).toBeLessThan(1);
    expect(peakDbov(samples, STARTED_HZ)).toBeGreaterThan(-26);
    for (const hz of [900, STOPPED_HZ]) expect(peakDbov(samples, hz)).toBeLessThan(-50);
    for (const call of [speaker, listener]) expect(call.stats().lost).toBe(0);
    await expect(stop()).rejects.toMatchObject({ code: 'not-possible' });
  });

  it('is listed, told to the command, copied and removed when it is finished', async () => {
    const { speaker, listener } = await two();
    const recordings = async (...words: string[]) => {
      const { code, stdout, stderr } = await lab.node.cli('recordings', ...words);
      return { code, stdout, stderr };
    };
    const listed = async () => JSON.parse((await recordings('list', '--search', 'kept/', '--json')).stdout);
    const started = listener.waitForTone(STARTED_HZ, HEARD);
    await record('kept/talk');
    await started;
    await listener.waitForSilence(gone(STARTED_HZ));
    expect(await listed()).toMatchObject([{ file: 'kept/talk.wav', conference: '3000', node: null, endedAt: null }]);
    expect(await recordings('remove', 'kept/talk')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('stop it'),
    });
    await lasted(1000);
    await stop();

    const toldOf = () => readFile(`${fileOf('kept/talk')}.told`, 'utf8').catch(() => '[]');
    await expect
      .poll(async () => JSON.parse(await toldOf()), SETTLED)
      .toMatchObject([
        [fileOf('kept/talk')],
        { ROSTRUM_CONFERENCE: '3000', ROSTRUM_RECORDING: 'kept/talk', ROSTRUM_FILE: fileOf('kept/talk') },
      ]);
    const [{ seconds, bytes, endedAt }] = await listed();
    expect(JSON.parse(await toldOf())[1]).toMatchObject({
      ROSTRUM_SECONDS: String(seconds),
      ROSTRUM_ENDED_AT: endedAt,
    });
    expect(seconds).toBeGreaterThanOrEqual(1);

    const copy = join(lab.node.directory, 'copy.wav');
    expect(await recordings('get', 'kept/talk', copy)).toMatchObject({ code: 0, stdout: `${copy}: ${bytes} bytes\n` });
    const samples = parseWav(await readFile(copy)) ?? new Int16Array(0);
    expect(Math.abs(samples.length / (1000 * SAMPLES_PER_MS) - seconds)).toBeLessThanOrEqual(0.5);
    expect(Math.abs(peakDbov(samples, 440) + 20)).toBeLessThan(1);
    expect(await recordings('get', 'kept/talk', copy)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is there already'),
    });
    expect(await readFile(copy)).toEqual(await readFile(fileOf('kept/talk')));

    // Asterisk takes one of the files of a name, and nothing else is removed in place of what was meant.
    await writeFile(join(directory(), 'kept', 'talk.gsm'), 'another program has made this');
    const outcomes = [];
    for (const file of ['kept/talk.gsm', 'kept/talk.wav']) {
      const { code, stderr } = await recordings('remove', file);
      const left = (await listed()).map((each: { file: string }) => each.file);
      expect(left.includes(file)).toBe(code !== 0);
      outcomes.push(code === 0 ? 'removed' : /Asterisk would remove kept\/talk\.\w+ in its place/.exec(stderr)?.[0]);
    }
    expect(outcomes).toContain('removed');
    expect(outcomes).not.toContain(undefined);
    await rm(join(directory(), 'kept', 'talk.gsm'), { force: true });
    await writeFile(fileOf('kept/talk'), await readFile(copy));
    expect(await recordings('remove', 'kept/talk.wav')).toMatchObject({
      code: 0,
      stdout: 'kept/talk.wav is removed\n',
    });
    expect(await listed()).toEqual([]);
    expect(await recordings('get', 'kept/talk', '-')).toMatchObject({ code: 3, stdout: '' });
    expect(await recordings('get', '../../etc/passwd', '-')).toMatchObject({ code: 3, stdout: '' });
    for (const call of [speaker, listener]) expect(call.stats().lost).toBe(0);
  });

  it('is one at a time, and never replaces another', async () => {
    const { listener } = await two();
    const announced = listener.waitForTone(STARTED_HZ, HEARD);
    await record('mine');
    await expect(record('other')).rejects.toMatchObject({ code: 'not-possible' });
    await announced;
    await stop();
    const first = await samplesOf('mine');
    await expect(record('mine')).rejects.toMatchObject({ message: expect.stringContaining('mine') });
    await expect.poll(recording, SETTLED).toBeNull();
    expect(await samplesOf('mine')).toEqual(first);
    await record(null);
    expect((await recording())?.name).toMatch(/^3000-\d{4}-\d\d-\d\d-\d{6}$/);
  });

  it.each(['../x', 'a/../../x', '/tmp/x', '.hidden', 'a b', 'a%2Fb', ''])(
    'whose name leads elsewhere is refused: %j',
    async (name) => {
      await lab.phones.call('4000', { callerNumber: '200', send: silence() });
      await lab.node.waitForMembers('3000', 1);
      await expect(record(name)).rejects.toMatchObject({ code: 'bad-request' });
      expect(await recording()).toBeNull();
    },
  );

  it('goes on when the controller is killed, and the next one shows it and stops it', async () => {
    const { speaker, listener } = await two();
    const started = listener.waitForTone(STARTED_HZ, HEARD);
    await record('survivor');
    await started;
    await listener.waitForSilence(gone(STARTED_HZ));
    const shown = await recording();
    process.kill(await lab.node.controllerPid(), 'SIGKILL');
    await say(speaker, listener, 900, 440);
    await lab.node.waitUntilConnected();
    await lab.node.waitForMembers('3000', 2);
    expect(await recording()).toEqual(shown);
    await say(speaker, listener, 1300, 900);
    await stop();
    expect(await recording()).toBeNull();
    const samples = await samplesOf('survivor');
    for (const hz of [440, 900, 1300]) expect(peakDbov(samples, hz)).toBeGreaterThan(-22);
  });
});

describe('an automatic recording', () => {
  it('begins with the first speaker, is announced to all, named as the profile says, and ends with the last', async () => {
    const listener = await lab.phones.call('7200', { callerNumber: '101', send: silence() });
    await lab.node.waitForMembers('kept', 1);
    expect(await recording('kept')).toBeNull();
    const told = listener.waitForTone(STARTED_HZ, HEARD);
    const speaker = await lab.phones.call('7100', { callerNumber: '200', send: tone(440, -20) });
    await Promise.all([told, speaker.waitForTone(STARTED_HZ, HEARD), listener.waitForTone(440, HEARD)]);
    const { name = '' } = (await recording('kept')) ?? {};
    expect(name).toMatch(/^daily\/kept_\d{4}-\d\d-\d\d_\d{6}$/);
    await listener.waitForSilence(gone(STARTED_HZ));
    await lab.phones.hangUpAll();
    await lab.node.waitForMembers('kept', 0);
    expect(Math.abs(peakDbov(await samplesOf(name), 440) + 20)).toBeLessThan(1);
    // The next conference has a recording of its own.
    await expect.poll(() => lab.node.list(), SETTLED).toEqual([]);
    await lab.phones.call('7100', { callerNumber: '200', send: tone(440, -20) });
    await expect.poll(() => recording('kept').catch(() => null), SETTLED).not.toBeNull();
    expect((await recording('kept'))?.name).not.toBe(name);
  });
});

it('a recording of a name that there is already gets the next number', async () => {
  for (const name of ['same', 'same-2', 'same-3']) {
    await lab.phones.call('7300', { callerNumber: '200', send: tone(440, -20) });
    await expect.poll(async () => (await recording('same').catch(() => null))?.name, SETTLED).toBe(name);
    await lasted(500, 'same');
    await lab.phones.hangUpAll();
    await expect.poll(() => lab.node.list(), SETTLED).toEqual([]);
    expect(Math.abs(peakDbov(await samplesOf(name), 440) + 20)).toBeLessThan(1);
  }
});

describe('a recording that somebody else stops in Asterisk', () => {
  it('is started again in another file, as often as it happens, and told', async () => {
    const { speaker, listener } = await two();
    await record('watched');
    const { length: before } = await lab.node.log();
    for (const next of ['watched-2', 'watched-3']) {
      await lasted(TOO_SOON_MS);
      const { name = '' } = (await recording()) ?? {};
      expect(await askAsterisk('POST', `/recordings/live/${name}/stop`)).toBe(204);
      await expect.poll(async () => (await recording())?.name, SETTLED).toBe(next);
    }
    // What was to be left out stays out.
    await run({ type: 'pause-recording', paused: true });
    await lasted(TOO_SOON_MS);
    expect(await askAsterisk('POST', '/recordings/live/watched-3/stop')).toBe(204);
    await expect.poll(recording, SETTLED).toMatchObject({ name: 'watched-4', paused: true });
    await say(speaker, listener, 900, 440);
    await say(speaker, listener, 1300, 900);
    await run({ type: 'pause-recording', paused: false });
    await listener.waitForSilence({ ...gone(900), forMs: 500 });
    await stop();
    for (const name of ['watched', 'watched-2']) expect(peakDbov(await samplesOf(name), 440)).toBeGreaterThan(-22);
    const last = await samplesOf('watched-4');
    expect(peakDbov(last, 1300)).toBeGreaterThan(-22);
    expect(peakDbov(last, 900)).toBeLessThan(-50);
    const events = await told(before);
    expect(events.filter((line) => line.includes('state=restarted'))).toHaveLength(3);
    expect(events.filter((line) => line.includes('state=stopped'))).toHaveLength(1);
    for (const call of [speaker, listener]) expect(call.stats().lost).toBe(0);
  });
});

describe('where nothing can be written', () => {
  it('a recording fails, is reported to the requester and in the log, once, and disturbs nobody', async () => {
    const { speaker, listener } = await two();
    const { length: before } = await lab.node.log();
    await rename(directory(), `${directory()}-away`);
    await writeFile(directory(), 'a file, where a directory should be');
    try {
      await expect(record('impossible')).rejects.toMatchObject({ code: 'not-possible' });
      await expect.poll(recording, SETTLED).toBeNull();
      const failures = async () => (await told(before)).filter((line) => line.includes('state=failed'));
      await expect.poll(failures, SETTLED).toHaveLength(1);
      await expect(record('im/possible')).rejects.toMatchObject({ message: expect.stringContaining('im') });
      await listener.waitForSilence({ freqHz: STARTED_HZ, belowDbov: -55, forMs: 1000, timeoutMs: 5000 });
      expect(await failures()).toHaveLength(2);
      expect((await told(before)).filter((line) => line.includes('state=restarted'))).toHaveLength(0);
      await expectUndisturbed(listener, speaker);
    } finally {
      await rm(directory());
      await rename(`${directory()}-away`, directory());
    }
    const started = listener.waitForTone(STARTED_HZ, HEARD);
    await record('possible');
    await started;
    await listener.waitForSilence(gone(STARTED_HZ));
    await stop();
    expect(peakDbov(await samplesOf('possible'), 440)).toBeGreaterThan(-22);
  });

  it('because the directory of the recordings is missing, the requester is told which', async () => {
    await two();
    await rename(directory(), `${directory()}-away`);
    try {
      await expect(record('impossible')).rejects.toMatchObject({
        code: 'asterisk-refused',
        message: expect.stringContaining(`cannot write into ${directory()}`),
      });
    } finally {
      await rename(`${directory()}-away`, directory());
    }
  });

  it('because the disk is full, a recording ends, is told, and is not begun again and again', async ({ skip }) => {
    const small = join(directory(), 'small');
    await mkdir(small);
    const mounted = await execute('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small]).catch(() => null);
    if (!mounted) skip('this user cannot mount a small disk');
    try {
      const { speaker, listener } = await two();
      const { length: before } = await lab.node.log();
      // 16 KB a second.
      await record('small/talk');
      await expect.poll(recording, { timeout: 25_000, interval: 100 }).toBeNull();
      const events = await told(before);
      expect(events.filter((line) => line.includes('state=failed'))).toHaveLength(1);
      expect(events.length).toBeLessThanOrEqual(5);
      await expectUndisturbed(listener, speaker);
      expect((await readdir(small)).length).toBeLessThanOrEqual(4);

      const files = await readdir(small);
      const refused = { code: 'not-possible', message: expect.stringContaining('disk of the recordings is full') };
      await expect(record('small/again')).rejects.toMatchObject(refused);
      expect(await recording()).toBeNull();
      expect(await readdir(small)).toEqual(files);
    } finally {
      await execute('umount', ['-l', small]);
    }
  });
});
