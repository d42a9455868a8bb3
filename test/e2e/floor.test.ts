import { describe, expect, it } from 'vitest';
import type { MemberStatusView } from '../../src/api/schemas.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { harness } from './harness.ts';

/** What a tone sent at -20 dBov may lose on its way through G.711 and a mix. */
const HEARD = { aboveDbov: -24, timeoutMs: 3000 };
const NOT_HEARD_DBOV = -60;

const lab = harness();

const listener = (number: string, send = silence()) => lab.phones.call('3000', { callerNumber: number, send });
const speaker = (number: string, send = silence()) => lab.phones.call('4000', { callerNumber: number, send });

const flags = async (number: string, ...words: string[]) => {
  const { id } = await lab.node.member('3000', number);
  return lab.node.cli('member', '3000', String(id), 'flags', ...words);
};

describe('a speaker', () => {
  it('is heard by every listener at the level spoken, and hears no echo', async () => {
    const speaking = await speaker('200', tone(440, -20));
    const listeners = await Promise.all(['101', '102', '103', '104', '105'].map((number) => listener(number)));
    await Promise.all(listeners.map((each) => each.waitForTone(440, HEARD)));
    await lab.node.waitForMembers('3000', 6);
    await Promise.all(listeners.map((each) => each.waitForToneLevel(440, -20, { withinDb: 0.5, overMs: 500 })));
    expect(speaking.toneLevelDbov(440, { lastMs: 500 })).toBeLessThan(NOT_HEARD_DBOV);
  });

  it('is not heard while muted, and is again after', async () => {
    await speaker('200', tone(440, -20));
    const listening = await listener('101');
    await listening.waitForTone(440, HEARD);
    expect((await flags('200', '+mute')).code).toBe(0);
    await listening.waitForSilence({ freqHz: 440, belowDbov: NOT_HEARD_DBOV, timeoutMs: 1000 });
    await flags('200', '-mute');
    await listening.waitForTone(440, HEARD);
  });

  it('is not heard while the phone holds the call, also after a restart of the controller, and is again after', async () => {
    const speaking = await speaker('200', tone(440, -20));
    const [listening, other] = [await listener('101'), await speaker('201', tone(1000, -20))];
    await Promise.all([listening, other].map((call) => call.waitForTone(440, HEARD)));
    expect(await speaking.hold(true)).toBe(200);
    const gone = { freqHz: 440, belowDbov: NOT_HEARD_DBOV, timeoutMs: 2000 };
    await Promise.all([listening, other].map((call) => call.waitForSilence(gone)));
    expect(await lab.node.member('3000', '200')).toMatchObject({ phoneHold: true, mute: false });
    process.kill(await lab.node.controllerPid(), 'SIGKILL');
    await lab.node.waitUntilConnected();
    await lab.node.waitForMembers('3000', 3);
    expect(listening.toneLevelDbov(440, { lastMs: 500 })).toBeLessThan(NOT_HEARD_DBOV);
    await listening.waitForTone(1000, HEARD);
    expect(await speaking.hold(false)).toBe(200);
    await Promise.all([listening, other].map((call) => call.waitForTone(440, HEARD)));
    expect(await lab.node.member('3000', '200')).toMatchObject({ phoneHold: false });
    expect(await lab.node.log()).toMatch(/conference 3000: phone-hold memberId=\d+ held=true/);

    // Taken back while no controller sees it.
    expect(await speaking.hold(true)).toBe(200);
    await Promise.all([listening, other].map((call) => call.waitForSilence(gone)));
    process.kill(await lab.node.controllerPid(), 'SIGKILL');
    expect(await speaking.hold(false)).toBe(200);
    await lab.node.waitUntilConnected();
    await Promise.all([listening, other].map((call) => call.waitForTone(440, HEARD)));
  });
});

describe('a listener', () => {
  it('is heard by nobody', async () => {
    const speaking = await speaker('200', tone(440, -20));
    await listener('101', tone(1000, -10));
    const other = await listener('102');
    await other.waitForTone(440, HEARD);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    for (const call of [speaking, other]) {
      expect(call.toneLevelDbov(1000, { lastMs: 1000 })).toBeLessThan(NOT_HEARD_DBOV);
    }
  });

  it('is heard within 100 ms of being given a voice, and no more after it is taken', async () => {
    const other = await speaker('200');
    await listener('101', tone(1000, -20));
    const { id } = await lab.node.waitForMembers('3000', 2).then(() => lab.node.member('3000', '101'));
    const path = `/conferences/3000/members/${id}/flags`;

    const givenMs = performance.now();
    const heard = other.waitForTone(1000, HEARD);
    await lab.node.api.post(path, { flags: ['+speaker'] });
    expect((await heard) - givenMs).toBeLessThan(100);
    expect(await lab.node.member('3000', '101')).toMatchObject({ role: 'speaker' });

    await lab.node.api.post(path, { flags: ['-speaker'] });
    await other.waitForSilence({ freqHz: 1000, belowDbov: NOT_HEARD_DBOV, timeoutMs: 500 });
    expect(await lab.node.member('3000', '101')).toMatchObject({ role: 'listener' });
  });

  it('hears nothing while deaf, and hears again after', async () => {
    await speaker('200', tone(440, -20));
    const listening = await listener('101');
    await listening.waitForTone(440, HEARD);
    await flags('101', '+deaf');
    await listening.waitForSilence({ freqHz: 440, belowDbov: NOT_HEARD_DBOV, timeoutMs: 1000 });
    await flags('101', '-deaf');
    await listening.waitForTone(440, HEARD);
  });
});

it('two moderators who give and take the same voice at once end with what both see', async () => {
  const other = await speaker('200');
  await listener('101', tone(1000, -20));
  await lab.node.waitForMembers('3000', 2);
  const { id } = await lab.node.member('3000', '101');
  const set = (word: string) => lab.node.api.post(`/conferences/3000/members/${id}/flags`, { flags: [word] });
  for (const last of ['+speaker', '-speaker'] as const) {
    const first = last === '+speaker' ? '-speaker' : '+speaker';
    await Promise.all(Array.from({ length: 20 }, (_, i) => set(i % 2 === 0 ? first : last)));
    const { role } = await lab.node.member('3000', '101');
    if (role === 'speaker') await other.waitForTone(1000, HEARD);
    else await other.waitForSilence({ freqHz: 1000, belowDbov: NOT_HEARD_DBOV, timeoutMs: 2000 });
    await set(last);
    if (last === '+speaker') await other.waitForTone(1000, HEARD);
    else await other.waitForSilence({ freqHz: 1000, belowDbov: NOT_HEARD_DBOV, timeoutMs: 2000 });
  }
});

it('25 speakers at once are all heard by a listener, and none hears an echo', async () => {
  const frequencies = Array.from({ length: 25 }, (_, index) => 400 + index * 100);
  const speakers = await Promise.all(
    frequencies.map((frequencyHz, index) => speaker(String(200 + index), tone(frequencyHz, -35))),
  );
  const listening = await listener('101');
  await lab.node.waitForMembers('3000', 26);
  for (const [index, speaking] of speakers.entries()) {
    for (const frequencyHz of frequencies) {
      const hearing = frequencyHz === frequencies[index] ? listening : speaking;
      await hearing.waitForToneLevel(frequencyHz, -35, { overMs: 1000 });
    }
    expect(speaking.toneLevelDbov(frequencies[index] ?? 0, { lastMs: 1000 })).toBeLessThan(-55);
  }
});

it('a kicked member is hung up, and the others stay', async () => {
  const kicked = await listener('101');
  await speaker('200', tone(440, -20));
  const staying = await listener('102');
  await lab.node.waitForMembers('3000', 3);
  const { id } = await lab.node.member('3000', '101');
  expect((await lab.node.cli('member', '3000', String(id), 'kick')).code).toBe(0);
  expect(await kicked.ended).toMatchObject({ by: 'them' });
  await lab.node.waitForMembers('3000', 2);
  const goneMs = performance.now();
  expect(await staying.waitForTone(440, HEARD)).toBeGreaterThan(goneMs - 100);
});

it('the status of a member has the codec and the packets, as the command line shows it', async () => {
  await speaker('200', tone(440, -20));
  const listening = await listener('101');
  await listening.waitForTone(440, HEARD);
  const { id } = await lab.node.member('3000', '101');
  const { stdout } = await lab.node.cli('member', '3000', String(id), 'status', '--json');
  const status = JSON.parse(stdout) as MemberStatusView;
  expect(status).toMatchObject({ role: 'listener', place: 'floor', media: { codec: 'ulaw', packetsLost: 0 } });
  expect(status.media?.packetsSent).toBeGreaterThan(5);
  const text = (await lab.node.cli('member', '3000', String(id), 'status')).stdout;
  expect(text).toMatch(/^codec +ulaw$/m);
});

describe('join flags', () => {
  it('make a moderator who speaks', async () => {
    await lab.phones.call('5000', { callerNumber: '300' });
    await lab.node.waitForMembers('3000', 1);
    expect(await lab.node.member('3000', '300')).toMatchObject({
      role: 'speaker',
      admin: true,
      mute: false,
      deaf: false,
    });
  });
});
