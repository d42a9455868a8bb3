import { describe, expect, it } from 'vitest';
import type { Call } from '../kit/phone/call.ts';
import { longestSilenceMs, toneLevelDbov } from '../kit/phone/judge.ts';
import { silence } from '../kit/phone/sound.ts';
import {
  ADMIN_HZ,
  dial,
  gone,
  HEARD,
  hears,
  LISTENER_HZ,
  lab,
  member,
  PLAYED_HZ,
  TONE_HZ,
  three,
  untilMember,
} from './dtmf-harness.ts';

describe('a key', () => {
  it('may have several actions, which follow each other', async () => {
    const { speaker, listener } = await three();
    await listener.pressKeys('23');
    await Promise.all([
      hears(listener, 'hand-raised'),
      speaker.waitForTone(LISTENER_HZ, HEARD),
      speaker.waitForTone(PLAYED_HZ, HEARD),
    ]);
    expect(await member('101')).toMatchObject({ role: 'speaker', handRaisedAt: expect.any(String) });
    await listener.pressKeys('31');
    await untilMember('101', { role: 'speaker' });
    expect(await lab.node.show('3000')).toMatchObject({ locked: false });
  });

  it('of moderators does nothing for others, and "none" nothing for anybody', async () => {
    const { admin, speaker, listener } = await three();
    const before = await lab.node.show('3000');
    await speaker.pressKeys('93');
    await speaker.pressKeys('94');
    await speaker.pressKeys('24');
    // What follows is executed after what was before.
    await speaker.pressKeys('28');
    await untilMember('200', { vadLevel: 450 });
    const { members, ...after } = await lab.node.show('3000');
    expect({ ...after, counts: null }).toEqual({ ...before, counts: null, members: undefined });
    expect(members).toHaveLength(3);
    for (const call of [admin, speaker, listener]) {
      expect(call.toneLevelDbov(TONE_HZ.denied, { lastMs: 1000 })).toBeLessThan(-55);
    }
  });

  it.each([
    ['no hand is raised', '5000', '91'],
    ['nothing is being played', '4000', '38'],
  ])('that cannot do what it should is answered so: %s', async (_, number, keys) => {
    const { listener } = await three();
    const asking = await dial(number, '600');
    await lab.node.waitForMembers('3000', 4);
    await asking.waitForTone(ADMIN_HZ, HEARD);
    await Promise.all([hears(asking, 'denied'), asking.pressKeys(keys)]);
    expect(listener.toneLevelDbov(TONE_HZ.denied, { lastMs: 1000 })).toBeLessThan(-55);
  });

  it('for the floor is answered with no where that is full', async () => {
    const { listener, admin } = await three();
    await dial('4000', '202');
    await lab.node.waitForMembers('3000', 4);
    await Promise.all([hears(listener, 'denied'), listener.pressKeys('11')]);
    expect(admin.toneLevelDbov(LISTENER_HZ, { lastMs: 500 })).toBeLessThan(-55);
  });

  it('"private" is answered with no where no hand is raised', async () => {
    const { speaker } = await three();
    await Promise.all([hears(speaker, 'denied'), speaker.pressKeys('15')]);
  });
});

describe('keys', () => {
  it('of which 300 come in a second disturb nobody', async () => {
    const { admin, speaker, listener } = await three();
    // Asterisk takes no more than about eight keys a second of one call.
    const callers: Call[] = [listener];
    while (callers.length < 75) {
      const call = (_: unknown, index: number) =>
        lab.phones.call('3000', { callerNumber: `7${callers.length + index}`, send: silence(), keepAudio: false });
      callers.push(...(await Promise.all(Array.from({ length: Math.min(15, 75 - callers.length) }, call))));
    }
    await lab.node.waitForMembers('3000', 77);
    for (const call of [admin, speaker]) call.resetStats();
    const begunMs = performance.now();
    // The hand up and down.
    await Promise.all(callers.map((call) => call.pressKeys('1212')));
    const endedMs = performance.now();
    for (const [call, hz] of [
      [admin, 1000],
      [speaker, ADMIN_HZ],
    ] as const) {
      expect(call.stats().lost).toBe(0);
      const { samples } = call.audio({ fromMs: begunMs, toMs: endedMs });
      expect(longestSilenceMs(samples)).toBeLessThan(200);
      expect(toneLevelDbov(samples, hz)).toBeGreaterThan(-24);
    }
    // Others' keys count as ever.
    await speaker.pressKeys('10');
    await admin.waitForSilence(gone(1000));
    await lab.node.waitForMembers('3000', 77);
  });

  it('go to the others where the profile says so, those with an action too', async () => {
    const one = await dial('9100', '200');
    const other = await dial('9100', '201');
    await lab.node.waitForMembers('open', 2);
    await one.pressKeys('517');
    await other.waitForKeys('517', { timeoutMs: 3000 });
  });

  it('go to nobody where it does not', async () => {
    const { speaker, listener, admin } = await three();
    await speaker.pressKeys('8');
    await speaker.pressKeys('28');
    await untilMember('200', { vadLevel: 450 });
    expect([...admin.heardKeys, ...listener.heardKeys]).toEqual([]);
  });
});
