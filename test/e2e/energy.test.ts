import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/conference/model/commands.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { harness } from './harness.ts';

/** 90xx listens and 91xx speaks; `far` has its listeners at the relay. */
const DIALPLAN = `
[rostrum-dial-in](+)
exten => 9001,1,Stasis(rostrum,join,loud,loud)
exten => 9101,1,Stasis(rostrum,join,loud,loud,+speaker)
exten => 9002,1,Stasis(rostrum,join,far,far)
exten => 9102,1,Stasis(rostrum,join,far,far,+speaker)
`;

/** Others hear them 6 dB louder than they are received. */
const LOUD = { kind: 'conference', sound: SILENT, idleSeconds: 1, audio: { energy: true, talkVolume: 2 } };

const lab = harness({
  profiles: { loud: LOUD, far: { ...LOUD, audio: { energy: true } } },
  config: { log: { level: 'debug', format: 'json' } },
  extra: { append: { 'extensions.conf': DIALPLAN } },
});

const SOON = { timeout: 15_000, interval: 20 };
const NEAR_DB = 1.5;

const speak = (callerNumber: string, levelDbov?: number, number = '9101') =>
  lab.phones.call(number, { callerNumber, send: levelDbov === undefined ? silence() : tone(440, levelDbov) });

const levelOf = async (callerNumber: string, conference = 'loud') =>
  (await lab.node.member(conference, callerNumber)).levelDbov;
const levelNear = (callerNumber: string, levelDbov: number, options = SOON) =>
  expect.poll(async () => Math.abs(((await levelOf(callerNumber)) ?? -999) - levelDbov), options).toBeLessThan(NEAR_DB);

async function run(conference: string, callerNumber: string, changes: object): Promise<void> {
  const { id: memberId } = await lab.node.member(conference, callerNumber);
  await lab.node.command(conference, { type: 'set-flags', memberId, changes } as Command);
}

async function asteriskHas(what: 'channels' | 'bridges'): Promise<{ id: string; creationtime: string }[]> {
  const { ariUrl, ariUsername, ariPassword } = lab.node.asterisk;
  const authorization = `Basic ${Buffer.from(`${ariUsername}:${ariPassword}`).toString('base64')}`;
  const response = await fetch(`${ariUrl}/ari/${what}`, { headers: { authorization } });
  return (await response.json()) as { id: string; creationtime: string }[];
}

const meters = async () => (await asteriskHas('channels')).filter(({ id }) => id.startsWith('rostrum-meter-'));
/** The members who have a meter, by their channels. */
const metered = async () => (await meters()).map(({ id }) => id.slice('rostrum-meter-'.length)).sort();
/** Which meters exactly. */
const made = async () => (await meters()).map(({ id, creationtime }) => `${id} ${creationtime}`).sort();

const channelOf = async (callerNumber: string, conference = 'loud') =>
  (await lab.node.member(conference, callerNumber)).channel;

describe('how loud speakers are', () => {
  it('is shown as they are received, to within 1.5 dB, and a listener has no level', async () => {
    await speak('200', -20);
    await speak('201', -35);
    await lab.phones.call('9001', { callerNumber: '101', send: tone(440, -20) });
    await lab.node.waitForMembers('loud', 3);
    await levelNear('200', -20);
    await levelNear('201', -35);
    expect(await levelOf('101')).toBeNull();
    const table = (await lab.node.cli('show', 'members', 'loud')).stdout.split('\n');
    expect(table[0]).toMatch(/ TALKS +LEVEL +HAND /);
    expect(table.find((line) => line.includes(' 200 '))).toMatch(/ -(19|20|21) dBov /);
    expect(table.find((line) => line.includes(' 201 '))).toMatch(/ -(34|35|36) dBov /);
    const { id } = await lab.node.member('loud', '201');
    expect((await lab.node.cli('member', 'loud', String(id), 'status')).stdout).toMatch(/^level +-3[456] dBov$/m);
    const all = await Promise.all(['200', '201'].map((number) => channelOf(number)));
    expect(await metered()).toEqual(all.sort());
  });

  it('is shown within 300 ms of a change, and silence as such', async () => {
    const speaker = await speak('200');
    await lab.node.waitForMembers('loud', 1);
    await expect.poll(() => levelOf('200'), SOON).toBeLessThan(-70);
    const tookMs: number[] = [];
    for (const levelDbov of [-20, -35, -20]) {
      await sleep(300);
      speaker.send(tone(440, levelDbov));
      const begunMs = performance.now();
      await levelNear('200', levelDbov, { timeout: 2000, interval: 5 });
      tookMs.push(performance.now() - begunMs);
    }
    // The best counts: others use this machine as well.
    expect(Math.min(...tookMs)).toBeLessThan(300);
    speaker.send(silence());
    await expect.poll(() => levelOf('200'), { timeout: 2000, interval: 5 }).toBeLessThan(-70);
  });

  it('is told with who talks', async () => {
    const speaker = await speak('200');
    await lab.node.waitForMembers('loud', 1);
    await expect.poll(() => levelOf('200'), SOON).toBeLessThan(-70);
    const told = async () =>
      (await lab.node.log())
        .split('\n')
        .filter((line) => line.includes('conference loud: talking'))
        .map((line) => JSON.parse(line) as { talking: boolean; levelDbov: number | null });
    // Where this machine is so busy that the relay is behind, the speaker talks once more.
    const talk = async () => {
      const before = (await told()).length;
      speaker.send(tone(440, -25));
      await expect.poll(async () => (await told()).length, SOON).toBe(before + 1);
      speaker.send(silence());
      await expect.poll(async () => (await told()).length, SOON).toBe(before + 2);
      const [begun, ended] = (await told()).slice(-2);
      expect([begun?.talking, ended?.talking]).toEqual([true, false]);
      return Math.abs((begun?.levelDbov ?? -999) + 25);
    };
    await expect.poll(talk, { timeout: 10_000 }).toBeLessThan(NEAR_DB);
  });

  it('is measured while the member can be heard, and costs nothing else', async () => {
    await speak('200', -20);
    const listener = await lab.phones.call('9001', { callerNumber: '101', send: silence() });
    await lab.node.waitForMembers('loud', 2);
    const channel = await channelOf('200');
    await levelNear('200', -20);
    for (const [off, on] of [
      [{ mute: true }, { mute: false }],
      [{ speaker: false }, { speaker: true }],
      [{ vad: false }, { vad: true }],
    ]) {
      await run('loud', '200', off as object);
      await expect.poll(metered, SOON).toEqual([]);
      expect(await levelOf('200')).toBeNull();
      await run('loud', '200', on as object);
      await levelNear('200', -20);
      expect(await metered()).toEqual([channel]);
    }
    await listener.waitForTone(440, { aboveDbov: -24, timeoutMs: 3000 });
  });

  it('keeps nobody from hearing the relay who speaks no more', async () => {
    await speak('200', -20, '9102');
    const other = await speak('201', -30, '9102');
    await lab.node.waitForMembers('far', 2);
    await expect.poll(() => levelOf('201', 'far'), SOON).toBeGreaterThan(-40);
    await run('far', '201', { speaker: false });
    await expect.poll(async () => (await lab.node.member('far', '201')).path, SOON).toBe('relay');
    await other.waitForTone(440, { aboveDbov: -24, timeoutMs: 3000 });
    await run('far', '201', { speaker: true });
    await expect.poll(() => levelOf('201', 'far'), SOON).toBeGreaterThan(-40);
  });

  it('goes on after a kill of the controller, with the same meters', async () => {
    const [kept, muted] = [await speak('200', -20), await speak('201', -35)];
    await lab.node.waitForMembers('loud', 2);
    await levelNear('200', -20);
    await levelNear('201', -35);
    const before = await made();
    expect(before).toHaveLength(2);
    const killed = await lab.node.controllerPid();
    process.kill(killed, 'SIGKILL');
    await expect.poll(() => lab.node.controllerPid().catch(() => killed), SOON).not.toBe(killed);
    await lab.node.waitForMembers('loud', 2);
    await levelNear('200', -20);
    await levelNear('201', -35);
    kept.send(tone(440, -30));
    await levelNear('200', -30);
    muted.send(tone(440, -25));
    await levelNear('201', -25);
    expect(await made()).toEqual(before);
    await run('loud', '201', { mute: true });
    await expect.poll(metered, SOON).toEqual([await channelOf('200')]);
    await Promise.all([kept, muted].map((call) => call.hangUp()));
    await expect.poll(metered, SOON).toEqual([]);
  });

  it('goes on after a kill of the relay', async () => {
    await speak('200', -20);
    await lab.node.waitForMembers('loud', 1);
    await levelNear('200', -20);
    const relayPid = async () => (await lab.node.api.get<{ relay: { pid: number | null } }>('/status')).relay.pid;
    const killed = await relayPid();
    process.kill(killed ?? 0, 'SIGKILL');
    await expect.poll(() => levelOf('200'), SOON).toBeNull();
    await levelNear('200', -20);
    expect(await relayPid()).not.toBe(killed);
    expect(await metered()).toEqual([await channelOf('200')]);
  });

  it('leaves nothing behind', async () => {
    const calls = [await speak('200', -20), await speak('201', -20)];
    await lab.node.waitForMembers('loud', 2);
    await expect.poll(metered, SOON).toHaveLength(2);
    await Promise.all(calls.map((call) => call.hangUp()));
    await lab.node.waitForMembers('loud', 0);
    await expect.poll(() => asteriskHas('channels'), SOON).toEqual([]);
    await expect.poll(async () => (await asteriskHas('bridges')).filter(({ id }) => id.includes('meter'))).toEqual([]);
  });
});
