import { afterAll, beforeAll, expect, it } from 'vitest';
import { ownAddress } from '../kit/loopback.ts';
import { PhoneBank } from '../kit/phone/phone-bank.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { harness } from './harness.ts';

/** The example of a provider in the shipped configuration, filled in. */

const PROVIDER = ownAddress();
const DIALPLAN = `
[provider]
exten => 3000,1,Stasis(rostrum,join,3000,default,+speaker,+admin)
 same => n,Hangup()
`;
const HEARD = { aboveDbov: -30, timeoutMs: 5000 };

const lab = harness({
  extra: {
    enable: [['pjsip.conf', 'provider']],
    set: [
      ['pjsip.conf', 'provider', 'match', PROVIDER],
      ['pjsip.conf', 'provider', 'contact', `sip:${PROVIDER}`],
      // Its calls have numbers of their own.
      ['pjsip.conf', 'provider', 'identify_by', 'ip\ncontext = provider'],
    ],
    append: { 'extensions.conf': DIALPLAN },
  },
  config: { invite: { endpoint: 'PJSIP/{number}@provider', callerId: 'Town Hall <5551>' } },
});
let ofProvider: PhoneBank;

beforeAll(async () => {
  const onIncoming = { kind: 'answer', send: tone(1000, -20) } as const;
  ofProvider = new PhoneBank({ bindAddress: PROVIDER, sipPort: 5060, server: lab.node.server, onIncoming });
  await ofProvider.start();
});
afterAll(() => ofProvider.stop());

it('a provider is known by its address, and a stranger who calls with its name is a stranger', async () => {
  const rights = async (number: string) => {
    const { role, admin } = await lab.node.member('3000', number);
    return { role, admin };
  };
  const caller = await ofProvider.call('3000', { callerNumber: '100' });
  await lab.node.waitForMembers('3000', 1);
  expect(await rights('100')).toEqual({ role: 'speaker', admin: true });
  const stranger = await lab.phones.call('3000', { callerNumber: 'provider' });
  await lab.node.waitForMembers('3000', 2);
  expect(await rights('provider')).toEqual({ role: 'listener', admin: false });
  await Promise.all([caller, stranger].map((call) => call.hangUp()));
});

it('a number is called through the provider, and is heard', async () => {
  const listener = await lab.phones.call('3000', { callerNumber: '101', send: silence() });
  await lab.node.waitForMembers('3000', 1);
  const invited = lab.node.cli('invite', '3000', '+4930123456', '--speaker', '--wait');
  const call = await ofProvider.nextCall({ timeoutMs: 5000 });
  expect(call).toMatchObject({ calledNumber: '+4930123456', callerNumber: '5551', callerName: 'Town Hall' });
  expect(await invited).toMatchObject({ code: 0 });
  await listener.waitForTone(1000, HEARD);
  expect(await lab.node.member('3000', '+4930123456')).toMatchObject({ role: 'speaker', path: 'relay' });
  await call.hangUp();
  await lab.node.waitForMembers('3000', 1);
});
