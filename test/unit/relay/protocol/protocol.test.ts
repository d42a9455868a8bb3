import { expect, it } from 'vitest';
import { relayRequestSchema } from '../../../../src/relay/protocol/protocol.ts';

it('a listener can be sent to 12 dB louder or softer, and no further', () => {
  const understood = (volume: number) => {
    const hearing = { conference: '3000', volume, noise: false, deaf: false, packetMs: 20 };
    const address = { host: '127.0.0.1', port: 10_000 };
    const own = {
      channelId: 'a',
      local: address,
      asterisk: address,
      phone: null,
      sources: [],
      signalling: null,
      source: null,
    };
    return relayRequestSchema.safeParse({ type: 'call', call: { ...own, codec: 'PCMU', hearing } }).success;
  };
  expect([-5, -4, 0, 4, 5].map(understood)).toEqual([false, true, true, true, false]);
});

it('an IPv6 address is known again, however it is spelt', () => {
  const address = { host: '2001:DB8:0:0::0:1', port: 7500 };
  const peers = [{ nodeId: 'oslo', address, multicast: false }];
  const request = relayRequestSchema.parse({ type: 'peers', peers });
  expect(request).toMatchObject({ peers: [{ address: { host: '2001:db8::1', port: 7500 } }] });
});
