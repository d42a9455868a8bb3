import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PhoneBank, type PhoneBankOptions } from '../kit/phone/phone-bank.ts';
import { nothing, silence, tone } from '../kit/phone/sound.ts';
import { AGAIN, callersAtRelay, gapsMs, HEARD, listen, remains, waitForRelay } from './fan-out-laboratory.ts';
import { laboratory } from './laboratory.ts';

/** Phones that differ, each known by its address. */
const KINDS = {
  wide: { address: '127.0.0.3', options: 'allow = slin16\ndirect_media = yes' },
  held: { address: '127.0.0.4', options: 'allow = ulaw\ndirect_media = no' },
  slow: { address: '127.0.0.6', options: 'allow = ulaw:40\ndirect_media = yes' },
  watched: {
    address: '127.0.0.5',
    options: 'allow = ulaw,alaw\ndirect_media = yes\nrtp_timeout = 3\nrtp_keepalive = 1',
  },
} as const;

const endpoint = ([name, { address, options }]: [string, { address: string; options: string }]) => `
[${name}]
type = endpoint
context = rostrum-dial-in
disallow = all
${options}
dtmf_mode = auto_info
rtp_symmetric = yes
force_rport = yes
rewrite_contact = yes

[${name}]
type = identify
endpoint = ${name}
match = ${address}
`;

const lab = laboratory({
  bindAddress: '127.0.72.1',
  profile: { audience: 'fanout' },
  config: { log: { level: 'debug' } },
  extra: { append: { 'pjsip.conf': Object.entries(KINDS).map(endpoint).join('') } },
});

const LEVEL_DBOV = -20;
const banks = new Map<keyof typeof KINDS, PhoneBank>();

async function bank(kind: keyof typeof KINDS, codec: PhoneBankOptions['codec']): Promise<void> {
  const phones = new PhoneBank({ bindAddress: KINDS[kind].address, server: lab.node.server, ...(codec && { codec }) });
  await phones.start();
  banks.set(kind, phones);
}

beforeAll(async () => {
  await bank('wide', 'L16');
  await bank('held', 'PCMU');
  await bank('slow', 'PCMU');
  await bank('watched', 'PCMA');
});

afterAll(async () => {
  for (const phones of banks.values()) await phones.stop();
});

async function callFrom(kind: keyof typeof KINDS, callerNumber: string) {
  const call = await banks.get(kind)?.call('3000', { callerNumber, send: silence() });
  if (!call) throw new Error(`no phone ${kind}`);
  return call;
}

/** A speaker, and a listener whose phone can hear the relay. */
async function two() {
  const speaking = await lab.phones.call('4000', { callerNumber: '200', send: tone(440, LEVEL_DBOV) });
  await lab.phones.call('3000', { callerNumber: '101', send: silence() });
  await waitForRelay(lab.node, ['101']);
  return speaking;
}

/** What the log says of moves that did not work. */
const failures = async () =>
  (await lab.node.log()).split('\n').filter((line) => line.includes('does not hear the relay'));

describe('a phone that cannot hear the relay', () => {
  it.each([
    // It speaks another codec.
    { kind: 'wide' },
    // Asterisk is configured to hold its media.
    { kind: 'held' },
    // Its packets have another length, so that Asterisk passes them on.
    { kind: 'slow' },
  ] as const)('($kind) stays in the bridge, hears without a gap, and is not tried again', AGAIN, async ({ kind }) => {
    const before = (await failures()).length;
    const speaking = await two();
    const call = await callFrom(kind, '102');
    await call.waitForTone(440, HEARD);
    for (const each of [call, speaking]) each.resetStats();
    await expect.poll(failures, { timeout: 8000 }).toHaveLength(before + 1);
    await listen(500);
    await call.waitForToneLevel(440, LEVEL_DBOV);
    expect(Math.max(...gapsMs([call], speaking))).toBeLessThan(200);
    expect(call.stats().lost).toBe(0);
    const other = await lab.phones.call('3000', { callerNumber: '103', send: silence() });
    await waitForRelay(lab.node, ['101', '103']);
    await other.hangUp();
    expect(await failures()).toHaveLength(before + 1);
    await call.hangUp();
  });
});

describe('Asterisk supervises RTP that it does not see', () => {
  it('and neither hangs up nor disturbs a listener who sends to the relay', async () => {
    await two();
    // One who sends nothing at all to Asterisk is hung up meanwhile.
    const mute = await banks.get('watched')?.call('4000', { callerNumber: '201', send: nothing() });
    const call = await callFrom('watched', '102');
    await waitForRelay(lab.node, ['101', '102']);
    await listen(200);
    call.resetStats();
    await listen(6500);
    expect(await mute?.ended).toMatchObject({ by: 'them' });
    expect(call.end).toBeNull();
    expect(await callersAtRelay(lab.node)).toEqual(['101', '102']);
    await call.waitForToneLevel(440, LEVEL_DBOV);
    // Nothing but the relay's packets came.
    expect(call.stats()).toMatchObject({ lost: 0, late: 0, streams: 1 });
    // What Asterisk has not seen meanwhile is no reason either once he sends to it again.
    const { id } = await lab.node.member('3000', '102');
    await lab.node.command('3000', { type: 'set-flags', memberId: id, changes: { speaker: true } });
    await listen(1500);
    expect(call.end).toBeNull();
    await call.waitForToneLevel(440, LEVEL_DBOV);
    await call.hangUp();
    await lab.phones.hangUpAll();
    await expect.poll(() => remains(lab.node)).toEqual([]);
  });
});
