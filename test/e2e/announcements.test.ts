import { expect, it } from 'vitest';
import { silence } from '../kit/phone/sound.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { harness } from './harness.ts';

const CONFERENCES = ['6001', '6002', '6003', '6004', '6005', '6006'];
const ROUNDS = 10;
const TONES_HZ = { 'floor-muted': 1100, 'floor-unmuted': 1700 };

const DIALPLAN = `
[rostrum-dial-in](+)
${CONFERENCES.map((number) => `exten => ${number},1,Stasis(rostrum,join,${number},default)\n same => n,Hangup()`).join('\n')}
`;

const prompts = Object.fromEntries(Object.entries(TONES_HZ).map(([prompt, hz]) => [prompt, `tone:${hz}/200`]));
const lab = harness({
  profile: { idleSeconds: 1, sound: { ...SILENT, prompts: { ...SILENT.prompts, ...prompts } } },
  extra: { append: { 'extensions.conf': DIALPLAN } },
});

/** Channels and bridges that Asterisk has, but for the bridge in which listeners are parked. */
async function leftovers(): Promise<string[]> {
  const commands = ['core show channels concise', 'bridge show all'];
  const lines = await Promise.all(commands.map((command) => lab.node.asterisk.cli(command)));
  return lines
    .flatMap((text) => text.split('\n'))
    .filter((line) => /Announcer|Local|UnicastRTP|PJSIP|rostrum-(?!audience)/.test(line));
}

it('announcements that come at once are heard one after the other, and leave no channel and no bridge behind', async () => {
  const calls = await Promise.all(
    CONFERENCES.map((number) => lab.phones.call(number, { callerNumber: '100', send: silence() })),
  );
  for (let round = 0; round < ROUNDS; round += 1) {
    const heard = calls.flatMap((call) =>
      Object.values(TONES_HZ).map((hz) => call.waitForTone(hz, { aboveDbov: -35, timeoutMs: 5000 })),
    );
    const commands = [{ type: 'mute-all', audience: 'all' } as const, { type: 'mute-all', audience: null } as const];
    await Promise.all(CONFERENCES.flatMap((name) => commands.map((command) => lab.node.command(name, command))));
    await Promise.all(heard);
  }
  await Promise.all(calls.map((call) => call.hangUp()));
  await expect.poll(leftovers, { timeout: 20_000 }).toEqual([]);
});
