import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { parse, stringify } from 'yaml';
import { renderTones, type ToneStep } from '../../src/audio/tones.ts';
import type { Command, PlaybackOperation } from '../../src/conference/model/commands.ts';
import { encodeWav } from '../../src/speech/wav.ts';
import type { Call } from '../kit/phone/call.ts';
import { SAMPLE_RATE_HZ } from '../kit/phone/g711.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { harness } from './harness.ts';

/** A node with sounds to be played, for the tests of playing. */

const DIALPLAN = `
[rostrum-dial-in](+)
exten => _70XX,1,Set(CHANNEL(language)=de)
 same => n,Stasis(rostrum,join,3000,default)
`;

/** The same words sound different in the voice of each language. */
export const MUTED_TEXT = 'Die Konferenz beginnt.';

export const lab = harness({
  profile: { sound: { ...SILENT, prompts: { ...SILENT.prompts, muted: `tts:${MUTED_TEXT}` } } },
  extra: { append: { 'extensions.conf': DIALPLAN } },
});

export const HEARD = { aboveDbov: -30, timeoutMs: 5000 };
/** The speakers, who are louder than what is played. */
export const VOICE_HEARD = { ...HEARD, aboveDbov: -22 };
export const gone = (freqHz: number) => ({ freqHz, belowDbov: -55, timeoutMs: 5000 });
export const SETTLED = { timeout: 10_000, interval: 50 };
export const STEP_DB = 3;
/** As loud as tones of Rostrum are. */
export const FILE_LEVEL_DBOV = -24;

export const run = (command: Command) => lab.node.command('3000', command);
export const play = (...media: string[]) => run({ type: 'play', media, volume: 0 });
export const control = (operation: PlaybackOperation) => run({ type: 'control-playback', operation });
export const playback = async () => (await lab.node.show('3000')).playback;
export const soundFile = (name: string) => join(lab.node.directory, 'sounds', name);

/** Second 0 of the long file has 400 Hz, second 1 has 500 Hz ...: the tone tells the position. */
const SECONDS = 20;
export const hzAtSecond = (second: number) => 400 + 100 * second;

async function writeTones(name: string, steps: readonly ToneStep[]): Promise<void> {
  const samples = renderTones(steps, SAMPLE_RATE_HZ, FILE_LEVEL_DBOV);
  await writeFile(`${soundFile(name)}.wav`, encodeWav({ samples, sampleRateHz: SAMPLE_RATE_HZ }));
}

beforeAll(async () => {
  await mkdir(soundFile(''));
  await writeTones('short', [{ frequenciesHz: [1000], durationMs: 800 }]);
  await writeTones('long', [{ frequenciesHz: [1000], durationMs: 30_000 }]);
  await writeTones('other', [{ frequenciesHz: [1500], durationMs: 30_000 }]);
  const seconds = Array.from({ length: SECONDS }, (_, second) => ({
    frequenciesHz: [hzAtSecond(second)],
    durationMs: 1000,
  }));
  await writeTones('seconds', seconds);
  await writeFile(`${soundFile('text')}.wav`, 'This is no audio, whatever its name says.\n'.repeat(1000));
  // 100 MB of silence that takes no space: a valid header, and nothing behind it.
  const header = encodeWav({ samples: new Float32Array(0), sampleRateHz: SAMPLE_RATE_HZ });
  header.writeUInt32LE(100_000_000, 40);
  await writeFile(`${soundFile('huge')}.wav`, header);
  await truncate(`${soundFile('huge')}.wav`, header.length + 100_000_000);
});

/** Two speakers with a tone each, and a listener. */
export async function three(): Promise<{ speaker: Call; second: Call; listener: Call; id: number }> {
  const speaker = await lab.phones.call('4000', { callerNumber: '200', send: tone(2700, -20) });
  const second = await lab.phones.call('4000', { callerNumber: '201', send: tone(3100, -20) });
  const listener = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
  await lab.node.waitForMembers('3000', 3);
  await Promise.all([speaker.waitForTone(3100, HEARD), second.waitForTone(2700, HEARD)]);
  await Promise.all([listener.waitForTone(2700, HEARD), listener.waitForTone(3100, HEARD)]);
  return { speaker, second, listener, id: (await lab.node.member('3000', '101')).id };
}

/** Has the next controller run with another configuration. @returns what brings the first one back */
export async function changeConfig(
  change: (config: { speech: { command: string[] } }) => void,
): Promise<() => Promise<void>> {
  const original = await readFile(lab.node.configPath, 'utf8');
  const changed = parse(original) as { speech: { command: string[] } };
  change(changed);
  const use = async (text: string) => {
    await writeFile(lab.node.configPath, text);
    const pid = await lab.node.controllerPid();
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => lab.node.controllerPid().catch(() => pid), SETTLED).not.toBe(pid);
    await lab.node.waitUntilConnected();
  };
  await use(stringify(changed));
  return () => use(original);
}
