import { describe, expect, it } from 'vitest';
import { silence, tone } from '../kit/phone/sound.ts';
import { harness } from './harness.ts';

/** The supplied configuration of Asterisk as it is copied, on a line that everybody can call. */

const HEARD = { aboveDbov: -30, timeoutMs: 4000 };
const WITHIN = { timeout: 4000, interval: 20 };

const lab = harness({
  trusted: [],
  profile: { controls: 'default-keys', adminControls: 'admin-keys', idleSeconds: 0 },
});
const dial = (number: string, callerNumber: string) => lab.phones.dial(number, { callerNumber, send: tone(1000, -20) });
const rights = async (callerNumber: string) => {
  const { role, admin } = await lab.node.member('3000', callerNumber);
  return { role, admin };
};
const LISTENS = { role: 'listener', admin: false };

describe('a caller', () => {
  it('can only listen while there is no PIN of moderators', async () => {
    const listener = await lab.phones.call('3000', { callerNumber: '101', send: tone(1000, -20) });
    await lab.node.waitForMembers('3000', 1);
    const fromLobby = await lab.phones.call('2000', { callerNumber: '102', send: tone(1000, -20) });
    await fromLobby.pressKeys('3000#');
    await lab.node.waitForMembers('3000', 2);
    expect([await rights('101'), await rights('102')]).toEqual([LISTENS, LISTENS]);
    expect(await dial('4000', '103').ended).toMatchObject({ status: 404 });
    expect(await dial('5000', '104').ended).toMatchObject({ status: 603 });
    expect(await dial('5-0-0-0', '105').ended).toMatchObject({ status: 603 });
    expect(await lab.node.log()).toContain('pin-missing');
    // No key of a listener makes more of them.
    for (const key of ['*1', '*2', '*3', '*4', '*5', '*6', '*7', '*8', '**', '#9', '#6', '#0'])
      await listener.pressKeys(key);
    await listener.pressKeys('*9');
    await expect.poll(async () => (await lab.node.member('3000', '101')).handRaisedAt, WITHIN).not.toBeNull();
    expect(await rights('101')).toEqual(LISTENS);
    expect(await lab.node.show('3000')).toMatchObject({ locked: false, mutedAll: null, speakers: 0 });
  });

  it('who dials the PIN of moderators at their number moderates and speaks, and no other PIN does that', async () => {
    const set = (key: string, value: string) =>
      lab.node.cli('profile', 'set', 'default', key, value, '--config', lab.node.configPath);
    await set('access.userPin', '1234');
    await set('access.adminPin', '471147');
    expect(await lab.node.cli('profile', 'reload')).toMatchObject({ code: 0 });
    const listener = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
    await listener.pressKeys('1234#');
    await lab.node.waitForMembers('3000', 1);
    const moderator = await lab.phones.call('5000', { callerNumber: '501', send: tone(1000, -20) });
    await moderator.pressKeys('471147');
    await lab.node.waitForMembers('3000', 2);
    await listener.waitForTone(1000, HEARD);
    expect(await rights('501')).toEqual({ role: 'speaker', admin: true });
    const guest = await lab.phones.call('5000', { callerNumber: '502', send: silence() });
    await guest.pressKeys('1234#');
    await lab.node.waitForMembers('3000', 3);
    expect(await rights('502')).toEqual(LISTENS);
    const guessing = await lab.phones.call('5000', { callerNumber: '503', send: silence() });
    for (const wrong of ['111111', '222222', '333333']) await guessing.pressKeys(wrong);
    await guessing.ended;
    await lab.node.waitForMembers('3000', 3);
  });
});

describe('a phone that is trusted', () => {
  const trusting = harness({
    profile: { access: { userPin: '1234', adminPin: '471147' }, idleSeconds: 0 },
  });

  it('speaks and moderates without a PIN, whatever the profile has', async () => {
    await trusting.phones.call('4000', { callerNumber: '401', send: silence() });
    await trusting.phones.call('5000', { callerNumber: '501', send: silence() });
    await trusting.node.waitForMembers('3000', 2);
    expect(await trusting.node.member('3000', '401')).toMatchObject({ role: 'speaker', admin: false });
    expect(await trusting.node.member('3000', '501')).toMatchObject({ role: 'speaker', admin: true });
  });
});
