import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/conference/model/commands.ts';
import type { Call } from '../kit/phone/call.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { toneFile } from '../kit/tone-file.ts';
import { harness } from './harness.ts';

/** What the dialplan plays on a key, and after the call has left; and the music of one who is alone. */
const KEY_HZ = 1900;
const AFTER_HZ = 2200;
const MUSIC_HZ = 2500;
const [onKey, after, music] = [await toneFile(KEY_HZ, 1000), await toneFile(AFTER_HZ, 1000), await toneFile(MUSIC_HZ)];

const DIALPLAN = `
[rostrum-dial-in](+)
exten => _90XX,1,Stasis(rostrum,join,other,default,+speaker)
exten => _91XX,1,Stasis(rostrum,join,music,musical)
exten => _92XX,1,Stasis(rostrum,join,music,musical,+speaker)
exten => _93XX,1,Stasis(rostrum,join,3000,default,+speaker)
 same => n,Playback(${after.sound})
 same => n,Hangup()
`;

/** Made by what must not run. */
const touched = join(tmpdir(), `rostrum-moves-${process.pid}`);

const PROGRAMS = '[modules](+)\nload = app_system.so\nload = func_shell.so\n';

const KEYS = {
  '7': `exec:Playback ${onKey.sound}`,
  '8': 'exec:NoSuchApplication',
  '9': 'exec:Hangup',
  '6': `exec:System touch ${touched}`,
  '#': 'hangup',
};

const lab = harness({
  profile: { controls: 'moving', applications: ['Playback', 'NoSuchApplication', 'Hangup'] },
  profiles: {
    moving: { kind: 'controls', keys: KEYS },
    musical: { kind: 'conference', sound: { ...SILENT, music: 'tone' } },
  },
  extra: { append: { 'extensions.conf': DIALPLAN, 'musiconhold.conf': music.musicClass, 'modules.conf': PROGRAMS } },
});

const HEARD = { aboveDbov: -30, timeoutMs: 3000 };
const gone = (freqHz: number) => ({ freqHz, belowDbov: -55, timeoutMs: 2000 });
const run = (command: Command) => lab.node.command('3000', command);

/** Three speakers with a tone each. */
async function speakers(): Promise<{ calls: [Call, Call, Call]; ids: [number, number, number] }> {
  const call = (callerNumber: string, hz: number) => lab.phones.call('4000', { callerNumber, send: tone(hz, -20) });
  const calls: [Call, Call, Call] = [await call('201', 440), await call('202', 700), await call('203', 1000)];
  await lab.node.waitForMembers('3000', 3);
  await calls[0].waitForTone(1000, HEARD);
  const id = async (number: string) => (await lab.node.member('3000', number)).id;
  return { calls, ids: [await id('201'), await id('202'), await id('203')] };
}

describe('a private talk', () => {
  it('is heard by the two and by nobody else, and ends for both', async () => {
    const { calls, ids } = await speakers();
    const [a, b, c] = calls;
    await run({ type: 'talk-privately', memberId: ids[0], withMemberId: ids[1] });
    await Promise.all([a.waitForTone(700, HEARD), b.waitForTone(440, HEARD)]);
    await Promise.all([a.waitForSilence(gone(1000)), b.waitForSilence(gone(1000))]);
    await Promise.all([c.waitForSilence(gone(440)), c.waitForSilence(gone(700))]);
    expect(await lab.node.member('3000', '201')).toMatchObject({ place: 'private', privateWith: ids[1] });

    await run({ type: 'end-private', memberId: ids[1] });
    await Promise.all([c.waitForTone(440, HEARD), c.waitForTone(700, HEARD), a.waitForTone(1000, HEARD)]);
  });

  it('ends for the other one when one hangs up', async () => {
    const { calls, ids } = await speakers();
    await run({ type: 'talk-privately', memberId: ids[0], withMemberId: ids[1] });
    await calls[0].waitForSilence(gone(1000));
    await calls[1].hangUp();
    await Promise.all([calls[0].waitForTone(1000, HEARD), calls[2].waitForTone(440, HEARD)]);
  });
});

describe('hold', () => {
  it('takes a member off the floor, and back', async () => {
    const { calls, ids } = await speakers();
    await run({ type: 'hold', memberId: ids[0], held: true });
    await Promise.all([calls[0].waitForSilence(gone(1000)), calls[2].waitForSilence(gone(440))]);
    await calls[2].waitForTone(700, HEARD);
    await run({ type: 'hold', memberId: ids[0], held: false });
    await Promise.all([calls[0].waitForTone(1000, HEARD), calls[2].waitForTone(440, HEARD)]);
  });
});

describe('a transfer', () => {
  it('moves a member to another conference, to be heard and to hear there', async () => {
    const { calls, ids } = await speakers();
    const there = await lab.phones.call('9000', { callerNumber: '300', send: tone(1500, -20) });
    await lab.node.waitForMembers('other', 1);
    await run({ type: 'transfer', memberId: ids[0], conference: 'other', profileName: null });
    await Promise.all([there.waitForTone(440, HEARD), calls[0].waitForTone(1500, HEARD)]);
    await Promise.all([calls[2].waitForSilence(gone(440)), calls[0].waitForSilence(gone(1000))]);
    expect(await lab.node.member('other', '201')).toMatchObject({ role: 'speaker', place: 'floor' });
    await lab.node.waitForMembers('3000', 2);
  });
});

it('a transfer into a new conference with a profile that there is not is refused', async () => {
  const { ids } = await speakers();
  const transfer = run({ type: 'transfer', memberId: ids[0], conference: '3998', profileName: 'nonsense' });
  await expect(transfer).rejects.toMatchObject({ code: 'not-possible' });
  await lab.node.waitForMembers('3000', 3);
});

describe('an application of the dialplan on a key', () => {
  it('plays to the caller alone, who is a member still and comes back', async () => {
    const { calls, ids } = await speakers();
    await calls[0].pressKeys('7');
    await Promise.all([calls[0].waitForTone(KEY_HZ, HEARD), calls[2].waitForSilence(gone(440))]);
    await Promise.all([calls[2].waitForTone(440, HEARD), calls[0].waitForTone(1000, HEARD)]);
    for (const call of [calls[1], calls[2]]) expect(call.toneLevelDbov(KEY_HZ, { lastMs: 2000 })).toBeLessThan(-55);
    expect(await lab.node.member('3000', '201')).toMatchObject({ id: ids[0], place: 'floor', role: 'speaker' });
  });

  it('that Asterisk does not have leaves the member in the conference, and the log says so', async () => {
    const { calls } = await speakers();
    await calls[0].pressKeys('8');
    await expect.poll(() => lab.node.log()).toContain('Asterisk has no such application');
    await Promise.all([calls[2].waitForTone(440, HEARD), calls[0].waitForTone(1000, HEARD)]);
  });

  it('from which the member does not come back ends the membership', async () => {
    const { calls } = await speakers();
    await calls[0].pressKeys('9');
    await calls[0].ended;
    await lab.node.waitForMembers('3000', 2);
  });
});

it('who leaves after an application of the dialplan goes on behind the Stasis() that the call came through', async () => {
  const other = await lab.phones.call('4000', { callerNumber: '201', send: tone(440, -20) });
  const caller = await lab.phones.call('9300', { callerNumber: '400', send: tone(700, -20) });
  await other.waitForTone(700, HEARD);
  await caller.pressKeys('7');
  await caller.waitForTone(KEY_HZ, HEARD);
  await caller.waitForTone(440, HEARD);
  await caller.pressKeys('#');
  await caller.waitForTone(AFTER_HZ, HEARD);
  expect(await caller.ended).toMatchObject({ by: 'them' });
  expect(other.toneLevelDbov(AFTER_HZ, { lastMs: 2000 })).toBeLessThan(-55);
});

describe('who is alone', () => {
  it('hears music until a second member joins, and again after that one has left', async () => {
    const first = await lab.phones.call('9100', { callerNumber: '101', send: silence() });
    await first.waitForTone(MUSIC_HZ, HEARD);
    const second = await lab.phones.call('9200', { callerNumber: '201', send: tone(440, -20) });
    await first.waitForTone(440, HEARD);
    await Promise.all([first, second].map((call) => call.waitForSilence(gone(MUSIC_HZ))));
    await second.hangUp();
    await lab.node.waitForMembers('music', 1);
    await first.waitForTone(MUSIC_HZ, HEARD);
  });
});

describe('a program', () => {
  it('is run by no command and by no key', async () => {
    const { calls, ids } = await speakers();
    const execute = (application: string, data: string) =>
      run({ type: 'execute', memberId: ids[0], application, data });
    const refused = { code: 'not-possible', message: expect.stringContaining('does not allow the application') };
    for (const application of ['System', 'TrySystem', 'system'])
      await expect(execute(application, `touch ${touched}`)).rejects.toMatchObject(refused);
    await expect(execute('Exec', `System(touch ${touched})`)).rejects.toMatchObject(refused);
    await expect(execute('MixMonitor', `x.wav,,touch ${touched}`)).rejects.toMatchObject(refused);
    await expect(execute('Playback', `\${SHELL(touch ${touched})}`)).rejects.toMatchObject({ code: 'bad-request' });
    await calls[0].pressKeys('6');
    // The key after it is taken, so that one was.
    await calls[0].pressKeys('7');
    await calls[0].waitForTone(KEY_HZ, HEARD);
    expect(existsSync(touched)).toBe(false);
  });
});
