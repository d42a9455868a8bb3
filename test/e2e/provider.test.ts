import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ownAddress } from '../kit/loopback.ts';
import { PhoneBank } from '../kit/phone/phone-bank.ts';
import { harness } from './harness.ts';

const PROVIDER = ownAddress();

/** The example of a provider in the shipped configuration, filled in, with numbers of its own. */
function providerEndpoint(): string {
  const [, example = ''] = readFileSync('asterisk-config/pjsip.conf', 'utf8').split('; --- A provider or SBC');
  const lines = example.split('\n').flatMap((line) => (/^;\S/.test(line) ? [line.slice(1)] : []));
  return lines
    .map((line) => (line.startsWith('match') ? `match = ${PROVIDER}` : line))
    .join('\n')
    .replace('identify_by = ip', 'identify_by = ip\ncontext = provider');
}

const DIALPLAN = `
[provider]
exten => 3000,1,Stasis(rostrum,join,3000,default,+speaker,+admin)
 same => n,Hangup()
`;

const lab = harness({ extra: { append: { 'pjsip.conf': `\n${providerEndpoint()}\n`, 'extensions.conf': DIALPLAN } } });
let ofProvider: PhoneBank;

beforeAll(async () => {
  ofProvider = new PhoneBank({ bindAddress: PROVIDER, server: lab.node.server });
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
