import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { AttendanceRow } from '../../src/attendance/row.ts';
import type { Call } from '../kit/phone/call.ts';
import type { UdpAddress } from '../kit/phone/media.ts';
import { tone } from '../kit/phone/sound.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { harness } from './harness.ts';

const DIALPLAN = `
[rostrum-dial-in](+)
exten => _90XX,1,Stasis(rostrum,join,pin,locked-up)
exten => _91XX,1,Stasis(rostrum,join,held,waits)
`;

/** Callers of this name may refer. */
const TRUSTED = `
[trusted](anonymous)
allow_transfer = yes
set_var = PJSIP_TRANSFER_HANDLING()=ari-only
`;

const lab = harness({
  profile: { idleSeconds: 0, controls: 'raising' },
  profiles: {
    raising: { kind: 'controls', keys: { '5': 'hand' } },
    'locked-up': { kind: 'conference', sound: SILENT, access: { userPin: '1234' } },
    waits: { kind: 'conference', sound: SILENT, access: { waitForAdmin: true } },
  },
  extra: { append: { 'extensions.conf': DIALPLAN, 'pjsip.conf': TRUSTED } },
});

const HEARD = { aboveDbov: -30, timeoutMs: 3000 };
const gone = (freqHz: number) => ({ freqHz, belowDbov: -55, timeoutMs: 2000 });
const speaks = (callerNumber: string, hz: number) => lab.phones.call('4000', { callerNumber, send: tone(hz, -20) });

/** A phone that takes the place of another at the other end of that phone's call, as at the end of an attended transfer. */
const takesOver = (call: Call, callerNumber: string, hz = 0, number = '3000') =>
  lab.phones.call(number, { callerNumber, headers: call.replaces, ...(hz > 0 && { send: tone(hz, -20) }) });

const numbersIn = async (conference: string) =>
  (await lab.node.show(conference)).members.map(({ id, caller }) => [id, caller.number]);

/** The member of this number has this caller, and the call that was replaced has been ended by BYE. */
async function expectReplaced(old: Call, conference: string, id: number, callerNumber: string): Promise<void> {
  await expect.poll(() => numbersIn(conference)).toContainEqual([id, callerNumber]);
  expect(await old.ended).toMatchObject({ by: 'them', reason: 'BYE' });
}

/** Whether the relay has given a port back. */
async function isFree(address: UdpAddress | null): Promise<boolean> {
  const socket = createSocket('udp4').bind(address?.port, address?.host);
  try {
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

describe('INVITE with Replaces', () => {
  it('makes another phone the listener: the same member, who hears the relay and has its keys', async () => {
    const speaker = await speaks('201', 1000);
    const old = await lab.phones.call('3000', { callerNumber: '202' });
    await lab.node.waitForMembers('3000', 2);
    await old.pressKeys('5');
    await expect.poll(async () => (await lab.node.member('3000', '202')).handRaisedAt).not.toBeNull();
    const before = await lab.node.member('3000', '202');

    const call = await takesOver(old, '203');
    await expectReplaced(old, '3000', before.id, '203');
    const now = await lab.node.member('3000', '203');
    const { caller, channel, ...same } = before;
    expect(now).toMatchObject({ ...same, path: 'relay' });
    expect(now.channel).not.toBe(channel);
    expect(await numbersIn('3000')).toHaveLength(2);
    await call.waitForTone(1000, HEARD);
    await expect.poll(() => lab.node.asterisk.cli('core show channels count')).toContain('2 active calls');
    await expect.poll(() => isFree(old.toldAddress)).toBe(true);
    expect(await isFree(call.toldAddress)).toBe(false);
    await call.pressKeys('5');
    await expect.poll(async () => (await lab.node.member('3000', '203')).handRaisedAt).toBeNull();
    await speaker.hangUp();
  });

  it('makes another phone the speaker, who is heard in place of the former one', async () => {
    const listener = await lab.phones.call('3000', { callerNumber: '201' });
    const old = await speaks('202', 1000);
    await lab.node.waitForMembers('3000', 2);
    await listener.waitForTone(1000, HEARD);
    const { id } = await lab.node.member('3000', '202');

    const call = await takesOver(old, '203', 1500);
    await expectReplaced(old, '3000', id, '203');
    await listener.waitForTone(1500, HEARD);
    await listener.waitForSilence(gone(1000));
    expect((await lab.node.member('3000', '203')).role).toBe('speaker');

    // And that one may be replaced too, by a phone that names Asterisk's own address, which has no number.
    const last = await takesOver(call, '204', 700, `sip:${lab.node.server.host}:${lab.node.server.port}`);
    await expectReplaced(call, '3000', id, '204');
    await listener.waitForTone(700, HEARD);
    await last.hangUp();
    await lab.node.waitForMembers('3000', 1);
  });

  it('is one entry in the attendance report, with the number of the caller who has the place', async () => {
    const old = await lab.phones.call('3007', { callerNumber: '202' });
    await lab.node.waitForMembers('3007', 1);
    const call = await takesOver(old, '203');
    await expectReplaced(old, '3007', 1, '203');
    await call.hangUp();
    await lab.node.waitForMembers('3007', 0);
    const { stdout } = await lab.node.cli('report', '3007', '--json');
    const rows = JSON.parse(stdout) as AttendanceRow[];
    expect(rows.map(({ memberId, number, result }) => [memberId, number, result])).toEqual([[1, '203', 'HANGUP']]);
  });

  it('keeps a member who is on hold there, and a kick ends the call', async () => {
    const listener = await lab.phones.call('3000', { callerNumber: '201' });
    const old = await speaks('202', 1000);
    await lab.node.waitForMembers('3000', 2);
    const { id } = await lab.node.member('3000', '202');
    await lab.node.command('3000', { type: 'hold', memberId: id, held: true });
    const call = await takesOver(old, '203', 1500);
    await expectReplaced(old, '3000', id, '203');
    expect((await lab.node.member('3000', '203')).place).toBe('hold');
    await lab.node.command('3000', { type: 'hold', memberId: id, held: false });
    await listener.waitForTone(1500, HEARD);
    await lab.node.command('3000', { type: 'kick', memberId: id });
    expect(await call.ended).toMatchObject({ by: 'them', reason: 'BYE' });
    await lab.node.waitForMembers('3000', 1);
  });

  it('asks nobody for a PIN again who was admitted, but asks at the door', async () => {
    const admitted = await lab.phones.call('9000', { callerNumber: '201' });
    await admitted.pressKeys('1234');
    await lab.node.waitForMembers('pin', 1);
    const successor = await takesOver(admitted, '202', 1000, '9000');
    await expectReplaced(admitted, 'pin', 1, '202');
    await lab.node.waitForMembers('pin', 1);

    const atDoor = await lab.phones.call('9000', { callerNumber: '203' });
    await expect.poll(() => numbersIn('pin')).toContainEqual([2, '203']);
    const asked = await takesOver(atDoor, '204', 0, '9000');
    await expectReplaced(atDoor, 'pin', 2, '204');
    expect((await lab.node.member('pin', '204')).place).toBe('door');
    await asked.pressKeys('1234');
    await lab.node.waitForMembers('pin', 2);
    await successor.hangUp();
  });

  it('waits in place of the former caller, and in the lobby', async () => {
    const waiting = await lab.phones.call('9100', { callerNumber: '201' });
    await expect.poll(async () => (await lab.node.member('held', '201')).place).toBe('waiting');
    await takesOver(waiting, '202', 0, '9100');
    await expectReplaced(waiting, 'held', 1, '202');
    expect((await lab.node.member('held', '202')).place).toBe('waiting');

    const guest = await lab.phones.call('2000', { callerNumber: '203' });
    await guest.pressKeys('3');
    const asked = await takesOver(guest, '204');
    expect(await guest.ended).toMatchObject({ by: 'them', reason: 'BYE' });
    // The new caller dials the whole number.
    await asked.pressKeys('3005');
    await lab.node.waitForMembers('3005', 1);
  });

  it('survives a restart of the controller', async () => {
    const speaker = await speaks('201', 1000);
    const old = await lab.phones.call('3000', { callerNumber: '202' });
    await lab.node.waitForMembers('3000', 2);
    const call = await takesOver(old, '203');
    await expectReplaced(old, '3000', 2, '203');
    await lab.node.stopRostrum();
    await lab.node.startRostrum();
    await lab.node.waitForMembers('3000', 2);
    expect(await numbersIn('3000')).toContainEqual([2, '203']);
    await call.waitForTone(1000, HEARD);
    await speaker.hangUp();
  });

  it('is refused where there is no such call, and nobody notices', async () => {
    const member = await lab.phones.call('3000', { callerNumber: '201' });
    await lab.node.waitForMembers('3000', 1);
    const { replaces } = member.replaces;
    const refused = (header: string) => lab.phones.call('3000', { callerNumber: '202', headers: { replaces: header } });
    await expect(refused(replaces.replace(/to-tag=[^;]*/, 'to-tag=x'))).rejects.toMatchObject({ status: 481 });
    await expect(refused(replaces.replace(/from-tag=[^;]*/, 'from-tag=x'))).rejects.toMatchObject({ status: 481 });
    await expect(refused(`x${replaces}`)).rejects.toMatchObject({ status: 481 });
    await expect(refused(`${replaces};early-only`)).rejects.toMatchObject({ status: 486 });
    await expect(refused('nonsense')).rejects.toMatchObject({ code: 'call-failed' });
    expect(await numbersIn('3000')).toEqual([[1, '201']]);
    expect(member.state).toBe('answered');
  });
});

describe('REFER of an endpoint that may', () => {
  const refers = async (to: string) => {
    const member = await lab.phones.call('3000', { callerNumber: 'trusted' });
    await lab.phones.call('3000', { callerNumber: '202' });
    await lab.node.waitForMembers('3000', 2);
    expect(await member.refer(to)).toBe(202);
    return member;
  };

  it('takes the member to another conference, where a PIN is asked', async () => {
    const speaker = await lab.phones.call('4001', { callerNumber: '203', send: tone(1000, -20) });
    const member = await refers('sip:3001@127.0.0.1');
    await lab.node.waitForMembers('3000', 1);
    await lab.node.waitForMembers('3001', 2);
    await member.waitForTone(1000, HEARD);
    await expect.poll(() => member.notified).toContain('SIP/2.0 200 OK');
    expect(await member.refer('sip:9000@127.0.0.1')).toBe(202);
    await expect.poll(() => numbersIn('pin').catch(() => [])).toContainEqual([1, 'trusted']);
    expect((await lab.node.member('pin', 'trusted')).place).toBe('door');
    await member.waitForNoTone(1000, { belowDbov: -55, timeoutMs: 2000 });
    await speaker.hangUp();
  });

  it.each([
    'sip:nowhere@127.0.0.1',
    'sip:3001,1)@127.0.0.1',
    'sip:3001@127.0.0.1?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc',
  ])('is declined, and the member stays: %s', async (to) => {
    const member = await refers(to);
    await expect.poll(() => member.notified.at(-1)).toBe('SIP/2.0 603 Decline');
    expect(await numbersIn('3000')).toHaveLength(2);
    expect(member.state).toBe('answered');
  });
});

describe('a request in a call', () => {
  it('REFER is refused, and MESSAGE answered; the member stays', async () => {
    const member = await lab.phones.call('3000', { callerNumber: '201' });
    const other = await lab.phones.call('3000', { callerNumber: '202' });
    await lab.node.waitForMembers('3000', 2);
    expect(await member.refer('sip:3001@127.0.0.1')).toBe(603);
    expect(await member.request('MESSAGE', { 'content-type': 'text/plain' }, 'hello')).toBe(202);
    expect(await member.request('MESSAGE', { 'content-type': 'image/png' }, 'hello')).toBe(415);
    expect(await numbersIn('3000')).toHaveLength(2);
    expect(other.state).toBe('answered');
  });

  it('outside of one, none reaches the dialplan', async () => {
    const socket = createSocket('udp4');
    try {
      socket.bind(0, lab.phones.address.host);
      await once(socket, 'listening');
      const ask = async (method: string) => {
        const { host, port } = lab.node.server;
        const me = `${lab.phones.address.host}:${socket.address().port}`;
        const lines = [
          `${method} sip:3000@${host}:${port} SIP/2.0`,
          `Via: SIP/2.0/UDP ${me};branch=z9hG4bK${method}`,
          `From: <sip:1@${me}>;tag=${method}`,
          `To: <sip:3000@${host}>`,
          `Call-ID: ${method}@${me}`,
          `CSeq: 1 ${method}`,
          `Contact: <sip:1@${me}>`,
          'Max-Forwards: 70',
          'Event: presence',
          'Refer-To: <sip:3001@127.0.0.1>',
          'Content-Type: text/plain',
          'Content-Length: 2',
        ];
        socket.send(`${lines.join('\r\n')}\r\n\r\nhi`, port, host);
        const [answer] = (await once(socket, 'message')) as [Buffer];
        return Number(answer.toString().split(' ')[1]);
      };
      for (const method of ['MESSAGE', 'SUBSCRIBE', 'PUBLISH', 'REFER', 'NOTIFY', 'FOO']) {
        expect(await ask(method), method).toBeGreaterThanOrEqual(400);
      }
    } finally {
      socket.close();
    }
    expect(await lab.node.asterisk.cli('core show channels count')).toContain('0 active channels');
    await expect(
      lab.phones.call(`sip:${lab.node.server.host}:${lab.node.server.port}`, { callerNumber: '1' }),
    ).rejects.toMatchObject({ status: 404 });
  });
});
