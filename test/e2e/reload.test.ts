import { readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Call } from '../kit/phone/call.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { harness } from './harness.ts';

const HINT_HZ = 1500;

/** Profiles that a test changes are its own. */
const profileOf = (more: object = {}) => ({ kind: 'conference', idleSeconds: 1, sound: SILENT, ...more });

const CONFERENCES = ['loaded', 'asked', 'signalled', 'broken', 'later', 'removed'] as const;
const DIALPLAN = CONFERENCES.map(
  (name, index) => `
exten => _9${index}XX,1,Stasis(rostrum,join,${name},${name},+speaker)
 same => n,Gosub(rostrum-away,s,1)`,
).join('');

const lab = harness({
  profiles: {
    ...Object.fromEntries(CONFERENCES.map((name) => [name, profileOf()])),
    loaded: profileOf({ controls: 'loaded-keys', limits: { members: 200 } }),
    'loaded-keys': { kind: 'controls', keys: { '1': 'hand' } },
  },
  extra: {
    append: {
      'extensions.conf': `\n[rostrum-dial-in](+)${DIALPLAN}\nexten => _99XX,1,Stasis(rostrum,join,loaded,loaded)\n same => n,Gosub(rostrum-away,s,1)\n`,
    },
  },
});

/** What is changed is in force after so long. */
const IN_FORCE_MS = 2000;
const WITHIN = { timeout: IN_FORCE_MS, interval: 10 };
const LEVEL_DBOV = -30;
const STEP_DB = 3;

const fileOf = (profile: string) => join(lab.node.directory, 'profiles', `${profile}.yaml`);
const set = (profile: string, key: string, value: string) =>
  lab.node.cli('profile', 'set', profile, key, value, '--config', lab.node.configPath);
const numberOf = (name: (typeof CONFERENCES)[number]) => `9${CONFERENCES.indexOf(name)}00`;
const settles = (call: Call, freqHz: number, dbov: number) =>
  expect.poll(() => Math.abs(call.toneLevelDbov(freqHz, { lastMs: 200 }) - dbov), WITHIN).toBeLessThan(1);

/** Replaces a file in one step, as careful editors do. */
async function replace(profile: string, text: string): Promise<void> {
  await writeFile(`${fileOf(profile)}.new`, text);
  await rename(`${fileOf(profile)}.new`, fileOf(profile));
}

async function edit(profile: string, change: (text: string) => string): Promise<void> {
  await replace(profile, change(await readFile(fileOf(profile), 'utf8')));
}

/** Two members who speak, with a tone each. */
async function two(name: (typeof CONFERENCES)[number]): Promise<[Call, Call]> {
  const call = (callerNumber: string, hz: number) =>
    lab.phones.call(numberOf(name), { callerNumber, send: tone(hz, LEVEL_DBOV) });
  const calls: [Call, Call] = [await call('201', 440), await call('202', 1000)];
  await Promise.all([calls[0].waitForTone(1000, HEARD), calls[1].waitForTone(440, HEARD)]);
  return calls;
}
const HEARD = { aboveDbov: -35, timeoutMs: 3000 };

/** How often the log has a text. */
const logged = async (text: string) => (await lab.node.log()).split(text).length - 1;

describe('a change of a profile under 100 members', () => {
  it('is in force within 2 s, by file, signal and command, and loses no packet', async () => {
    const speaker = await lab.phones.call(numberOf('loaded'), { callerNumber: '200', send: tone(440, LEVEL_DBOV) });
    const listener = await lab.phones.call('9900', { callerNumber: '101', send: silence() });
    const crowd: Call[] = [];
    for (let batch = 0; batch < 7; batch++) {
      const calls = Array.from({ length: 14 }, (_, index) =>
        lab.phones.call('9901', { callerNumber: `3${100 + 14 * batch + index}`, send: silence(), keepAudio: false }),
      );
      crowd.push(...(await Promise.all(calls)));
    }
    await lab.node.waitForMembers('loaded', 100, 20_000);
    const everybody = [speaker, listener, ...crowd];
    await settles(listener, 440, LEVEL_DBOV);
    for (const call of everybody) call.resetStats();

    // A volume, heard by all.
    expect(await set('loaded', 'audio.listenVolume', '2')).toMatchObject({ code: 0 });
    await settles(listener, 440, LEVEL_DBOV + 2 * STEP_DB);

    // A key. By command, which answers when it is done: nothing has to be waited for.
    await set('loaded-keys', 'keys.5', `playback:tone:${HINT_HZ}/300`);
    expect(await lab.node.cli('profile', 'reload')).toMatchObject({ code: 0 });
    await listener.pressKeys('5');
    await listener.waitForTone(HINT_HZ, HEARD);

    // A limit. By signal, as "systemctl reload" sends it.
    await edit('loaded', (text) => text.replace('members: 200', 'members: 100'));
    process.kill(lab.node.supervisorPid, 'SIGHUP');
    const isFull = async () => (await lab.node.log()).includes('limits.members (at once)');
    await expect.poll(isFull, WITHIN).toBe(true);
    expect(await lab.phones.dial('9902', { callerNumber: '999' }).ended).toMatchObject({ status: 486 });

    // And a profile that is wrong.
    await edit('loaded', (text) => text.replace('listenVolume: 2', 'listenVolume: 9'));
    await expect.poll(() => logged('loaded.yaml:'), { timeout: 4000, interval: 20 }).toBeGreaterThan(0);
    await settles(listener, 440, LEVEL_DBOV + 2 * STEP_DB);
    await edit('loaded', (text) => text.replace('listenVolume: 9', 'listenVolume: 0'));
    await settles(listener, 440, LEVEL_DBOV);

    const lost = everybody.map((call) => call.stats().lost);
    expect(lost.filter((count) => count > 0)).toEqual([]);
    for (const call of everybody) expect(call.end).toBeNull();
    await lab.node.waitForMembers('loaded', 100);
  });
});

describe('profiles are read again', () => {
  it('when somebody asks, who is told what has changed and when it counts', async () => {
    const [one, other] = await two('asked');
    await edit('asked', (text) => `${text}audio:\n  talkVolume: -2\nrecording:\n  automatic: true\n`);
    const { code, stdout } = await lab.node.cli('profile', 'reload', '--json');
    expect(code).toBe(0);
    // The controller may have noticed before it was asked.
    const told = `${stdout}\n${await lab.node.log()}`;
    expect(told).toMatch(/audio\.talkVolume/);
    expect(told).toMatch(/recording\.automatic/);
    await Promise.all([settles(one, 1000, LEVEL_DBOV - 2 * STEP_DB), settles(other, 440, LEVEL_DBOV - 2 * STEP_DB)]);
  });

  it('on SIGHUP, to the controller or to the process above it, which both go on', async () => {
    await two('signalled');
    const { controllerPid, supervisorPid } = {
      controllerPid: await lab.node.controllerPid(),
      supervisorPid: lab.node.supervisorPid,
    };
    const good = await readFile(fileOf('signalled'), 'utf8');
    await replace('signalled', `${good}nonsense: 1\n`);
    try {
      const where = `signalled.yaml:${good.split('\n').length}:1`;
      await expect.poll(() => logged(where), { timeout: 4000 }).toBe(1);
      // The same mistake is told again only to who asks.
      for (const [index, pid] of [controllerPid, supervisorPid].entries()) {
        process.kill(pid, 'SIGHUP');
        await expect.poll(() => logged(where), { timeout: 4000 }).toBe(index + 2);
      }
    } finally {
      await replace('signalled', good);
    }
    expect(await lab.node.controllerPid()).toBe(controllerPid);
    await lab.node.waitForMembers('signalled', 2);
  });
});

describe('a profile with a mistake', () => {
  it.each([
    ['a value that cannot be', (text: string) => `${text}audio:\n  talkVolume: 7\n`, 'audio.talkVolume', 2],
    ['a key that there is not', (text: string) => `${text}audio:\n  loudness: 7\n`, 'loudness', 2],
    ['YAML that is none', (text: string) => `${text}audio:\n\ttalkVolume: 1\n`, '', 2],
  ])('%s: changes nothing, and file, line and column are logged', async (_, change, key, lines) => {
    const [one] = await two('broken');
    const good = await readFile(fileOf('broken'), 'utf8');
    const line = good.split('\n').length + lines - 1;
    await replace('broken', change(good));
    try {
      const { code, stderr } = await lab.node.cli('profile', 'reload');
      expect(code).toBe(2);
      expect(stderr).toMatch(new RegExp(`broken\\.yaml:${line}:\\d+: .*${key}`));
      expect(await lab.node.log()).toMatch(new RegExp(`broken\\.yaml:${line}:\\d+: .*${key}`));
      await settles(one, 1000, LEVEL_DBOV);
      // Not even with what is right: a new conference has the old one's values.
      expect(await lab.node.member('broken', '201')).toMatchObject({ talkVolume: 0 });
    } finally {
      await replace('broken', good);
    }
    expect(await lab.node.cli('profile', 'reload')).toMatchObject({ code: 0 });
  });
});

it('a key that counts from the next conference on leaves the running one alone, and is in force in the next', async () => {
  const [one] = await two('later');
  const { code, stdout } = await set('later', 'recording.automatic', 'true');
  expect(code).toBe(0);
  expect(stdout).toMatch(/recording\.automatic.*from the next conference on/);
  await expect.poll(() => logged('recording.automatic (from the next conference on)'), WITHIN).toBeGreaterThan(0);
  // A recording would begin with the next member who joins.
  await lab.phones.call(numberOf('later'), { callerNumber: '203', send: silence() });
  await lab.node.waitForMembers('later', 3);
  expect((await lab.node.show('later')).recording).toBeNull();
  await one.waitForTone(1000, HEARD);

  await lab.phones.hangUpAll();
  await expect.poll(() => lab.node.list(), { timeout: 5000 }).toEqual([]);
  await two('later');
  await expect.poll(async () => (await lab.node.show('later')).recording, WITHIN).not.toBeNull();
});

it('a conference whose profile is removed goes on, open to others, and no other begins with it', async () => {
  const [one, other] = await two('removed');
  await unlink(fileOf('removed'));
  expect(await lab.node.cli('profile', 'reload')).toMatchObject({ code: 0 });
  for (const call of [one, other]) call.resetStats();
  const late = await lab.phones.call(numberOf('removed'), { callerNumber: '203', send: silence() });
  await late.waitForTone(440, HEARD);
  await one.pressKeys('66');
  await settles(one, 1000, LEVEL_DBOV + 2 * STEP_DB);
  for (const call of [one, other]) expect(call.stats().lost).toBe(0);

  await lab.phones.hangUpAll();
  await expect.poll(() => lab.node.list(), { timeout: 5000 }).toEqual([]);
  expect(await lab.phones.dial(numberOf('removed'), { callerNumber: '204' }).ended).toMatchObject({ status: 404 });
});
